import { describe, expect, it } from 'vitest';
import {
  claimed,
  claimOne,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  newDelivery,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

/** What a claim promises, whatever store makes it. The ids in titles are rows of the fault catalogue. */
export function claimContract(bench: () => StoreBench): void {
  describe('a claim', () => {
    it('hands over the delivery as it was stored, and counts the attempt and the claim', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const wanted = newDelivery({
        webhookName: 'Order shipped ü',
        httpMethod: 'PATCH',
        body: '{"text":"zwölf €, 𝄞 and \\u0000"}',
        customHeaders: [{ key: 'X-Idempotency-Key', value: 'a "quoted" one' }],
        credentialUuid: '11111111-2222-4333-8444-555555555555',
        trace: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a="b"' },
        maxAttempts: 3,
      });
      const deliveryId = await stored(bench(), wanted);
      const delivery = await claimed(bench(), deliveryId);
      const { deliveryUuid, workflowRunId, organizationId, webhookName, endpointUrl, customHeaders } = wanted;
      expect({ ...delivery, body: Buffer.from(delivery.body ?? []).toString('utf8') }).toEqual({
        deliveryId,
        deliveryUuid,
        workflowRunId,
        organizationId,
        webhookName,
        endpointUrl,
        customHeaders,
        httpMethod: 'PATCH',
        credentialUuid: wanted.credentialUuid,
        trace: wanted.trace,
        body: wanted.body,
        attempt: 1,
        maxAttempts: 3,
        token: delivery.token,
      });
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'pending',
        attemptCount: 1,
        claimCount: 1,
        leaseToken: delivery.token,
        leaseExpiresMs: Date.parse(NOON) + LEASE_SECONDS * 1000,
        scheduledForMs: Date.parse(NOON),
      });
    });

    it.each(['GET', 'DELETE'] as const)('hands over no body where the method %s sends none', async (httpMethod) => {
      const delivery = await claimed(bench(), await stored(bench(), { httpMethod }));
      expect(delivery.body).toBeUndefined();
    });

    it('says early how long a delivery is not due yet, and touches nothing', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { scheduledForMs: Date.parse(noonAnd(90)) });
      setNow(noonAnd(59.5));
      const [answer] = await store.claimDeliveries(
        [{ deliveryId, attempts: [1], token: freshToken() }],
        LEASE_SECONDS,
        soon(),
      );
      expect(answer).toEqual({ kind: 'early', deliveryId, dueInSeconds: 31 });
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 0, claimCount: 0 });
      setNow(noonAnd(90));
      expect(verdictOf(await claimOne(bench(), deliveryId))).toBe('claimed');
    });

    it('passes over what another worker holds, and charges nobody (CLA-04, QUE-10)', async () => {
      const deliveryId = await stored(bench());
      await claimed(bench(), deliveryId);
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 1 }))).toBe('held');
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('held');
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
    });

    it('passes over what is finished (CLA-03)', async () => {
      const done = await stored(bench());
      const dead = await stored(bench());
      await settleOne(bench(), settledAs(success, await claimed(bench(), done)));
      await settleOne(bench(), settledAs(death, await claimed(bench(), dead)));
      expect(verdictOf(await claimOne(bench(), done, { attempt: 2 }))).toBe('finished');
      expect(verdictOf(await claimOne(bench(), dead, { attempt: 2 }))).toBe('finished');
    });

    it('passes over an id that names no row (QUE-17)', async () => {
      expect(verdictOf(await claimOne(bench(), 4_000_000_000_000))).toBe('unknown');
    });

    it('passes over a message for an attempt that is settled, or is not next', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      await settleOne(bench(), settledAs(failure, await claimed(bench(), deliveryId)));
      setNow(noonAnd(60));
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 1 }))).toBe('stale');
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 3 }))).toBe('stale');
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('claimed');
    });

    it('answers the same again to the same token, counts once and extends nothing (CLA-02)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { body: '{"n":1}' });
      const token = freshToken();
      const first = await claimOne(bench(), deliveryId, { token });
      setNow(noonAnd(9));
      expect(await claimOne(bench(), deliveryId, { token })).toEqual(first);
      expect(await bench().delivery(deliveryId)).toMatchObject({
        attemptCount: 1,
        claimCount: 1,
        leaseExpiresMs: Date.parse(NOON) + LEASE_SECONDS * 1000,
      });
    });

    it.each([
      ['settled', async (delivery) => settleOne(bench(), settledAs({ ...failure, delaySeconds: 0 }, delivery))],
      [
        'released',
        async ({ deliveryId, token }) =>
          bench().store.releaseDeliveries([{ deliveryId, token, error: 'no time' }], soon()),
      ],
    ] satisfies [string, (delivery: Awaited<ReturnType<typeof claimed>>) => Promise<unknown>][])(
      'takes nothing when its statement runs once more after it was %s',
      async (_, end) => {
        const { setNow } = bench();
        setNow(NOON);
        const deliveryId = await stored(bench());
        const delivery = await claimed(bench(), deliveryId);
        await end(delivery);
        const before = await bench().delivery(deliveryId);
        setNow(noonAnd(3600));
        const { token } = delivery;
        expect(verdictOf(await claimOne(bench(), deliveryId, { token, attempt: 1 }))).toBe('stale');
        expect(verdictOf(await claimOne(bench(), deliveryId, { token, attempt: 2 }))).toBe('stale');
        expect(await bench().delivery(deliveryId)).toEqual(before);
      },
    );

    it.each([1, 2])(
      'takes over at the very end of a lease, not a millisecond before, by message %i (CLA-05)',
      async (attempt) => {
        const { setNow } = bench();
        setNow(NOON);
        const deliveryId = await stored(bench());
        await claimed(bench(), deliveryId);
        setNow(noonAnd(LEASE_SECONDS - 0.001));
        expect(verdictOf(await claimOne(bench(), deliveryId, { attempt }))).toBe('held');
        setNow(noonAnd(LEASE_SECONDS));
        const second = await claimed(bench(), deliveryId, { attempt });
        expect(second.attempt).toBe(2);
      },
    );

    it('writes the attempt whose worker died as outcome_unknown when it takes over (CLA-06)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      await claimed(bench(), deliveryId);
      setNow(noonAnd(LEASE_SECONDS));
      await claimed(bench(), deliveryId, { attempt: 2 });
      expect(await bench().attempts(deliveryId)).toEqual([
        expect.objectContaining({ attempt: 1, errorClass: 'outcome_unknown' }),
      ]);
    });

    it('holds longer, and has no second holder, when the database clock steps back (CLA-09)', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench());
      await claimed(bench(), deliveryId);
      for (const seconds of [-600, -1, 0, LEASE_SECONDS - 1]) {
        setNow(noonAnd(seconds));
        expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('held');
      }
    });

    it('lets nobody have more than the attempts allowed', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { maxAttempts: 1 });
      await claimed(bench(), deliveryId);
      setNow(noonAnd(LEASE_SECONDS + 1));
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 1 }))).toBe('exhausted');
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('exhausted');
    });
  });

  describe('claims side by side', () => {
    it('give 16 clients at one row exactly one lease at a time (CLA-01)', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { maxAttempts: 50 });
      let won = 0;
      for (let halfLeases = 0; halfLeases < 5; halfLeases++) {
        setNow(noonAnd((halfLeases * LEASE_SECONDS) / 2));
        const attempt = won + 1;
        const answers = await Promise.all(
          Array.from({ length: 16 }, () =>
            store.claimDeliveries([{ deliveryId, attempts: [attempt], token: freshToken() }], LEASE_SECONDS, soon()),
          ),
        );
        won += answers.flat().filter(({ kind }) => kind === 'claimed').length;
      }
      expect(won).toBe(3);
      expect(await bench().delivery(deliveryId)).toMatchObject({ attemptCount: 3, claimCount: 3 });
    });

    it('answer every delivery of a batch for itself', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const due = await stored(bench());
      const held = await stored(bench());
      const early = await stored(bench(), { scheduledForMs: Date.parse(noonAnd(10)) });
      await claimed(bench(), held);
      const asked = [early, 999_999_999, held, due].map((deliveryId) => ({
        deliveryId,
        attempts: [1],
        token: freshToken(),
      }));
      const answers = await store.claimDeliveries(asked, LEASE_SECONDS, soon());
      const byId = answers.map((a) => [a.kind === 'claimed' ? a.delivery.deliveryId : a.deliveryId, verdictOf(a)]);
      expect(Object.fromEntries(byId)).toEqual({
        [due]: 'claimed',
        [held]: 'held',
        [early]: 'early',
        999_999_999: 'unknown',
      });
    });
  });

  describe('the payload of a batch', () => {
    it('is claimed up to 640 KiB, and the rest of the batch deferred and untouched', async () => {
      const { store } = bench();
      const body = JSON.stringify('x'.repeat(256 * 1024 - 2));
      const answers = await store.acceptDeliveries(
        Array.from({ length: 10 }, () => newDelivery({ body })),
        'register',
        soon(),
      );
      const ids = answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
      const rounds: number[] = [];
      let left = ids;
      while (left.length > 0) {
        const asked = left.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
        const round = await store.claimDeliveries(asked, LEASE_SECONDS, soon());
        const complete = round.filter((a) => a.kind === 'claimed' && a.delivery.body?.byteLength === 256 * 1024);
        rounds.push(complete.length);
        left = round.flatMap((a) => (a.kind === 'deferred' ? [a.deliveryId] : []));
        for (const id of left) expect(await bench().delivery(id)).toMatchObject({ attemptCount: 0, claimCount: 0 });
      }
      expect(rounds).toEqual([2, 2, 2, 2, 2]);
    });

    it('answers the same to a repeated claim that was deferred in part', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const body = JSON.stringify('x'.repeat(256 * 1024 - 2));
      const answers = await store.acceptDeliveries(
        Array.from({ length: 3 }, () => newDelivery({ body })),
        'register',
        soon(),
      );
      const asked = answers.flatMap((answer) =>
        answer.kind === 'stored' ? [{ deliveryId: answer.deliveryId, attempts: [1], token: freshToken() }] : [],
      );
      const first = await store.claimDeliveries(asked, LEASE_SECONDS, soon());
      expect(first.map(verdictOf)).toEqual(['claimed', 'claimed', 'deferred']);
      expect(await store.claimDeliveries(asked, LEASE_SECONDS, soon())).toEqual(first);
    });

    it('is handed over whole at any size and in any script', async () => {
      // Around the slices of 44 KiB, and characters of one to four bytes that a slice cuts in half.
      const bodies = ['', 'x', 'ä'.repeat(22_528), '€'.repeat(15_019), `x${'𝄞'.repeat(30_000)}`, '"\\'.repeat(45_000)];
      for (const body of bodies) {
        const delivery = await claimed(bench(), await stored(bench(), { body }));
        expect(Buffer.from(delivery.body ?? []).equals(Buffer.from(body, 'utf8'))).toBe(true);
      }
    });

    it('over every limit, which cannot be enqueued, is claimed alone and counted, so that it ends one day (CLA-14)', async () => {
      const { store } = bench();
      const huge = await stored(bench(), { body: JSON.stringify('x'.repeat(700 * 1024)) });
      const small = await stored(bench());
      const asked = [huge, small].map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
      expect((await store.claimDeliveries(asked, LEASE_SECONDS, soon())).map(verdictOf).toSorted()).toEqual([
        'claimed',
        'deferred',
      ]);
      const token = freshToken();
      const claim = { deliveryId: huge, attempts: [1], token };
      expect(await store.claimDeliveries([claim], LEASE_SECONDS, soon())).toMatchObject([
        { kind: 'invalid', deliveryId: huge, attempt: 1, token, detail: expect.stringContaining('payload') },
      ]);
      expect(await bench().delivery(huge)).toMatchObject({ attemptCount: 1, claimCount: 1 });
      const released = await store.releaseDeliveries([{ deliveryId: huge, token, error: 'no answer' }], soon());
      expect(released).toMatchObject([{ kind: 'released' }]);
    });
  });
}
