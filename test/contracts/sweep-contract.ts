import { describe, expect, it } from 'vitest';
import type { SweptDelivery } from '../../shared/delivery/store-answers.ts';
import {
  claimed,
  claimOne,
  failure,
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

const idsOf = (swept: readonly { deliveryId: number }[]): number[] => swept.map(({ deliveryId }) => deliveryId);

/** What the sweep's pages promise, whatever store holds the deliveries. */
export function sweepContract(bench: () => StoreBench): void {
  const page = (pageRows = 100, after?: SweptDelivery) =>
    bench().store.putBackDeliveries({ after: after?.position, pageRows });
  const dueAt = (seconds: number) => ({ scheduledForMs: Date.parse(noonAnd(seconds)) });

  describe('putting back', () => {
    it('names what has been due for a minute, with the attempt to ask for', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      setNow(noonAnd(59.9));
      expect(await page()).toEqual([]);
      setNow(noonAnd(60));
      expect(await page()).toMatchObject([
        { deliveryId, organizationId: 7, attempt: 1, delaySeconds: 0, handedOut: false },
      ]);
    });

    it('goes on oldest due first, page by page, whatever the ids are (SWE-03, SWE-09)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const ids: number[] = [];
      for (const seconds of [5, 3, 4, 1, 2]) ids.push(await stored(bench(), dueAt(seconds)));
      setNow(noonAnd(600));
      const first = await page(2);
      const second = await page(2, first.at(-1));
      const third = await page(2, second.at(-1));
      expect([first, second, third].map(idsOf)).toEqual([[ids[3], ids[4]], [ids[1], ids[2]], [ids[0]]]);
    });

    it('parts deliveries due at the same instant by their ids', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      setNow(noonAnd(600));
      const first = await page(2);
      expect([idsOf(first), idsOf(await page(2, first.at(-1)))]).toEqual([ids.slice(0, 2), ids.slice(2)]);
    });

    it('leaves alone what is leased, finished, not due or out of attempts (SWE-02)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const [done, exhausted, leased] = [
        await stored(bench()),
        await stored(bench(), { maxAttempts: 1 }),
        await stored(bench()),
      ];
      await stored(bench(), dueAt(600));
      await settleOne(bench(), settledAs(success, await claimed(bench(), done)));
      await claimed(bench(), exhausted);
      setNow(noonAnd(100));
      await claimed(bench(), leased);
      setNow(noonAnd(174.9));
      expect(await page()).toEqual([]);
      setNow(noonAnd(175));
      expect(await page()).toMatchObject([{ deliveryId: leased, attempt: 2 }]);
    });

    it('names the attempt that a claim then takes', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const waiting = await stored(bench());
      const dead = await stored(bench());
      await settleOne(bench(), settledAs(failure, await claimed(bench(), waiting)));
      await claimed(bench(), dead);
      setNow(noonAnd(LEASE_SECONDS + 60));
      for (const { deliveryId, attempt } of await page()) {
        expect([attempt, verdictOf(await claimOne(bench(), deliveryId, { attempt }))]).toEqual([2, 'claimed']);
      }
    });

    it('names each delivery for one of two sweeps at once only (SWE-04)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      for (let count = 0; count < 30; count++) await stored(bench());
      setNow(noonAnd(600));
      const named = (await Promise.all([page(), page(), page(), page()])).flat();
      expect(new Set(idsOf(named)).size).toBe(named.length);
      expect([...idsOf(named), ...idsOf(await page())]).toHaveLength(30);
    });

    it('repeats a message only after a pause that doubles from 5 minutes to 2 hours (SWE-07)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      await stored(bench());
      const times: number[] = [];
      for (let minutes = 0; minutes <= 24 * 60; minutes += 5) {
        setNow(noonAnd(minutes * 60));
        if ((await page()).length > 0) times.push(minutes);
      }
      expect(times).toEqual([5, 10, 20, 40, 80, 160, 280, 400, 520, 640, 760, 880, 1000, 1120, 1240, 1360]);
    });

    it('begins its pauses again after a claim, however long the delivery has been due', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      setNow(noonAnd(40_000));
      await page();
      setNow(noonAnd(40_010));
      await claimed(bench(), deliveryId);
      const times: number[] = [];
      for (let seconds = 40_085; seconds < 43_000; seconds += 75) {
        setNow(noonAnd(seconds));
        if ((await page()).length > 0) times.push(seconds - 40_085);
      }
      // At the end of the lease, and then after pauses that start at 5 minutes and not at 2 hours.
      expect(times).toEqual([0, 300, 675, 1425]);
    });

    it('begins its pauses again when an attempt made the delivery due anew', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      setNow(noonAnd(3600));
      await page();
      await settleOne(bench(), settledAs({ ...failure, delaySeconds: 60 }, await claimed(bench(), deliveryId)));
      setNow(noonAnd(3719));
      expect(await page()).toEqual([]);
      setNow(noonAnd(3720));
      expect(await page()).toMatchObject([{ deliveryId, attempt: 2 }]);
    });
  });

  describe('handing out', () => {
    it('gives what lies far ahead its first message a quarter of an hour before it is due, once', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), dueAt(50_000));
      setNow(noonAnd(49_099));
      expect(await page()).toEqual([]);
      setNow(noonAnd(49_100));
      expect(await page()).toMatchObject([{ deliveryId, attempt: 1, delaySeconds: 900, handedOut: true }]);
      expect(await page()).toEqual([]);
      setNow(noonAnd(50_059));
      expect(await page()).toEqual([]);
      setNow(noonAnd(50_060));
      expect(await page()).toMatchObject([{ deliveryId, attempt: 1, delaySeconds: 0, handedOut: false }]);
    });

    it('does not name what has a chain of messages of its own', async () => {
      const { setNow } = bench();
      setNow(NOON);
      await stored(bench(), dueAt(600));
      expect(await page()).toEqual([]);
    });
  });

  describe('restoring lost messages', () => {
    const restore = (pageRows = 100, after?: SweptDelivery) =>
      bench().store.restoreMessages({ after: after?.position, pageRows });

    it('names all that is pending within reach of messages, what is leased for the end of its lease', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const due = await stored(bench());
      const leased = await stored(bench());
      const ahead = await stored(bench(), dueAt(40_000));
      await stored(bench(), dueAt(50_000));
      const done = await stored(bench());
      await claimed(bench(), leased);
      await settleOne(bench(), settledAs(success, await claimed(bench(), done)));
      setNow(noonAnd(5));
      const restored = await restore();
      expect(restored).toMatchObject([
        { deliveryId: due, attempt: 1, delaySeconds: 0 },
        { deliveryId: leased, attempt: 1, delaySeconds: LEASE_SECONDS - 5 },
        { deliveryId: ahead, attempt: 1, delaySeconds: 39_995 },
      ]);
      for (const { deliveryId, attempt, delaySeconds } of restored.slice(0, 2)) {
        setNow(noonAnd(5 + delaySeconds));
        expect(verdictOf(await claimOne(bench(), deliveryId, { attempt }))).toBe('claimed');
      }
    });

    it('names them again when it runs again, page by page', async () => {
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      for (let run = 0; run < 2; run++) {
        const first = await restore(2);
        expect([...idsOf(first), ...idsOf(await restore(2, first.at(-1)))]).toEqual(ids);
      }
    });
  });

  describe('burying', () => {
    it('ends what used up its attempts and never reported, as outcome_unknown (SWE-08)', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { maxAttempts: 1 });
      await claimed(bench(), deliveryId);
      setNow(noonAnd(LEASE_SECONDS - 0.001));
      expect(await store.buryDeliveries({ after: undefined, pageRows: 10 })).toEqual([]);
      setNow(noonAnd(LEASE_SECONDS));
      expect(await store.buryDeliveries({ after: undefined, pageRows: 10 })).toMatchObject([
        { status: 'dead_letter', position: { id: String(deliveryId) } },
      ]);
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'dead_letter',
        deadLetterReason: 'outcome_unknown',
        attemptCount: 1,
        scheduledForMs: undefined,
        leaseExpiresMs: undefined,
      });
      expect(await bench().attempts(deliveryId)).toMatchObject([{ attempt: 1, errorClass: 'outcome_unknown' }]);
      expect(await store.buryDeliveries({ after: undefined, pageRows: 10 })).toEqual([]);
    });

    it('leaves alone what has attempts left or a live lease', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      await claimed(bench(), await stored(bench(), { maxAttempts: 2 }));
      await stored(bench(), { maxAttempts: 1 });
      setNow(noonAnd(3600));
      await claimed(bench(), await stored(bench(), { maxAttempts: 1 }));
      expect(await store.buryDeliveries({ after: undefined, pageRows: 10 })).toEqual([]);
    });

    it('names each delivery for one of several sweeps only, in pages', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      for (let count = 0; count < 12; count++) await claimed(bench(), await stored(bench(), { maxAttempts: 1 }));
      setNow(noonAnd(3600));
      expect(await store.buryDeliveries({ after: undefined, pageRows: 5 })).toHaveLength(5);
      const rest = (
        await Promise.all([
          store.buryDeliveries({ after: undefined, pageRows: 10 }),
          store.buryDeliveries({ after: undefined, pageRows: 10 }),
        ])
      ).flat();
      expect(new Set(rest.map(({ position }) => position.id)).size).toBe(rest.length);
      expect([...rest, ...(await store.buryDeliveries({ after: undefined, pageRows: 10 }))]).toHaveLength(7);
    });
  });

  it('the age of the oldest due delivery is 0 when none is due', async () => {
    const { store, setNow } = bench();
    setNow(NOON);
    await stored(bench(), dueAt(30));
    expect(await store.oldestDueSeconds()).toBe(0);
    setNow(noonAnd(100));
    expect(await store.oldestDueSeconds()).toBe(70);
  });
}
