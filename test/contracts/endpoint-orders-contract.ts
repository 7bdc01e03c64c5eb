import { describe, expect, it } from 'vitest';
import type { EndpointRequest } from '../../shared/operate/endpoint-request.ts';
import type { EndpointChanged } from '../../shared/operate/order-store.ts';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  deadLetter,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

const EVERYTHING = { scope: 'everything', organizationId: undefined, endpointUrl: undefined } as const;
const ORGANIZATION = { scope: 'organization', organizationId: 7, endpointUrl: undefined } as const;
const ENDPOINT = { scope: 'endpoint', organizationId: 7, endpointUrl: 'https://receiver.example/hook' } as const;

/** What a store promises about orders to hold, to resume and to limit. */
export function endpointOrdersContract(bench: () => StoreBench): void {
  const changeIfThere = (
    request: Omit<EndpointRequest, 'limits'> & Partial<EndpointRequest>,
    { orderKey = freshToken(), dryRun = false, note }: { orderKey?: string; dryRun?: boolean; note?: string } = {},
  ) =>
    bench().store.changeEndpoint({
      orderKey,
      request: { scope: request.scope },
      note,
      by: 'ada',
      change: { limits: {}, ...request },
      dryRun,
    });
  const change: (...given: Parameters<typeof changeIfThere>) => Promise<EndpointChanged> = async (...given) => {
    const changed = await changeIfThere(...given);
    if (changed === undefined) throw new Error('there is no such endpoint');
    return changed;
  };
  const ask = async (ids: readonly number[]) => {
    const asked = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    return (await bench().store.claimDeliveries(asked, LEASE_SECONDS, soon())).map(verdictOf);
  };
  const callFrom = async (firstKey: string) => {
    const { called } = await bench().store.callHeldDeliveries({ afterKey: undefined, firstKey, pageKeys: 1 });
    return called.map(({ deliveryId }) => deliveryId);
  };

  describe('what an order had brought back, and was held', () => {
    const orders = new OrderBench(bench);
    const tokens = (ids: readonly number[], attempt: number) =>
      ids.map((deliveryId) => ({ deliveryId, attempts: [attempt], token: freshToken() }));
    const claim = (claims: ReturnType<typeof tokens>) => bench().store.claimDeliveries(claims, LEASE_SECONDS, soon());
    const dead = async (count: number) => {
      const ids: number[] = [];
      while (ids.length < count) ids.push(await deadLetter(bench()));
      return ids;
    };

    it.each(['redeliver', 'replay'])('goes out at the pace of its %s once it is resumed', async (action) => {
      bench().setNow(NOON);
      const ids = await dead(4);
      bench().setNow(noonAnd(100));
      await orders.give({ action, delivery_ids: ids, per_second: 1 });
      const sent = action === 'replay' ? ids.map((id) => id + ids.length) : ids;
      const attempt = action === 'replay' ? 1 : 2;
      const { key } = await change({ action: 'hold', ...ORGANIZATION });
      bench().setNow(noonAnd(200));
      expect((await claim(tokens(sent, attempt))).map(verdictOf)).toEqual(sent.map(() => 'holding'));
      await change({ action: 'resume', ...ORGANIZATION });
      expect(await callFrom(key)).toEqual(sent);
      // Another order of the same host has its place before them.
      await orders.redeliver({ delivery_ids: await dead(1), per_second: 1 });
      const claims = tokens(sent, attempt);
      const wanted = [
        { kind: 'claimed', waitMs: 1000 },
        { kind: 'early', dueInSeconds: 2 },
        { kind: 'early', dueInSeconds: 3 },
        { kind: 'early', dueInSeconds: 4 },
      ];
      expect(await claim(claims)).toMatchObject(wanted);
      expect(await claim(claims)).toMatchObject(wanted);
      expect(await bench().delivery(sent[3] ?? 0)).toMatchObject({
        heldFor: undefined,
        heldCalledMs: undefined,
        scheduledForMs: Date.parse(noonAnd(204)),
      });
      bench().setNow(noonAnd(204));
      expect((await claim(tokens(sent.slice(1), attempt))).map(verdictOf)).toEqual(['claimed', 'claimed', 'claimed']);
    });

    it('goes out as a probe at once, and at its pace when its endpoint is back', async () => {
      bench().setNow(NOON);
      const ids = await dead(4);
      const others = await dead(3);
      const settle = async (outcome: typeof death | typeof success, id: number, attempt: number) => {
        const evidence = { endpoint: outcome === death ? 'failure' : 'answer', origin: 'answer' } as const;
        const delivery = await claimed(bench(), id, { attempt });
        return bench().store.settleDeliveries([{ ...settledAs(outcome, delivery), evidence }], soon());
      };
      for (let count = 0; count < 3; count++) await settle(death, await stored(bench()), 1);
      await orders.redeliver({ delivery_ids: ids, per_second: 1 });
      bench().setNow(noonAnd(10));
      expect((await claim(tokens(ids, 2))).map(verdictOf)).toEqual(ids.map(() => 'holding'));
      bench().setNow(noonAnd(3600));
      await orders.redeliver({ delivery_ids: others, per_second: 1 });
      const { called } = await settle(success, ids[0] ?? 0, 2);
      expect(called.map(({ deliveryId }) => deliveryId).toSorted((a, b) => a - b)).toEqual(ids.slice(1, 3));
      expect(await claim(tokens(ids.slice(1, 3), 2))).toMatchObject([
        { kind: 'early', dueInSeconds: 3 },
        { kind: 'early', dueInSeconds: 4 },
      ]);
    });
  });

  describe.each([EVERYTHING, ORGANIZATION, ENDPOINT])('a hold of $scope', (scope) => {
    it('keeps back what it covers and nothing else, until it is resumed', async () => {
      bench().setNow(NOON);
      const covered = [await stored(bench()), await stored(bench())];
      const others = [
        await stored(bench(), { organizationId: 8 }),
        await stored(bench(), { endpointUrl: 'https://receiver.example/other' }),
      ];
      const held = await change({ action: 'hold', ...scope }, { note: 'the receiver asked for it' });
      expect(held).toMatchObject({ isSame: true, differs: true });
      expect(await ask(covered)).toEqual(['holding', 'holding']);
      const verdicts = {
        everything: ['holding', 'holding'],
        organization: ['claimed', 'holding'],
        endpoint: ['claimed', 'claimed'],
      };
      expect(await ask(others)).toEqual(verdicts[scope.scope]);
      expect(await callFrom(held.key)).toEqual([]);
      const resumed = await change({ action: 'resume', ...scope });
      expect(resumed).toMatchObject({ key: held.key, differs: true });
      expect(await callFrom(held.key)).toEqual(expect.arrayContaining(covered));
      expect(await ask(covered)).toEqual(['claimed', 'claimed']);
    });

    it('is an order that is done, and the same request with its key changes nothing', async () => {
      const orderKey = freshToken();
      const first = await change({ action: 'hold', ...scope }, { orderKey, note: 'why' });
      await change({ action: 'resume', ...scope });
      expect(await change({ action: 'hold', ...scope }, { orderKey, note: 'why' })).toMatchObject({
        orderId: first.orderId,
        isSame: true,
      });
      expect(await ask([await stored(bench())])).toEqual(['claimed']);
      expect(await change({ action: 'resume', ...scope }, { orderKey })).toMatchObject({ isSame: false });
      const orders = await bench().store.findOrders({ pageRows: 10, namedRows: 0 });
      expect(orders).toMatchObject([
        { action: 'resume', state: 'done', matched: 1, done: 1, by: 'ada' },
        { action: 'hold', state: 'done', matched: 1, done: 1, by: 'ada', note: 'why' },
      ]);
      expect(await bench().store.listUnfinishedOrders(10)).toEqual([]);
    });

    it('that is tried dry says whether anything would change, and changes nothing', async () => {
      const dry = { dryRun: true };
      expect(await change({ action: 'hold', ...scope }, dry)).toMatchObject({ orderId: undefined, differs: true });
      expect(await change({ action: 'resume', ...scope }, dry)).toMatchObject({ orderId: undefined, differs: false });
      expect(await ask([await stored(bench())])).toEqual(['claimed']);
      expect(await bench().store.findOrders({ pageRows: 10, namedRows: 0 })).toEqual([]);
    });
  });

  describe('an endpoint that has a row', () => {
    const KEYED = { scope: 'endpoint', organizationId: undefined, endpointUrl: undefined } as const;

    it('is held, limited and resumed by its key as by its organization and URL', async () => {
      bench().setNow(NOON);
      const { key: endpointKey } = await change({ action: 'set_endpoint', ...ENDPOINT, limits: { maxInFlight: 1 } });
      const held = await change({ action: 'hold', ...KEYED, endpointKey }, { note: 'why' });
      expect(held).toMatchObject({ key: endpointKey, differs: true });
      expect(await ask([await stored(bench())])).toEqual(['holding']);
      expect(await change({ action: 'hold', ...ENDPOINT }, { note: 'why', dryRun: true })).toMatchObject({
        differs: false,
      });
      await change({ action: 'set_endpoint', ...KEYED, endpointKey, limits: { maxInFlight: null } });
      expect(await change({ action: 'resume', ...KEYED, endpointKey })).toMatchObject({ differs: true });
      expect(await ask([await stored(bench()), await stored(bench())])).toEqual(['claimed', 'claimed']);
    });

    it('and stands for all of an origin is held and resumed by its key, and has no limits', async () => {
      bench().setNow(NOON);
      for (const path of ['a', 'b', 'c']) {
        const id = await stored(bench(), { endpointUrl: `https://receiver.example/${path}` });
        const evidence = { endpoint: 'none', origin: 'failure' } as const;
        await bench().store.settleDeliveries([{ ...settledAs(failure, await claimed(bench(), id)), evidence }], soon());
      }
      const [origin] = await bench().endpoints();
      expect(origin).toMatchObject({ scope: 'origin', downSinceMs: Date.parse(NOON) });
      const endpointKey = origin?.key ?? '';
      expect(await change({ action: 'hold', ...KEYED, endpointKey })).toMatchObject({
        key: endpointKey,
        differs: true,
      });
      const [answer] = await bench().store.claimDeliveries(
        [{ deliveryId: await stored(bench()), attempts: [1], token: freshToken() }],
        LEASE_SECONDS,
        soon(),
      );
      expect(answer).toMatchObject({ kind: 'holding', heldFor: 'stopped' });
      expect(await change({ action: 'resume', ...KEYED, endpointKey })).toMatchObject({ differs: true });
      const limits = { maxInFlight: 1 };
      expect(await changeIfThere({ action: 'set_endpoint', ...KEYED, endpointKey, limits })).toBeUndefined();
    });

    it('is known by no other key, and an organization by none', async () => {
      const { key } = await change({ action: 'hold', ...ORGANIZATION });
      for (const endpointKey of [key, freshToken()]) {
        expect(await changeIfThere({ action: 'resume', ...KEYED, endpointKey })).toBeUndefined();
      }
      expect(await bench().store.findOrders({ pageRows: 10, namedRows: 0 })).toHaveLength(1);
      expect(await ask([await stored(bench())])).toEqual(['holding']);
    });
  });

  describe('an order to limit', () => {
    it('sets what it names, leaves the rest, and lets go what has room when the limit is gone', async () => {
      bench().setNow(NOON);
      const limit = (limits: EndpointRequest['limits']) => change({ action: 'set_endpoint', ...ENDPOINT, limits });
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      expect(await limit({ maxInFlight: 1 })).toMatchObject({ differs: true });
      expect(await limit({ maxInFlight: 1 })).toMatchObject({ differs: false });
      expect(await limit({ maxPerSecond: 100 })).toMatchObject({ differs: true });
      expect(await ask(ids)).toEqual(['claimed', 'holding', 'holding']);
      const { key } = await limit({ maxInFlight: null });
      const called = await callFrom(key);
      expect(called.length).toBeGreaterThan(0);
      expect(ids.slice(1)).toEqual(expect.arrayContaining(called));
      expect(await ask(ids.slice(1))).toEqual(['claimed', 'claimed']);
      expect(await limit({ maxPerSecond: null })).toMatchObject({ differs: true });
    });

    it('and one to hold leave each other alone', async () => {
      await change({ action: 'set_endpoint', ...ENDPOINT, limits: { maxInFlight: 1 } });
      await change({ action: 'hold', ...ENDPOINT });
      expect(await ask([await stored(bench())])).toEqual(['holding']);
      await change({ action: 'set_endpoint', ...ENDPOINT, limits: { maxInFlight: 2 } });
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      expect(await ask(ids)).toEqual(['holding', 'holding', 'holding']);
      await change({ action: 'resume', ...ENDPOINT });
      const now = await ask(ids);
      expect(now.filter((verdict) => verdict === 'claimed').length).toBeLessThanOrEqual(2);
      expect(now).toContain('holding');
    });
  });
}
