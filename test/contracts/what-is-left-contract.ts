import { describe, expect, it } from 'vitest';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  deadLetter,
  failure,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  type StoreBench,
  stored,
  success,
} from '../support/store/store-world.ts';

const NOTHING = { hasWork: false, nextDueSeconds: undefined };

/** What a store answers to a sweep that asks whether its database may sleep. */
export function whatIsLeftContract(bench: () => StoreBench): void {
  const orders = new OrderBench(bench);
  const left = async () => {
    const { nowMs, ...answer } = await bench().store.whatIsLeft();
    expect(new Date(nowMs).toISOString()).toMatch(/^2026-11-23T/);
    return answer;
  };
  /** Counts every death and announces every outcome, as a sweep does first. */
  const swept = async () => {
    const { store } = bench();
    await store.markDeathsCounted(await store.listUncountedDeaths(100));
    const waiting = await store.listOutcomes({ afterId: undefined, pageRows: 100 });
    await store.clearOutcomes(waiting.map(({ outcome }) => outcome.id));
  };

  describe('what is left', () => {
    it('is nothing where there is nothing, by the clock of the database', async () => {
      bench().setNow(noonAnd(3.25));
      expect(await bench().store.whatIsLeft()).toEqual({ ...NOTHING, nowMs: Date.parse(noonAnd(3.25)) });
    });

    it('is the time until the next pending delivery is due, whichever came first', async () => {
      bench().setNow(NOON);
      await stored(bench(), { scheduledForMs: Date.parse(noonAnd(7200)) });
      await stored(bench(), { scheduledForMs: Date.parse(noonAnd(3600)) });
      expect(await left()).toEqual({ hasWork: false, nextDueSeconds: 3600 });
      bench().setNow(noonAnd(3700));
      expect(await left()).toEqual({ hasWork: false, nextDueSeconds: -100 });
    });

    it('is a delivery that a worker holds, and nothing once it is delivered', async () => {
      bench().setNow(NOON);
      const delivery = await claimed(bench(), await stored(bench()));
      expect((await left()).nextDueSeconds).toBeLessThanOrEqual(0);
      await settleOne(bench(), settledAs(success, delivery));
      expect(await left()).toEqual(NOTHING);
    });

    it('is work as long as an endpoint holds a delivery, whenever it looks at it again', async () => {
      bench().setNow(NOON);
      const ids: number[] = [];
      for (let n = 0; n < 4; n++) ids.push(await stored(bench()));
      for (const id of ids.slice(0, 3)) {
        const failed = settledAs(failure, await claimed(bench(), id));
        await settleOne(bench(), { ...failed, evidence: { endpoint: 'failure', origin: 'answer' } });
      }
      await bench().store.claimDeliveries(
        [{ deliveryId: ids[3] ?? 0, attempts: [1], token: '00000000-0000-4000-8000-0000000000aa' }],
        75,
        { untilMonotonicMs: performance.now() + 30_000 },
      );
      await swept();
      expect(await bench().delivery(ids[3] ?? 0)).toMatchObject({ heldFor: 'down' });
      expect(await left()).toMatchObject({ hasWork: true });
    });

    it('is work until a dead letter is counted and its outcome announced', async () => {
      bench().setNow(NOON);
      await deadLetter(bench());
      expect(await left()).toEqual({ ...NOTHING, hasWork: true });
      bench().setNow(noonAnd(600));
      await bench().store.markDeathsCounted(await bench().store.listUncountedDeaths(100));
      expect(await left()).toEqual({ ...NOTHING, hasWork: true });
      await swept();
      expect(await left()).toEqual(NOTHING);
    });

    it('is work while an order is under way, and not while it is paused', async () => {
      bench().setNow(NOON);
      await deadLetter(bench());
      bench().setNow(noonAnd(600));
      await swept();
      // Opened, and its worker dies before the first page.
      const unfinished = { ...bench().store, takeOrder: () => Promise.reject(new Error('dies')) };
      await orders.give({ action: 'dismiss', reason: 'status' }, { store: unfinished }).catch(() => undefined);
      const [orderId = 0] = await bench().store.listUnfinishedOrders(10);
      expect(await left()).toEqual({ ...NOTHING, hasWork: true });
      await bench().store.changeOrder(orderId, 'pause');
      expect(await left()).toEqual(NOTHING);
    });

    it('is work until what was to be erased at its end is erased', async () => {
      bench().setNow(NOON);
      const id = await stored(bench());
      const held = await claimed(bench(), id);
      await orders.give({ action: 'expunge', delivery_ids: [id] });
      await settleOne(bench(), settledAs(success, held));
      bench().setNow(noonAnd(600));
      await swept();
      expect(await left()).toEqual({ ...NOTHING, hasWork: true });
    });
  });
}
