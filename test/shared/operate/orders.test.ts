// An order from its request to its end. Real: the rules of operate. Doubles: the store (in memory, held to the contract of the real
// one), the queue, the relay, time.
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { continueOrders } from '../../../shared/operate/continue-orders.ts';
import { operate } from '../../../shared/operate/operate.ts';
import { sweepDeliveries } from '../../../shared/sweep/sweep-deliveries.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';
import type { Store } from '../../support/store/store-world.ts';
import { NO_ADOPTION } from '../../support/store/no-adoption.ts';

let bench: SweepBench;
let handedOver: number[];
let cannotHandOver: boolean;

beforeEach(() => {
  bench = new SweepBench();
  handedOver = [];
  cannotHandOver = false;
});

const partsOf = (instead: Partial<Store> = {}) => ({
  ...bench.parts(instead),
  adoption: NO_ADOPTION,
  moreAttempts: 5,
  relay: {
    handOver: async (orderId: number) => {
      if (cannotHandOver) throw new Error('Lambda does not answer');
      handedOver.push(orderId);
    },
  },
});
const ask = (event: unknown, instead: Partial<Store> = {}, id = 'request') =>
  operate(event, partsOf(instead), { id, stopAtMonotonicMs: bench.clock.monotonicMs() + 160_000 });
const REDELIVER = { action: 'redeliver', organization_id: 7 };

/** A store whose every page takes this long. */
const slow = (seconds: number): Partial<Store> => ({
  workPage: async (page) => {
    const worked = await bench.store.workPage(page);
    await bench.pass(seconds);
    return worked;
  },
});

describe('an order', () => {
  it('sends a message for each delivery it brings back, at its pace, after the rows', async () => {
    const ids = await bench.dead(3);
    expect(await ask({ ...REDELIVER, per_second: 1 })).toMatchObject({ order_id: 1, changed: 3, complete: true });
    expect(bench.sent.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds])).toEqual(
      ids.map((id, index) => [id, index]),
    );
    expect(bench.metrics.counts.get('RedeliveredDeliveries')).toBe(3);
    expect(handedOver).toEqual([]);
  });

  it('to redeliver counts the deaths that no sweep has counted, before it ends them', async () => {
    await bench.dead(2);
    await ask(REDELIVER);
    await sweepDeliveries(bench.parts(), { mode: 'usual', stopAtMonotonicMs: bench.clock.monotonicMs() + 60_000 });
    expect(bench.metrics.counts.get('dead: status')).toBe(2);
  });

  it('that takes longer than its caller waits answers how far it is, and goes on by itself', async () => {
    await bench.dead(1200);
    const answer = await ask(REDELIVER, slow(15));
    expect(answer).toMatchObject({ order_id: 1, state: 'running', matched: 1200, changed: 1000, complete: false });
    expect(handedOver).toEqual([1]);
    expect(await ask({ order_to_work_on: 1 })).toEqual({ progressed: 'over' });
    expect(await ask({ ...REDELIVER, dry_run: true })).toMatchObject({ matched: 0 });
  });

  it('is handed on as often as it takes', async () => {
    await bench.dead(1200);
    await ask(REDELIVER, slow(25));
    expect(await ask({ order_to_work_on: 1 }, slow(200))).toEqual({ progressed: 'left' });
    expect(handedOver).toEqual([1, 1]);
  });

  it('whose message to itself cannot be sent is left to the sweep', async () => {
    cannotHandOver = true;
    await bench.dead(1200);
    expect(await ask(REDELIVER, slow(25))).toMatchObject({ complete: false });
    expect(bench.metrics.counts.get('InternalFaults')).toBe(1);
    await bench.pass(400);
    expect(await continueOrders(partsOf(), Infinity)).toBe(1);
    expect(bench.tables.orders.get(1)).toMatchObject({ state: 'done', done: 1200 });
  });

  it('whose worker dies is taken over when its time is up, and counts nothing twice', async () => {
    await bench.dead(1200);
    let pages = 0;
    const dying: Partial<Store> = {
      workPage: async (page) => {
        const worked = await bench.store.workPage(page);
        if (++pages === 2) throw new StoreUnavailable('the answer never came');
        return worked;
      },
    };
    await expect(ask(REDELIVER, dying)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await continueOrders(partsOf(), Infinity)).toBe(0);
    await bench.pass(400);
    expect(await continueOrders(partsOf(), Infinity)).toBe(1);
    expect(bench.tables.orders.get(1)).toMatchObject({ state: 'done', matched: 1200, done: 1200, refused: 0 });
  });

  it('that Lambda repeats is the same order', async () => {
    await bench.dead(1);
    await ask(REDELIVER, {}, 'event');
    expect(await ask(REDELIVER, {}, 'event')).toMatchObject({ order_id: 1, changed: 1 });
    expect(await ask(REDELIVER, {}, 'another event')).toMatchObject({ order_id: 2, changed: 0 });
  });

  it('that is stopped between two pages stops there', async () => {
    await bench.dead(1200);
    let pages = 0;
    const stopping: Partial<Store> = {
      workPage: async (page) => {
        const worked = await bench.store.workPage(page);
        if (++pages === 1) await bench.store.changeOrder(page.orderId, 'stop');
        return worked;
      },
    };
    expect(await ask(REDELIVER, stopping)).toMatchObject({ state: 'stopped', changed: 500, complete: false });
    expect(await ask({ order_to_work_on: 1 })).toEqual({ progressed: 'over' });
    expect(bench.tables.orders.get(1)).toMatchObject({ state: 'stopped', done: 0, unwinds: false });
    expect([...bench.tables.rows.values()].every(({ status }) => status === 'dead_letter')).toBe(true);
  });
});

describe('a verb', () => {
  it('that changes nothing of an order says so in the answer', async () => {
    await bench.dead(1);
    await ask(REDELIVER);
    const told = async (action: string) => {
      const { state, nothing_done } = await ask({ action, order_id: 1 });
      return [action, state, nothing_done];
    };
    expect(await told('continue')).toEqual(['continue', 'done', true]);
    expect(await told('stop')).toEqual(['stop', 'stopped', false]);
    expect(await told('stop')).toEqual(['stop', 'stopped', true]);
    expect(await told('continue')).toEqual(['continue', 'stopped', true]);
    expect(await ask(REDELIVER, {}, 'another')).not.toHaveProperty('nothing_done');
  });
});

describe('what is not an order', () => {
  it('is refused, and nothing is changed', async () => {
    const ids = await bench.dead(1);
    await expect(ask({ action: 'redeliver' })).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(ask({ action: 'stop', order_id: 9 })).rejects.toMatchObject({ name: 'OrderNotFound' });
    expect(bench.tables.rows.get(ids[0] ?? 0)?.status).toBe('dead_letter');
    expect(bench.tables.orders.size).toBe(0);
  });

  it('names the first faults of very many, and counts the others', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`x${index}`, 1]));
    await expect(ask({ ...REDELIVER, ...unknown })).rejects.toThrow('and 10 more');
  });
});
