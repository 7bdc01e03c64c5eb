import * as queries from '../../sql/compiled-queries.ts';
import type { AdoptionStore, MovedPage, MovePage } from '../operate/adoption-store.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import { MOVED, nameForeignTable, nameForeignTypes } from '../runtime/foreign-table.ts';
import { type DataApi, PAGE_TRY_MS, type Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';

/** Pending rows that are counted before an order begins. */
const MOST_COUNTED = 1_000_000;
/** Refused deliveries that an order keeps by name: they fit one row of the Data API. */
const NAMED_REFUSED = 500;

/** Another pipeline's table in the same database. In tests `now` replaces the database's clock. */
export function createDataApiAdoptionStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): AdoptionStore {
  return {
    async lookAtForeign(table) {
      const { sql, parameters } = queries.lookAtForeign;
      const statement = { sql: nameForeignTable(sql, table), parameters };
      const [row = {}] = await dataApi.execute(statement, { most: MOST_COUNTED }, { firstTryMs: PAGE_TRY_MS });
      const columns = readColumns(row);
      return {
        // The catalogs of the database wrote both.
        columns: JSON.parse(columns.optionalString('columns') ?? '{}') as Record<string, string>,
        rights: JSON.parse(columns.optionalString('rights') ?? '[]') as string[],
        pending: columns.integer('pending'),
      };
    },
    async movePage(page) {
      const rows = await namingTheRefused(() => move(dataApi, page, now() ?? null));
      return rows.length === 0 ? undefined : movedPage(rows, page);
    },
  };
}

function move(dataApi: DataApi, page: MovePage, now: string | null): Promise<Row[]> {
  const { step, position, pageRows, passOver } = page;
  const common = {
    order_id: step?.orderId ?? null,
    token: step?.token ?? null,
    step: step?.step ?? null,
    after_id: position.after,
    page_rows: pageRows,
    pass: position.pass,
    waiting: position.waiting,
    changed: position.changed,
    pass_over: passOver ?? false,
    moved: MOVED,
    named_rows: NAMED_REFUSED,
    now,
  };
  const time = { firstTryMs: PAGE_TRY_MS };
  if (page.direction === 'here') {
    const { sql, parameters } = queries.adoptDeliveries;
    const parametersHere = {
      ...common,
      lease_seconds: page.leaseSeconds,
      chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
    };
    return dataApi.execute({ sql: nameForeignTable(sql, page.table), parameters }, parametersHere, time);
  }
  const { sql, parameters } = queries.returnDeliveries;
  const text = nameForeignTypes(nameForeignTable(sql, page.table), page.types);
  return dataApi.execute({ sql: text, parameters }, common, time);
}

function movedPage(rows: readonly Row[], { position }: MovePage): MovedPage {
  let next = position;
  const moved = { due: [], changed: 0, refused: [] } as {
    due: MovedPage['due'][number][];
    changed: number;
    refused: MovedPage['refused'][number][];
  };
  for (const row of rows) {
    const columns = readColumns(row);
    const verdict = columns.string('verdict');
    if (verdict === 'page') {
      const waiting = position.waiting + columns.integer('waiting');
      const after = columns.optionalInteger('id')?.toString() ?? position.after;
      next = { ...position, after, waiting, ended: !columns.boolean('is_full') };
      continue;
    }
    if (verdict === 'known') continue;
    if (verdict !== 'changed') {
      moved.refused.push({ delivery_uuid: columns.optionalString('delivery_uuid') ?? '', because: verdict });
      continue;
    }
    if (columns.string('status') !== 'pending') continue;
    moved.changed++;
    const deliveryId = columns.optionalInteger('delivery_id');
    if (deliveryId === undefined) continue;
    moved.due.push({
      deliveryId,
      organizationId: columns.integer('organization_id'),
      attempt: columns.integer('attempt'),
      delaySeconds: columns.integer('delay_seconds'),
    });
  }
  return { ...moved, position: { ...next, changed: position.changed + moved.changed } };
}
