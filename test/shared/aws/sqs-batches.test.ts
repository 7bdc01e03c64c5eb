// Real: the sender, the SDK's client and its serializer. Doubles: the SDK's transport (aws-sdk-client-mock), because partly
// failed, lost and hanging sends must come exactly when the test says so; the clock, turned by hand. The real queue is in
// sqs-delivery-queue.test.ts.
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { sendInBatches, textAttribute } from '../../../shared/aws/sqs-batches.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

const client = new SQSClient({ region: 'us-east-1' });
const sqs = mockClient(client);

let clock: TurnedClock;

beforeEach(() => {
  sqs.reset();
  clock = new TurnedClock();
});

function send(items: readonly string[]): Promise<string[]> {
  const to = { client, clock, queueUrl: 'https://sqs.example.com/queue' };
  return sendInBatches(to, items, (item) => ({ MessageBody: item }));
}

/** The entries of each call, in order. */
function sentBatches(): SendMessageBatchRequestEntry[][] {
  return sqs.commandCalls(SendMessageBatchCommand).map((call) => call.args[0].input.Entries ?? []);
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `item ${index}`);
}

function failed(...ids: string[]) {
  return { Successful: [], Failed: ids.map((Id) => ({ Id, SenderFault: false, Code: 'InternalError' })) };
}

const ALL_WELL = { Successful: [], Failed: [] };

