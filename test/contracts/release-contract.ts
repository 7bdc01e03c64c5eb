import { describe, expect, it } from 'vitest';
import {
  claimed,
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

/** What giving an attempt back promises, whatever store does it. */
export function releaseContract(bench: () => StoreBench): void {
  describe('a release', () => {
    const releaseOne = async (deliveryId: number, token: string) => {
      const answers = await bench().store.releaseDeliveries([{ deliveryId, token, error: 'no time was left' }], soon());
      return answers[0];
    };

    it('gives the attempt back, keeps the claim counted, and is due again after 30 s, doubling to 600 s', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const delays: number[] = [];
      let seconds = 0;
      for (let claims = 1; claims <= 7; claims++) {
        setNow(noonAnd(seconds));
        const { token } = await claimed(bench(), deliveryId);
        const answer = await releaseOne(deliveryId, token);
        if (answer?.kind !== 'released') throw new Error('not released');
        expect(answer).toMatchObject({ attempt: 1, organizationId: 7 });
        delays.push(answer.delaySeconds);
        seconds += answer.delaySeconds;
        expect(await bench().delivery(deliveryId)).toMatchObject({
          attemptCount: 0,
          claimCount: claims,
          scheduledForMs: Date.parse(noonAnd(seconds)),
          lastError: 'no time was left',
        });
      }
      expect(delays).toEqual([30, 60, 120, 240, 480, 600, 600]);
    });

    it('that runs twice gives back once and answers the same', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      await settleOne(bench(), settledAs({ ...failure, delaySeconds: 0 }, await claimed(bench(), deliveryId)));
      const { token } = await claimed(bench(), deliveryId, { attempt: 2 });
      const first = await releaseOne(deliveryId, token);
      expect(first).toMatchObject({ kind: 'released', attempt: 2, delaySeconds: 30 });
      expect(await releaseOne(deliveryId, token)).toEqual(first);
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 2 });
    });

    it('of a claim that never happened, or was taken over, changes nothing', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      expect(await releaseOne(deliveryId, freshToken())).toEqual({ kind: 'not_held', deliveryId });
      const { token } = await claimed(bench(), deliveryId);
      setNow(noonAnd(LEASE_SECONDS));
      await claimed(bench(), deliveryId, { attempt: 2 });
      const before = await bench().delivery(deliveryId);
      expect(await releaseOne(deliveryId, token)).toEqual({ kind: 'not_held', deliveryId });
      expect(await bench().delivery(deliveryId)).toEqual(before);
    });

    it('after a late 2xx of another changes nothing', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const late = settledAs(success, await claimed(bench(), deliveryId));
      setNow(noonAnd(LEASE_SECONDS));
      const { token } = await claimed(bench(), deliveryId, { attempt: 2 });
      await settleOne(bench(), late);
      expect(await releaseOne(deliveryId, token)).toEqual({ kind: 'not_held', deliveryId });
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
    });

    it('of a claim that made no attempt may be due at once', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const { token } = await claimed(bench(), deliveryId);
      const release = { deliveryId, token, error: 'the claim was not answered', dueAtOnce: true };
      expect(await store.releaseDeliveries([release], soon())).toMatchObject([{ kind: 'released', delaySeconds: 0 }]);
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 0, scheduledForMs: Date.parse(NOON) });
      expect((await claimed(bench(), deliveryId)).attempt).toBe(1);
    });

    it('of the 500th claim ends the delivery as never_sent, and says so again when repeated (SWE-08)', async () => {
      const deliveryId = await stored(bench());
      await bench().setClaimCount(deliveryId, 499);
      const { token } = await claimed(bench(), deliveryId);
      const buried = { kind: 'buried', deliveryId };
      expect(await releaseOne(deliveryId, token)).toEqual(buried);
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'dead_letter',
        deadLetterReason: 'never_sent',
        attemptCount: 0,
        claimCount: 500,
        scheduledForMs: undefined,
      });
      expect(await releaseOne(deliveryId, token)).toEqual(buried);
    });
  });
}
