import { describe, expect, it } from 'vitest';
import type { SettledAttempt } from '../../shared/delivery/store-answers.ts';
import {
  claimed,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
} from '../support/store/store-world.ts';

/** A 2xx is a fact, also when its lease is lost: what a store makes of it. */
export function lateSuccessContract(bench: () => StoreBench): void {
  describe('a late 2xx', () => {
    /** A claim whose lease ran out. */
    async function outlived(maxAttempts: number) {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { maxAttempts });
      const late = settledAs(success, await claimed(bench(), deliveryId));
      setNow(noonAnd(LEASE_SECONDS));
      return { deliveryId, late };
    }

    it('lifts a delivery that was buried as outcome_unknown (REC-05)', async () => {
      const { deliveryId, late } = await outlived(1);
      await bench().store.buryDeliveries({ after: undefined, pageRows: 10 });
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'dead_letter' });
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'succeeded',
        succeededLate: true,
        deadLetterReason: undefined,
        lastError: undefined,
      });
      expect(await bench().attempts(deliveryId)).toMatchObject([
        { attempt: 1, statusCode: 204, errorClass: undefined },
      ]);
    });

    it('that is recorded twice is known as recorded before', async () => {
      const { deliveryId, late } = await outlived(1);
      await bench().store.buryDeliveries({ after: undefined, pageRows: 10 });
      await settleOne(bench(), late);
      const before = await bench().delivery(deliveryId);
      expect(await settleOne(bench(), late)).toBe('already_recorded');
      expect(await bench().delivery(deliveryId)).toEqual(before);
    });

    it.each([
      ['failure', failure],
      ['death', death],
    ])('ends what another worker holds, and the %s of that one changes nothing', async (_, settlement) => {
      const { deliveryId, late } = await outlived(5);
      const holder = await claimed(bench(), deliveryId, { attempt: 2 });
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect(await settleOne(bench(), settledAs(settlement, holder))).toBe('superseded');
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded', succeededLate: true });
    });

    it('ends what waits for its next attempt', async () => {
      const { deliveryId, late } = await outlived(5);
      await settleOne(bench(), settledAs(failure, await claimed(bench(), deliveryId, { attempt: 2 })));
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
    });

    it('adds nothing to what has succeeded', async () => {
      const { deliveryId, late } = await outlived(5);
      await settleOne(bench(), settledAs(success, await claimed(bench(), deliveryId, { attempt: 2 })));
      const before = await bench().delivery(deliveryId);
      expect(await settleOne(bench(), late)).toBe('superseded');
      expect(await bench().delivery(deliveryId)).toEqual(before);
    });

    it('is never lost, whatever else comes at the same instant', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const late = [];
      for (let count = 0; count < 20; count++) {
        late.push(settledAs(success, await claimed(bench(), await stored(bench(), { maxAttempts: 1 + (count % 2) }))));
      }
      setNow(noonAnd(LEASE_SECONDS));
      const claims = late.map(({ deliveryId }) => ({ deliveryId, attempts: [2], token: freshToken() }));
      await Promise.all([
        ...late.map((settled) => settledWhenUnlocked(bench(), settled)),
        ...claims.map((claim) => store.claimDeliveries([claim], LEASE_SECONDS, soon())),
        ...[1, 2, 3].map(() => store.buryDeliveries({ after: undefined, pageRows: 7 })),
        store.putBackDeliveries({ after: undefined, pageRows: 20 }),
        store.claimDeliveries(claims.toReversed(), LEASE_SECONDS, soon()),
      ]);
      const statuses = await Promise.all(
        late.map(async ({ deliveryId }) => (await bench().delivery(deliveryId))?.status),
      );
      expect(new Set(statuses)).toEqual(new Set(['succeeded']));
    });
  });
}

/** As a worker does: what somebody else has locked is asked for again. */
async function settledWhenUnlocked(bench: StoreBench, settled: SettledAttempt): Promise<void> {
  while ((await settleOne(bench, settled)) === 'locked');
}
