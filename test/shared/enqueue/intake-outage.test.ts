// Real: enqueue from the intake queue, with its pauses; the client of the Data API, with its repeats. Doubles: the endpoint, which is
// away for a while and then answers; the rows, in memory; the queue and the clock, in virtual time.
import { describe, expect, test } from 'vitest';
import { timingsFor } from '../../../infra/timings.ts';
import { createDataApi } from '../../../shared/aws/data-api.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { enqueueFromIntake, type IntakeParts } from '../../../shared/enqueue/enqueue-from-intake.ts';
import type { PostponedMessage } from '../../../shared/enqueue/intake-message.ts';
import { ENQUEUE_ANSWER_SECONDS, QUEUE_BATCH_ENTRIES } from '../../../shared/runtime/limits.ts';
import { NOON } from '../../support/store/store-world.ts';
import { seededRandom, VirtualTime } from '../../support/time/virtual-time.ts';
import { EnqueueBench, request, uuidOf } from './enqueue-deliveries-world.ts';

const HOUR_MS = 3_600_000;
const { timeout, visibility, maxReceives } = timingsFor(30).enqueue;

/** How the Data API is away: it never answers, says at once that it has no database to ask, or refuses the caller. */
const AWAY = {
  'never answers': (abortSignal: AbortSignal) =>
    new Promise<never>((_, reject) => abortSignal.addEventListener('abort', () => reject(named('AbortError')))),
  'answers 503': () => Promise.reject(named('ServiceUnavailableError')),
  'refuses for want of a right': () => Promise.reject(named('AccessDeniedException')),
};

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

type Queued = { id: number; receives: number; sentAtMs: number };

/** An intake queue with its event source, before a database that is away from the start until `backAtMs`. */
class Outage {
  readonly time = new VirtualTime(NOON);
  readonly bench = new EnqueueBench();
  /** When each message was accepted, milliseconds since the start. */
  readonly acceptedAtMs = new Map<number, number>();
  readonly deadLetters: number[] = [];
  calls = 0;
  mostReceives = 0;
  #sent = 0;
  #visible: Queued[] = [];
  #isPolling = false;
  readonly #parts: IntakeParts;
  #pauses = new Map<string, number>();

  constructor(away: keyof typeof AWAY, backAtMs: number, seed = 1) {
    const random = seededRandom(seed);
    let uuids = 0;
    const clock: Clock = {
      nowMs: () => this.time.nowMs(),
      monotonicMs: () => this.time.elapsedMs(),
      random,
      uuid: () => uuidOf(++uuids),
      after: (delayMs, fire) => this.time.after(delayMs, fire),
    };
    const call = (_name: string, _input: object, { abortSignal }: { abortSignal: AbortSignal }): Promise<object> => {
      this.calls++;
      return this.time.elapsedMs() < backAtMs ? AWAY[away](abortSignal) : Promise.resolve({});
    };
    const target = { resourceArn: '', secretArn: '', database: '', schemas: { surehook: 's', application: 'a' } };
    const dataApi = createDataApi({ call, destroy() {} }, target, clock);
    const { store } = this.bench.rows;
    this.#parts = {
      ...this.bench.parts,
      clock,
      store: {
        ...store,
        acceptDeliveries: async (deliveries, unknownRuns, limit) => {
          await dataApi.execute({ sql: 'select 1', parameters: [] }, {}, limit);
          return store.acceptDeliveries(deliveries, unknownRuns, limit);
        },
      },
      intake: {
        postpone: async (messages: readonly PostponedMessage[]) => {
          for (const { messageId, seconds } of messages) this.#pauses.set(messageId, seconds);
          return { untold: [] };
        },
      },
    };
  }

  send(count: number, atMs: number): void {
    for (let index = 0; index < count; index++) {
      this.#show({ id: this.#sent++, receives: 0, sentAtMs: this.time.nowMs() + atMs }, atMs);
    }
  }

  #show(message: Queued, afterMs: number): void {
    this.time.after(afterMs, () => {
      if (message.receives >= maxReceives) {
        this.deadLetters.push(message.id);
        return;
      }
      this.#visible.push(message);
      if (this.#isPolling) return;
      this.#isPolling = true;
      this.time.after(20, () => {
        this.#isPolling = false;
        const batches = Math.ceil(this.#visible.length / QUEUE_BATCH_ENTRIES);
        for (let batch = 0; batch < batches; batch++) void this.#invoke(this.#visible.splice(0, QUEUE_BATCH_ENTRIES));
      });
    });
  }

  async #invoke(batch: readonly Queued[]): Promise<void> {
    const beganMs = this.time.elapsedMs();
    const messages = batch.map((message) => {
      message.receives++;
      this.mostReceives = Math.max(this.mostReceives, message.receives);
      const body = JSON.stringify(request({ webhook_node_id: `node ${message.id}` }));
      const messageId = String(message.id);
      return { messageId, receiptHandle: messageId, body, sentAtMs: message.sentAtMs, receives: message.receives };
    });
    const limit = { untilMonotonicMs: beganMs + (timeout - ENQUEUE_ANSWER_SECONDS) * 1000 };
    const { comeAgain } = await enqueueFromIntake(messages, this.#parts, limit);
    for (const message of batch) {
      if (comeAgain.includes(String(message.id))) this.#comeAgain(message, beganMs);
      else this.acceptedAtMs.set(message.id, this.time.elapsedMs());
    }
  }

  #comeAgain(message: Queued, receivedMs: number): void {
    const pause = this.#pauses.get(String(message.id));
    this.#pauses.delete(String(message.id));
    const untilMs = pause === undefined ? receivedMs + visibility * 1000 : this.time.elapsedMs() + pause * 1000;
    this.#show(message, untilMs - this.time.elapsedMs());
  }

  async run(untilMs: number, done = (): boolean => false): Promise<void> {
    await this.time.run(done, untilMs);
  }
}

