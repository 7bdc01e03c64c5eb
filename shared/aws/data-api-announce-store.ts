import * as queries from '../../sql/compiled-queries.ts';
import { StatementRefused } from '../delivery/store-answers.ts';
import type { AnnouncedDelivery, AnnounceStore } from '../enqueue/announce-store.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import type { DataApi, Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { refusalOf } from './isolate-refused-rows.ts';

/** Deliveries that an application has inserted, in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiAnnounceStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): AnnounceStore {
  return {
    async announceDeliveries(deliveryUuids, limit) {
      const parameters = {
        uuids: JSON.stringify(deliveryUuids),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
        now: now() ?? null,
      };
      try {
        const rows = await dataApi.execute(queries.announceDeliveries, parameters, limit);
        return { found: rows.map(announcedDelivery) };
      } catch (fault) {
        if (!(fault instanceof StatementRefused)) throw fault;
        return { refusal: refusalOf(fault) };
      }
    },
  };
}

function announcedDelivery(row: Row): AnnouncedDelivery {
  const columns = readColumns(row);
  const deliveryUuid = columns.string('delivery_uuid');
  const state = columns.oneOf('state', ['waiting', 'under_way', 'over', 'unnameable']);
  if (state !== 'waiting') return { deliveryUuid, state };
  return {
    deliveryUuid,
    state,
    deliveryId: columns.integer('id'),
    organizationId: columns.integer('organization_id'),
    dueInSeconds: columns.integer('due_in_seconds'),
    scheduledForMs: columns.integer('scheduled_for_ms'),
  };
}
