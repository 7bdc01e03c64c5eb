import { expect } from 'vitest';
import type { EndpointEvidence } from '../../shared/delivery/endpoint-evidence.ts';
import type { Settlement } from '../../shared/delivery/delivery.ts';
import type { Settled } from '../../shared/delivery/store-answers.ts';
import {
  claimed,
  claimOne,
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
import { describe, it } from './contract-runner.ts';

const REFUSING: EndpointEvidence = { endpoint: 'failure', origin: 'answer' };
const UNREACHED: EndpointEvidence = { endpoint: 'none', origin: 'failure' };
const ANSWERING: EndpointEvidence = { endpoint: 'answer', origin: 'answer' };
const EXHAUSTED: Settlement = { ...death, error: 'status 503', statusCode: 503, isExhausted: true };
const NOON_MS = Date.parse(NOON);

/** What a store promises about endpoints that are down, wait or have limits. */
export function endpointContract(bench: () => StoreBench): void {
  async function settleWith(
    deliveryId: number,
    {
      settlement = failure,
      evidence = REFUSING,
      attempt = 1,
    }: { settlement?: Settlement; evidence?: EndpointEvidence; attempt?: number } = {},
  ): Promise<Settled> {
    const delivery = await claimed(bench(), deliveryId, { attempt });
    return await bench().store.settleDeliveries([{ ...settledAs(settlement, delivery), evidence }], soon());
  }

  /** Three failures in a row put it down, until 12:02. */
  async function putDown(evidence = REFUSING, path: (count: number) => string = () => '/hook'): Promise<number[]> {
    bench().setNow(NOON);
    const ids: number[] = [];
    for (let count = 0; count < 3; count++) {
      const deliveryId = await stored(bench(), { endpointUrl: `https://receiver.example${path(count)}` });
      ids.push(deliveryId);
      await settleWith(deliveryId, { evidence });
    }
    return ids;
  }

  /** Their leases have run out, nothing was recorded, and their messages came again while the endpoint was down. */
  async function heldAfterDeadWorkers(): Promise<{ left: number[]; third: number }> {
    bench().setNow(NOON);
    const left = [await stored(bench()), await stored(bench())];
    for (const deliveryId of left) await claimed(bench(), deliveryId);
    const [, , third = 0] = await putDown();
    bench().setNow(noonAnd(LEASE_SECONDS));
    for (const deliveryId of left) expect((await ask([deliveryId], 2)).map(verdictOf)).toEqual(['holding']);
    return { left, third };
  }

  const ask = async (ids: readonly number[], attempt = 1) => {
    const asked = ids.map((deliveryId) => ({ deliveryId, attempts: [attempt], token: freshToken() }));
    return await bench().store.claimDeliveries(asked, LEASE_SECONDS, soon());
  };

  describe('an endpoint', () => {
    it('that is healthy has no row', async () => {
      await settleWith(await stored(bench()), { settlement: success, evidence: ANSWERING });
      expect(await bench().endpoints()).toEqual([]);
    });

    it('counts failures in a row, and is forgotten at the first answer', async () => {
      await settleWith(await stored(bench()));
      await settleWith(await stored(bench()));
      expect(await bench().endpoints()).toMatchObject([{ scope: 'endpoint', failures: 2 }]);
      await settleWith(await stored(bench()), { settlement: success, evidence: ANSWERING });
      expect(await bench().endpoints()).toEqual([]);
    });

    it('goes down once, by failures of any of its deliveries, and says so', async () => {
      bench().setNow(NOON);
      await settleWith(await stored(bench()));
      await settleWith(await stored(bench()));
      const { turns, answers, called } = await settleWith(
        await stored(bench(), { endpointUrl: 'https://receiver.example/hook?n=3' }),
      );
      expect(turns).toEqual([{ became: 'down', organizationId: 7, origin: 'https://receiver.example', failures: 3 }]);
      expect(answers).toMatchObject([{ verdict: 'recorded', isHeld: true }]);
      expect(called).toMatchObject([{ attempt: 2, delaySeconds: 120 }]);
      expect(await bench().endpoints()).toMatchObject([
        { scope: 'endpoint', failures: 3, window: 1, notBeforeMs: NOON_MS + 120_000, downSinceMs: NOON_MS },
      ]);
    });

    it('of another organization, or with another path, is another', async () => {
      await putDown();
      const other = await stored(bench(), { organizationId: 8 });
      const path = await stored(bench(), { endpointUrl: 'https://receiver.example/other' });
      expect((await ask([other, path])).map(verdictOf)).toEqual(['claimed', 'claimed']);
    });

    it('that cannot be reached takes all URLs of its origin down, once', async () => {
      await putDown(UNREACHED, (n) => `/hooks/${n}`);
      expect(await bench().endpoints()).toMatchObject([{ scope: 'origin', failures: 3, downSinceMs: NOON_MS }]);
      const [answer] = await ask([await stored(bench(), { endpointUrl: 'https://receiver.example/hooks/9' })]);
      expect(answer).toMatchObject({ kind: 'holding', heldFor: 'down' });
    });

    it('is down as soon as a delivery has used up its attempts and nothing else came since', async () => {
      bench().setNow(NOON);
      const { turns } = await settleWith(await stored(bench(), { maxAttempts: 1 }), { settlement: EXHAUSTED });
      expect(turns).toMatchObject([{ became: 'down', failures: 1 }]);
    });

    it('is never down where that is switched off', async () => {
      bench().setRules({ downAfterFailures: 0 });
      await putDown();
      expect(await bench().endpoints()).toEqual([]);
      expect((await ask([await stored(bench())])).map(verdictOf)).toEqual(['claimed']);
    });
  });

  describe('an endpoint that is down', () => {
    it('holds what is due: no attempt, no claim, no message but the one that calls', async () => {
      await putDown();
      const deliveryId = await stored(bench());
      expect(await ask([deliveryId])).toEqual([
        { kind: 'holding', deliveryId, heldFor: 'down', askAgainInSeconds: undefined },
      ]);
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'pending',
        attemptCount: 0,
        claimCount: 0,
        heldFor: 'down',
        heldDueMs: NOON_MS,
        scheduledForMs: NOON_MS + 86_400_000,
      });
      bench().setNow(noonAnd(600));
      const page = { after: undefined, pageRows: 10 };
      expect((await bench().store.putBackDeliveries(page)).map((one) => one.deliveryId)).not.toContain(deliveryId);
    });

    it('lets one go at a time, when its probe is due, the one that was called first', async () => {
      const [first = 0, second = 0, third = 0] = await putDown();
      bench().setNow(noonAnd(119));
      expect((await ask([third], 2)).map(verdictOf)).toEqual(['holding']);
      bench().setNow(noonAnd(120));
      const newcomer = await stored(bench());
      expect((await ask([newcomer])).map(verdictOf)).toEqual(['holding']);
      expect((await ask([third], 2)).map(verdictOf)).toEqual(['claimed']);
      bench().setNow(noonAnd(150));
      expect((await ask([first, second], 2)).map(verdictOf)).toEqual(['holding', 'holding']);
    });

    it('answers a repeated claim of its probe the same, and takes one place', async () => {
      const [, , third = 0] = await putDown();
      bench().setNow(noonAnd(120));
      const token = freshToken();
      const answer = await claimOne(bench(), third, { attempt: 2, token });
      expect(verdictOf(answer)).toBe('claimed');
      expect(await claimOne(bench(), third, { attempt: 2, token })).toEqual(answer);
      expect(await bench().endpoints()).toMatchObject([{ slots: 1 }]);
    });

    it('charges its probes to nobody, and probes at the delays of the policy', async () => {
      const [, , third = 0] = await putDown();
      bench().setNow(noonAnd(120));
      await settleWith(third, { attempt: 2 });
      expect(await bench().delivery(third)).toMatchObject({ attemptCount: 2, maxAttempts: 6, heldFor: 'down' });
      expect(await bench().endpoints()).toMatchObject([{ failures: 4, slots: 0, notBeforeMs: NOON_MS + 360_000 }]);
    });

    it('does not count what began before it went down and ends after it', async () => {
      bench().setNow(NOON);
      const slow = await claimed(bench(), await stored(bench()));
      await putDown();
      bench().setNow(noonAnd(10));
      await bench().store.settleDeliveries([{ ...settledAs(failure, slow), evidence: REFUSING }], soon());
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, notBeforeMs: NOON_MS + 120_000 }]);
      expect(await bench().delivery(slow.deliveryId)).toMatchObject({ heldFor: 'down', maxAttempts: 5 });
    });

    it('is not shut for ever by a probe whose worker died', async () => {
      const [first = 0, , third = 0] = await putDown();
      bench().setNow(noonAnd(120));
      await claimed(bench(), third, { attempt: 2 });
      expect((await ask([first], 2)).map(verdictOf)).toEqual(['holding']);
      bench().setNow(noonAnd(120 + LEASE_SECONDS));
      expect((await ask([first], 2)).map(verdictOf)).toEqual(['claimed']);
    });

    it('ends a delivery that has used up its attempts as ever, or holds it where that is set', async () => {
      await putDown();
      bench().setNow(NOON);
      const slow = await stored(bench(), { maxAttempts: 1 });
      bench().setRules({ downAfterFailures: 0 });
      const delivery = await claimed(bench(), slow);
      const other = await claimed(bench(), await stored(bench(), { maxAttempts: 1 }));
      bench().setRules({ downAfterFailures: 3 });
      await bench().store.settleDeliveries([{ ...settledAs(EXHAUSTED, delivery), evidence: REFUSING }], soon());
      expect(await bench().delivery(slow)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'status' });
      bench().setRules({ exhausted: 'hold' });
      const { answers } = await bench().store.settleDeliveries(
        [{ ...settledAs(EXHAUSTED, other), evidence: REFUSING }],
        soon(),
      );
      expect(answers).toMatchObject([{ isHeld: true }]);
      expect(await bench().delivery(other.deliveryId)).toMatchObject({
        status: 'pending',
        heldFor: 'down',
        maxAttempts: 2,
      });
    });

    it('holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it', async () => {
      const [, , third = 0] = await putDown();
      bench().setNow(noonAnd(86_390));
      await settleWith(third, { attempt: 2 });
      bench().setNow(noonAnd(86_399));
      const page = { after: undefined, pageRows: 10 };
      expect(await bench().store.buryDeliveries(page)).toEqual([]);
      bench().setNow(noonAnd(86_400));
      const organization = { scope: 'organization', organizationId: 7, endpointUrl: undefined, limits: {} } as const;
      const asked = { request: {}, note: undefined, by: undefined, dryRun: false };
      const order = (action: 'hold' | 'resume') => ({
        ...asked,
        orderKey: freshToken(),
        change: { action, ...organization },
      });
      await bench().store.changeEndpoint(order('hold'));
      expect(await bench().store.buryDeliveries(page)).toEqual([]);
      await bench().store.changeEndpoint(order('resume'));
      expect(await bench().store.buryDeliveries(page)).toMatchObject([
        { status: 'dead_letter', position: { id: String(third) } },
      ]);
      expect(await bench().delivery(third)).toMatchObject({ deadLetterReason: 'endpoint_down', heldFor: undefined });
    });
  });

  describe('an endpoint that answers again', () => {
    it('comes up by the answer of its probe, and calls out two for each success', async () => {
      const [, , third = 0] = await putDown();
      const waiting: number[] = [];
      for (let count = 0; count < 9; count++) waiting.push(await stored(bench()));
      await ask(waiting);
      bench().setNow(noonAnd(120));
      const { turns, called } = await settleWith(third, { settlement: success, evidence: ANSWERING, attempt: 2 });
      expect(turns).toMatchObject([{ became: 'up' }]);
      expect(called.map((one) => one.deliveryId)).toEqual(waiting.slice(0, 2));
      expect((await ask(waiting.slice(0, 4))).map(verdictOf)).toEqual(['claimed', 'claimed', 'holding', 'holding']);
    });

    it('calls what a dead worker left and the endpoint has held since, too', async () => {
      const { left, third } = await heldAfterDeadWorkers();
      bench().setNow(noonAnd(120));
      const { called } = await settleWith(third, { settlement: success, evidence: ANSWERING, attempt: 2 });
      expect(called).toMatchObject(left.map((deliveryId) => ({ deliveryId, attempt: 2 })));
      expect((await ask(left.slice(0, 1), 2)).map(verdictOf)).toEqual(['claimed']);
    });

    it('calls the next four when the two have arrived', async () => {
      const [, , third = 0] = await putDown();
      const waiting: number[] = [];
      for (let count = 0; count < 9; count++) waiting.push(await stored(bench()));
      await ask(waiting);
      bench().setNow(noonAnd(120));
      await settleWith(third, { settlement: success, evidence: ANSWERING, attempt: 2 });
      const two = await ask(waiting.slice(0, 2));
      const settled = two.flatMap((answer) =>
        answer.kind === 'claimed' ? [{ ...settledAs(success, answer.delivery), evidence: ANSWERING }] : [],
      );
      const { called } = await bench().store.settleDeliveries(settled, soon());
      expect(called.map((one) => one.deliveryId)).toEqual(waiting.slice(2, 6));
      expect(await bench().endpoints()).toMatchObject([{ window: 4, slots: 0, failures: 0 }]);
    });

    it('has its row forgotten when nothing is held any more', async () => {
      const [, , third = 0] = await putDown();
      bench().setNow(noonAnd(120));
      await settleWith(third, { settlement: success, evidence: ANSWERING, attempt: 2 });
      expect(await bench().endpoints()).toEqual([]);
    });
  });

  describe('an endpoint that asks to wait', () => {
    const busy: EndpointEvidence = { endpoint: 'wait', origin: 'answer', waitSeconds: 4 };

    it('holds all its deliveries until then, and counts no failure', async () => {
      bench().setNow(NOON);
      await settleWith(await stored(bench()), { evidence: busy });
      expect(await bench().endpoints()).toMatchObject([{ failures: 0, notBeforeMs: NOON_MS + 4000, window: 1 }]);
      const waiting = [await stored(bench()), await stored(bench())];
      bench().setNow(noonAnd(1));
      expect(await ask(waiting)).toMatchObject([
        { kind: 'holding', heldFor: 'waiting', askAgainInSeconds: 3 },
        { kind: 'holding', heldFor: 'waiting', askAgainInSeconds: undefined },
      ]);
      bench().setNow(noonAnd(4));
      const { called } = await settleWith(waiting[0] ?? 0, { settlement: success, evidence: ANSWERING });
      expect(called.map((one) => one.deliveryId)).toEqual([waiting[1]]);
    });
  });

  describe('the sweep', () => {
    const call = () => bench().store.callHeldDeliveries({ afterKey: undefined, pageKeys: 10 });

    it('calls the next probe where its message was lost', async () => {
      const [first, , third] = await putDown();
      expect((await call()).called).toEqual([]);
      bench().setNow(noonAnd(181));
      const { called, lastKey } = await call();
      expect(called).toMatchObject([{ deliveryId: third, attempt: 2, delaySeconds: 0 }]);
      expect([first, lastKey]).toEqual([first, undefined]);
      expect((await call()).called).toEqual([]);
    });

    it('lets go what nothing holds any more', async () => {
      const [, , third] = await putDown();
      bench().setRules({ downAfterFailures: 0 });
      bench().setNow(noonAnd(400));
      expect((await call()).called.map((one) => one.deliveryId)).toEqual([third]);
      expect((await ask([third ?? 0], 2)).map(verdictOf)).toEqual(['claimed']);
    });

    it('lets go what a dead worker left, too', async () => {
      const { left } = await heldAfterDeadWorkers();
      bench().setRules({ downAfterFailures: 0 });
      bench().setNow(noonAnd(400));
      expect((await call()).called.map((one) => one.deliveryId)).toEqual(expect.arrayContaining(left));
    });

    it('measures, and forgets what has not failed for a week', async () => {
      const { store } = bench();
      const [, , third = 0] = await putDown();
      bench().setNow(noonAnd(100));
      expect(await store.measureEndpoints()).toEqual({ down: 1, oldestDownSeconds: 100, held: 1 });
      expect(await store.forgetEndpoints(10)).toBe(0);
      await bench().remove(third);
      bench().setNow(noonAnd(7 * 86_400));
      expect(await store.forgetEndpoints(10)).toBe(1);
      expect(await bench().endpoints()).toEqual([]);
    });
  });
}
