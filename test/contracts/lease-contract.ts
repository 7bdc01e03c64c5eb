import { describe, expect, it } from 'vitest';
import {
  claimed,
  claimOne,
  failure,
  freshToken,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  verdictOf,
} from '../support/store/store-world.ts';

/** What a claim takes from the claims and attempts before it, whatever store makes it. */
export function leaseContract(bench: () => StoreBench): void {
  describe('a lease', () => {
    it('lasts as long as its own claim said, whatever lease whoever else asks would have (CLA-17)', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const [short, long] = [await stored(bench()), await stored(bench())];
      const old = await claimed(bench(), short, { leaseSeconds: 30 });
      await claimed(bench(), long, { leaseSeconds: 600 });
      const ask = (leaseSeconds: number) =>
        Promise.all([short, long].map((id) => claimOne(bench(), id, { attempt: 1, leaseSeconds })));
      setNow(noonAnd(29));
      expect(await ask(600)).toMatchObject([
        { kind: 'held', dueInSeconds: 1 },
        { kind: 'held', dueInSeconds: 571 },
      ]);
      setNow(noonAnd(31));
      expect((await ask(30)).map(verdictOf)).toEqual(['claimed', 'held']);
      // And the new holder's outcome counts, not that of the one whose lease is over.
      const {
        answers: [answer],
      } = await store.settleDeliveries([settledAs(failure, old)], soon());
      expect(answer?.verdict).toBe('superseded');
      expect(await bench().delivery(short)).toMatchObject({ leaseExpiresMs: Date.parse(noonAnd(61)) });
    });
  });

  describe('a claim', () => {
    it('says of a retry whether the attempt before it met a credential that had been rotated', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      const rotated = { ...failure, errorClass: 'credential_rotated', delaySeconds: 0 } as const;
      const first = await claimed(bench(), deliveryId);
      await settleOne(bench(), settledAs(rotated, first));
      const token = freshToken();
      const second = await claimed(bench(), deliveryId, { attempt: 2, token });
      const again = await claimed(bench(), deliveryId, { attempt: 2, token });
      await settleOne(bench(), settledAs({ ...failure, delaySeconds: 0 }, second));
      const third = await claimed(bench(), deliveryId, { attempt: 3 });
      expect([first, second, again, third].map(({ afterRotation }) => afterRotation)).toEqual([
        undefined,
        true,
        true,
        undefined,
      ]);
    });
  });
}
