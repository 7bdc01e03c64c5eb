// Real: the SDK client, loopback HTTP, the child processes. Double: nothing.
import {
  GetFunctionCommand,
  InvokeCommand,
  ListFunctionsCommand,
  type InvokeCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lambda } from '../../local/aws/lambda/service.ts';
import { LambdaBench, parsed, type Gate } from './lambda-world.ts';

const bench = new LambdaBench();
let lambda: Lambda;
let client: LambdaClient;
let gate: Gate;

beforeAll(async () => {
  gate = await bench.gate();
  lambda = bench.lambda([
    await bench.lambdaFunction(
      `export const handler = async (event) => {
        if (event.fail) throw Object.assign(new Error('no'), { name: 'InvalidRequest' });
        return { event, trace: process.env._X_AMZN_TRACE_ID };
      };`,
      { name: 'enqueue' },
    ),
    await bench.lambdaFunction('export const handler = async (event) => { await fetch(event.gate); };', {
      name: 'slow',
      reservedConcurrency: 1,
    }),
  ]);
  client = await bench.client(lambda);
});
afterAll(() => bench.close());

const send = (input: Partial<InvokeCommandInput>) =>
  client.send(new InvokeCommand({ FunctionName: 'enqueue', ...input }));

describe('Invoke', () => {
  test.each([
    ['its name', 'enqueue'],
    ['a partial ARN', '000000000000:function:enqueue'],
    ['its ARN', 'arn:aws:lambda:us-east-1:000000000000:function:enqueue'],
    ['the ARN of a version', 'arn:aws:lambda:us-east-1:000000000000:function:enqueue:1'],
  ])('finds a function by %s', async (_how, FunctionName) => {
    const answer = await send({ FunctionName, Payload: '{"a":1}' });
    expect(answer.StatusCode).toBe(200);
    expect(answer.FunctionError).toBeUndefined();
    expect(parsed(answer.Payload)['event']).toEqual({ a: 1 });
  });

  test('names the version it ran, and gives an empty event where there is no payload', async () => {
    const answer = await send({ Qualifier: '$LATEST' });
    expect(answer.ExecutedVersion).toBe('$LATEST');
    expect(parsed(answer.Payload)['event']).toEqual({});
  });

  test('marks the answer of a function that failed', async () => {
    const answer = await send({ Payload: '{"fail":true}' });
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(parsed(answer.Payload)).toMatchObject({ errorType: 'InvalidRequest', errorMessage: 'no' });
  });

  test('checks a dry run without running it', async () => {
    expect(await send({ InvocationType: 'DryRun', FunctionName: 'slow' })).toMatchObject({ StatusCode: 204 });
    expect(lambda.pids('slow')).toEqual([]);
  });

  test('keeps the root of the trace it is called with', async () => {
    const payload = await lambda.invoke('enqueue', '{}', {
      traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    });
    const { trace } = parsed(payload.kind === 'returned' ? payload.payload : undefined);
    expect(trace).toMatch(
      /^Root=1-5759e988-bd862e3fe1be46a994272793;Parent=(?!53995c3f42cd8ad8)[\da-f]{16};Sampled=0$/,
    );
  });

  test.each([
    ['an unknown function', { FunctionName: 'missing' }, 'ResourceNotFoundException', 404],
    ['an unknown alias', { Qualifier: 'live' }, 'ResourceNotFoundException', 404],
    ['a payload that is not JSON', { Payload: '{"a":' }, 'InvalidRequestContentException', 400],
    ['a payload over 6 MB', { Payload: `"${'x'.repeat(6 * 1024 * 1024)}"` }, 'RequestTooLargeException', 413],
    [
      'an event over 1 MB',
      { InvocationType: 'Event', Payload: `"${'x'.repeat(1024 * 1024)}"` } as const,
      'RequestTooLargeException',
      413,
    ],
  ])('refuses %s', async (_what, input, name, status) => {
    await expect(send(input)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });

  test('throttles beyond the reserved concurrency', async () => {
    const Payload = JSON.stringify({ gate: gate.url });
    const running = send({ FunctionName: 'slow', Payload });
    await bench.until(() => gate.waiting.length === 1);
    await expect(send({ FunctionName: 'slow', Payload })).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      $metadata: { httpStatusCode: 429 },
    });
    gate.letAllGo();
    expect((await running).StatusCode).toBe(200);
  });
});

test('describes its functions', async () => {
  const { Functions } = await client.send(new ListFunctionsCommand({}));
  expect(Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['enqueue', 'slow']);
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'slow' }));
  expect(Configuration).toMatchObject({ Timeout: 30, MemorySize: 256, State: 'Active' });
});
