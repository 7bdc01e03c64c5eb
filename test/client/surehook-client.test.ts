// Real: the SDK's clients over HTTP, the twin's SQS. Double: the function, which answers what the test says, and the time between
// two tries.
import { randomUUID } from 'node:crypto';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { createPatientSurehook } from '../../client/create-surehook.ts';
import type { SurehookByInvoke, SurehookByQueue } from '../../client/client-options.ts';
import type { EnqueueRequest } from '../../client/enqueue-request.ts';
import { enqueueRequestSchema } from '../../shared/enqueue/enqueue-request-schema.ts';
import { createSurehook } from '../../client/surehook-client.ts';
import { startSqs } from '../local/sqs-setup.ts';
import { type Scripted, ScriptedFunction } from './client-world.ts';

const ANSWER = {
  delivery_id: 1,
  delivery_uuid: 'u',
  created: true,
  status: 'pending',
  scheduled_for: null,
  warnings: [],
};
const PASSING: Scripted = { fails: { errorType: 'TemporaryFailure', errorMessage: 'the database is unavailable' } };

function request(node: string, payload: unknown = {}): EnqueueRequest {
  return {
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: node,
    endpoint_url: 'https://example.com/',
    payload: payload ?? null,
  };
}

let world: ScriptedFunction;
async function byInvoke(script: Scripted[], retries?: number): Promise<SurehookByInvoke> {
  world = await ScriptedFunction.open(script);
  const options = { functionName: 'enqueue', client: world.client, ...(retries !== undefined && { retries }) };
  return createPatientSurehook(options, world.waiting) as SurehookByInvoke;
}
afterEach(() => world?.close());

