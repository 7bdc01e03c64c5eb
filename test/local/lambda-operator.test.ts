// Real: the SDK client, HTTP over loopback, the functions' processes. Double: the queue, which hands out what a test gives.
import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionRecursionConfigCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, test } from 'vitest';
import { LambdaBench } from './lambda-world.ts';

const bench = new LambdaBench();
afterEach(() => bench.close());

const FunctionName = 'deliver';

async function operated() {
  const lambda = bench.lambda([await bench.lambdaFunction('export const handler = async () => "ran";')]);
  return { lambda, client: await bench.client(lambda) };
}

describe('reserved concurrency', () => {
  test('of zero stops a function, and its removal lets it run', async () => {
    const { client } = await operated();
    expect(
      await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 })),
    ).toMatchObject({
      ReservedConcurrentExecutions: 0,
    });
    await expect(client.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect(await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    );
    expect((await client.send(new InvokeCommand({ FunctionName }))).Payload?.transformToString()).toBe('"ran"');
  });

  test.each([-1, 1.5, 901])('of %s is refused', async (ReservedConcurrentExecutions) => {
    const { client } = await operated();
    const put = new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  test('of a function that is not there is refused', async () => {
    const { client } = await operated();
    const get = new GetFunctionConcurrencyCommand({ FunctionName: 'absent' });
    await expect(client.send(get)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('an event source is listed, stopped, started again and given more room', async () => {
  const { lambda, client } = await operated();
  const waits: (() => void)[] = [];
  let receives = 0;
  const queue = {
    receive: ({ signal }: { signal: AbortSignal }) => {
      receives += 1;
      for (const tell of waits.splice(0)) tell();
      return new Promise<never[]>((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
    },
    delete: () => undefined,
  };
  const nextReceive = () => new Promise<void>((resolve) => waits.push(resolve));
  const first = nextReceive();
  lambda.poll(
    {
      logicalId: 'Mapping',
      queueArn: 'arn:aws:sqs:us-east-1:000000000000:delivery',
      functionName: FunctionName,
      batchSize: 10,
      windowSeconds: 0,
      reportsBatchItemFailures: true,
      maximumConcurrency: 50,
      enabled: true,
    },
    queue,
    () => undefined,
  );
  await first;
  const { EventSourceMappings } = await client.send(new ListEventSourceMappingsCommand({ FunctionName }));
  expect(EventSourceMappings).toMatchObject([
    {
      State: 'Enabled',
      BatchSize: 10,
      EventSourceArn: expect.stringContaining('delivery'),
      ScalingConfig: { MaximumConcurrency: 50 },
    },
  ]);
  const UUID = EventSourceMappings?.[0]?.UUID;
  const update = (Enabled: boolean) => client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  expect(await update(false)).toMatchObject({ State: 'Disabled' });
  expect(receives).toBe(1);
  const again = nextReceive();
  expect(await update(true)).toMatchObject({ State: 'Enabled' });
  await again;
  const scale = (MaximumConcurrency: number) =>
    client.send(new UpdateEventSourceMappingCommand({ UUID, ScalingConfig: { MaximumConcurrency } }));
  const scaled = nextReceive();
  expect(await scale(200)).toMatchObject({ State: 'Enabled', ScalingConfig: { MaximumConcurrency: 200 } });
  await scaled;
  await expect(scale(1)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  expect(await update(false)).toMatchObject({ State: 'Disabled', ScalingConfig: { MaximumConcurrency: 200 } });
  await expect(client.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 1 }))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: 'BatchSize: here the template decides',
  });
  await expect(
    client.send(new UpdateEventSourceMappingCommand({ UUID: '0'.repeat(8), Enabled: true })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the account, the recursion and the log group of a function can be looked at', async () => {
  const { client } = await operated();
  expect(await client.send(new GetAccountSettingsCommand({}))).toMatchObject({
    AccountLimit: { ConcurrentExecutions: 1000 },
  });
  expect(await client.send(new GetFunctionRecursionConfigCommand({ FunctionName }))).toMatchObject({
    RecursiveLoop: 'Allow',
  });
  expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName }))).toMatchObject({
    LoggingConfig: { LogFormat: 'JSON', LogGroup: '/aws/lambda/deliver' },
  });
});

test('an invoke answers the end of its own log when it is asked for', async () => {
  const source = `export const handler = async ({ words }) => { for (const word of words) console.log(word); };`;
  const lambda = bench.lambda([await bench.lambdaFunction(source)]);
  const client = await bench.client(lambda);
  const invoke = (words: string[], more: object = {}) =>
    client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ words }), ...more }));
  expect((await invoke(['not mine'])).LogResult).toBeUndefined();
  const { LogResult } = await invoke(['mine', 'x'.repeat(5_000), 'last'], { LogType: 'Tail' });
  const tail = Buffer.from(LogResult ?? '', 'base64').toString();
  expect(tail).toContain('last');
  expect(tail).not.toContain('mine');
  expect(tail.length).toBeLessThanOrEqual(4096);
});
