// Real: the sender. Doubles: the client, because partly failed, lost and hanging sends must come exactly when the test says so;
// the clock, turned by hand. The real client is in calls-that-hang.test.ts, the real queue in sqs-delivery-queue.test.ts.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SqsCalls } from '../../../shared/aws/clients.ts';
import type { SendEntry, SqsOperations } from '../../../shared/aws/sqs-operations.ts';
import { sendInBatches, textAttribute } from '../../../shared/aws/sqs-batches.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

type Send = (options: { abortSignal: AbortSignal }) => Promise<{ Failed: { Id: string }[] }>;

/** A client of SQS that answers as it is told: what is told for one call comes first. */
class TwoFacedSqs implements SqsCalls {
  readonly batches: SendEntry[][] = [];
  readonly #once: Send[] = [];
  #always: Send = () => Promise.reject(new Error('nothing is told for this call'));
  lastSignal: AbortSignal | undefined;

  always(send: Send): this {
    this.#always = send;
    return this;
  }

  once(send: Send): this {
    this.#once.push(send);
    return this;
  }

  call: SqsCalls['call'] = (name, input, options) => {
    if (name !== 'SendMessageBatch') throw new Error(`${name} is not asked for here`);
    this.batches.push([...(input as SqsOperations['SendMessageBatch']['input']).Entries]);
    this.lastSignal = options.abortSignal;
    return (this.#once.shift() ?? this.#always)(options);
  };

  destroy(): void {}
}

let sqs: TwoFacedSqs;
let clock: TurnedClock;

beforeEach(() => {
  sqs = new TwoFacedSqs();
  clock = new TurnedClock();
});

function send(items: readonly string[]): Promise<string[]> {
  const to = { client: sqs, clock, queueUrl: 'https://sqs.example.com/queue' };
  return sendInBatches(to, items, (item) => ({ MessageBody: item }));
}

/** The entries of each call, in order. */
function sentBatches(): SendEntry[][] {
  return sqs.batches;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `item ${index}`);
}

function failed(...ids: string[]) {
  return () => Promise.resolve({ Failed: ids.map((Id) => ({ Id, SenderFault: false, Code: 'InternalError' })) });
}

const ALL_WELL = { Failed: [] };
const allWell: Send = () => Promise.resolve(ALL_WELL);

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
    sqs.always(allWell);
    expect(await send(numbered(count))).toEqual([]);
    expect(sentBatches().map(({ length }) => length)).toEqual(sizes);
    const bodies = sentBatches().flatMap((batch) => batch.map(({ MessageBody }) => MessageBody));
    expect(bodies.sort()).toEqual(numbered(count).sort());
    for (const batch of sentBatches()) expect(new Set(batch.map(({ Id }) => Id)).size).toBe(batch.length);
  });

  test('no batch is larger than a message may be', async () => {
    sqs.always(allWell);
    await send(['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(400 * 1024)));
    expect(sentBatches().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test('the size of a batch is counted in bytes', async () => {
    sqs.always(allWell);
    await send(['é'.repeat(300 * 1024), 'é'.repeat(300 * 1024)]);
    expect(sentBatches()).toHaveLength(2);
  });

  test('ten batches are under way at once, and no more', async () => {
    const answers: ((answer: typeof ALL_WELL) => void)[] = [];
    sqs.always(() => new Promise((resolve) => answers.push(resolve)));
    const sending = send(numbered(120));
    await clock.turn(0);
    expect(answers).toHaveLength(10);
    answers.splice(0, 1)[0]?.(ALL_WELL);
    await clock.turn(0);
    expect(answers).toHaveLength(10);
    sqs.always(allWell);
    for (const answer of answers) answer(ALL_WELL);
    expect(await sending).toEqual([]);
    expect(sentBatches()).toHaveLength(12);
  });
});

describe('what SQS does not take', () => {
  test('of a batch is sent once more, alone', async () => {
    sqs.once(failed('1', '3')).always(allWell);
    expect(await send(numbered(5))).toEqual([]);
    expect(sentBatches()[1]?.map(({ MessageBody }) => MessageBody)).toEqual(['item 1', 'item 3']);
  });

  test('twice is told to the caller, and only that', async () => {
    sqs.once(failed('1', '3')).once(failed('1'));
    expect(await send(numbered(5))).toEqual(['item 3']);
    expect(sentBatches()).toHaveLength(2);
  });

  test('as a whole batch is told to the caller; the other batches went out', async () => {
    sqs.once(() => Promise.reject(new Error('ServiceUnavailable'))).always(allWell);
    expect(await send(numbered(25))).toEqual(numbered(25).slice(0, 10));
  });

  test('in a try’s time is sent again, all of it', async () => {
    sqs.once(hangUntilAborted).always(allWell);
    const sending = send(numbered(3));
    await clock.turn(1_499);
    expect(sentBatches()).toHaveLength(1);
    await clock.turn(1);
    expect(await sending).toEqual([]);
    expect(sentBatches()[1]?.map(({ MessageBody }) => MessageBody)).toEqual(numbered(3));
  });

  test('after a try that hung is sent once more, as after any', async () => {
    sqs.once(hangUntilAborted).once(failed('1')).always(allWell);
    const sending = send(numbered(2));
    await clock.turn(1_500);
    expect(await sending).toEqual([]);
    expect(sentBatches().map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  test('within five seconds, in tries of 1.5, 3 and 0.5 s, is given up: a send must not outlast its invocation', async () => {
    sqs.always(hangUntilAborted);
    const sending = send(numbered(2));
    for (const [tries, turnMs] of [
      [1, 1_500],
      [2, 3_000],
      [3, 499],
    ] as const) {
      expect(sentBatches()).toHaveLength(tries);
      await clock.turn(turnMs);
    }
    expect(sqs.lastSignal?.aborted).toBe(false);
    await clock.turn(1);
    expect(await sending).toEqual(numbered(2));
    expect(sentBatches()).toHaveLength(3);
  });

  /** As the real client does. */
  function hangUntilAborted({ abortSignal }: { abortSignal: AbortSignal }): Promise<never> {
    return new Promise((_, reject) => {
      abortSignal.addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })));
    });
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
