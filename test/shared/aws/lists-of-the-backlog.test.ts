// The lists behind the figures of the backlog. Real: the rules of inspect, the statements, the Data API over HTTP, PostgreSQL. No
// doubles.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { claimed, deadLetter, freshToken, NOON, noonAnd, soon, stored } from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;
const orders = new OrderBench(() => bench);

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

type Listed = { deliveries: { delivery_id: number; may_have_arrived: boolean }[]; next: string | null };

async function list(request: object): Promise<Listed> {
  const parsed = parseInspectRequest({ action: 'list', ...request });
  if (!parsed.ok) throw new Error(parsed.errorMessage);
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  const parts = { store: bench.inspectStore, examiner, clock: systemClock };
  return (await inspectDeliveries(parts, parsed.request, performance.now() + 10_000)) as unknown as Listed;
}
const listed = async (request: object) => (await list(request)).deliveries.map(({ delivery_id }) => delivery_id);

describe('list of what the backlog counts', () => {
  it('shows what is due, in flight, for later or held, the soonest due first, page by page', async () => {
    const hold = {
      action: 'hold',
      scope: 'organization',
      organizationId: 8,
      endpointUrl: undefined,
      limits: {},
    } as const;
    const given = { request: {}, note: undefined, by: undefined, dryRun: false };
    const held = await bench.store.changeEndpoint({ ...given, orderKey: freshToken(), change: hold });
    const ids = { due: [] as number[], in_flight: [] as number[], later: [] as number[], held: [] as number[] };
    for (let count = 0; count < 3; count++) {
      bench.setNow(noonAnd(count));
      ids.due.push(await stored(bench));
      ids.in_flight.push(await stored(bench));
      await claimed(bench, ids.in_flight.at(-1) ?? 0);
      ids.later.push(await stored(bench, { scheduledForMs: Date.parse(noonAnd(3600 + count)) }));
      ids.held.push(await stored(bench, { organizationId: 8 }));
    }
    const asked = ids.held.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    await bench.store.claimDeliveries(asked, 60, soon());
    bench.setNow(noonAnd(20));
    for (const [phase, wanted] of Object.entries(ids)) {
      const seen: number[] = [];
      let after: string | undefined;
      do {
        const page = await list({ status: 'pending', phase, limit: 2, ...(after ? { after } : {}) });
        seen.push(...page.deliveries.map(({ delivery_id }) => delivery_id));
        after = page.next ?? undefined;
      } while (after !== undefined && seen.length < 9);
      expect([phase, seen]).toEqual([phase, wanted]);
    }
    const all = await listed({ status: 'pending', order: 'due', organization_id: 7 });
    expect(all.slice(-3)).toEqual(ids.later);
    expect(await listed({ status: 'pending', held_by: held?.key.toUpperCase() })).toEqual(ids.held);
    expect(await listed({ status: 'pending', held_by: freshToken() })).toEqual([]);
  });

  it('shows the dead letters that stand, and of which the receiver may have got one', async () => {
    const dismissed = await deadLetter(bench);
    const standing = await deadLetter(bench);
    await orders.give({ action: 'dismiss', delivery_ids: [dismissed] });
    expect(await listed({ standing: true })).toEqual([standing]);
    expect(await listed({ status: 'pending', standing: true })).toEqual([]);
    expect(await listed({ status: 'dead_letter' })).toEqual(expect.arrayContaining([standing, dismissed]));
    await bench.pool.query(
      `update webhook_delivery_attempts set error_class = 'outcome_unknown' where delivery_id = ${standing}`,
    );
    const { deliveries } = await list({ status: 'dead_letter' });
    expect(deliveries.map((one) => one.may_have_arrived).toSorted()).toEqual([false, true]);
  });

  it.each([
    [{ phase: 'due' }, 'phase, held_by and order: are for status pending'],
    [{ status: 'dead_letter', order: 'due' }, 'phase, held_by and order: are for status pending'],
    [{ status: 'pending', phase: 'weather' }, 'phase: must be one of due, in_flight, later, held, behind'],
  ])('takes no %j', async (filters, fault) => {
    await expect(list({ organization_id: 7, ...filters })).rejects.toThrow(fault);
  });
});

it('what an order paces is shown as awaiting its turn, until it is attempted', async () => {
  const ids = [await deadLetter(bench), await deadLetter(bench)];
  await orders.redeliver({ delivery_ids: ids, per_second: 1 });
  const shown = async () =>
    Promise.all(ids.map(async (deliveryId) => (await bench.inspectStore.showDelivery({ deliveryId }))?.awaitsTurn));
  expect(await shown()).toEqual([true, true]);
  const first = { deliveryId: ids[0] ?? 0, attempts: [2], token: freshToken() };
  await bench.store.claimDeliveries([first], 60, soon());
  expect(await shown()).toEqual([false, true]);
});
