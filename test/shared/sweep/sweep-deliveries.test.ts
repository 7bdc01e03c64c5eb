// Real: the sweep. Doubles: the store (in memory, held to the contract of the real one), the queue, time. The ids in titles
// are rows of the fault catalogue.
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/delivery-store.ts';
import { sweepDeliveries, type SweepOrder } from '../../../shared/sweep/sweep-deliveries.ts';
import { LEASE_SECONDS, type Store } from '../../support/store/store-world.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';

let bench: SweepBench;

beforeEach(() => {
  bench = new SweepBench();
});

const usual = { mode: 'usual', stopAtMonotonicMs: Infinity } as const;

const sweep = (order: SweepOrder = usual, instead: Partial<Store> = {}) => sweepDeliveries(bench.parts(instead), order);

describe('a sweep', () => {
  it('buries, puts back, hands out, and reports it', async () => {
    const lost = await bench.stored(1, { maxAttempts: 1 });
    await bench.claimed(lost);
    const ahead = await bench.stored(1, { scheduledForMs: bench.time.nowMs() + 50_000_000 });
    await bench.pass(49_500);
    const due = await bench.stored(2);
    await bench.pass(100);
    const report = await sweep();
    expect(report).toEqual({
      ...{ buried: 1, putBack: 2, handedOut: 1, unsent: 0, oldestDueSeconds: 100, complete: true },
    });
    expect(bench.sent.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds])).toEqual([
      [due[0], 0],
      [due[1], 0],
      [ahead[0], 400],
    ]);
    expect(Object.fromEntries(bench.metrics.counts)).toMatchObject({
      ...{ Buried: 1, PutBack: 2, HandedOut: 1, MessagesUnsent: 0, OldestDueAge: 100, 'dead: outcome_unknown': 1 },
    });
  });

  it('goes through a backlog page by page, oldest due first, and names nothing twice (SWE-03)', async () => {
    const ids = await bench.stored(1200);
    await bench.pass(100);
    const pages: (number | undefined)[] = [];
    const report = await sweep(usual, {
      putBackDeliveries: (page) => {
        pages.push(page.after?.deliveryId);
        return bench.store.putBackDeliveries(page);
      },
    });
    expect(pages).toEqual([undefined, ids[499], ids[999]]);
    expect(report).toMatchObject({ putBack: 1200, complete: true });
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual(ids);
  });

  it('stops before its time is up, and the next one goes on (SWE-12)', async () => {
    const ids = await bench.stored(1200);
    await bench.pass(100);
    const slow: Partial<Store> = {
      putBackDeliveries: async (page) => {
        // The page takes 30 s.
        await bench.pass(30);
        return await bench.store.putBackDeliveries(page);
      },
    };
    const first = await sweep({ mode: 'usual', stopAtMonotonicMs: bench.time.elapsedMs() + 60_000 }, slow);
    expect(first).toMatchObject({ putBack: 1000, complete: false });
    expect(await sweep()).toMatchObject({ putBack: 200, complete: true });
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual(ids);
  });

  it('begins nothing when its time is up already', async () => {
    await bench.stored(1);
    await bench.pass(100);
    expect(await sweep({ mode: 'usual', stopAtMonotonicMs: bench.time.elapsedMs() })).toMatchObject({
      ...{ buried: 0, putBack: 0, complete: false },
    });
  });

  it('tries a page that fails with fewer rows, and goes on from there (SWE-14)', async () => {
    await bench.stored(300);
    await bench.pass(100);
    const sizes: number[] = [];
    const report = await sweep(usual, {
      putBackDeliveries: (page) => {
        sizes.push(page.pageRows);
        if (page.pageRows > 125) return Promise.reject(new StoreUnavailable('too slow'));
        return bench.store.putBackDeliveries(page);
      },
    });
    expect(sizes).toEqual([500, 125, 125, 125]);
    expect(report).toMatchObject({ putBack: 300, complete: true });
  });

  it('fails when the smallest page fails, after it has sent what it could', async () => {
    await bench.stored(1);
    await bench.pass(100);
    const broken = sweep(usual, { putBackDeliveries: () => Promise.reject(new StoreUnavailable('down')) });
    await expect(broken).rejects.toThrow('down');
  });

  it('puts back although burying fails, and fails of it then', async () => {
    await bench.stored(3);
    await bench.pass(100);
    const broken = sweep(usual, { buryDeliveries: () => Promise.reject(new StoreUnavailable('one row is rotten')) });
    await expect(broken).rejects.toThrow('one row is rotten');
    expect(bench.sent).toHaveLength(3);
    expect(bench.metrics.counts.get('PutBack')).toBe(3);
  });

  it('counts the messages it could not send, which come again after their pause (SWE-06)', async () => {
    const [unlucky = 0] = await bench.stored(3);
    await bench.pass(100);
    bench.isUnsent = ({ deliveryId }) => deliveryId === unlucky;
    expect(await sweep()).toMatchObject({ putBack: 3, unsent: 1 });
    bench.isUnsent = () => false;
    await bench.pass(300);
    await sweep();
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toContain(unlucky);
  });

  it('does no harm beside another one (SWE-04)', async () => {
    const ids = await bench.stored(700);
    await bench.pass(100);
    const reports = await Promise.all([sweep(), sweep(), sweep()]);
    expect(reports.reduce((sum, { putBack }) => sum + putBack, 0)).toBe(700);
    expect(bench.sent.map(({ deliveryId }) => deliveryId).toSorted((a, b) => a - b)).toEqual(ids);
  });
});

describe('a queue that nobody works on', () => {
  it('for a day holds 16 messages a delivery and not 288 (SWE-07, QUE-13)', async () => {
    await bench.stored(5);
    for (let sweeps = 0; sweeps < 288; sweeps++) {
      await bench.pass(300);
      await sweep();
    }
    expect(bench.sent).toHaveLength(5 * 16);
  });

  it('whose messages are known to be lost gets one for every delivery in reach', async () => {
    const due = await bench.stored(1);
    const leased = await bench.stored(1);
    const ahead = await bench.stored(1, { scheduledForMs: bench.time.nowMs() + 3_600_000 });
    await bench.claimed(leased);
    const report = await sweep({ mode: 'messages_lost', stopAtMonotonicMs: Infinity });
    expect(report).toMatchObject({ putBack: 3, complete: true });
    expect(bench.sent.map(({ deliveryId, attempt, delaySeconds }) => [deliveryId, attempt, delaySeconds])).toEqual([
      [due[0], 1, 0],
      [leased[0], 1, LEASE_SECONDS],
      [ahead[0], 1, 3600],
    ]);
  });
});
