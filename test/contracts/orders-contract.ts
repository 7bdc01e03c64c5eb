import { describe, expect, it } from 'vitest';
import type { OperateParts } from '../../shared/operate/order-work.ts';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  claimOne,
  deadLetter,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

/** What orders promise, whatever store holds them. Each is given and worked on as the product does it. */
export function ordersContract(bench: () => StoreBench): void {
  const orders = new OrderBench(bench);
  const redeliver = (request: object) => orders.redeliver(request);
  const delivery = (id: number) => bench().delivery(id);
  const statusOf = async (id: number) => (await delivery(id))?.status;
  const dueIn = async (id: number) => ((await delivery(id))?.scheduledForMs ?? 0) - Date.parse(noonAnd(100));

  describe('an order to redeliver', () => {
    it('makes a dead letter pending and due, keeps the attempts made and allows more', async () => {
      bench().setNow(NOON);
      const id = await deadLetter(bench());
      bench().setNow(noonAnd(100));
      const answer = await redeliver({ delivery_ids: [id], max_attempts: 3 });
      expect(answer).toMatchObject({ matched: 1, changed: 1, refused: [], complete: true, order: { state: 'done' } });
      expect(await delivery(id)).toMatchObject({
        status: 'pending',
        attemptCount: 1,
        maxAttempts: 4,
        claimCount: 1,
        scheduledForMs: Date.parse(noonAnd(100)),
        deadLetterReason: undefined,
      });
      expect(await claimed(bench(), id, { attempt: 2 })).toMatchObject({ attempt: 2, maxAttempts: 4 });
    });

    it('allows as many releases again as a new delivery has', async () => {
      const id = await deadLetter(bench());
      await bench().setClaimCount(id, 500);
      await redeliver({ delivery_ids: [id] });
      expect(await delivery(id)).toMatchObject({ claimCount: 1 });
    });

    it('refuses what is pending, in flight, delivered or unknown, and says which (REC-14)', async () => {
      const [pending, leased, done] = [await stored(bench()), await stored(bench()), await stored(bench())];
      await claimed(bench(), leased);
      await settleOne(bench(), settledAs(success, await claimed(bench(), done)));
      const answer = await redeliver({ delivery_ids: [pending, leased, done, 999_999] });
      expect(answer).toMatchObject({ matched: 0, changed: 0, complete: true });
      expect(answer.refused.toSorted((a, b) => (a.delivery_id ?? 0) - (b.delivery_id ?? 0))).toEqual([
        { delivery_id: pending, because: 'pending' },
        { delivery_id: leased, because: 'pending' },
        { delivery_id: done, because: 'succeeded' },
        { delivery_id: 999_999, because: 'unknown' },
      ]);
      expect(await delivery(leased)).toMatchObject({ status: 'pending', attemptCount: 1, maxAttempts: 5 });
    });

    it('keeps its pace for each host, and two orders at once keep it together', async () => {
      bench().setNow(NOON);
      const first = [await deadLetter(bench()), await deadLetter(bench()), await deadLetter(bench())];
      const second = [await deadLetter(bench()), await deadLetter(bench())];
      const other = await deadLetter(bench(), { endpointUrl: 'https://another.example/hook' });
      bench().setNow(noonAnd(100));
      await redeliver({ delivery_ids: [...first, other], per_second: 2 });
      await redeliver({ delivery_ids: second, per_second: 2 });
      expect(await Promise.all([...first, ...second].map(dueIn))).toEqual([0, 500, 1000, 1500, 2000]);
      expect(await dueIn(other)).toBe(0);
    });

    it('does not catch what dies again while it works', async () => {
      bench().setNow(NOON);
      const id = await deadLetter(bench());
      bench().setNow(noonAnd(1));
      const paused = await orders.give({ action: 'redeliver', organization_id: 7 }, { ms: -1 });
      bench().setNow(noonAnd(2));
      const later = await deadLetter(bench());
      await orders.work(paused);
      expect([await statusOf(id), await statusOf(later)]).toEqual(['pending', 'dead_letter']);
    });

    it('leaves what an operator cancelled, unless it names that reason', async () => {
      const id = await stored(bench());
      await orders.give({ action: 'cancel', delivery_ids: [id] });
      expect(await redeliver({ organization_id: 7 })).toMatchObject({ matched: 0, changed: 0 });
      expect((await redeliver({ delivery_ids: [id] })).refused).toEqual([{ delivery_id: id, because: 'not_selected' }]);
      expect(await redeliver({ organization_id: 7, reason: 'cancelled' })).toMatchObject({ changed: 1 });
    });

    it('that is stopped puts to rest what it brought back and nobody has attempted', async () => {
      bench().setNow(NOON);
      const [waiting, attempted] = [await deadLetter(bench()), await deadLetter(bench())];
      await bench().store.markDeathsCounted(await bench().store.listUncountedDeaths(10));
      const before = await delivery(waiting);
      bench().setNow(noonAnd(100));
      const given = await redeliver({ delivery_ids: [waiting, attempted], per_second: 1000 });
      bench().setNow(noonAnd(101));
      await settleOne(bench(), settledAs(failure, await claimed(bench(), attempted, { attempt: 2 })));
      expect(await orders.change(given, 'stop')).toBe('stopped');
      expect(await orders.work(given)).toBe('over');
      expect(await delivery(waiting)).toEqual({ ...before, leaseToken: undefined });
      expect(await statusOf(attempted)).toBe('pending');
      const [record] = await bench().store.findOrders({
        orderId: given.order?.orderId ?? 0,
        pageRows: 1,
        namedRows: 0,
      });
      // What is left was attempted: nothing of it has its turn yet to come.
      expect(record).toMatchObject({ done: 1, lastDueAtMs: undefined });
      // Its death is found at its own time.
      expect(await redeliver({ dead_until: noonAnd(1) })).toMatchObject({ matched: 1, changed: 1 });
    });

    it('that is stopped leaves nothing held, and the next life begins without what held the last', async () => {
      bench().setNow(NOON);
      const waiting = await deadLetter(bench());
      const given = await redeliver({ delivery_ids: [waiting], per_second: 1000 });
      const change = (action: 'hold' | 'resume') =>
        bench().store.changeEndpoint({
          request: {},
          note: undefined,
          by: undefined,
          dryRun: false,
          orderKey: freshToken(),
          change: { action, scope: 'organization', organizationId: 7, endpointUrl: undefined, limits: {} },
        });
      await change('hold');
      bench().setNow(noonAnd(1));
      expect(await claimOne(bench(), waiting, { attempt: 2 })).toMatchObject({ kind: 'holding', heldFor: 'stopped' });
      await orders.change(given, 'stop');
      expect(await orders.work(given)).toBe('over');
      const free = { heldFor: undefined, heldDueMs: undefined, heldCalledMs: undefined };
      expect(await delivery(waiting)).toMatchObject({ status: 'dead_letter', ...free });
      await change('resume');
      bench().setNow(noonAnd(100));
      await redeliver({ delivery_ids: [waiting], per_second: 1000 });
      expect(await delivery(waiting)).toMatchObject({ status: 'pending', heldSeconds: 0, ...free });
    });

    it('counts the deaths that nobody has counted, once, whatever becomes of it', async () => {
      const id = await deadLetter(bench());
      const uncounted = () => bench().store.listUncountedDeaths(10);
      expect(await uncounted()).toMatchObject([{ id: String(id) }]);
      const given = await redeliver({ delivery_ids: [id] });
      await orders.change(given, 'stop');
      await orders.work(given);
      expect([await statusOf(id), await uncounted()]).toEqual(['dead_letter', []]);
    });

    it('that has ended, or stands as it is to be, is changed by no verb, which says so', async () => {
      await deadLetter(bench());
      const given = await redeliver({ organization_id: 7 });
      const change = (verb: 'pause' | 'continue' | 'stop') =>
        bench().store.changeOrder(given.order?.orderId ?? 0, verb);
      expect(await change('continue')).toEqual({ before: 'done', state: 'done' });
      expect(await change('pause')).toEqual({ before: 'done', state: 'paused' });
      expect(await change('pause')).toEqual({ before: 'paused', state: 'paused' });
      expect(await change('stop')).toEqual({ before: 'paused', state: 'stopped' });
      for (const verb of ['continue', 'pause', 'stop'] as const) {
        expect(await change(verb)).toEqual({ before: 'stopped', state: 'stopped' });
      }
    });

    it('that is paused goes on where it was continued', async () => {
      const ids = [await deadLetter(bench()), await deadLetter(bench())];
      const given = await redeliver({ organization_id: 7 });
      expect(await orders.change(given, 'pause')).toBe('paused');
      await orders.work(given);
      expect(await Promise.all(ids.map(statusOf))).toEqual(['dead_letter', 'dead_letter']);
      expect(await orders.change(given, 'continue')).toBe('running');
      expect(await orders.work(given)).toBe('over');
      expect(await Promise.all(ids.map(statusOf))).toEqual(['pending', 'pending']);
      const [record] = await bench().store.findOrders({
        orderId: given.order?.orderId ?? 0,
        pageRows: 1,
        namedRows: 10,
      });
      expect(record).toMatchObject({ state: 'done', matched: 2, done: 2 });
    });

    it('of what a sweep buried is undone by the late 2xx of the old life', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const id = await stored(bench(), { maxAttempts: 1 });
      const late = settledAs(success, await claimed(bench(), id));
      setNow(noonAnd(LEASE_SECONDS));
      await store.buryDeliveries({ after: undefined, pageRows: 10 });
      await redeliver({ delivery_ids: [id] });
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect(verdictOf(await claimOne(bench(), id, { attempt: 2 }))).toBe('finished');
    });
  });

  describe('an order', () => {
    it('given twice with one key is one order, and asks for one thing only', async () => {
      const id = await deadLetter(bench());
      const request = { action: 'redeliver', delivery_ids: [id], order_key: 'k1' };
      const first = await orders.give(request);
      await settleOne(bench(), settledAs(death, await claimed(bench(), id, { attempt: 2 })));
      const second = await orders.give(request);
      expect(second.order?.orderId).toBe(first.order?.orderId);
      expect(await statusOf(id)).toBe('dead_letter');
      await expect(orders.give({ ...request, per_second: 1 })).rejects.toMatchObject({ name: 'InvalidRequest' });
    });

    it('whose page runs twice changes and counts it once', async () => {
      const id = await deadLetter(bench());
      const { store } = bench();
      const twice: OperateParts['store'] = {
        ...(await methodsOf(store)),
        workPage: async (page) => {
          const answer = await store.workPage(page);
          expect(await store.workPage(page)).toBeUndefined();
          return answer;
        },
      };
      const answer = await orders.give({ action: 'redeliver', delivery_ids: [id] }, { store: twice });
      expect(answer).toMatchObject({ changed: 1, refused: [], complete: true });
    });

    it('is worked on by one at a time, and by another when the first is gone', async () => {
      bench().setNow(NOON);
      await deadLetter(bench());
      const given = await orders.give({ action: 'redeliver', organization_id: 7 }, { ms: -1 });
      const orderId = given.order?.orderId ?? 0;
      const { store } = bench();
      expect(await store.takeOrder(orderId, { token: freshToken(), leaseSeconds: 60 })).toBeDefined();
      expect(await store.takeOrder(orderId, { token: freshToken(), leaseSeconds: 60 })).toBeUndefined();
      expect(await store.listUnfinishedOrders(10)).not.toContain(orderId);
      bench().setNow(noonAnd(61));
      expect(await store.listUnfinishedOrders(10)).toContain(orderId);
      expect(await orders.work(given)).toBe('over');
    });

    it('passes over the row that the database refuses to change, and names it', async () => {
      const ids = [await deadLetter(bench()), await deadLetter(bench()), await deadLetter(bench())];
      const [, refused = 0] = ids;
      await bench().refuse(refused, 'any change');
      const answer = await redeliver({ organization_id: 7 });
      expect(answer).toMatchObject({ changed: 2, complete: true });
      expect(answer.refused).toEqual([{ delivery_id: refused, because: 'database_refused' }]);
      expect(await Promise.all(ids.map(statusOf))).toEqual(['pending', 'dead_letter', 'pending']);
    });

    it('comes back to a row that somebody else had locked', async () => {
      const [locked, free] = [await deadLetter(bench()), await deadLetter(bench())];
      const holder = await bench().lock(locked);
      const answer = await orders.give({ action: 'redeliver', organization_id: 7 }, { ms: 300 });
      expect(await statusOf(free)).toBe('pending');
      expect(answer.complete).toBe(false);
      await holder.commit();
      expect(await orders.work(answer)).toBe('over');
      expect(await statusOf(locked)).toBe('pending');
    });

    it('that is only tried changes nothing and is no order', async () => {
      const id = await deadLetter(bench());
      expect(await redeliver({ organization_id: 7, dry_run: true })).toMatchObject({
        matched: 1,
        changed: 0,
        order: undefined,
      });
      expect(await statusOf(id)).toBe('dead_letter');
    });
  });
}

/** The methods of a store may be on its prototype. */
async function methodsOf(store: OperateParts['store']): Promise<OperateParts['store']> {
  return {
    callNextDeliveries: (keys) => store.callNextDeliveries(keys),
    countMatches: (look, asked) => store.countMatches(look, asked),
    findMatches: (look) => store.findMatches(look),
    findNamed: (named) => store.findNamed(named),
    openOrder: (order) => store.openOrder(order),
    findOrders: (search) => store.findOrders(search),
    listUnfinishedOrders: (rows) => store.listUnfinishedOrders(rows),
    takeOrder: (orderId, worker) => store.takeOrder(orderId, worker),
    workPage: (page) => store.workPage(page),
    restPage: (page) => store.restPage(page),
    recordProgress: (progress) => store.recordProgress(progress),
    listUncountedDeaths: (pageRows, among) => store.listUncountedDeaths(pageRows, among),
    markDeathsCounted: (deaths) => store.markDeathsCounted(deaths),
    changeOrder: (orderId, verb) => store.changeOrder(orderId, verb),
  };
}
