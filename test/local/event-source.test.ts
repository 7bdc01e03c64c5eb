// Real: the queue, the event source, and in the last test a function's process. Double: the clock; the function, where
// what it answers is the matter.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEventSource, type EventSource } from '../../local/aws/lambda/event-source.ts';
import type { InvocationResult } from '../../local/aws/lambda/invocation.ts';
import { Queue } from '../../local/aws/sqs/queue.ts';
import type { StackEventSourceMapping } from '../../local/template/stack-description.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { LambdaBench } from './lambda-world.ts';

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:delivery';
const MAPPING: StackEventSourceMapping = {
  logicalId: 'Mapping',
  queueArn: QUEUE_ARN,
  functionName: 'deliver',
  batchSize: 10,
  windowSeconds: 0,
  reportsBatchItemFailures: true,
  maximumConcurrency: 60,
  enabled: true,
};

type Call = { bodies: string[]; ids: string[]; event: string; answer: (result: InvocationResult) => void };

let timers: ManualTimers;
let queue: Queue;
let calls: Call[];
let log: string[];
let source: EventSource | undefined;

beforeEach(() => {
  timers = new ManualTimers();
  calls = [];
  log = [];
  queue = new Queue(
    { name: 'delivery', arn: QUEUE_ARN, url: 'http://127.0.0.1/000000000000/delivery' },
    {
      delaySeconds: 0,
      visibilityTimeoutSeconds: 360,
      retentionSeconds: 345_600,
      maximumMessageBytes: 1_048_576,
      receiveWaitSeconds: 0,
      redrive: undefined,
      inert: {},
    },
    { timers, deadLetterQueue: () => undefined },
  );
});
afterEach(() => source?.stop());

/** A function that answers when the test does. */
function start(mapping: Partial<StackEventSourceMapping> = {}, isBusy = () => false): EventSource {
  source = startEventSource({
    mapping: { ...MAPPING, ...mapping },
    queue,
    timers,
    isBusy,
    log: (line) => void log.push(line),
    invoke: (_functionName, event) => {
      const { Records } = JSON.parse(event) as { Records: { messageId: string; body: string }[] };
      const { promise, resolve } = Promise.withResolvers<InvocationResult>();
      const bodies = Records.map(({ body }) => body);
      calls.push({ bodies, ids: Records.map(({ messageId }) => messageId), event, answer: resolve });
      return promise;
    },
  });
  return source;
}

const settle = () => timers.advance(0);
const send = (...bodies: string[]) => bodies.map((body) => queue.send({ body }).messageId);
const returned = (answer: unknown): InvocationResult => ({
  kind: 'returned',
  requestId: 'r',
  payload: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
});
const FAILED: InvocationResult = {
  kind: 'failed',
  requestId: 'r',
  errorType: 'Error',
  errorMessage: 'no',
  payload: Buffer.from('{}'),
};
const THROTTLED: InvocationResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };

/** One batch of three messages a, b, c has been given this answer. */
async function afterAnswer(answer: InvocationResult): Promise<string[]> {
  send('a', 'b', 'c');
  start();
  await settle();
  calls[0]?.answer(answer);
  await settle();
  return queue.peek(10).map(({ body }) => body);
}

