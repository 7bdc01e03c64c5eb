import { beforeEach, describe, expect, it } from 'vitest';
import type { EndpointEvidence } from '../../shared/delivery/endpoint-evidence.ts';
import type { Settlement } from '../../shared/delivery/delivery.ts';
import type { Outcome } from '../../shared/delivery/outcome.ts';
import { ANNOUNCE_DELIVERED_SECONDS, ANNOUNCE_SECONDS, MAX_CLAIMS } from '../../shared/runtime/limits.ts';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  deadLetter,
  death,
  failure,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  redelivered,
  settledAs,
  soon,
  type StoreBench,
  stored,
  success,
} from '../support/store/store-world.ts';

const REFUSING: EndpointEvidence = { endpoint: 'failure', origin: 'answer' };
const UNREACHED: EndpointEvidence = { endpoint: 'none', origin: 'failure' };
const ANSWERING: EndpointEvidence = { endpoint: 'answer', origin: 'answer' };
/** Far behind every grace. */
const LATER = ANNOUNCE_DELIVERED_SECONDS + 30_000;

/** What a store remembers of outcomes until they are announced. */
export function outcomesContract(bench: () => StoreBench): void {
  const orders = new OrderBench(bench);
  const wantsAll = () => bench().setRules({ outcomes: 'all' });
  const list = async (): Promise<Outcome[]> => {
    const waiting = await bench().store.listOutcomes({ afterId: undefined, pageRows: 100 });
    return waiting.map(({ outcome }) => outcome);
  };
  const waiting = async (seconds = LATER): Promise<Outcome[]> => {
    bench().setNow(noonAnd(seconds));
    return await list();
  };
  const types = (outcomes: readonly Outcome[]) => outcomes.map(({ type }) => type);
  const bury = () => bench().store.buryDeliveries({ after: undefined, pageRows: 10 });

  async function settle(
    deliveryId: number,
    {
      settlement = success,
      attempt = 1,
      evidence,
      announced = [],
    }: { settlement?: Settlement; attempt?: number; evidence?: EndpointEvidence; announced?: number[] } = {},
  ): Promise<Outcome[]> {
    const settled = settledAs(settlement, await claimed(bench(), deliveryId, { attempt }));
    const said = { ...settled, ...(evidence && { evidence }) };
    return (await bench().store.settleDeliveries([said], soon(), announced)).outcomes;
  }

  describe('the outcome of a delivery', () => {
    beforeEach(wantsAll);

    it('is told by the statement that ends it, and kept until it is cleared', async () => {
      bench().setNow(NOON);
      const deliveryId = await stored(bench(), {
        workflowRunId: 41,
        webhookNodeId: 'notify',
        webhookName: 'Orders',
        endpointUrl: 'https://receiver.example:8443/secret/path?token=abc',
      });
      bench().setNow(noonAnd(2));
      const [told] = await settle(deliveryId, { settlement: death });
      expect(told).toMatchObject({
        type: 'dead_lettered',
        deliveryId,
        workflowRunId: 41,
        webhookNodeId: 'notify',
        webhookName: 'Orders',
        organizationId: 7,
        origin: 'https://receiver.example:8443',
        reason: 'status',
        lastStatusCode: 410,
        attempts: 1,
        createdAtMs: Date.parse(NOON),
        happenedAtMs: Date.parse(noonAnd(2)),
      });
      expect(JSON.stringify(told)).not.toMatch(/secret|abc/);
      expect(await waiting()).toEqual([told]);
      await bench().store.clearOutcomes([told?.id ?? 0]);
      await bench().store.clearOutcomes([told?.id ?? 0]);
      expect(await list()).toEqual([]);
    });

    it('is left to the worker that wrote it for a while: a plain delivery for longer', async () => {
      bench().setNow(NOON);
      const [arrives, dies] = [await stored(bench()), await stored(bench())];
      await settle(arrives);
      await settle(dies, { settlement: death });
      expect(types(await waiting(ANNOUNCE_SECONDS - 1))).toEqual([]);
      expect(types(await waiting(ANNOUNCE_SECONDS))).toEqual(['dead_lettered']);
      expect(types(await waiting(ANNOUNCE_DELIVERED_SECONDS - 1))).toEqual(['dead_lettered']);
      expect(types(await waiting(ANNOUNCE_DELIVERED_SECONDS))).toEqual(['delivered', 'dead_lettered']);
    });

    it('is listed in pages, in the order in which it was written, with its age', async () => {
      bench().setNow(NOON);
      for (let count = 0; count < 3; count++) await deadLetter(bench());
      bench().setNow(noonAnd(90.6));
      const first = await bench().store.listOutcomes({ afterId: undefined, pageRows: 2 });
      const second = await bench().store.listOutcomes({ afterId: first[1]?.outcome.id, pageRows: 2 });
      expect([first.length, second.length]).toEqual([2, 1]);
      expect([...first, ...second].map(({ ageSeconds }) => ageSeconds)).toEqual([90, 90, 90]);
      const ids = [...first, ...second].map(({ outcome }) => outcome.id);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    });

    it.each([
      ['all', ['delivered', 'dead_lettered', 'recovered']],
      ['failures', ['dead_lettered', 'recovered']],
      ['none', []],
    ] as const)('is written where it is wanted: %s', async (outcomes, expected) => {
      bench().setRules({ outcomes });
      bench().setNow(NOON);
      await settle(await stored(bench()));
      const dead = await deadLetter(bench());
      bench().setNow(noonAnd(1));
      await redelivered(bench(), [dead]);
      await settle(dead, { attempt: 2 });
      expect(types(await waiting())).toEqual(expected);
    });

    it('that died, was redelivered and arrived is two: each has an event id of its own', async () => {
      bench().setNow(NOON);
      const deliveryId = await deadLetter(bench());
      bench().setNow(noonAnd(1));
      await redelivered(bench(), [deliveryId]);
      await settle(deliveryId, { attempt: 2 });
      const outcomes = await waiting();
      expect(outcomes).toMatchObject([
        { type: 'dead_lettered', deliveryId, attempts: 1, reason: 'status', lastStatusCode: 410 },
        { type: 'recovered', deliveryId, attempts: 2, reason: undefined, lastStatusCode: 204 },
      ]);
      expect(new Set(outcomes.map(({ eventId }) => eventId)).size).toBe(2);
    });

    it('is written once, however often the settlement runs', async () => {
      bench().setNow(NOON);
      const settled = settledAs(success, await claimed(bench(), await stored(bench())));
      const first = await bench().store.settleDeliveries([settled], soon());
      const second = await bench().store.settleDeliveries([settled], soon());
      expect([types(first.outcomes), types(second.outcomes)]).toEqual([['delivered'], []]);
      expect(await waiting()).toEqual(first.outcomes);
    });

    it('is none where it goes on: a failure that is tried again, and one that was superseded', async () => {
      bench().setNow(NOON);
      const deliveryId = await stored(bench());
      expect(await settle(deliveryId, { settlement: failure })).toEqual([]);
      bench().setNow(noonAnd(30));
      const lost = settledAs(death, await claimed(bench(), deliveryId, { attempt: 2 }));
      bench().setNow(noonAnd(30 + LEASE_SECONDS));
      await claimed(bench(), deliveryId, { attempt: 3 });
      expect((await bench().store.settleDeliveries([lost], soon())).outcomes).toEqual([]);
      expect(await waiting()).toEqual([]);
    });

    it('of a late 2xx is a recovery if it was dead, and a delivery if it was not', async () => {
      bench().setNow(NOON);
      const [buried, taken] = [await stored(bench(), { maxAttempts: 1 }), await stored(bench())];
      const late = [
        settledAs(success, await claimed(bench(), buried)),
        settledAs(success, await claimed(bench(), taken)),
      ];
      bench().setNow(noonAnd(LEASE_SECONDS));
      await bury();
      await claimed(bench(), taken, { attempt: 2 });
      const { outcomes } = await bench().store.settleDeliveries(late, soon());
      expect(outcomes).toMatchObject([
        { type: 'recovered', deliveryId: buried },
        { type: 'delivered', deliveryId: taken },
      ]);
      expect(types(await waiting())).toEqual(['dead_lettered', 'recovered', 'delivered']);
    });

    it('that no worker reports is the sweep’s at once: buried, given back too often, cancelled, erased', async () => {
      bench().setNow(NOON);
      const [lost, back, over, erased] = [
        await stored(bench(), { maxAttempts: 1 }),
        await stored(bench()),
        await stored(bench()),
        await stored(bench()),
      ];
      await claimed(bench(), lost);
      await bench().setClaimCount(back, MAX_CLAIMS - 1);
      const { token } = await claimed(bench(), back);
      await bench().store.releaseDeliveries([{ deliveryId: back, token, error: 'ours' }], soon());
      await orders.give({ action: 'cancel', delivery_ids: [over] });
      await orders.give({ action: 'expunge', delivery_ids: [erased] });
      expect(await list()).toMatchObject([
        { deliveryId: back, type: 'dead_lettered', reason: 'never_sent', attempts: 0 },
        { deliveryId: over, type: 'dead_lettered', reason: 'cancelled' },
        { deliveryId: erased, type: 'dead_lettered', reason: 'cancelled' },
      ]);
      bench().setNow(noonAnd(LEASE_SECONDS));
      await bury();
      expect((await list()).at(-1)).toMatchObject({ deliveryId: lost, reason: 'outcome_unknown', attempts: 1 });
    });

    it('of one cancelled in flight is told when its attempt is over', async () => {
      bench().setNow(NOON);
      const deliveryId = await stored(bench());
      const settled = settledAs(failure, await claimed(bench(), deliveryId));
      await orders.give({ action: 'cancel', organization_id: 7 });
      expect(await waiting(1)).toEqual([]);
      const { outcomes } = await bench().store.settleDeliveries([settled], soon());
      expect(outcomes).toMatchObject([{ type: 'dead_lettered', reason: 'cancelled' }]);
    });

    it('stays what it was, whatever becomes of its row', async () => {
      bench().setNow(NOON);
      const deliveryId = await deadLetter(bench());
      await bench().remove(deliveryId);
      expect(await waiting()).toMatchObject([{ deliveryId, type: 'dead_lettered', attempts: 1 }]);
    });

    it('that has been announced goes with the next settlement', async () => {
      bench().setNow(NOON);
      const [first] = await settle(await stored(bench()));
      const [second] = await settle(await stored(bench()), { announced: [first?.id ?? 0] });
      expect(await waiting()).toEqual([second]);
    });
  });

  describe('the outcome of an endpoint', () => {
    beforeEach(wantsAll);

    /** Three failures put it down. */
    async function putDown(evidence = REFUSING): Promise<Outcome[]> {
      bench().setNow(NOON);
      const told: Outcome[] = [];
      for (let count = 0; count < 3; count++) {
        bench().setNow(noonAnd(count));
        told.push(...(await settle(await stored(bench()), { settlement: failure, evidence })));
      }
      return told;
    }

    it('is told once when it goes down and once when it comes up, with one outage id', async () => {
      const [down, ...more] = await putDown();
      expect(more).toEqual([]);
      expect(down).toMatchObject({
        type: 'down',
        organizationId: 7,
        origin: 'https://receiver.example',
        scope: 'endpoint',
        reason: 'status',
        failures: 3,
        downSinceMs: Date.parse(noonAnd(2)),
        happenedAtMs: Date.parse(noonAnd(2)),
        endpointKey: (await bench().endpoints())[0]?.key,
      });
      bench().setNow(noonAnd(200));
      const [delivered, up] = await settle(await stored(bench()), { evidence: ANSWERING });
      expect([delivered?.type, up]).toMatchObject([
        'delivered',
        {
          type: 'up',
          failures: 0,
          reason: 'status',
          downSinceMs: Date.parse(noonAnd(2)),
          happenedAtMs: Date.parse(noonAnd(200)),
        },
      ]);
      const outages = [down, up].map((one) => one !== undefined && 'outageId' in one && one.outageId);
      expect(outages[0]).toBe(outages[1]);
      expect(down?.eventId).toBe(outages[0]);
      expect(up?.eventId).not.toBe(down?.eventId);
      expect(types(await waiting())).toEqual(['down', 'delivered', 'up']);
    });

    it('bears the key by which it is held, also where the sweep tells it', async () => {
      const [down] = await putDown();
      bench().setNow(noonAnd(3600));
      expect(await waiting()).toEqual([down]);
    });

    it('of a whole origin says so', async () => {
      expect(await putDown(UNREACHED)).toMatchObject([{ type: 'down', scope: 'origin' }]);
    });

    it('is another outage the next time', async () => {
      const [first] = await putDown();
      bench().setNow(noonAnd(200));
      await settle(await stored(bench()), { evidence: ANSWERING });
      bench().setNow(noonAnd(300));
      const ids = [await stored(bench()), await stored(bench()), await stored(bench())];
      const second: Outcome[] = [];
      for (const [index, id] of ids.entries()) {
        bench().setNow(noonAnd(300 + 100 * index));
        second.push(...(await settle(id, { settlement: failure, evidence: REFUSING })));
      }
      expect(types(second)).toEqual(['down']);
      expect(second[0]?.eventId).not.toBe(first?.eventId);
    });

    it('is none where nobody wants any', async () => {
      bench().setRules({ outcomes: 'none' });
      expect(await putDown()).toEqual([]);
      expect(await waiting()).toEqual([]);
    });
  });
}
