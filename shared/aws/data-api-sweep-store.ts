import * as queries from '../../sql/compiled-queries.ts';
import {
  MAX_CHAINED_DELAY_SECONDS,
  SWEEP_GRACE_SECONDS,
  SWEEP_HORIZON_SECONDS,
  SWEEP_MAX_PAUSE_SECONDS,
  SWEEP_PAUSE_SECONDS,
} from '../runtime/limits.ts';
import type { Outcomes } from '../delivery/outcome.ts';
import type { EndpointPolicy } from '../endpoints/endpoint-policy.ts';
import type { SweepStore } from '../sweep/sweep-deliveries.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { oldestDueSeconds } from './data-api-backlog.ts';
import { readColumns } from './data-api-rows.ts';
import { sweepPosition, sweptDelivery } from './delivery-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';
import { buryDeliveries, buryParameters, pageParameters } from './bury-page.ts';
import { createDataApiDeaths } from './data-api-deaths.ts';
import { createDataApiEndpoints } from './data-api-endpoints.ts';
import { createDataApiOrdering } from './data-api-ordering.ts';
import { createDataApiOutcomes } from './data-api-outcomes.ts';

/** Deliveries without a message in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiSweepStore(
  dataApi: DataApi,
  endpoints: Pick<EndpointPolicy, 'downAfterFailures' | 'maxInFlight'> & { outcomes: Outcomes },
  now: () => string | undefined = () => undefined,
): SweepStore {
  return {
    async putBackDeliveries(page, limit) {
      const parameters = {
        ...pageParameters(page, now()),
        grace_seconds: SWEEP_GRACE_SECONDS,
        horizon_seconds: SWEEP_HORIZON_SECONDS,
        pause_seconds: SWEEP_PAUSE_SECONDS,
        max_pause_seconds: SWEEP_MAX_PAUSE_SECONDS,
      };
      const time = { ...limit, firstTryMs: PAGE_TRY_MS };
      const rows = await namingTheRefused(() => dataApi.execute(queries.putBackDeliveries, parameters, time));
      return rows.map(sweptDelivery);
    },
    async restoreMessages(page, limit) {
      const parameters = { ...pageParameters(page, now()), horizon_seconds: MAX_CHAINED_DELAY_SECONDS };
      const time = { ...limit, firstTryMs: PAGE_TRY_MS };
      const rows = await namingTheRefused(() => dataApi.execute(queries.restoreMessages, parameters, time));
      return rows.map(sweptDelivery);
    },
    buryDeliveries: (page, limit) => buryDeliveries(dataApi, buryParameters(page, endpoints, now()), limit),
    async listDueDeliveries({ after, pageRows }) {
      const page = { after_due: after?.dueAt ?? null, after_id: after?.id ?? null, page_rows: pageRows };
      return (await dataApi.execute(queries.listDueDeliveries, page)).map(sweepPosition);
    },
    ...createDataApiDeaths(dataApi),
    ...createDataApiEndpoints(dataApi, endpoints, now),
    ...createDataApiOutcomes(dataApi, now),
    ...createDataApiOrdering(dataApi, now),
    oldestDueSeconds: () => oldestDueSeconds(dataApi, { now: now() }),
    async whatIsLeft() {
      const [row = {}] = await dataApi.execute(queries.askWhatIsLeft, { now: now() ?? null });
      const columns = readColumns(row);
      return {
        nowMs: columns.integer('now_ms'),
        hasWork: columns.boolean('has_work'),
        nextDueSeconds: columns.optionalInteger('next_due_seconds'),
      };
    },
  };
}
