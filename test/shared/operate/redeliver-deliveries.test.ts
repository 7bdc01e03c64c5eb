// Real: the redelivery. Doubles: the store (in memory, held to the contract of the real one), the queue, time.
import { beforeEach, describe, expect, it } from 'vitest';
import { redeliverDeliveries } from '../../../shared/operate/redeliver-deliveries.ts';
import type { RedeliverOrder } from '../../../shared/operate/redeliver-request.ts';
import { FakeDeliveryStore } from '../../support/store/fake-delivery-store.ts';
import type { Store } from '../../support/store/store-world.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';

let bench: SweepBench;

beforeEach(() => {
  bench = new SweepBench();
});

const redeliver = (order: Partial<RedeliverOrder>, instead: Partial<Store> = {}, stopAt = Infinity) =>
  redeliverDeliveries(
    bench.parts(instead),
    { filter: { organizationId: 7 }, dryRun: false, moreAttempts: 5, perSecond: 10, ...order },
    stopAt,
  );

describe('a redelivery', () => {
  it('makes dead letters pending and sends a message for the next attempt of each', async () => {
    const ids = await bench.dead(2);
    expect(await redeliver({})).toEqual({
      matched: 2,
      redelivered: 2,
      refused: [],
      lastDueInSeconds: 1,
      unsent: 0,
      complete: true,
    });
    expect(bench.sent).toEqual(
      ids.map((deliveryId, index) => ({
        deliveryId,
        attempt: 1,
        delaySeconds: index,
        messageGroup: 'organization-7',
      })),
    );
    expect(bench.metrics.counts.get('RedeliveredDeliveries')).toBe(2);
  });

  it('run dry counts what it would do, and does nothing', async () => {
    const ids = await bench.dead(3);
    expect(await redeliver({ dryRun: true })).toMatchObject({ matched: 3, redelivered: 0, complete: true });
    expect(await bench.store.findStatuses(ids)).toEqual(new Map(ids.map((id) => [id, 'dead_letter'])));
    expect(bench.sent).toEqual([]);
  });

  it('never floods one endpoint: a thousand letters come at its pace, whatever page they are on', async () => {
    await bench.dead(1000);
    await bench.dead(10, { endpointUrl: 'https://another.example/hook' });
    const report = await redeliver({ perSecond: 10 });
    expect(report).toMatchObject({ redelivered: 1010, lastDueInSeconds: 100 });
    const dueMs = [...bench.tables.rows.values()]
      .filter(({ endpointUrl }) => endpointUrl.startsWith('https://receiver.example'))
      .map(({ scheduledForMs }) => (scheduledForMs ?? 0) - bench.time.nowMs());
    expect(dueMs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index * 100));
  });

  it('leaves to the sweep what its pace puts further off than messages reach', async () => {
    const ids = await bench.dead(2, { endpointUrl: 'https://slow.example/' });
    const report = await redeliver({ perSecond: 1 / 50_000 });
    expect(report).toMatchObject({ redelivered: 2, lastDueInSeconds: 50_000 });
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual([ids[0]]);
    expect(bench.tables.rows.get(ids[1] ?? 0)).toMatchObject({ awaitsHandOut: true });
  });

  it('of what is not dead is refused, and says why', async () => {
    const [pending = 0] = await bench.stored(1);
    const [dead = 0] = await bench.dead(1);
    expect(await redeliver({ filter: { deliveryIds: [pending, dead, 999] } })).toMatchObject({
      matched: 1,
      redelivered: 1,
      refused: [
        {
          deliveryId: pending,
          because: 'pending',
        },
        {
          deliveryId: 999,
          because: 'unknown',
        },
      ],
    });
  });

  it('of nothing but such is refused whole, and changes nothing (REC-14)', async () => {
    const ids = await bench.stored(1);
    await bench.claimed(ids);
    const [leased = 0] = ids;
    await expect(redeliver({ filter: { deliveryIds: ids } })).rejects.toMatchObject({
      name: 'NotADeadLetter',
      message: `delivery ${leased} is pending, not a dead letter`,
    });
    expect(bench.tables.rows.get(leased)).toMatchObject({ attemptCount: 1, maxAttempts: 5 });
  });

  it('stops before its time is up, and the same order goes on', async () => {
    await bench.dead(1200);
    const slow: Partial<Store> = {
      redeliverDeliveries: async (page) => {
        await bench.pass(30);
        return await bench.store.redeliverDeliveries(page);
      },
    };
    expect(await redeliver({}, slow, 45_000)).toMatchObject({ matched: 1200, redelivered: 1000, complete: false });
    expect(await redeliver({})).toMatchObject({ matched: 200, redelivered: 200, complete: true });
  });

  describe('that takes several looks', () => {
    /** Looks at three dead letters a time, each look taking so long. */
    function looking(seconds: { counting?: number; finding?: number } = {}): Partial<Store> {
      const store = new FakeDeliveryStore({ nowMs: () => bench.time.nowMs(), rowsPerLook: 3 }, bench.tables);
      return {
        countDeadLetters: async (look) => {
          await bench.pass(seconds.counting ?? 0);
          return await store.countDeadLetters(look);
        },
        findDeadLetters: async (look) => {
          await bench.pass(seconds.finding ?? 0);
          return await store.findDeadLetters(look);
        },
      };
    }

    it('is counted and brought back whole, though most looks find nothing', async () => {
      await bench.dead(10);
      const wanted = await bench.dead(2, { organizationId: 8 });
      expect(await redeliver({ filter: { organizationId: 8 } }, looking())).toMatchObject({
        matched: 2,
        redelivered: 2,
        complete: true,
      });
      expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual(wanted);
    });

    it('run dry counts as far as its time goes, and says that there may be more', async () => {
      await bench.dead(10);
      const report = await redeliver({ dryRun: true }, looking({ counting: 30 }), 45_000);
      expect(report).toMatchObject({ matched: 6, redelivered: 0, complete: false });
    });

    it('spends a quarter of its time at most on counting, and so brings some back however many there are', async () => {
      await bench.dead(20);
      const report = await redeliver({}, looking({ counting: 30, finding: 30 }), 240_000);
      expect(report).toMatchObject({ matched: 15, redelivered: 15, complete: false });
    });
  });

  it('counts the messages it could not send, which are left to the sweep', async () => {
    const [unlucky] = await bench.dead(2);
    bench.isUnsent = ({ deliveryId }) => deliveryId === unlucky;
    expect(await redeliver({})).toMatchObject({ redelivered: 2, unsent: 1 });
    await bench.pass(100);
    const swept = await bench.store.putBackDeliveries({ after: undefined, pageRows: 10 });
    expect(swept.map(({ deliveryId }) => deliveryId)).toContain(unlucky);
  });
});
