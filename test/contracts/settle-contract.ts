import { describe, expect, it } from 'vitest';
import { formatExchange } from '../../shared/delivery/exchange.ts';
import {
  claimed,
  claimOne,
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

/** What a settlement promises, whatever store records it. */
export function settleContract(bench: () => StoreBench): void {
  describe('a settlement', () => {
    it('of a success ends the delivery and keeps the attempt', async () => {
      const deliveryId = await stored(bench());
      expect(await settleOne(bench(), settledAs(success, await claimed(bench(), deliveryId)))).toBe('recorded');
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'succeeded',
        attemptCount: 1,
        lastStatusCode: 204,
        succeededLate: false,
        awaitsHandOut: false,
      });
      const record = await bench().delivery(deliveryId);
      for (const over of ['scheduledForMs', 'leaseExpiresMs', 'lastError', 'deadLetterReason'] as const) {
        expect(record?.[over]).toBeUndefined();
      }
      expect(await bench().attempts(deliveryId)).toEqual([
        { attempt: 1, statusCode: 204, errorClass: undefined, error: undefined, excerpt: 'thanks' },
      ]);
    });

    it('of a failure makes it due again after its delay, on the database clock', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const delivery = await claimed(bench(), deliveryId);
      setNow(noonAnd(20));
      await settleOne(bench(), settledAs(failure, delivery));
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'pending',
        scheduledForMs: Date.parse(noonAnd(50)),
        lastError: 'status 503',
        lastStatusCode: 503,
        leaseToken: delivery.token,
        leaseExpiresMs: undefined,
      });
      setNow(noonAnd(49));
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('early');
    });

    it('further off than messages reach leaves the delivery to the hand-out of the sweep', async () => {
      const near = await stored(bench());
      const far = await stored(bench());
      await settleOne(bench(), settledAs({ ...failure, delaySeconds: 43_200 }, await claimed(bench(), near)));
      await settleOne(bench(), settledAs({ ...failure, delaySeconds: 43_200.5 }, await claimed(bench(), far)));
      expect(await bench().delivery(near)).toMatchObject({ awaitsHandOut: false });
      expect(await bench().delivery(far)).toMatchObject({ awaitsHandOut: true });
    });

    it('of a death buries it with its reason', async () => {
      const deliveryId = await stored(bench());
      await settleOne(bench(), settledAs(death, await claimed(bench(), deliveryId)));
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'dead_letter',
        deadLetterReason: 'status',
        lastError: 'status 410',
        scheduledForMs: undefined,
        leaseExpiresMs: undefined,
      });
    });

    it.each([
      ['success', success],
      ['failure', failure],
      ['death', death],
    ])('of a %s that runs twice changes nothing the second time', async (_, settlement) => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const settled = settledAs(settlement, await claimed(bench(), deliveryId));
      expect(await settleOne(bench(), settled)).toBe('recorded');
      const before = await bench().delivery(deliveryId);
      setNow(noonAnd(5));
      expect(await settleOne(bench(), settled)).toBe('already_recorded');
      expect(await bench().delivery(deliveryId)).toEqual(before);
      expect(await bench().attempts(deliveryId)).toHaveLength(1);
    });

    it('after the end of its lease still counts while nobody has taken over (REC-06)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const delivery = await claimed(bench(), deliveryId);
      setNow(noonAnd(LEASE_SECONDS + 100));
      expect(await settleOne(bench(), settledAs(failure, delivery))).toBe('recorded');
    });

    it.each([
      ['failure', failure],
      ['death', death],
    ])('of a %s changes nothing once another worker has taken over (REC-04)', async (_, settlement) => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const lost = settledAs(settlement, await claimed(bench(), deliveryId));
      setNow(noonAnd(LEASE_SECONDS));
      const holder = await claimed(bench(), deliveryId, { attempt: 2 });
      const before = await bench().delivery(deliveryId);
      expect(await settleOne(bench(), lost)).toBe('superseded');
      expect(await bench().delivery(deliveryId)).toEqual(before);
      await settleOne(bench(), settledAs(success, holder));
      expect(await settleOne(bench(), lost)).toBe('superseded');
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded', lastStatusCode: 204 });
    });

    it('names a row that is gone (REC-12, ROW-04)', async () => {
      const deliveryId = await stored(bench());
      const delivery = await claimed(bench(), deliveryId);
      await bench().remove(deliveryId);
      expect(await settleOne(bench(), settledAs(success, delivery))).toBe('vanished');
    });

    it('stores a status out of any range, and none (ROW-07)', async () => {
      const odd = await stored(bench());
      const none = await stored(bench());
      await settleOne(bench(), settledAs({ ...failure, statusCode: 999 }, await claimed(bench(), odd)));
      const dns = { kind: 'retry', delaySeconds: 30, errorClass: 'dns', error: 'dns: no such name' } as const;
      await settleOne(bench(), settledAs(dns, await claimed(bench(), none)));
      expect(await bench().delivery(odd)).toMatchObject({ lastStatusCode: 999 });
      expect(await bench().delivery(none)).toMatchObject({ lastStatusCode: undefined, lastError: 'dns: no such name' });
    });

    it.each([
      ['success', success],
      ['failure', failure],
    ])('of a %s keeps what was sent and answered, and the next attempt its own', async (_, settlement) => {
      const deliveryId = await stored(bench());
      const settled = { ...settledAs(settlement, await claimed(bench(), deliveryId)), exchange };
      await settleOne(bench(), settled);
      expect(await bench().attempts(deliveryId)).toMatchObject([{ exchange: formatExchange(exchange) }]);
      await settleOne(bench(), { ...settled, exchange: { ...exchange, phasesMs: {} } });
      expect(await bench().attempts(deliveryId)).toMatchObject([{ exchange: formatExchange(exchange) }]);
    });

    it('of an attempt that was given back leaves nothing of it, and what is made of it later stands', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const { token } = await claimed(bench(), deliveryId);
      await store.releaseDeliveries([{ deliveryId, token, error: 'no socket' }], soon());
      expect(await bench().attempts(deliveryId)).toEqual([]);
      setNow(noonAnd(60));
      await settleOne(bench(), { ...settledAs(success, await claimed(bench(), deliveryId)), exchange });
      expect(await bench().attempts(deliveryId)).toMatchObject([{ attempt: 1, exchange: formatExchange(exchange) }]);
    });

    it('that comes after its worker was given up tells what was sent all the same', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const lost = { ...settledAs(success, await claimed(bench(), deliveryId)), exchange };
      setNow(noonAnd(LEASE_SECONDS));
      await claimed(bench(), deliveryId, { attempt: 2 });
      const unreported = await bench().attempts(deliveryId);
      expect(unreported).toMatchObject([{ errorClass: 'outcome_unknown' }]);
      expect(unreported[0]?.exchange).toBeUndefined();
      expect(await settleOne(bench(), lost)).toBe('late_success');
      expect(await bench().attempts(deliveryId)).toMatchObject([{ exchange: formatExchange(exchange) }]);
    });

    it('loses NUL and lone surrogates of the receiver, and nothing else', async () => {
      const deliveryId = await stored(bench());
      const excerpt = 'a\0b\uD800c\uDC00d 𝄞';
      await settleOne(bench(), settledAs({ ...success, excerpt }, await claimed(bench(), deliveryId)));
      expect(await bench().attempts(deliveryId)).toMatchObject([{ excerpt: 'a\uFFFDb\uFFFDc\uFFFDd 𝄞' }]);
    });

    it('is recorded together with those that come with it, each by its own verdict', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      const deliveries = [];
      for (const id of ids) deliveries.push(await claimed(bench(), id));
      const [first, second, third] = deliveries;
      if (first === undefined || second === undefined || third === undefined) throw new Error('three were claimed');
      await bench().remove(second.deliveryId);
      const settled = [settledAs(success, third), settledAs(death, second), settledAs(failure, first)];
      const { answers } = await store.settleDeliveries(settled, soon());
      expect(Object.fromEntries(answers.map((a) => [a.deliveryId, a.verdict]))).toEqual({
        [first.deliveryId]: 'recorded',
        [second.deliveryId]: 'vanished',
        [third.deliveryId]: 'recorded',
      });
    });
  });
}
