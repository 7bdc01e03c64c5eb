import { queries } from '../../sql/compiled.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import type { DeadLetterStore } from '../operate/redeliver-deliveries.ts';
import type { DeadLetterFilter } from '../operate/redeliver-request.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** Dead letters in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiDeadLetters(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): DeadLetterStore {
  return {
    async countDeadLetters(filter) {
      const [row] = await dataApi.execute(queries.countDeadLetters, filterParameters(filter));
      return row === undefined ? 0 : readColumns(row).integer('matched');
    },
    async redeliverDeliveries({ filter, moreAttempts, perSecond, already, pageRows }) {
      const parameters = {
        ...filterParameters(filter),
        more_attempts: moreAttempts,
        per_second: perSecond,
        already: JSON.stringify([...already].map(([host, count]) => ({ host, count }))),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
        page_rows: pageRows,
        now: now() ?? null,
      };
      const rows = await dataApi.execute(queries.redeliverDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      return rows.map((row) => {
        const columns = readColumns(row);
        return {
          deliveryId: columns.integer('id'),
          organizationId: columns.integer('organization_id'),
          attempt: columns.integer('attempt'),
          delaySeconds: columns.integer('delay_seconds'),
          host: columns.optionalString('host') ?? '',
        };
      });
    },
    async findStatuses(deliveryIds) {
      const rows = await dataApi.execute(queries.findStatuses, { ids: JSON.stringify(deliveryIds) });
      return new Map(
        rows.map((row) => {
          const columns = readColumns(row);
          return [columns.integer('id'), columns.oneOf('status', ['pending', 'succeeded', 'dead_letter'])] as const;
        }),
      );
    },
  };
}

function filterParameters(filter: DeadLetterFilter) {
  return {
    ids: filter.deliveryIds === undefined ? null : JSON.stringify(filter.deliveryIds),
    organization_id: filter.organizationId ?? null,
    reason: filter.reason ?? null,
    endpoint_host: filter.endpointHost ?? null,
    dead_since: timeOf(filter.deadSinceMs),
    dead_until: timeOf(filter.deadUntilMs),
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
