import * as queries from '../../sql/compiled-queries.ts';
import type { OverPage, RecordStore } from '../operate/keep-records.ts';
import { type DataApi, PAGE_TRY_MS, type Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';

/** An index-only count of this many takes some 20 ms; whoever has more dead letters does not need the number to act. */
const MOST_STANDING = 100_000;

/** What is kept, in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiRecordStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): RecordStore {
  const time = { firstTryMs: PAGE_TRY_MS };
  const parametersOf = ({ days, after, pageRows, doing }: OverPage) => ({
    days,
    after_at: after?.at ?? null,
    after_id: after?.id ?? null,
    page_rows: pageRows,
    names_only: doing === 'naming',
    now: now() ?? null,
  });
  const over = (row: Row) => ({
    id: readColumns(row).string('id'),
    at: readColumns(row).string('at'),
    isDone: readColumns(row).boolean('is_done'),
  });
  return {
    async eraseOver(page) {
      const run = () => dataApi.execute(queries.eraseOverDeliveries, parametersOf(page), time);
      return (await namingTheRefused(run)).map(over);
    },
    async deleteOver(page) {
      const run = () => dataApi.execute(queries.deleteOverDeliveries, parametersOf(page), time);
      return (await namingTheRefused(run)).map(over);
    },
    async forgetOrders(days, pageRows) {
      const [row = {}] = await dataApi.execute(queries.forgetOrders, { days, page_rows: pageRows, now: now() ?? null });
      return readColumns(row).integer('forgotten');
    },
    async countStanding() {
      const [row = {}] = await dataApi.execute(queries.countStanding, { most: MOST_STANDING });
      return readColumns(row).integer('standing');
    },
  };
}
