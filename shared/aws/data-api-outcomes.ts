import * as queries from '../../sql/compiled-queries.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import type { OutcomeStore } from '../outcomes/outcome-store.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { outcomeOf } from './outcome-rows.ts';

/** Outcomes that have not been announced, in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiOutcomes(dataApi: DataApi, now: () => string | undefined = () => undefined): OutcomeStore {
  return {
    async listOutcomes({ afterId, pageRows }) {
      const parameters = { after_id: afterId ?? null, page_rows: pageRows, now: now() ?? null };
      const rows = await dataApi.execute(queries.listOutcomes, parameters, { firstTryMs: PAGE_TRY_MS });
      return rows.map((row) => {
        const columns = readColumns(row);
        return { outcome: outcomeOf(columns.string('outcome')), ageSeconds: columns.integer('age_seconds') };
      });
    },
    clearOutcomes: (ids, limit) => clearOutcomes(dataApi, ids, limit),
  };
}

export async function clearOutcomes(
  dataApi: DataApi,
  ids: readonly number[],
  limit: CallLimit | undefined,
): Promise<void> {
  await dataApi.execute(queries.clearOutcomes, { ids: JSON.stringify(ids) }, limit);
}