describe('sending', () => {
  test('nothing asks for nothing', async () => {
    expect(await send([])).toEqual([]);
    expect(sentBatches()).toEqual([]);
  });

  test.each([
    [1, [1]],
    [10, [10]],
    [11, [10, 1]],
    [100, Array.from({ length: 10 }, () => 10)],
    [105, [...Array.from({ length: 10 }, () => 10), 5]],
  ])('%i messages go in batches of ten at most, every one once', async (count, sizes) => {
    sqs.on(SendMessageBatchCommand).resolves(ALL_WELL);
    expect(await send(numbered(count))).toEqual([]);
    expect(sentBatches().map(({ length }) => length)).toEqual(sizes);
    const bodies = sentBatches().flatMap((batch) => batch.map(({ MessageBody }) => MessageBody));
    expect(bodies.sort()).toEqual(numbered(count).sort());
    for (const batch of sentBatches()) expect(new Set(batch.map(({ Id }) => Id)).size).toBe(batch.length);
  });

  test('no batch is larger than a message may be', async () => {
    sqs.on(SendMessageBatchCommand).resolves(ALL_WELL);
    await send(['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(400 * 1024)));
    expect(sentBatches().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test('the size of a batch is counted in bytes', async () => {
    sqs.on(SendMessageBatchCommand).resolves(ALL_WELL);
    await send(['é'.repeat(300 * 1024), 'é'.repeat(300 * 1024)]);
    expect(sentBatches()).toHaveLength(2);
  });

  test('ten batches are under way at once, and no more', async () => {
    const answers: ((answer: typeof ALL_WELL) => void)[] = [];
    sqs.on(SendMessageBatchCommand).callsFake(() => new Promise((resolve) => answers.push(resolve)));
    const sending = send(numbered(120));
    await clock.turn(0);
    expect(answers).toHaveLength(10);
    answers.splice(0, 1)[0]?.(ALL_WELL);
    await clock.turn(0);
    expect(answers).toHaveLength(10);
    sqs.on(SendMessageBatchCommand).resolves(ALL_WELL);
    for (const answer of answers) answer(ALL_WELL);
    expect(await sending).toEqual([]);
    expect(sentBatches()).toHaveLength(12);
  });
});

describe('what SQS does not take', () => {
  test('of a batch is sent once more, alone', async () => {
    sqs.on(SendMessageBatchCommand).resolvesOnce(failed('1', '3')).resolves(ALL_WELL);
    expect(await send(numbered(5))).toEqual([]);
    expect(sentBatches()[1]?.map(({ MessageBody }) => MessageBody)).toEqual(['item 1', 'item 3']);
  });

  test('twice is told to the caller, and only that', async () => {
    sqs.on(SendMessageBatchCommand).resolvesOnce(failed('1', '3')).resolvesOnce(failed('1'));
    expect(await send(numbered(5))).toEqual(['item 3']);
    expect(sentBatches()).toHaveLength(2);
  });

  test('as a whole batch is told to the caller; the other batches went out', async () => {
    sqs.on(SendMessageBatchCommand).rejectsOnce(new Error('ServiceUnavailable')).resolves(ALL_WELL);
    expect(await send(numbered(25))).toEqual(numbered(25).slice(0, 10));
  });

  test('in a try’s time is sent again, all of it', async () => {
    sqs.on(SendMessageBatchCommand).callsFakeOnce(hangUntilAborted).resolves(ALL_WELL);
    const sending = send(numbered(3));
    await clock.turn(1_499);
    expect(sentBatches()).toHaveLength(1);
    await clock.turn(1);
    expect(await sending).toEqual([]);
    expect(sentBatches()[1]?.map(({ MessageBody }) => MessageBody)).toEqual(numbered(3));
  });

  test('after a try that hung is sent once more, as after any', async () => {
    sqs.on(SendMessageBatchCommand).callsFakeOnce(hangUntilAborted).resolvesOnce(failed('1')).resolves(ALL_WELL);
    const sending = send(numbered(2));
    await clock.turn(1_500);
    expect(await sending).toEqual([]);
    expect(sentBatches().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test('within five seconds, in tries of 1.5, 3 and 0.5 s, is given up: a send must not outlast its invocation', async () => {
    sqs.on(SendMessageBatchCommand).callsFake(hangUntilAborted);
    const sending = send(numbered(2));
    for (const [tries, turnMs] of [
      [1, 1_500],
      [2, 3_000],
      [3, 499],
    ] as const) {
      expect(sentBatches()).toHaveLength(tries);
      await clock.turn(turnMs);
    }
    expect(signal()?.aborted).toBe(false);
    await clock.turn(1);
    expect(await sending).toEqual(numbered(2));
    expect(sentBatches()).toHaveLength(3);
  });

  /** As the SDK does, which the mock stands in for. */
  function hangUntilAborted(): Promise<never> {
    return new Promise((_, reject) => {
      signal()?.addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })));
    });
  }

  function signal(): AbortSignal | undefined {
    const args: readonly unknown[] = sqs.commandCalls(SendMessageBatchCommand).at(-1)?.args ?? [];
    const options = args[1];
    if (typeof options !== 'object' || options === null || !('abortSignal' in options)) return undefined;
    return options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
  }
});

describe('a text attribute', () => {
  test.each([
    ['text as it is', 'Grüße 👋', 'Grüße 👋'],
    ['line breaks and control characters', 'a\nb\tc\0d\u001fe', 'a b c d e'],
    ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
    ['what XML has no place for', 'a\ufffeb\uffffc', 'a b c'],
    ['nothing at all', '', ' '],
  ])('holds %s', (_case, text, value) => {
    expect(textAttribute(text)).toEqual({ DataType: 'String', StringValue: value });
  });

  test('is at most 1 KiB, and ends in a whole character', () => {
    expect(textAttribute('x'.repeat(5000)).StringValue).toBe('x'.repeat(1024));
    expect(textAttribute('👋'.repeat(500)).StringValue).toBe('👋'.repeat(256));
    expect(textAttribute(`x${'👋'.repeat(500)}`).StringValue).toBe(`x${'👋'.repeat(255)}`);
  });

  test('holds only what SQS takes, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const { StringValue } = textAttribute(text);
        expect(Buffer.byteLength(StringValue)).toBeLessThanOrEqual(1024);
        // "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        expect(StringValue).toMatch(/^[\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u);
      }),
    );
  });
});
