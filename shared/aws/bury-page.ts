import * as queries from '../../sql/compiled-queries.ts';
import type { BuriedDelivery, CallLimit, SweepPage } from '../delivery/store-answers.ts';
import type { Outcomes } from '../delivery/outcome.ts';
import type { DataApi } from './data-api.ts';
import { buriedDelivery } from './delivery-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';

/** The parameters that every statement over a sweep's page has. */
export function pageParameters({ after, pageRows, only }: SweepPage, now: string | undefined) {
  return {
    after_due: after?.dueAt ?? null,
    after_id: after?.id ?? null,
    page_rows: pageRows,
    only: only === undefined ? null : JSON.stringify(only.map(({ id }) => id)),
    now: now ?? null,
  };
}

export function buryParameters(page: SweepPage, { outcomes }: { outcomes: Outcomes }, now: string | undefined) {
  return { ...pageParameters(page, now), outcomes };
}

/** Deliver and the sweep both bury. */
export async function buryDeliveries(
  dataApi: DataApi,
  parameters: ReturnType<typeof buryParameters>,
  limit: CallLimit | undefined,
): Promise<BuriedDelivery[]> {
  const rows = await namingTheRefused(() => dataApi.execute(queries.buryDeliveries, parameters, limit));
  return rows.map(buriedDelivery);
}
