import { describe, expect, it } from 'vitest';
import type { EndpointRequest } from '../../shared/operate/endpoint-request.ts';
import {
  freshToken,
  LEASE_SECONDS,
  NOON,
  soon,
  type StoreBench,
  stored,
  verdictOf,
} from '../support/store/store-world.ts';

const NOTHING = { organizationId: undefined, endpointUrl: undefined };
const EVERYTHING = { ...NOTHING, scope: 'everything' } as const;
const ORGANIZATION = { ...NOTHING, scope: 'organization', organizationId: 7 } as const;
const ENDPOINT = {
  ...NOTHING,
  scope: 'endpoint',
  organizationId: 7,
  endpointUrl: 'https://receiver.example/hook',
} as const;
/** What inspect has listed, by its key. */
const listed = (endpointKey: string) => ({ ...NOTHING, scope: 'listed', endpointKey }) as const;

/** What a store promises about orders to hold, to resume and to limit. */
export function endpointOrdersContract(bench: () => StoreBench): void {
  type How = { orderKey?: string; dryRun?: boolean; note?: string };
  type Change = Omit<EndpointRequest, 'limits'> & Partial<EndpointRequest>;
  const tryToChange = (request: Change, { orderKey = freshToken(), dryRun = false, note }: How = {}) =>
    bench().store.changeEndpoint({
      orderKey,
      request: { scope: request.scope },
      note,
      by: 'ada',
      change: { limits: {}, ...request },
      dryRun,
    });
  const change = async (request: Change, how: How = {}) => {
    const changed = await tryToChange(request, how);
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

  describe('what is listed', () => {
    it.each([EVERYTHING, ORGANIZATION, ENDPOINT])('is resumed and held again by its key: $scope', async (scope) => {
      bench().setNow(NOON);
      const id = await stored(bench());
      const { key } = await change({ action: 'hold', ...scope });
      expect(await ask([id])).toEqual(['holding']);
      expect(await change({ action: 'resume', ...listed(key) })).toMatchObject({ key, differs: true, isSame: true });
      expect(await callFrom(key)).toEqual([id]);
      expect(await ask([id])).toEqual(['claimed']);
      expect(await change({ action: 'hold', ...listed(key) })).toMatchObject({ key, differs: true });
      expect(await ask([await stored(bench())])).toEqual(['holding']);
    });

    it('is not there once it is forgotten, and an order given before is still the same', async () => {
      const { key } = await change({ action: 'hold', ...ENDPOINT });
      const orderKey = freshToken();
      const resumed = await change({ action: 'resume', ...listed(key) }, { orderKey });
      expect(await bench().store.forgetEndpoints(10)).toBe(1);
      expect(await change({ action: 'resume', ...listed(key) }, { orderKey })).toMatchObject({
        orderId: resumed.orderId,
        isSame: true,
        differs: false,
      });
      expect(await change({ action: 'hold', ...listed(key) }, { orderKey })).toMatchObject({ isSame: false });
      expect(await tryToChange({ action: 'hold', ...listed(key) })).toBeUndefined();
      expect(await tryToChange({ action: 'hold', ...listed(key) }, { orderKey, dryRun: true })).toBeUndefined();
      expect(await bench().store.findOrders({ pageRows: 10, namedRows: 0 })).toHaveLength(2);
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
