import * as queries from '../../sql/compiled-queries.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** Age of the oldest due delivery, seconds; 0 when none is due. In tests `now` replaces the database's clock. */
export async function oldestDueSeconds(
  dataApi: DataApi,
  { now, limit }: { now?: string | undefined; limit?: CallLimit } = {},
): Promise<number> {
  const [row] = await dataApi.execute(queries.measureBacklog, { now: now ?? null }, limit);
  return row === undefined ? 0 : readColumns(row).integer('oldest_due_seconds');
}