const KINDS = Object.keys(AWAY) as (keyof typeof AWAY)[];

describe.each(KINDS)('a database that %s', (away) => {
  test.each([1, 2, 3])(
    'for 30 s: what was queued meanwhile is accepted within a minute of its end (chance %d)',
    async (seed) => {
      const outage = new Outage(away, 30_000, seed);
      for (const atMs of [0, 5_000, 12_000, 20_000, 29_000]) outage.send(1, atMs);
      await outage.run(HOUR_MS, () => outage.acceptedAtMs.size === 5);
      expect(outage.acceptedAtMs.size).toBe(5);
      for (const atMs of outage.acceptedAtMs.values()) expect(atMs).toBeLessThanOrEqual(90_000);
    },
  );

  test('for an hour is asked less and less, and what waits is accepted within ten minutes of its end', async () => {
    const outage = new Outage(away, HOUR_MS);
    outage.send(5, 0);
    await outage.run(HOUR_MS / 2);
    const first = outage.calls;
    await outage.run(HOUR_MS);
    expect(outage.acceptedAtMs.size).toBe(0);
    expect(outage.calls - first).toBeLessThan(first);
    // One call every few seconds for all that waits, at the most; each message is alone by now.
    expect(outage.calls).toBeLessThan(2_500);
    await outage.run(HOUR_MS + 600_000 + 1000 * timeout);
    expect(outage.acceptedAtMs.size).toBe(5);
    expect(outage.mostReceives).toBeLessThan(30);
  });

  test('for a day: nothing lands in the dead-letter queue', async () => {
    const outage = new Outage(away, 24 * HOUR_MS);
    outage.send(1, 0);
    await outage.run(25 * HOUR_MS);
    expect([outage.deadLetters, outage.acceptedAtMs.size]).toEqual([[], 1]);
  });
});

test('a database that is away for longer: the request moves to the dead-letter queue long before it expires', async () => {
  const outage = new Outage('refuses for want of a right', 96 * HOUR_MS);
  outage.send(1, 0);
  await outage.run(95 * HOUR_MS, () => outage.deadLetters.length > 0);
  expect(outage.deadLetters).toHaveLength(1);
  expect(outage.time.elapsedMs()).toBeLessThan(48 * HOUR_MS);
});
