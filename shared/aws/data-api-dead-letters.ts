import { queries } from '../../sql/compiled.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import type { DeadLetterLook, DeadLetterStore } from '../operate/redeliver-deliveries.ts';
import type { DeadLetterFilter } from '../operate/redeliver-request.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/**
 * Dead letters that one statement looks at. Counting: if each is on a page that must be read from storage, 10,000 take about 10 s.
 * Finding: the ids of 2,000 fit one row of the Data API, which is at most 64 KB.
 */
const ROWS_PER_LOOK = { counting: 10_000, finding: 2_000 };

/** Dead letters in Aurora PostgreSQL. In tests `now` replaces the database's clock, and `rowsPerLook` makes looks small. */
export function createDataApiDeadLetters(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
  rowsPerLook = ROWS_PER_LOOK,
): DeadLetterStore {
  return {
    async countDeadLetters(look) {
      const { matched, next } = await lookAtDeadLetters(dataApi, look, {
        lookRows: rowsPerLook.counting,
        namesIds: false,
      });
      return { matched, next };
    },
    async findDeadLetters(look) {
      const { deliveryIds, next } = await lookAtDeadLetters(dataApi, look, {
        lookRows: rowsPerLook.finding,
        namesIds: true,
      });
      return { deliveryIds, next };
    },
    async redeliverDeliveries({ deliveryIds, moreAttempts, perSecond, already }) {
      const parameters = {
        ids: JSON.stringify(deliveryIds),
        more_attempts: moreAttempts,
        per_second: perSecond,
        already: JSON.stringify([...already].map(([host, count]) => ({ host, count }))),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
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

async function lookAtDeadLetters(
  dataApi: DataApi,
  { filter, after }: DeadLetterLook,
  { lookRows, namesIds }: { lookRows: number; namesIds: boolean },
) {
  const parameters = {
    ...filterParameters(filter),
    after_died: after?.diedAt ?? null,
    after_id: after?.id ?? null,
    look_rows: lookRows,
    names_ids: namesIds,
  };
  const [row = {}] = await dataApi.execute(queries.findDeadLetters, parameters, { firstTryMs: PAGE_TRY_MS });
  const columns = readColumns(row);
  const ids: unknown = JSON.parse(columns.optionalString('ids') ?? '[]');
  const [diedAt, id] = [columns.optionalString('next_died'), columns.optionalString('next_id')];
  return {
    matched: columns.integer('matched'),
    deliveryIds: Array.isArray(ids) ? ids.map(Number) : [],
    next: diedAt === undefined || id === undefined ? undefined : { diedAt, id },
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
