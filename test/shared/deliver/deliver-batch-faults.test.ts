// Real: deliverBatch with its recorder. Doubles: the store (in memory, held to the contract of the real one) and what fails
// in it, the queue, the attempts, time. The ids in titles are rows of the fault catalogue.
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { LEASE_MARGIN_SECONDS, SETTLE_SECONDS } from '../../../shared/runtime/limits.ts';
import { safeLog } from '../../../shared/observe/log.ts';
import { safeMetrics } from '../../../shared/observe/metrics.ts';
import {
  accepted,
  ATTEMPT_SECONDS,
  DeliverBatchBench,
  failed,
  givenBack,
  messagesFor,
} from '../../support/protocol/deliver-batch-world.ts';
import { LEASE_SECONDS } from '../../support/store/store-world.ts';

const unavailable = () => Promise.reject(new StoreUnavailable('the database could not be asked'));

describe('a claim', () => {
  it('that could not be made charges nothing, and is made again within a minute by messages of its own (CLA-13)', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(2);
    bench.instead = { claimDeliveries: unavailable };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.sent).toMatchObject(ids.map((deliveryId) => ({ deliveryId, attempt: 1, delaySeconds: 15 })));
    expect(bench.row(ids[0] ?? 0)).toMatchObject({ attemptCount: 0, claimCount: 0 });
    expect(bench.metrics.counts.get('InternalFaults')).toBe(1);
  });

  it.each([
    [0, 15],
    [0.5, 27],
    [0.999, 39],
  ])(
    'that could not be made comes again after 15 to 40 s, not all at once (CLA-13): %d',
    async (chance, delaySeconds) => {
      const bench = new DeliverBatchBench();
      const id = await bench.stored();
      bench.chance = chance;
      bench.instead = { claimDeliveries: unavailable };
      await bench.deliver(messagesFor([id]));
      expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds }]);
    },
  );

  it('whose answer never came is released by its token, and its message replaced (CLA-11)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.instead = {
      claimDeliveries: async (...asked) => {
        await bench.store.claimDeliveries(...asked);
        return await unavailable();
      },
    };
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.row(id)).toMatchObject({
      status: 'pending',
      attemptCount: 0,
      claimCount: 1,
      leaseExpiresMs: undefined,
    });
    expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: 30 }]);
    expect(bench.attempts).toEqual([]);
  });

  it('that could not be made while no message can be sent has its own come again', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.instead = { claimDeliveries: unavailable, releaseDeliveries: unavailable };
    bench.isQueueDown = true;
    expect(await bench.deliver(messagesFor([id]))).toEqual([`message-${id}`]);
  });

  it('is not made at all when no attempt would fit before the invocation ends', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    expect(await bench.deliver(messagesFor([id]), { leftMs: 44_999 })).toEqual([]);
    expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: 5 }]);
    expect(bench.storeCalls).toEqual([]);
  });

  it('for a delivery of which only the burial is left, after a crash, buries it (SWE-08)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored({ maxAttempts: 1 });
    await bench.store.claimDeliveries([{ deliveryId: id, attempts: [1], token: bench.clock.uuid() }], LEASE_SECONDS, {
      untilMonotonicMs: 0,
    });
    await bench.time.run(() => false, LEASE_SECONDS * 1000);
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.row(id)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'outcome_unknown' });
    expect(bench.metrics.counts.get('Buried')).toBe(1);
  });
});

describe('the instant by which a request must go out (CLA-16)', () => {
  it('leaves room for the attempt and its settle before the invocation ends', async () => {
    const bench = new DeliverBatchBench();
    await bench.deliver(messagesFor([await bench.stored()]), { leftMs: 50_000 });
    expect(bench.attempts[0]?.mustStartByMs).toBe(50_000 - (ATTEMPT_SECONDS + 5 + SETTLE_SECONDS) * 1000);
  });

  it('counts from before the claim, so that no attempt outlives its lease', async () => {
    const bench = new DeliverBatchBench();
    bench.instead = {
      claimDeliveries: async (...asked) => {
        const answers = await bench.store.claimDeliveries(...asked);
        await new Promise<void>((resolve) => bench.time.after(9000, resolve));
        return answers;
      },
    };
    await bench.deliver(messagesFor([await bench.stored()]), { leftMs: 900_000 });
    const [attempt] = bench.attempts;
    expect(attempt?.beganMs).toBe(9000);
    expect(attempt?.mustStartByMs).toBe((LEASE_SECONDS - LEASE_MARGIN_SECONDS - ATTEMPT_SECONDS) * 1000);
  });
});

