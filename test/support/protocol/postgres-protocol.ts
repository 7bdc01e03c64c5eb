import { systemClock } from '../../../shared/runtime/clock.ts';
import type { Store } from '../store/store-world.ts';
import type { PostgresStoreBench } from '../store/postgres-store-world.ts';
import type { StoreBehind } from './protocol-run.ts';
import type { WatchedRow } from './protocol-watch.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

const WATCHED = `
  select json_build_object(
    'deliveryId', id, 'status', status, 'attemptCount', attempt_count, 'maxAttempts', max_attempts,
    'scheduledForMs', round(extract(epoch from scheduled_for) * 1000), 'succeededLate', succeeded_late,
    'claimCount', claim_count, 'cancelledBy', cancelled_by, 'isErased', expunged_at is not null,
    'isOrdered', ordering_key is not null,
    'attempts', coalesce((select json_agg(attempt) from webhook_delivery_attempts where delivery_id = id), '[]')
  ) as row
  from webhook_deliveries`;

/** The real store in a virtual protocol: its clock is the bench's, its statements take no time of it. Empty it before a run. */
export function behindPostgres(bench: PostgresStoreBench): (time: VirtualTime) => StoreBehind {
  bench.setRules({ holdSeconds: 600 });
  return (time) => {
    // The bench gives up on virtual time; here a limit only has to be far.
    const limit = () => ({ untilMonotonicMs: systemClock.monotonicMs() + 30_000 });
    const now = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      bench.setNow(new Date(time.nowMs()).toISOString());
      return ask();
    };
    const { store } = bench;
    const asked: Store = {
      acceptDeliveries: (deliveries, runs) => now(() => store.acceptDeliveries(deliveries, runs, limit())),
      claimDeliveries: (claims, lease) => now(() => store.claimDeliveries(claims, lease, limit())),
      settleDeliveries: (settlements, _, announced) =>
        now(() => store.settleDeliveries(settlements, limit(), announced)),
      listOutcomes: (page) => now(() => store.listOutcomes(page)),
      clearOutcomes: (ids) => now(() => store.clearOutcomes(ids)),
      releaseDeliveries: (releases) => now(() => store.releaseDeliveries(releases, limit())),
      putBackDeliveries: (page) => now(() => store.putBackDeliveries(page)),
      restoreMessages: (page) => now(() => store.restoreMessages(page)),
      noteAttempt: (settled) => now(() => store.noteAttempt(settled, limit())),
      buryDeliveries: (page) => now(() => store.buryDeliveries(page, limit())),
      listDueDeliveries: (page) => now(() => store.listDueDeliveries(page)),
      listUncountedDeaths: (rows, among) => now(() => store.listUncountedDeaths(rows, among)),
      markDeathsCounted: (deaths) => now(() => store.markDeathsCounted(deaths)),
      callHeldDeliveries: (page) => now(() => store.callHeldDeliveries(page)),
      goOnInOrder: (step, lease) => now(() => store.goOnInOrder(step, lease, limit())),
      callNextDeliveries: (keys) => now(() => store.callNextDeliveries(keys, limit())),
      forgetOrderingKeys: (rows) => now(() => store.forgetOrderingKeys(rows)),
      forgetEndpoints: (rows) => now(() => store.forgetEndpoints(rows)),
      measureEndpoints: () => now(() => store.measureEndpoints()),
      oldestDueSeconds: () => now(() => store.oldestDueSeconds()),
      whatIsLeft: () => now(() => store.whatIsLeft()),
      countMatches: (look, asked) => now(() => store.countMatches(look, asked)),
      findMatches: (look) => now(() => store.findMatches(look)),
      findNamed: (named) => now(() => store.findNamed(named)),
      openOrder: (order) => now(() => store.openOrder(order)),
      changeEndpoint: (order) => now(() => store.changeEndpoint(order)),
      findOrders: (search) => now(() => store.findOrders(search)),
      listUnfinishedOrders: (rows) => now(() => store.listUnfinishedOrders(rows)),
      takeOrder: (orderId, worker) => now(() => store.takeOrder(orderId, worker)),
      workPage: (page) => now(() => store.workPage(page)),
      restPage: (page) => now(() => store.restPage(page)),
      recordProgress: (progress) => now(() => store.recordProgress(progress)),
      changeOrder: (orderId, verb) => now(() => store.changeOrder(orderId, verb)),
    };
    return {
      store: asked,
      async inspect() {
        const { rows } = await bench.pool.query<{ row: WatchedRow }>(WATCHED);
        return rows.map(({ row }) => ({
          ...row,
          scheduledForMs: row.scheduledForMs ?? undefined,
          cancelledBy: row.cancelledBy ?? undefined,
        }));
      },
    };
  };
}