test("makes Lambda's record of a message", async () => {
  start();
  queue.send({
    body: '{"v":1}',
    messageGroupId: 'org-7',
    traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
    senderId: 'AKID',
    attributes: new Map([
      ['Reason', { dataType: 'String', value: 'late' }],
      ['Digest', { dataType: 'Binary', value: Buffer.from([1, 2, 255]) }],
    ]),
  });
  await settle();
  expect(JSON.parse(calls[0]?.event ?? '')).toEqual({
    Records: [
      {
        messageId: expect.stringMatching(/^[\da-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: '{"v":1}',
        attributes: {
          ApproximateReceiveCount: '1',
          AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
          SentTimestamp: String(Date.parse('2026-11-23T12:00:00.000Z')),
          MessageGroupId: 'org-7',
          SenderId: 'AKID',
          ApproximateFirstReceiveTimestamp: String(Date.parse('2026-11-23T12:00:00.000Z')),
        },
        messageAttributes: {
          Reason: { stringValue: 'late', stringListValues: [], binaryListValues: [], dataType: 'String' },
          Digest: { binaryValue: 'AQL/', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
        },
        md5OfMessageAttributes: expect.stringMatching(/^[\da-f]{32}$/),
        md5OfBody: 'a191475ae2bf7db9c7e320f7da455bbb',
        eventSource: 'aws:sqs',
        eventSourceARN: QUEUE_ARN,
        awsRegion: 'us-east-1',
      },
    ],
  });
});

describe('what becomes of a batch', () => {
  test.each([
    ['null', null],
    ['an object without a list', {}],
    ['an empty list', { batchItemFailures: [] }],
    ['a null list', { batchItemFailures: null }],
  ])('is deleted when the function answers %s', async (_what, answer) => {
    expect(await afterAnswer(returned(answer))).toEqual([]);
  });

  test.each([
    ['an unknown message', { batchItemFailures: [{ itemIdentifier: 'other' }] }],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['a wrong key', { batchItemFailures: [{ messageId: 'a' }] }],
    ['something else than a list', { batchItemFailures: 'a' }],
    ['text', '"ok"'],
    ['what is not JSON', 'ok'],
  ])('is kept whole when the answer names %s', async (_what, answer) => {
    expect(await afterAnswer(returned(answer))).toEqual(['a', 'b', 'c']);
  });

  test('keeps only the messages reported as failed, until their visibility timeout', async () => {
    const [, b] = send('a', 'b', 'c');
    start();
    await settle();
    calls[0]?.answer(returned({ batchItemFailures: [{ itemIdentifier: b }] }));
    await timers.advance(359_000);
    expect(queue.peek(10).map(({ body }) => body)).toEqual(['b']);
    expect(calls).toHaveLength(1);
    await timers.advance(1_000);
    expect(calls[1]?.bodies).toEqual(['b']);
    expect(calls[1]?.event).toContain('"ApproximateReceiveCount":"2"');
  });

  test('is kept whole when the function fails, and says why', async () => {
    expect(await afterAnswer(FAILED)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['deliver: a batch of 3 is not done: Error: no']);
  });

  test('is deleted whatever the answer, where partial answers are not asked for', async () => {
    const [a] = send('a');
    start({ reportsBatchItemFailures: false });
    await settle();
    calls[0]?.answer(returned({ batchItemFailures: [{ itemIdentifier: a }] }));
    await settle();
    expect(queue.depth()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('a throttled batch is tried again and loses nothing', async () => {
    send('a', 'b');
    start();
    await settle();
    calls[0]?.answer(THROTTLED);
    await timers.advance(100);
    expect(calls[1]?.bodies).toEqual(['a', 'b']);
    calls[1]?.answer(THROTTLED);
    await timers.advance(199);
    expect(calls).toHaveLength(2);
    await timers.advance(1);
    calls[2]?.answer(returned(null));
    await settle();
    expect(queue.peek(10)).toEqual([]);
  });
});

describe('the size of a batch', () => {
  test('is what waits, up to the batch size', async () => {
    send(...Array.from({ length: 13 }, (_, index) => `m${index}`));
    start();
    await settle();
    expect(calls.map(({ bodies }) => bodies.length)).toEqual([10, 3]);
  });

  test('grows for a moment while the processors are busy', async () => {
    send('first');
    start({}, () => true);
    await timers.advance(49);
    send('second');
    expect(calls).toEqual([]);
    await timers.advance(1);
    expect(calls.map(({ bodies }) => bodies)).toEqual([['first', 'second']]);
  });

  test('is not waited for once it is full, however busy the processors are', async () => {
    send(...Array.from({ length: 10 }, (_, index) => `m${index}`));
    start({}, () => true);
    await settle();
    expect(calls.map(({ bodies }) => bodies.length)).toEqual([10]);
  });

  test('over ten is collected within the window', async () => {
    send(...Array.from({ length: 12 }, (_, index) => `m${index}`));
    start({ batchSize: 25, windowSeconds: 5 });
    await timers.advance(4_000);
    send('late');
    await timers.advance(999);
    expect(calls).toEqual([]);
    await timers.advance(1);
    expect(calls.map(({ bodies }) => bodies.length)).toEqual([13]);
  });

  test('is cut where an event would be larger than an invocation may be', async () => {
    const megabyte = 'x'.repeat(1_000_000);
    send(...Array.from({ length: 8 }, (_, index) => `${index}${megabyte}`));
    start();
    await settle();
    expect(calls.map(({ bodies }) => bodies.map((body) => body[0]))).toEqual([
      ['0', '1', '2', '3', '4', '5'],
      ['6', '7'],
    ]);
    for (const { event } of calls) expect(Buffer.byteLength(event)).toBeLessThan(6 * 1024 * 1024);
  });
});

describe('concurrency', () => {
  const fill = (count: number) => send(...Array.from({ length: count }, (_, index) => `m${index}`));

  test('begins with five batches and adds one every 50 ms while messages wait, up to the maximum', async () => {
    fill(20);
    start({ batchSize: 1, maximumConcurrency: 8 });
    await settle();
    expect(calls).toHaveLength(5);
    await timers.advance(49);
    expect(calls).toHaveLength(5);
    await timers.advance(1);
    expect(calls).toHaveLength(6);
    await timers.advance(10_000);
    expect(calls).toHaveLength(8);
    calls[3]?.answer(returned(null));
    await settle();
    expect(calls).toHaveLength(9);
  });

  test('stays below five where the maximum is lower', async () => {
    fill(9);
    start({ batchSize: 1, maximumConcurrency: 2 });
    await timers.advance(10_000);
    expect(calls).toHaveLength(2);
  });

  test('goes back to five when the queue has been idle', async () => {
    fill(9);
    const running = start({ batchSize: 1 });
    await timers.advance(1_000);
    expect(calls).toHaveLength(9);
    for (const call of calls) call.answer(returned(null));
    await timers.advance(60_000);
    expect(running.concurrency()).toBe(5);
  });
});

test('stopping receives no more and leaves what runs in flight', async () => {
  send('a');
  start().stop();
  await settle();
  send('b');
  await settle();
  expect(queue.peek(10)).toHaveLength(2);
});

test('a disabled mapping receives nothing', async () => {
  send('a');
  start({ enabled: false });
  await settle();
  expect(queue.depth().visible).toBe(1);
});

test('feeds the processes of a function until the queue is empty', async () => {
  const bench = new LambdaBench();
  const lambda = bench.lambda([
    await bench.lambdaFunction(`export const handler = async ({ Records }) => {
      for (const { body } of Records) process.stdout.write(body + '\\n');
      return { batchItemFailures: [] };
    };`),
  ]);
  source = startEventSource({ mapping: MAPPING, queue, invoke: lambda.invoke, log: (line) => void log.push(line) });
  const sent = Array.from({ length: 300 }, (_, index) => `message ${index}`);
  send(...sent);
  await bench.until(() => bench.lines.length === 300);
  expect(new Set(bench.lines.map(({ text }) => text))).toEqual(new Set(sent));
  await bench.close();
});
