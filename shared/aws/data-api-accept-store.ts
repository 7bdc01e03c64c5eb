import { queries } from '../../sql/compiled.ts';
import type { AcceptAnswer, CallLimit, NewDelivery } from '../delivery/delivery-store.ts';
import type { AcceptStore } from '../enqueue/accept-store.ts';
import { DATA_API_REQUEST_BUDGET_BYTES, MAX_CHAINED_DELAY_SECONDS } from '../runtime/limits.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { acceptAnswer, columnsOf, storedAnswer } from './delivery-rows.ts';

/** New deliveries in Aurora PostgreSQL. `now` stands for the database's clock in tests. */
export function createDataApiAcceptStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): AcceptStore {
  return {
    async acceptDeliveries(deliveries, unknownRuns, limit) {
      const answers: AcceptAnswer[] = [];
      for (const share of sharesOf(deliveries)) {
        if (unknownRuns === 'register') await registerRuns(share, dataApi, limit);
        answers.push(...(await accept(share, { dataApi, now: now() ?? null }, limit)));
      }
      return answers;
    },
  };
}

async function registerRuns(deliveries: readonly NewDelivery[], dataApi: DataApi, limit: CallLimit): Promise<void> {
  const runs = deliveries.map(({ workflowRunId: run_id, organizationId: organization_id }, item) => ({
    item,
    run_id,
    organization_id,
  }));
  await dataApi.execute(queries.registerWorkflowRuns, { runs: JSON.stringify(runs) }, limit);
}

async function accept(
  deliveries: readonly NewDelivery[],
  { dataApi, now }: { dataApi: DataApi; now: string | null },
  limit: CallLimit,
): Promise<AcceptAnswer[]> {
  const inserted = await dataApi.execute(
    queries.acceptDeliveries,
    {
      deliveries: JSON.stringify(deliveries.map((delivery, item) => ({ item, ...columnsOf(delivery) }))),
      chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
      now,
    },
    limit,
  );
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

/** As many deliveries a statement as fit a Data API request. */
function* sharesOf(deliveries: readonly NewDelivery[]): Generator<NewDelivery[]> {
  let share: NewDelivery[] = [];
  let bytes = 0;
  for (const delivery of deliveries) {
    // Escaped once for the column list and once for the request: quotes and backslashes grow.
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
