// Real: the sweep. Doubles: the store (in memory, held to the contract of the real one), the queue, time. The ids in titles
// are rows of the fault catalogue.
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
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
      buried: 1,
      putBack: 2,
      handedOut: 1,
      called: 0,
      unsent: 0,
      refused: 0,
      announced: 1,
      unannounced: 0,
      oldestDueSeconds: 100,
      complete: true,
    });
    expect(bench.sent.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds])).toEqual([
      [due[0], 0],
      [due[1], 0],
      [ahead[0], 400],
    ]);
    expect(Object.fromEntries(bench.metrics.counts)).toMatchObject({
      Buried: 1,
      PutBack: 2,
      HandedOut: 1,
      MessagesUnsent: 0,
      OldestDueAge: 100,
      'dead: outcome_unknown': 1,
    });
  });

  it('goes through a backlog page by page, oldest due first, and names nothing twice (SWE-03)', async () => {
    const ids = await bench.stored(1200);
    await bench.pass(100);
    const pages: (string | undefined)[] = [];
    const report = await sweep(usual, {
      putBackDeliveries: (page) => {
        pages.push(page.after?.id);
        return bench.store.putBackDeliveries(page);
      },
    });
    expect(pages).toEqual([undefined, String(ids[499]), String(ids[999])]);
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
      buried: 0,
      putBack: 0,
      complete: false,
    });
  });

  it('tries a page that fails with few rows, and goes on so (SWE-14)', async () => {
    await bench.stored(30);
    await bench.pass(100);
    const sizes: number[] = [];
    const report = await sweep(usual, {
      putBackDeliveries: (page) => {
        sizes.push(page.pageRows);
        if (page.pageRows > 125) return Promise.reject(new StoreUnavailable('too slow'));
        return bench.store.putBackDeliveries(page);
      },
    });
    expect(sizes).toEqual([500, 10, 10, 10, 10]);
    expect(report).toMatchObject({ putBack: 30, complete: true });
  });

  it('waits out an outage once, and ends of it', async () => {
    await bench.stored(1);
    await bench.pass(100);
    const asked: { pageRows: number; forMs: number | undefined }[] = [];
    const away: Partial<Store> = {
      buryDeliveries: async ({ pageRows }, limit) => {
        const startedMs = bench.time.elapsedMs();
        asked.push({ pageRows, forMs: limit && limit.untilMonotonicMs - startedMs });
        await bench.pass(limit === undefined ? 40 : 5);
        throw new StoreUnavailable('down');
      },
    };
    const startedMs = bench.time.elapsedMs();
    await expect(sweep(usual, away)).rejects.toThrow('down');
    expect(asked).toEqual([
      { pageRows: 500, forMs: undefined },
      { pageRows: 10, forMs: 5000 },
    ]);
    expect(bench.time.elapsedMs() - startedMs).toBe(45_000);
  });

  it('puts back although burying fails for a fault of its own, and fails of it then', async () => {
    await bench.stored(3);
    await bench.pass(100);
    const broken = sweep(usual, { buryDeliveries: () => Promise.reject(new Error('a bug')) });
    await expect(broken).rejects.toThrow('a bug');
    expect(bench.sent).toHaveLength(3);
    expect(bench.metrics.counts.get('PutBack')).toBe(3);
  });

  it('goes round a row that the database refuses to change, and names it', async () => {
    const ids = await bench.stored(120);
    await bench.pass(100);
    const [first = 0, , , , last = 0] = [ids[3], 0, 0, 0, ids[77]];
    for (const id of [first, last])
      bench.tables.refused.set(id, { refusal: { sqlState: 'P0001' }, what: 'any change' });
    const report = await sweep();
    expect(report).toMatchObject({ putBack: 118, refused: 2, complete: true });
    expect(bench.sent.map(({ deliveryId }) => deliveryId).toSorted((a, b) => a - b)).toEqual(
      ids.filter((id) => id !== first && id !== last),
    );
    expect(bench.lines.filter(({ event }) => event === 'sweep_refused').map(({ fields }) => fields)).toEqual(
      [first, last].map((id) => expect.objectContaining({ delivery_id: String(id), sql_state: 'P0001' })),
    );
    expect(bench.metrics.counts.get('RowsRefused')).toBe(2);
  });

  it('gives up where the database refuses to change row after row: that is no one row’s fault', async () => {
    const ids = await bench.stored(300);
    await bench.pass(100);
    for (const id of ids) bench.tables.refused.set(id, { refusal: { sqlState: 'P0001' }, what: 'any change' });
    await expect(sweep()).rejects.toMatchObject({ code: 'row_refused' });
  });

  it('counts each dead letter once, whoever ended it', async () => {
    await bench.dead(3);
    await sweep();
    await sweep();
    expect(bench.metrics.counts.get('dead: status')).toBe(3);
  });

  it('counts a dead letter again rather than not at all when it dies over it', async () => {
    await bench.dead(1);
    const dying: Partial<Store> = { markDeathsCounted: () => Promise.reject(new StoreUnavailable('gone')) };
    await expect(sweep(usual, dying)).rejects.toThrow('gone');
    expect(bench.metrics.flushes).toBe(1);
    await sweep();
    expect(bench.metrics.counts.get('dead: status')).toBe(2);
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
