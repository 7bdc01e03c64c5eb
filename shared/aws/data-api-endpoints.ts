import { queries } from '../../sql/compiled.ts';
import type { EndpointPolicy } from '../endpoints/endpoint-policy.ts';
import { ENDPOINT_IDLE_SECONDS, SWEEP_GRACE_SECONDS, SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { SweepStore } from '../sweep/sweep-deliveries.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { calledDelivery } from './settle-rows.ts';

/** What the sweep does for endpoints and what they hold. In tests `now` replaces the database's clock. */
export function createDataApiEndpoints(
  dataApi: DataApi,
  endpoints: Pick<EndpointPolicy, 'downAfterFailures' | 'maxInFlight'>,
  now: () => string | undefined,
): Pick<SweepStore, 'callHeldDeliveries' | 'forgetEndpoints' | 'measureEndpoints'> {
  return {
    async callHeldDeliveries({ afterKey, pageKeys }) {
      const parameters = {
        after_key: afterKey ?? null,
        page_keys: pageKeys,
        rows_per_key: SWEEP_PAGE_ROWS,
        down_after_failures: endpoints.downAfterFailures,
        max_in_flight: endpoints.maxInFlight ?? null,
        grace_seconds: SWEEP_GRACE_SECONDS,
        now: now() ?? null,
      };
      const rows = await dataApi.execute(queries.callHeldDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      const keys = [...new Set(rows.map((row) => readColumns(row).string('key')))];
      return {
        called: rows.filter((row) => readColumns(row).optionalInteger('id') !== undefined).map(calledDelivery),
        lastKey: keys.length < pageKeys ? undefined : keys.at(-1),
      };
    },
    async forgetEndpoints(pageRows) {
      const parameters = { idle_seconds: ENDPOINT_IDLE_SECONDS, page_rows: pageRows, now: now() ?? null };
      const [row] = await dataApi.execute(queries.forgetEndpoints, parameters);
      return row === undefined ? 0 : readColumns(row).integer('forgotten');
    },
    async measureEndpoints() {
      const [row] = await dataApi.execute(queries.measureEndpoints, { now: now() ?? null });
      if (row === undefined) return { down: 0, oldestDownSeconds: 0, held: 0 };
      const columns = readColumns(row);
      return {
        down: columns.integer('down'),
        oldestDownSeconds: columns.integer('oldest_down_seconds'),
        held: columns.integer('held'),
      };
    },
  };
}
