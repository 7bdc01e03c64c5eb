import * as queries from '../../sql/compiled-queries.ts';
import type { DeathStore } from '../observe/count-deaths.ts';
import type { DataApi } from './data-api.ts';
import { uncountedDeath } from './delivery-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';

/** Dead letters that no metric has counted, in Aurora PostgreSQL. */
export function createDataApiDeaths(dataApi: DataApi): DeathStore {
  return {
    async listUncountedDeaths(pageRows, among) {
      const parameters = { page_rows: pageRows, ids: among === undefined ? null : JSON.stringify(among) };
      return (await dataApi.execute(queries.listUncountedDeaths, parameters)).map(uncountedDeath);
    },
    async markDeathsCounted(deaths) {
      const ids = JSON.stringify(deaths.map(({ id }) => id));
      await namingTheRefused(() => dataApi.execute(queries.markDeathsCounted, { ids }));
    },
  };
}