describe('by invoke', () => {
  test('hands over one request as it is, and returns the answer', async () => {
    const surehook = await byInvoke([{ answer: ANSWER }]);
    await expect(surehook.enqueue(request('a'))).resolves.toEqual(ANSWER);
    expect(world.asked).toEqual([request('a')]);
  });

  test('throws a refusal by its errorType, and does not repeat it', async () => {
    const surehook = await byInvoke([
      { fails: { errorType: 'InvalidRequest', errorMessage: 'endpoint_url is required' } },
    ]);
    await expect(surehook.enqueue(request('a'))).rejects.toMatchObject({
      name: 'SurehookError',
      errorType: 'InvalidRequest',
      message: 'endpoint_url is required',
      retryable: false,
    });
    expect(world.asked).toHaveLength(1);
  });

  test('repeats a request after a TemporaryFailure, later each time', async () => {
    const surehook = await byInvoke([PASSING, PASSING, { answer: ANSWER }]);
    await expect(surehook.enqueue(request('a'))).resolves.toEqual(ANSWER);
    expect(world.waited).toEqual([1_000, 2_000]);
  });

  test('gives up after the retries it was given', async () => {
    const surehook = await byInvoke([PASSING, { answer: ANSWER }], 0);
    await expect(surehook.enqueue(request('a'))).rejects.toMatchObject({
      errorType: 'TemporaryFailure',
      retryable: true,
    });
    expect(world.waited).toEqual([]);
  });

  test.each([
    ['a throttled call', { status: 429 }],
    ['a function that ran out of time', { fails: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' } }],
  ])('repeats %s as CallFailed', async (_what, scripted) => {
    const surehook = await byInvoke([scripted, scripted, scripted]);
    await expect(surehook.enqueue(request('a'))).rejects.toMatchObject({ errorType: 'CallFailed', retryable: true });
    expect(world.asked).toHaveLength(3);
  });

  test('does not repeat a call that AWS refuses', async () => {
    const surehook = await byInvoke([{ status: 404 }]);
    await expect(surehook.enqueue(request('a'))).rejects.toMatchObject({ errorType: 'CallRefused', retryable: false });
    expect(world.asked).toHaveLength(1);
  });

  test('hands over many in calls of a hundred, with a result for each in its place', async () => {
    const results = (from: number, count: number) => ({
      answer: { results: Array.from({ length: count }, (_, index) => ({ ...ANSWER, delivery_id: from + index })) },
    });
    const surehook = await byInvoke([results(0, 100), results(100, 100), results(200, 50)]);
    const answers = await surehook.enqueueMany(Array.from({ length: 250 }, (_, index) => request(`n${index}`)));
    expect(answers.map((answer) => ('delivery_id' in answer ? answer.delivery_id : answer))).toEqual([
      ...Array(250).keys(),
    ]);
    expect(world.asked.map((asked) => (asked as { deliveries: unknown[] }).deliveries.length)).toEqual([100, 100, 50]);
  });

  test('repeats of many only what passes, and keeps the others’ results', async () => {
    const refused = { error: { errorType: 'InvalidRequest', errorMessage: 'deliveries[1].endpoint_url is required' } };
    const passing = { error: { errorType: 'TemporaryFailure', errorMessage: 'later' } };
    const surehook = await byInvoke([
      { answer: { results: [ANSWER, refused, passing] } },
      { answer: { results: [ANSWER] } },
    ]);
    const answers = await surehook.enqueueMany([request('a'), request('b'), request('c')]);
    expect(answers).toEqual([ANSWER, refused, ANSWER]);
    expect(world.asked[1]).toEqual({ deliveries: [request('c')] });
  });

  test('a call that fails for good fails its own requests alone', async () => {
    const big = 'x'.repeat(3_000_000);
    const surehook = await byInvoke([{ status: 404 }, { answer: { results: [ANSWER] } }]);
    const answers = await surehook.enqueueMany([request('a', big), request('b', big)]);
    expect(answers).toEqual([{ error: expect.objectContaining({ errorType: 'CallRefused' }) }, ANSWER]);
  });
});

describe('announce', () => {
  const uuids = (count: number) => Array.from({ length: count }, () => randomUUID());
  const sent = (list: readonly string[]) => list.map((delivery_uuid) => ({ delivery_uuid, result: 'sent' }));

  test('names a thousand in a call, with a result for each in its place', async () => {
    const list = uuids(1001);
    const [first, rest] = [list.slice(0, 1000), list.slice(1000)];
    const surehook = await byInvoke([{ answer: { results: sent(first) } }, { answer: { results: sent(rest) } }]);
    expect(await surehook.announce(list)).toEqual(sent(list));
    expect(world.asked).toEqual([first, rest].map((delivery_uuids) => ({ announce: { delivery_uuids } })));
  });

  test('is repeated after what passes, and answers in values what does not', async () => {
    const list = uuids(1);
    const surehook = await byInvoke([PASSING, { answer: { results: sent(list) } }, { status: 404 }]);
    expect(await surehook.announce(list)).toEqual(sent(list));
    expect(await surehook.announce(list)).toEqual([
      { error: expect.objectContaining({ errorType: 'CallRefused' }) as unknown },
    ]);
  });

  test('of none asks nothing', async () => {
    const surehook = await byInvoke([]);
    expect(await surehook.announce([])).toEqual([]);
    expect(world.asked).toEqual([]);
  });

  test('by queue is a message', async () => {
    const { client, url } = await startSqs({ name: 'intake' });
    const surehook: SurehookByQueue = createSurehook({ intakeQueueUrl: url('intake'), client });
    const list = uuids(2);
    expect(await surehook.announce(list)).toEqual(
      list.map(() => ({ sent: true, message_id: expect.any(String) as string })),
    );
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: url('intake') }));
    expect(Messages.map(({ Body }) => JSON.parse(Body ?? ''))).toEqual([{ announce: { delivery_uuids: list } }]);
  });
});

