import { describe, expect, it } from 'vitest';
import { formatExchange } from '../../shared/delivery/exchange.ts';
import {
  claimed,
  claimOne,
  death,
  exchange,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  redelivered,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

/** One row's matter is one row's matter: what somebody else holds or the database refuses costs its neighbours nothing. */
export function oneRowContract(bench: () => StoreBench): void {
  async function storedTen(delivery: Parameters<typeof stored>[1] = {}): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < 10) ids.push(await stored(bench(), delivery));
    return ids;
  }
  const claimsOf = (ids: readonly number[]) =>
    ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  const butOne = (ids: readonly number[], others: string, one: string) =>
    ids.map((_, index) => (index === 4 ? one : others));

  describe('a row that somebody else has locked', () => {
    it('keeps no neighbour from being claimed, and is claimed under the same token once the lock ends', async () => {
      const ids = await storedTen();
      await using holder = await bench().lock(ids[4] ?? 0);
      const claims = claimsOf(ids);
      expect((await bench().store.claimDeliveries(claims, LEASE_SECONDS, soon())).map(verdictOf)).toEqual(
        butOne(ids, 'claimed', 'locked'),
      );
      await holder.commit();
      expect((await bench().store.claimDeliveries(claims, LEASE_SECONDS, soon())).map(verdictOf)).toEqual(
        ids.map(() => 'claimed'),
      );
      for (const id of ids) expect(await bench().delivery(id)).toMatchObject({ attemptCount: 1, claimCount: 1 });
    });

    it('says how long it has been due', async () => {
      bench().setNow(NOON);
      const deliveryId = await stored(bench());
      bench().setNow(noonAnd(90));
      await using _ = await bench().lock(deliveryId);
      expect(await claimOne(bench(), deliveryId)).toEqual({ kind: 'locked', deliveryId, overdueSeconds: 90 });
    });

    it('keeps no outcome of a neighbour from being recorded, and has its own once the lock ends', async () => {
      const ids = await storedTen();
      const settled = [];
      for (const id of ids) settled.push(settledAs(success, await claimed(bench(), id)));
      await using holder = await bench().lock(ids[4] ?? 0);
      const { answers: first } = await bench().store.settleDeliveries(settled, soon());
      expect(first.map(({ verdict }) => verdict)).toEqual(butOne(ids, 'recorded', 'locked'));
      await holder.commit();
      const { answers: again } = await bench().store.settleDeliveries(settled, soon());
      expect(again.map(({ verdict }) => verdict)).toEqual(butOne(ids, 'already_recorded', 'recorded'));
    });

    it('keeps no attempt of a neighbour from being given back', async () => {
      const ids = await storedTen();
      const releases = [];
      for (const id of ids) {
        releases.push({ deliveryId: id, token: (await claimed(bench(), id)).token, error: 'ours' });
      }
      await using holder = await bench().lock(ids[4] ?? 0);
      const first = await bench().store.releaseDeliveries(releases, soon());
      expect(first.map(({ kind }) => kind)).toEqual(butOne(ids, 'released', 'locked'));
      await holder.commit();
      const again = await bench().store.releaseDeliveries(releases, soon());
      expect(again.map(({ kind }) => kind)).toEqual(ids.map(() => 'released'));
    });

    it('is passed over by every page of a sweep', async () => {
      bench().setNow(NOON);
      const ids = await storedTen();
      bench().setNow(noonAnd(100));
      await using _ = await bench().lock(ids[4] ?? 0);
      const put = await bench().store.putBackDeliveries({ after: undefined, pageRows: 100 });
      expect(put.map(({ deliveryId }) => deliveryId)).toEqual(ids.filter((_id, index) => index !== 4));
    });
  });

  describe('a row that the database refuses to change', () => {
    it('keeps no neighbour from being claimed, and is named', async () => {
      const ids = await storedTen();
      await bench().refuse(ids[4] ?? 0, 'any change');
      const answers = await bench().store.claimDeliveries(claimsOf(ids), LEASE_SECONDS, soon());
      expect(answers.map(verdictOf)).toEqual(butOne(ids, 'claimed', 'refused'));
      expect(answers[4]).toMatchObject({ refusal: { sqlState: 'P0001' } });
    });

    it('keeps no outcome of a neighbour from being recorded', async () => {
      const ids = await storedTen();
      const settled = [];
      for (const id of ids) settled.push(settledAs(success, await claimed(bench(), id)));
      await bench().refuse(ids[4] ?? 0, 'ending');
      const { answers } = await bench().store.settleDeliveries(settled, soon());
      expect(answers.map(({ verdict }) => verdict)).toEqual(butOne(ids, 'recorded', 'refused'));
      expect(answers[4]).toMatchObject({ refusal: { sqlState: 'P0001' } });
    });

    it('makes a page of a sweep say so, and the same page without it is done', async () => {
      bench().setNow(NOON);
      const ids = await storedTen();
      bench().setNow(noonAnd(100));
      await bench().refuse(ids[4] ?? 0, 'any change');
      const { store } = bench();
      await expect(store.putBackDeliveries({ after: undefined, pageRows: 100 })).rejects.toMatchObject({
        code: 'row_refused',
        refusal: { sqlState: 'P0001' },
      });
      const listed = await store.listDueDeliveries({ after: undefined, pageRows: 100 });
      expect(listed.map(({ id }) => Number(id))).toEqual(ids);
      const only = listed.filter((_, index) => index !== 4);
      const put = await store.putBackDeliveries({ after: undefined, pageRows: 100, only });
      expect(put.map(({ deliveryId }) => deliveryId)).toEqual(ids.filter((_, index) => index !== 4));
    });

    it('is not sent again when it has arrived: the attempt is noted, and recorded once the cause is gone', async () => {
      bench().setNow(NOON);
      const { store } = bench();
      const deliveryId = await stored(bench());
      const settled = { ...settledAs(success, await claimed(bench(), deliveryId)), exchange };
      await bench().refuse(deliveryId, 'ending');
      expect((await store.settleDeliveries([settled], soon())).answers).toMatchObject([{ verdict: 'refused' }]);
      expect(await store.noteAttempt(settled, soon())).toBe(true);
      expect(await bench().attempts(deliveryId)).toMatchObject([
        { attempt: 1, statusCode: 204, exchange: formatExchange(exchange) },
      ]);
      bench().setNow(noonAnd(LEASE_SECONDS));
      const found = await claimOne(bench(), deliveryId, { attempt: 2 });
      expect(found).toEqual({
        kind: 'arrived',
        deliveryId,
        organizationId: 7,
        attempt: 1,
        token: settled.token,
        statusCode: 204,
      });
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
      await bench().refuseNothing();
      expect((await store.settleDeliveries([settled], soon())).answers).toMatchObject([{ verdict: 'recorded' }]);
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded' });
    });

    it('is buried as what is known of its last attempt: accepted, it has succeeded', async () => {
      bench().setNow(NOON);
      const { store } = bench();
      const ids = [await stored(bench(), { maxAttempts: 1 }), await stored(bench(), { maxAttempts: 1 })];
      for (const [index, id] of ids.entries()) {
        await store.noteAttempt(settledAs(index === 0 ? success : failure, await claimed(bench(), id)), soon());
      }
      bench().setNow(noonAnd(LEASE_SECONDS));
      const buried = await store.buryDeliveries({ after: undefined, pageRows: 10 });
      expect(buried.map(({ status }) => status)).toEqual(['succeeded', 'dead_letter']);
      expect(await bench().delivery(ids[1] ?? 0)).toMatchObject({
        deadLetterReason: 'status',
        lastError: failure.error,
      });
    });

    it('takes no note of an attempt under a token that is not its own', async () => {
      const deliveryId = await stored(bench());
      const settled = settledAs(success, await claimed(bench(), deliveryId));
      expect(await bench().store.noteAttempt({ ...settled, token: freshToken() }, soon())).toBe(false);
      expect(await bench().attempts(deliveryId)).toEqual([]);
    });
  });

  describe('a delivery of which the database refuses to keep the attempts', () => {
    it.each([
      ['accepted', success, { status: 'succeeded', lastStatusCode: 204 }],
      ['refused for good', death, { status: 'dead_letter', deadLetterReason: 'status' }],
      ['due again', failure, { status: 'pending', lastError: 'status 503' }],
    ] as const)('is %s all the same, with its neighbours, and the refusal is named', async (_, settlement, becomes) => {
      const ids = await storedTen();
      const settled = [];
      for (const id of ids) settled.push(settledAs(settlement, await claimed(bench(), id)));
      const unkept = ids[4] ?? 0;
      await bench().refuse(unkept, 'its attempts');
      const { answers } = await bench().store.settleDeliveries(settled, soon());
      expect(answers.map(({ verdict }) => verdict)).toEqual(ids.map(() => 'recorded'));
      expect(answers[4]).toMatchObject({ unkept: { sqlState: 'P0001' } });
      expect(answers[3]).not.toHaveProperty('unkept');
      expect(await bench().delivery(unkept)).toMatchObject({ ...becomes, leaseExpiresMs: undefined });
      expect([await bench().attempts(unkept), await bench().attempts(ids[3] ?? 0)]).toMatchObject([
        [],
        [{ attempt: 1 }],
      ]);
      const { answers: again } = await bench().store.settleDeliveries(settled, soon());
      expect(again.map(({ verdict }) => verdict)).toEqual(ids.map(() => 'already_recorded'));
    });

    it('is not sent again after a worker died with it: that could not be written down', async () => {
      bench().setNow(NOON);
      const deliveryId = await stored(bench());
      await claimed(bench(), deliveryId);
      await bench().refuse(deliveryId, 'its attempts');
      bench().setNow(noonAnd(LEASE_SECONDS));
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('refused');
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
    });
  });

  describe('what a dead worker left', () => {
    /** Claimed, and never settled. */
    async function orphans(): Promise<number[]> {
      bench().setNow(NOON);
      const ids = await storedTen();
      await bench().store.claimDeliveries(claimsOf(ids.slice(0, 2)), LEASE_SECONDS, soon());
      bench().setNow(noonAnd(LEASE_SECONDS));
      return ids;
    }

    it('is left aside by a claim of several, and claimed by one that asks for it alone', async () => {
      const ids = await orphans();
      const asked = ids.map((deliveryId) => ({ deliveryId, attempts: [1, 2], token: freshToken() }));
      expect((await bench().store.claimDeliveries(asked, LEASE_SECONDS, soon())).map(verdictOf)).toEqual(
        ids.map((_, index) => (index < 2 ? 'apart' : 'claimed')),
      );
      expect(await bench().delivery(ids[0] ?? 0)).toMatchObject({ attemptCount: 1, claimCount: 1 });
      expect(verdictOf(await claimOne(bench(), ids[0] ?? 0, { attempt: 2 }))).toBe('claimed');
    });

    it('keeps the token of its claim, by which alone a written outcome lifts it', async () => {
      bench().setNow(NOON);
      const { store } = bench();
      const deliveryId = await stored(bench(), { maxAttempts: 1 });
      const written = { ...settledAs(success, await claimed(bench(), deliveryId)), written: true as const };
      bench().setNow(noonAnd(LEASE_SECONDS));
      await store.buryDeliveries({ after: undefined, pageRows: 10 });
      const forged = { ...written, token: freshToken() };
      expect((await store.settleDeliveries([forged], soon())).answers).toMatchObject([{ verdict: 'superseded' }]);
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'dead_letter' });
      expect((await store.settleDeliveries([written], soon())).answers).toMatchObject([{ verdict: 'late_success' }]);
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'succeeded', succeededLate: true });
    });

    it('is recorded by a written outcome while nobody else has claimed it, however late', async () => {
      bench().setNow(NOON);
      const { store } = bench();
      const deliveryId = await stored(bench());
      const written = { ...settledAs(failure, await claimed(bench(), deliveryId)), written: true as const };
      bench().setNow(noonAnd(10 * LEASE_SECONDS));
      expect((await store.settleDeliveries([written], soon())).answers).toMatchObject([{ verdict: 'recorded' }]);
      expect(await bench().delivery(deliveryId)).toMatchObject({ status: 'pending', attemptCount: 1 });
    });
  });

  it('messages for several attempts of one delivery have the true one claimed', async () => {
    bench().setNow(NOON);
    const deliveryId = await stored(bench());
    const claim = (attempts: readonly number[]) =>
      bench().store.claimDeliveries([{ deliveryId, attempts, token: freshToken() }], LEASE_SECONDS, soon());
    const [first] = await claim([7, 1]);
    expect(first).toMatchObject({ kind: 'claimed', delivery: { attempt: 1 } });
    if (first?.kind !== 'claimed') return;
    await settleOne(bench(), settledAs({ ...failure, delaySeconds: 0 }, first.delivery));
    expect(await claim([3, 2, 1])).toMatchObject([{ kind: 'claimed', delivery: { attempt: 2 } }]);
  });

  it('every death is listed until it is marked as counted, and again after another life', async () => {
    const { store, setNow } = bench();
    setNow(NOON);
    const deliveryId = await stored(bench(), { maxAttempts: 1 });
    await claimed(bench(), deliveryId);
    setNow(noonAnd(LEASE_SECONDS));
    expect(await store.listUncountedDeaths(10)).toEqual([]);
    await store.buryDeliveries({ after: undefined, pageRows: 10 });
    const deaths = await store.listUncountedDeaths(10);
    expect(deaths).toEqual([{ id: String(deliveryId), reason: 'outcome_unknown' }]);
    expect(await store.listUncountedDeaths(10)).toEqual(deaths);
    expect(await store.listUncountedDeaths(10, [deliveryId])).toEqual(deaths);
    expect(await store.listUncountedDeaths(10, [deliveryId + 1])).toEqual([]);
    const holder = await bench().lock(deliveryId);
    expect(await store.listUncountedDeaths(10)).toEqual([]);
    await holder.commit();
    await store.markDeathsCounted(deaths);
    expect(await store.listUncountedDeaths(10)).toEqual([]);
    await redelivered(bench(), [deliveryId], 1);
    await claimOne(bench(), deliveryId, { attempt: 2 });
    setNow(noonAnd(3 * LEASE_SECONDS));
    await store.buryDeliveries({ after: undefined, pageRows: 10 });
    expect(await store.listUncountedDeaths(10)).toHaveLength(1);
  });
}
