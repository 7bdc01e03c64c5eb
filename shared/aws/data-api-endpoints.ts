import * as queries from '../../sql/compiled-queries.ts';
import type { EndpointPolicy } from '../endpoints/endpoint-policy.ts';
import {
  ENDPOINT_IDLE_SECONDS,
  LONGEST_LEASE_SECONDS,
  SWEEP_GRACE_SECONDS,
  SWEEP_PAGE_ROWS,
} from '../runtime/limits.ts';
import type { EndpointChanged, EndpointOrder, EndpointStore } from '../operate/order-store.ts';
import type { SweepStore } from '../sweep/sweep-deliveries.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { calledDelivery } from './settle-rows.ts';

/** What the sweep and operators do for endpoints and what they hold. In tests `now` replaces the database's clock. */
export function createDataApiEndpoints(
  dataApi: DataApi,
  endpoints: Pick<EndpointPolicy, 'downAfterFailures' | 'maxInFlight'>,
  now: () => string | undefined = () => undefined,
): Pick<SweepStore, 'callHeldDeliveries' | 'forgetEndpoints' | 'measureEndpoints'> & EndpointStore {
  return {
    async callHeldDeliveries({ afterKey, firstKey, pageKeys }) {
      const parameters = {
        after_key: afterKey ?? null,
        first_key: firstKey ?? null,
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
    changeEndpoint: (order) => changeEndpoint(dataApi, order, now()),
    async forgetEndpoints(pageRows) {
      const parameters = {
        idle_seconds: ENDPOINT_IDLE_SECONDS,
        lease_seconds: LONGEST_LEASE_SECONDS,
        page_rows: pageRows,
        now: now() ?? null,
      };
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

async function changeEndpoint(
  dataApi: DataApi,
  { orderKey, request, note, by, change, dryRun }: EndpointOrder,
  now: string | undefined,
): Promise<EndpointChanged | undefined> {
  const { action, scope, organizationId, endpointUrl, endpointKey, limits } = change;
  const [row] = await dataApi.execute(queries.changeEndpoint, {
    order_key: orderKey,
    action,
    request: JSON.stringify(request),
    note: note ?? null,
    given_by: by ?? null,
    scope,
    organization_id: organizationId ?? null,
    endpoint_url: endpointUrl ?? null,
    endpoint_key: endpointKey ?? null,
    sets_in_flight: limits.maxInFlight !== undefined,
    sets_per_second: limits.maxPerSecond !== undefined,
    max_in_flight: limits.maxInFlight ?? null,
    max_per_second: limits.maxPerSecond ?? null,
    dry_run: dryRun,
    now: now ?? null,
  });
  if (row === undefined) return undefined;
  const columns = readColumns(row);
  return {
    orderId: columns.optionalInteger('id'),
    isSame: columns.boolean('is_same'),
    differs: columns.boolean('differs'),
    key: columns.string('key'),
  };
}