describe('get', () => {
  const delivery = { ...ANSWER, phase: 'retrying', attempt_count: 1, endpoint_url: 'https://example.com/secret' };

  test('says where the delivery of a run and node stands, and nothing that is not promised', async () => {
    world = await ScriptedFunction.open([{ answer: { delivery, attempts: [], explanation: ['It failed once.'] } }]);
    const surehook = createSurehook({ functionName: 'e', inspectFunctionName: 'i', client: world.client });
    const state = await surehook.get({ workflowRunId: 1, webhookNodeId: 'a' });
    expect(state).toMatchObject({ delivery_id: 1, phase: 'retrying', explanation: ['It failed once.'] });
    expect(state).not.toHaveProperty('endpoint_url');
    expect(world.asked).toEqual([{ action: 'show', workflow_run_id: 1, webhook_node_id: 'a' }]);
  });

  test('is undefined where there is none, and any other error is thrown', async () => {
    const missing = { fails: { errorType: 'DeliveryNotFound', errorMessage: 'there is no such delivery' } };
    world = await ScriptedFunction.open([missing, { status: 404 }]);
    const surehook = createSurehook({ functionName: 'e', inspectFunctionName: 'i', client: world.client });
    await expect(surehook.get({ workflowRunId: 1, webhookNodeId: 'a' })).resolves.toBeUndefined();
    await expect(surehook.get({ workflowRunId: 1, webhookNodeId: 'a' })).rejects.toMatchObject({
      errorType: 'CallRefused',
    });
  });

  test('needs the name of the function it asks', async () => {
    const surehook = await byInvoke([]);
    await expect(surehook.get({ workflowRunId: 1, webhookNodeId: 'a' })).rejects.toThrow('inspectFunctionName');
  });
});

describe('by queue', () => {
  test('sends one request as a message, and many together', async () => {
    const { client, url } = await startSqs({ name: 'intake' });
    const surehook: SurehookByQueue = createSurehook({ intakeQueueUrl: url('intake'), client });
    await expect(surehook.enqueue(request('a'))).resolves.toMatchObject({ sent: true });
    const sent = await surehook.enqueueMany([request('b'), request('c')]);
    expect(new Set(sent.map((each) => ('sent' in each ? each.message_id : each))).size).toBe(1);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: url('intake'), MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map(({ Body }) => JSON.parse(Body ?? '')).toSorted(one)).toEqual([
      request('a'),
      { deliveries: [request('b'), request('c')] },
    ]);
  });

  test('refuses a request that no message can hold, and sends the others', async () => {
    const { client, url } = await startSqs({ name: 'intake' });
    const surehook = createSurehook({ intakeQueueUrl: url('intake'), client });
    const sent = await surehook.enqueueMany([request('a', 'x'.repeat(1_100_000)), request('b')]);
    expect(sent).toEqual([
      { error: { errorType: 'PayloadTooLarge', errorMessage: expect.stringContaining('by queue') } },
      expect.objectContaining({ sent: true }),
    ]);
  });
});

test.each([
  ['neither a function nor a queue', {}],
  ['both', { functionName: 'a', intakeQueueUrl: 'b' }],
  ['an empty name', { functionName: '' }],
  ['an unset variable', { functionName: undefined }],
])('options that name %s are refused', (_what, options) => {
  expect(() => createSurehook(options as { functionName: string })).toThrow('functionName or intakeQueueUrl');
});

test('the types refuse what enqueue refuses', () => {
  const ids = { workflow_run_id: 1, organization_id: 1, webhook_node_id: 'n', endpoint_url: 'https://example.com/' };
  const taken: EnqueueRequest[] = [
    { ...ids, payload: null },
    { ...ids, payload_json: '1.10', http_method: 'patch', max_attempts: null },
    { ...ids, payload_template: '{{a}}', render_context: { a: 1 }, custom_headers: [{ key: 'X-A', value: 'b' }] },
  ];
  // @ts-expect-error a body is missing
  const none: EnqueueRequest = ids;
  // @ts-expect-error there are two
  const two: EnqueueRequest = { ...ids, payload: 1, payload_json: '1' };
  // @ts-expect-error there is no such method
  const brew: EnqueueRequest = { ...ids, payload: 1, http_method: 'BREW' };
  // @ts-expect-error undefined is no JSON
  const unset: EnqueueRequest = { ...ids, payload: undefined };
  // Whatever the types take has the members of the schema, and no others.
  const schema: Record<string, unknown> = enqueueRequestSchema.shape;
  expect(
    [...taken, none, two, brew, unset].flatMap((each) => Object.keys(each)).filter((key) => !(key in schema)),
  ).toEqual([]);
  const members: Record<keyof typeof enqueueRequestSchema.shape, true> = {} as Record<keyof EnqueueRequest, true>;
  expect(members).toEqual({});
});

/** A batch after a single request. */
function one(left: object, right: object): number {
  return Number('deliveries' in left) - Number('deliveries' in right);
}
