import { expect } from 'vitest';
import type { EndpointEvidence } from '../../shared/delivery/endpoint-evidence.ts';
import type { ClaimedDelivery, Settlement } from '../../shared/delivery/delivery.ts';
import {
  claimed,
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
} from '../support/store/store-world.ts';
import { describe, it } from './contract-runner.ts';

const REFUSING: EndpointEvidence = { endpoint: 'failure', origin: 'answer' };
const ANSWERING: EndpointEvidence = { endpoint: 'answer', origin: 'answer' };
const URL = 'https://receiver.example/hook';
const NOON_MS = Date.parse(NOON);

/** Of which attempts a store hears news of their endpoint, and which it takes for the same news. Three failures: down. */
export function endpointNewsContract(bench: () => StoreBench): void {
  const at = (seconds: number) => bench().setNow(noonAnd(seconds));

  async function begin(count: number): Promise<ClaimedDelivery[]> {
    const begun: ClaimedDelivery[] = [];
    for (let nth = 0; nth < count; nth++) begun.push(await claimed(bench(), await stored(bench())));
    return begun;
  }

  async function ask(ids: readonly number[]) {
    const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1, 2], token: freshToken() }));
    return await bench().store.claimDeliveries(claims, LEASE_SECONDS, soon());
  }

  async function end(deliveries: readonly ClaimedDelivery[], settlement: Settlement = failure): Promise<void> {
    const evidence = settlement.kind === 'succeeded' ? ANSWERING : REFUSING;
    const settled = deliveries.map((delivery) => ({ ...settledAs(settlement, delivery), evidence }));
    await bench().store.settleDeliveries(settled, soon());
  }

  describe('failures side by side', () => {
    it('take an endpoint down as failures in a row do, and its probe comes as after the first', async () => {
      at(0);
      const burst = await begin(3);
      at(1);
      await end(burst);
      expect(await bench().endpoints()).toMatchObject([
        { failures: 3, downSinceMs: NOON_MS + 1000, notBeforeMs: NOON_MS + 31_000 },
      ]);
    });

    it('are told from failures in a row however they are recorded', async () => {
      at(0);
      const burst = await begin(3);
      for (const [nth, delivery] of burst.entries()) {
        at(nth + 1);
        await end([delivery]);
      }
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, notBeforeMs: NOON_MS + 33_000 }]);
    });

    it('come after the one before if they began after it was recorded', async () => {
      at(0);
      const [first] = await begin(1);
      at(1);
      if (first !== undefined) await end([first]);
      const burst = await begin(2);
      at(2);
      await end(burst);
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, notBeforeMs: NOON_MS + 62_000 }]);
    });

    it('begin anew after an answer', async () => {
      at(0);
      await end(await begin(1));
      at(1);
      await end(await begin(1));
      await bench().setEndpoint(7, URL, { maxInFlight: 9 });
      await end(await begin(1), success);
      at(2);
      await end(await begin(3));
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, notBeforeMs: NOON_MS + 32_000 }]);
    });
  });

  describe('failures side by side of an endpoint that recovers', () => {
    it('slow it down once, and it is down after so many of them one after the other', async () => {
      at(0);
      const burst = await begin(3);
      await end(burst);
      const waiting: number[] = [];
      for (let nth = 0; nth < 12; nth++) waiting.push(await stored(bench()));
      await ask(waiting);
      at(30);
      await end([await claimed(bench(), burst[0]?.deliveryId ?? 0, { attempt: 2 })], success);
      at(31);
      await end(await next(2), success);
      for (const [places, left] of [
        [4, 2],
        [2, 1],
      ] as const) {
        at(40 - places);
        const side = await next(places);
        at(41 - places);
        for (const delivery of side) await end([delivery]);
        expect(await bench().endpoints()).toMatchObject([{ downSinceMs: undefined, window: left }]);
      }
      await end(await next(1));
      expect(await bench().endpoints()).toMatchObject([
        { failures: 7, downSinceMs: NOON_MS + 39_000, notBeforeMs: NOON_MS + 39_000 + 120_000 },
      ]);

      /** All that there is room for. */
      async function next(room: number): Promise<ClaimedDelivery[]> {
        const answers = await ask([...burst.slice(1).map(({ deliveryId }) => deliveryId), ...waiting]);
        const begun = answers.flatMap((answer) => (answer.kind === 'claimed' ? [answer.delivery] : []));
        expect(begun).toHaveLength(room);
        return begun;
      }
    });
  });

  describe('an attempt that began before its endpoint went down', () => {
    it('is no probe, although it has a place, and puts off none', async () => {
      await bench().setEndpoint(7, URL, { maxInFlight: 9 });
      at(-10);
      const [slow, answered] = await begin(2);
      at(0);
      await end(await begin(3));
      at(10);
      if (slow === undefined || answered === undefined) throw new Error('nothing was begun');
      await end([slow]);
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, notBeforeMs: NOON_MS + 30_000, slots: 1 }]);
      expect(await bench().delivery(slow.deliveryId)).toMatchObject({ heldFor: 'down', maxAttempts: 5 });
      await end([answered], success);
      expect(await bench().endpoints()).toMatchObject([{ failures: 3, downSinceMs: NOON_MS, slots: 0 }]);
    });

    it('does not count once it is up again, either, and it is not forgotten before', async () => {
      at(-10);
      const [slow] = await begin(1);
      const burst = await begin(3);
      at(0);
      await end(burst);
      at(30);
      const [probe] = burst;
      if (slow === undefined || probe === undefined) throw new Error('nothing was begun');
      await end([await claimed(bench(), probe.deliveryId, { attempt: 2 })], success);
      at(40);
      await end([slow]);
      expect(await bench().endpoints()).toMatchObject([{ failures: 0, downSinceMs: undefined }]);
      expect(await bench().store.forgetEndpoints(10)).toBe(0);
      for (const { deliveryId } of burst.slice(1)) {
        await end([await claimed(bench(), deliveryId, { attempt: 2 })], success);
      }
      expect(await bench().endpoints()).toHaveLength(1);
      at(LEASE_SECONDS);
      await end(await begin(1), success);
      expect(await bench().endpoints()).toEqual([]);
    });

    it('keeps no endpoint in the table for longer than any attempt lasts', async () => {
      at(0);
      const burst = await begin(3);
      await end(burst);
      at(30);
      for (const { deliveryId } of burst) await end([await claimed(bench(), deliveryId, { attempt: 2 })], success);
      at(644);
      expect(await bench().store.forgetEndpoints(10)).toBe(0);
      at(645);
      expect(await bench().store.forgetEndpoints(10)).toBe(1);
    });
  });

  it('an attempt without a place is not heard while its endpoint has been asked to wait', async () => {
    at(0);
    const [asked, failing, answered] = await begin(3);
    if (asked === undefined || failing === undefined || answered === undefined) throw new Error('nothing was begun');
    const evidence: EndpointEvidence = { endpoint: 'wait', origin: 'answer', waitSeconds: 9 };
    await bench().store.settleDeliveries([{ ...settledAs(failure, asked), evidence }], soon());
    at(1);
    await end([failing]);
    await end([answered], success);
    expect(await bench().endpoints()).toMatchObject([{ failures: 0, window: 1, notBeforeMs: NOON_MS + 9000 }]);
  });

  describe('a delivery that has used up its attempts', () => {
    const used: Settlement = { ...failure, kind: 'dead', isExhausted: true };

    /** Its first attempt is over, and its second, the last, has begun. */
    async function last(): Promise<ClaimedDelivery> {
      at(0);
      const deliveryId = await stored(bench(), { maxAttempts: 2 });
      await end([await claimed(bench(), deliveryId)]);
      return await claimed(bench(), deliveryId, { attempt: (at(30), 2) });
    }

    it('takes its endpoint down if nothing but failures came since its first', async () => {
      await end([await last()], used);
      expect(await bench().endpoints()).toMatchObject([{ failures: 2, downSinceMs: NOON_MS + 30_000 }]);
    });

    it('does not if its endpoint has answered anybody since', async () => {
      const delivery = await last();
      await end(await begin(1), success);
      await end(await begin(1));
      await end([delivery], used);
      expect(await bench().endpoints()).toMatchObject([{ failures: 2, downSinceMs: undefined }]);
    });
  });

  it('an endpoint with limits that has recovered is as it was before, and keeps its limits', async () => {
    at(0);
    await bench().setEndpoint(7, URL, { maxInFlight: 3 });
    const burst = await begin(3);
    await end(burst);
    expect(await bench().endpoints()).toMatchObject([{ downSinceMs: NOON_MS, window: 1 }]);
    at(LEASE_SECONDS);
    for (const { deliveryId } of burst) await end([await claimed(bench(), deliveryId, { attempt: 2 })], success);
    expect(await bench().endpoints()).toMatchObject([{ downSinceMs: undefined, window: undefined }]);
    await begin(3);
    const [fourth] = await ask([await stored(bench())]);
    expect(fourth).toMatchObject({ kind: 'holding', heldFor: 'in_flight' });
  });

  it('a place is free again once its attempt is given back', async () => {
    at(0);
    await bench().setEndpoint(7, URL, { maxInFlight: 1 });
    const [begun] = await begin(1);
    if (begun === undefined) throw new Error('nothing was begun');
    const { deliveryId, token } = begun;
    await bench().store.releaseDeliveries([{ deliveryId, token, error: 'no credential' }], soon());
    expect(await begin(1)).toHaveLength(1);
  });

  it('an endpoint that nobody could probe ends nothing, however long, before a probe has failed: it may be back', async () => {
    at(0);
    const burst = await begin(3);
    await end(burst);
    at(90_000);
    const page = { after: undefined, pageRows: 10 };
    expect(await bench().store.buryDeliveries(page)).toEqual([]);
    await end([await claimed(bench(), burst[0]?.deliveryId ?? 0, { attempt: 2 })]);
    expect(await bench().store.buryDeliveries(page)).toHaveLength(3);
    expect(await bench().delivery(burst[1]?.deliveryId ?? 0)).toMatchObject({ deadLetterReason: 'endpoint_down' });
  });

  it('an outcome that is told after the end of its lease says nothing of its endpoint', async () => {
    at(0);
    const burst = await begin(3);
    at(LEASE_SECONDS);
    await end(burst);
    expect(await bench().endpoints()).toEqual([]);
  });
}
