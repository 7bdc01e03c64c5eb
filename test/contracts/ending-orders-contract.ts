import { describe, expect, it } from 'vitest';
import { formatExchange, withoutNames } from '../../shared/delivery/exchange.ts';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  claimOne,
  deadLetter,
  death,
  exchange,
  failure,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

/** What orders that end, send again or erase promise, and what selections find, whatever store holds them. */
export function endingOrdersContract(bench: () => StoreBench): void {
  const orders = new OrderBench(bench);
  const redeliver = (request: object) => orders.redeliver(request);
  const delivery = (id: number) => bench().delivery(id);
  const statusOf = async (id: number) => (await delivery(id))?.status;

  it('an order for what stands leaves out what has been dealt with', async () => {
    const [dismissed, erased, cancelled] = [
      await deadLetter(bench()),
      await deadLetter(bench()),
      await stored(bench()),
    ];
    await orders.give({ action: 'dismiss', delivery_ids: [dismissed] });
    await orders.give({ action: 'expunge', delivery_ids: [erased] });
    await orders.give({ action: 'cancel', delivery_ids: [cancelled] });
    const standing = await deadLetter(bench());
    await stored(bench());
    for (const selection of [{ standing: true }, { standing: true, endpoint_host: 'receiver.example' }]) {
      expect(await orders.give({ action: 'redeliver', ...selection, dry_run: true })).toMatchObject({ matched: 1 });
    }
    for (const action of ['redeliver', 'replay']) {
      const counted = await orders.give({ action, organization_id: 7, status: 'dead_letter', dry_run: true });
      expect(counted.dealtWith).toEqual({ dismissed: 1, expunged: 1 });
    }
    expect(await redeliver({ standing: true })).toMatchObject({ matched: 1, changed: 1 });
    expect(await statusOf(standing)).toBe('pending');
    expect(await statusOf(dismissed)).toBe('dead_letter');
  });

  describe('an order to cancel', () => {
    it('ends pending deliveries for good, and counts none of them as standing', async () => {
      const [id, over] = [await stored(bench()), await deadLetter(bench())];
      const answer = await orders.give({ action: 'cancel', delivery_ids: [id, over] });
      expect(answer).toMatchObject({ changed: 1, refused: [{ delivery_id: over, because: 'dead_letter' }] });
      expect(await delivery(id)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'cancelled' });
      expect(await bench().store.listUncountedDeaths(10)).not.toContainEqual({ id: String(id), reason: 'cancelled' });
    });

    it.each([
      ['fails', failure],
      ['is refused', death],
    ])('makes the attempt under way the last: it ends as cancelled when that %s', async (_, outcome) => {
      const id = await stored(bench());
      const mine = await claimed(bench(), id);
      expect(await orders.give({ action: 'cancel', organization_id: 7 })).toMatchObject({ changed: 1 });
      expect(await statusOf(id)).toBe('pending');
      expect(await settleOne(bench(), settledAs(outcome, mine))).toBe('recorded');
      expect(await delivery(id)).toMatchObject({
        status: 'dead_letter',
        deadLetterReason: 'cancelled',
        scheduledForMs: undefined,
        leaseExpiresMs: undefined,
      });
    });

    it('leaves the success of the attempt under way a success', async () => {
      const id = await stored(bench());
      const mine = await claimed(bench(), id);
      await orders.give({ action: 'cancel', organization_id: 7 });
      await settleOne(bench(), settledAs(success, mine));
      expect(await statusOf(id)).toBe('succeeded');
    });

    it('ends one whose attempt is given back, and one whose worker is gone', async () => {
      bench().setNow(NOON);
      const [released, lost] = [await stored(bench()), await stored(bench())];
      const { token } = await claimed(bench(), released);
      await claimed(bench(), lost);
      await orders.give({ action: 'cancel', organization_id: 7 });
      const [answer] = await bench().store.releaseDeliveries([{ deliveryId: released, token, error: 'ours' }], soon());
      expect(answer?.kind).toBe('buried');
      bench().setNow(noonAnd(LEASE_SECONDS));
      expect(verdictOf(await claimOne(bench(), lost, { attempt: 2 }))).toBe('exhausted');
      await bench().store.buryDeliveries({ after: undefined, pageRows: 10 });
      for (const id of [released, lost]) {
        expect(await delivery(id)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'cancelled' });
      }
    });
  });

  describe('an order to dismiss', () => {
    it('marks dead letters as dealt with, and redelivering takes it back', async () => {
      const id = await deadLetter(bench());
      expect(await orders.give({ action: 'dismiss', delivery_ids: [id], note: 'told them' })).toMatchObject({
        changed: 1,
      });
      expect((await orders.give({ action: 'dismiss', delivery_ids: [id] })).refused).toEqual([
        { delivery_id: id, because: 'dismissed' },
      ]);
      expect(await redeliver({ delivery_ids: [id] })).toMatchObject({ changed: 1 });
    });
  });

  describe('an order to replay', () => {
    it('sends what was delivered once more, under an id of its own', async () => {
      const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };
      const id = await stored(bench(), { body: '{"frozen": 1}', trace });
      await settleOne(bench(), settledAs(success, await claimed(bench(), id)));
      const before = await delivery(id);
      const answer = await orders.give({ action: 'replay', delivery_ids: [id] });
      expect(answer).toMatchObject({ matched: 1, changed: 1, complete: true });
      expect(await delivery(id)).toEqual(before);
      const again = await claimed(bench(), id + 1);
      expect(Buffer.from(again.body ?? '').toString()).toBe('{"frozen": 1}');
      expect(again).toMatchObject({ attempt: 1, organizationId: 7, trace });
    });

    it('refuses what is pending still', async () => {
      const id = await stored(bench());
      expect((await orders.give({ action: 'replay', delivery_ids: [id] })).refused).toEqual([
        { delivery_id: id, because: 'pending' },
      ]);
    });
  });

  describe('an order to expunge', () => {
    it('erases what a delivery holds, and it can be sent no more', async () => {
      const id = await stored(bench(), { endpointUrl: 'https://receiver.example/hook?who=ada' });
      await settleOne(bench(), { ...settledAs(death, await claimed(bench(), id)), exchange });
      expect(await orders.give({ action: 'expunge', delivery_ids: [id] })).toMatchObject({ changed: 1 });
      expect((await bench().attempts(id)).map(({ excerpt }) => excerpt ?? undefined)).toEqual([undefined]);
      expect(await bench().attempts(id)).toMatchObject([{ exchange: formatExchange(withoutNames(exchange)) }]);
      expect(JSON.stringify(await bench().attempts(id))).not.toMatch(/ada|X-Name/);
      expect((await redeliver({ delivery_ids: [id] })).refused).toEqual([{ delivery_id: id, because: 'expunged' }]);
      expect((await orders.give({ action: 'replay', delivery_ids: [id] })).refused).toEqual([
        { delivery_id: id, because: 'expunged' },
      ]);
    });

    it('keeps no answer that comes later', async () => {
      bench().setNow(NOON);
      const id = await stored(bench(), { maxAttempts: 1 });
      const answered = settledAs({ ...success, excerpt: 'hello Ada' }, await claimed(bench(), id));
      const late = { ...answered, exchange };
      bench().setNow(noonAnd(LEASE_SECONDS));
      await orders.give({ action: 'expunge', delivery_ids: [id] });
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect((await bench().attempts(id)).map(({ excerpt }) => excerpt ?? undefined)).toEqual([undefined]);
      expect(await bench().attempts(id)).toMatchObject([{ exchange: formatExchange(withoutNames(exchange)) }]);
      expect(JSON.stringify(await bench().attempts(id))).not.toMatch(/ada|X-Name/);
    });
  });

  describe('a selection', () => {
    it.each<[string, object, number[]]>([
      ['organization', { organization_id: 8 }, [2]],
      ['reason', { reason: 'outcome_unknown' }, [3]],
      ['endpoint host', { endpoint_host: ' Receiver.EXAMPLE. ' }, [0, 2, 3]],
      ['endpoint host with its port', { endpoint_host: 'other.example:8443' }, [1]],
      ['endpoint host with a default port', { endpoint_host: 'receiver.example:443' }, [0, 2, 3]],
      ['endpoint host without its port', { endpoint_host: 'other.example' }, [1]],
      ['a URL given as a host', { endpoint_host: 'https://other.example:8443/x?y' }, [1]],
      ['part of a host', { endpoint_host: 'example' }, []],
      ['IPv6 host', { endpoint_host: '2001:DB8::1' }, [4]],
      ['endpoint URL', { endpoint_url: 'https://OTHER.example:8443/hook?q=1' }, [1]],
      ['first instant', { dead_since: noonAnd(2) }, [2, 3, 4]],
      ['last instant, not itself', { dead_until: noonAnd(2) }, [0, 1]],
      ['both instants', { dead_since: noonAnd(1), dead_until: noonAnd(2) }, [1]],
      ['created since', { created_since: noonAnd(1), status: 'dead_letter' }, [1, 2, 4]],
      ['several at once', { organization_id: 7, endpoint_host: 'receiver.example', reason: 'status' }, [0]],
    ])('by %s: count and order find the same', async (_, selection, wanted) => {
      const { store, setNow } = bench();
      const ids: number[] = [];
      setNow(NOON);
      const unreported = await stored(bench(), { maxAttempts: 1 });
      await claimed(bench(), unreported);
      ids.push(await deadLetter(bench()));
      setNow(noonAnd(1));
      ids.push(await deadLetter(bench(), { endpointUrl: 'https://other.example:8443/hook' }));
      setNow(noonAnd(2));
      ids.push(await deadLetter(bench(), { organizationId: 8 }));
      setNow(noonAnd(LEASE_SECONDS));
      await store.buryDeliveries({ after: undefined, pageRows: 10 });
      ids.push(unreported);
      ids.push(await deadLetter(bench(), { endpointUrl: 'http://[2001:db8::1]/hook' }));
      expect(await redeliver({ ...selection, dry_run: true })).toMatchObject({ matched: wanted.length });
      expect(await redeliver(selection)).toMatchObject({ changed: wanted.length, complete: true });
      const pending = await Promise.all(
        ids.map(async (id, index) => ((await statusOf(id)) === 'pending' ? [index] : [])),
      );
      expect(pending.flat()).toEqual(wanted);
    });
  });
}
