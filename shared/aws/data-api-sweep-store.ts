import { queries } from '../../sql/compiled.ts';
import {
  MAX_CHAINED_DELAY_SECONDS,
  SWEEP_GRACE_SECONDS,
  SWEEP_HORIZON_SECONDS,
  SWEEP_MAX_PAUSE_SECONDS,
  SWEEP_PAUSE_SECONDS,
} from '../runtime/limits.ts';
import type { SweepPage, SweepStore } from '../sweep/sweep-deliveries.ts';
import { buryDeliveries } from './bury-deliveries.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { sweptDelivery } from './delivery-rows.ts';

/** Deliveries without a message in Aurora PostgreSQL. `now` stands for the database's clock in tests. */
export function createDataApiSweepStore(dataApi: DataApi, now: () => string | undefined = () => undefined): SweepStore {
  const pageParameters = ({ after, pageRows }: SweepPage) => ({
    after_due: after?.dueAt ?? null,
    after_id: after?.deliveryId ?? null,
    page_rows: pageRows,
    now: now() ?? null,
  });

  return {
    async putBackDeliveries(page) {
      const rows = await dataApi.execute(queries.putBackDeliveries, {
        ...pageParameters(page),
        grace_seconds: SWEEP_GRACE_SECONDS,
        horizon_seconds: SWEEP_HORIZON_SECONDS,
        pause_seconds: SWEEP_PAUSE_SECONDS,
        max_pause_seconds: SWEEP_MAX_PAUSE_SECONDS,
      });
      return rows.map(sweptDelivery);
    },
    async restoreMessages(page) {
      const rows = await dataApi.execute(queries.restoreMessages, {
        ...pageParameters(page),
        horizon_seconds: MAX_CHAINED_DELAY_SECONDS,
      });
      return rows.map(sweptDelivery);
    },
    buryDeliveries: (pageRows, limit) => buryDeliveries(dataApi, { page_rows: pageRows, now: now() ?? null }, limit),
    async oldestDueSeconds() {
      const [row] = await dataApi.execute(queries.measureBacklog, { now: now() ?? null });
      return row === undefined ? 0 : readColumns(row).integer('oldest_due_seconds');
    },
  };
}