describe('an attempt that was given back', () => {
  it('is due again for the same attempt, with a message of its own', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.answers.set(id, { outcome: givenBack });
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.row(id)).toMatchObject({
      attemptCount: 0,
      claimCount: 1,
      lastError: 'Secrets Manager did not answer',
    });
    expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: 30 }]);
    expect(bench.metrics.counts.get('Released')).toBe(1);
  });

  it('for the 500th time ends the delivery as never_sent (CLA-14)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.row(id).claimCount = 499;
    bench.answers.set(id, { outcome: givenBack });
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.row(id)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'never_sent' });
  });

  it('goes on as such beside neighbours that are settled', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(3);
    bench.answers.set(ids[1] ?? 0, { outcome: givenBack });
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.storeCalls.toSorted()).toEqual(['claim', 'release', 'settle']);
    expect(bench.statuses(ids)).toEqual(['succeeded', 'pending', 'succeeded']);
  });
});

describe('a success', () => {
  it('that cannot be recorded is never buried: its row stays pending, and a message tells what it came to (REC-02)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored({ maxAttempts: 1 });
    bench.instead = { settleDeliveries: unavailable };
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.row(id)).toMatchObject({ status: 'pending', attemptCount: 1 });
    expect(bench.sent).toMatchObject([
      { deliveryId: id, attempt: 1, delaySeconds: 15, outcome: { settlement: { kind: 'succeeded', statusCode: 204 } } },
    ]);
  });

  it.each([
    ['late_success', 'LateSuccesses'],
    ['superseded', 'SettlesSuperseded'],
    ['vanished', 'Orphans'],
  ] as const)(
    'whose settlement is %s is counted as %s, and its message is done with (REC-12)',
    async (verdict, metric) => {
      const bench = new DeliverBatchBench();
      const id = await bench.stored();
      bench.instead = {
        settleDeliveries: async () => ({
          answers: [{ deliveryId: id, verdict }],
          called: [],
          turns: [],
          next: [],
          outcomes: [],
        }),
      };
      expect(await bench.deliver(messagesFor([id]))).toEqual([]);
      expect(bench.metrics.counts.get(metric)).toBe(1);
      expect(bench.lines.at(-1)).toMatchObject({ event: 'attempt', fields: { settled: verdict } });
    },
  );
});

it('a failure that was superseded sends no message: whoever took over does', async () => {
  const bench = new DeliverBatchBench();
  const id = await bench.stored();
  bench.answers.set(id, { outcome: failed });
  bench.instead = {
    settleDeliveries: async () => ({
      answers: [{ deliveryId: id, verdict: 'superseded' }],
      called: [],
      turns: [],
      next: [],
      outcomes: [],
    }),
  };
  expect(await bench.deliver(messagesFor([id]))).toEqual([]);
  expect(bench.sent).toEqual([]);
});

it('a log and metrics that throw change no outcome (REC-11)', async () => {
  const bench = new DeliverBatchBench();
  const [done = 0, failing = 0, back = 0] = await bench.storedSeveral(3);
  bench.answers.set(done, { outcome: accepted });
  bench.answers.set(failing, { outcome: failed });
  bench.answers.set(back, { outcome: givenBack });
  const fail = (): never => {
    throw new Error('disk full');
  };
  const parts = {
    log: safeLog({ info: fail, warn: fail, error: fail }),
    metrics: safeMetrics({
      count: fail,
      deadLetters: fail,
      milliseconds: fail,
      seconds: fail,
      gauge: fail,
      standing: fail,
      flush: fail,
    }),
  };
  expect(await bench.deliver(messagesFor([done, failing, back]), { parts })).toEqual([]);
  expect(bench.statuses([done, failing, back])).toEqual(['succeeded', 'pending', 'pending']);
  expect(bench.sent).toHaveLength(2);
});
