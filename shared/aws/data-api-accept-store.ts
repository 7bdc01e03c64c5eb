import * as queries from '../../sql/compiled-queries.ts';
import {
  type AcceptAnswer,
  type CallLimit,
  type NewDelivery,
  type Refusal,
  StatementRefused,
} from '../delivery/store-answers.ts';
import type { AcceptStore, UnknownRuns } from '../enqueue/accept-store.ts';
import { DATA_API_REQUEST_BUDGET_BYTES, MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { acceptAnswer, columnsOf, storedAnswer } from './delivery-rows.ts';
import { isOneRowsFault, refusalOf } from './isolate-refused-rows.ts';

/** After this many refusals in a row of single deliveries, the fault is not about single rows, and the rest is not asked. */
const MOST_REFUSED_IN_A_ROW = 5;

/** New deliveries in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiAcceptStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): AcceptStore {
  return {
    async acceptDeliveries(deliveries, unknownRuns, limit) {
      const ask = (asked: readonly NewDelivery[]): Promise<AcceptAnswer[]> =>
        accept(asked, { dataApi, unknownRuns, now: now() ?? null }, limit);
      const answers: AcceptAnswer[] = [];
      const refusals: Refusal[] = [];
      for (const share of sharesOf(deliveries)) answers.push(...(await acceptInParts(share, ask, refusals)));
      return answers;
    },
  };
}

/**
 * All at once, and in halves if the database refuses one of them, so that the others are stored. A fault that concerns every
 * row alike (a right, a relation) is not asked again in parts.
 *
 * @param refusals of the latest deliveries that were asked for alone; updated here
 */
async function acceptInParts(
  deliveries: readonly NewDelivery[],
  ask: (asked: readonly NewDelivery[]) => Promise<AcceptAnswer[]>,
  refusals: Refusal[],
): Promise<AcceptAnswer[]> {
  const refused = (refusal: Refusal) => deliveries.map((): AcceptAnswer => ({ kind: 'refused', refusal }));
  const [latest] = refusals;
  if (latest !== undefined && refusals.length >= MOST_REFUSED_IN_A_ROW) return refused(latest);
  try {
    const answers = await ask(deliveries);
    refusals.length = 0;
    return answers;
  } catch (fault) {
    if (!(fault instanceof StatementRefused)) throw fault;
    const refusal = refusalOf(fault);
    if (!isOneRowsFault(fault)) return refused(refusal);
    if (deliveries.length === 1) {
      refusals.unshift(refusal);
      return refused(refusal);
    }
    const middle = Math.ceil(deliveries.length / 2);
    return [
      ...(await acceptInParts(deliveries.slice(0, middle), ask, refusals)),
      ...(await acceptInParts(deliveries.slice(middle), ask, refusals)),
    ];
  }
}

/** The uuid is new for each call, so a row that already has it comes from another copy of the same statement. */
const OWN_COPY = 'webhook_deliveries_uuid';

async function accept(
  deliveries: readonly NewDelivery[],
  { dataApi, unknownRuns, now }: { dataApi: DataApi; unknownRuns: UnknownRuns; now: string | null },
  limit: CallLimit,
): Promise<AcceptAnswer[]> {
  const parameters = {
    deliveries: JSON.stringify(deliveries.map((delivery, item) => ({ item, ...columnsOf(delivery) }))),
    chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
    now,
  };
  const registers = unknownRuns === 'register';
  const statement = registers ? queries.registerAndAcceptDeliveries : queries.acceptDeliveries;
  const once = () => dataApi.execute(statement, parameters, limit);
  // If two copies run at the same time, the later may be refused. Once the first is committed, it inserts nothing.
  const insert = () =>
    once().catch((fault: unknown) => {
      if (!(fault instanceof StatementRefused) || fault.names.constraint !== OWN_COPY) throw fault;
      return once();
    });
  let inserted = await insert();
  // Somebody else was registering the run at the same instant: now it is there to see.
  if (registers && inserted.some((row) => row['run_organization_id'] === null)) inserted = await insert();
  const answers = inserted.map((row, item) => acceptAnswer(row, deliveries[item]));
  const raced = deliveries.flatMap((d, item) =>
    answers[item] === undefined ? [{ item, run_id: d.workflowRunId, node_id: d.webhookNodeId }] : [],
  );
  if (raced.length > 0) {
    const found = await dataApi.execute(queries.findDeliveries, { keys: JSON.stringify(raced), now }, limit);
    for (const row of found) {
      const item = readColumns(row).integer('item');
      answers[item] = storedAnswer(row, deliveries[item]);
    }
  }
  return answers.map((answer) => {
    if (answer === undefined) throw new Error('a delivery is neither inserted nor found');
    return answer;
  });
}

/** As many deliveries per statement as fit into a Data API request. */
function* sharesOf(deliveries: readonly NewDelivery[]): Generator<NewDelivery[]> {
  let share: NewDelivery[] = [];
  let bytes = 0;
  for (const delivery of deliveries) {
    // Escaped once for the column list and once for the request, so quotes and backslashes grow.
    const size = Buffer.byteLength(JSON.stringify(JSON.stringify(columnsOf(delivery))));
    if (share.length > 0 && bytes + size > DATA_API_REQUEST_BUDGET_BYTES) {
      yield share;
      share = [];
      bytes = 0;
    }
    share.push(delivery);
    bytes += size;
  }
  if (share.length > 0) yield share;
}
