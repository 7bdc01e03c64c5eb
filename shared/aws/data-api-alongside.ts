import * as queries from '../../sql/compiled-queries.ts';
import { type AcceptAnswer, type CallLimit, type NewDelivery, StatementRefused } from '../delivery/store-answers.ts';
import type { AcceptStore } from '../enqueue/accept-store.ts';
import { type ForeignTable, foreignTableName, MOVED, nameForeignTable } from '../runtime/foreign-table.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { storedAnswer } from './delivery-rows.ts';
import { refusalOf } from './isolate-refused-rows.ts';

/**
 * An accept store beside another pipeline: a run and node that its table knows exist, and are answered as they stand there. The
 * table is asked first, one statement for all; whoever hands the same delivery to both at the same instant is not found out.
 */
export function createAlongsideAcceptStore(inner: AcceptStore, dataApi: DataApi, table: ForeignTable): AcceptStore {
  const { sql, parameters } = queries.findAlongside;
  const statement = { sql: nameForeignTable(sql, table), parameters };

  async function known(deliveries: readonly NewDelivery[], limit: CallLimit): Promise<Map<number, AcceptAnswer>> {
    const keys = deliveries.map((d, item) => ({ item, run_id: d.workflowRunId, node_id: d.webhookNodeId }));
    const rows = await dataApi.execute(statement, { keys: JSON.stringify(keys), moved: MOVED }, limit);
    return new Map(
      rows.map((row) => {
        const item = readColumns(row).integer('item');
        const answer = storedAnswer(row, deliveries[item]);
        return [item, answer.kind === 'stored' ? { ...answer, elsewhere: foreignTableName(table) } : answer];
      }),
    );
  }

  return {
    async acceptDeliveries(deliveries, unknownRuns, limit) {
      const there = await known(deliveries, limit).catch((fault: unknown) => {
        if (!(fault instanceof StatementRefused)) throw fault;
        const refusal = refusalOf(fault);
        return new Map(deliveries.map((_, item): [number, AcceptAnswer] => [item, { kind: 'refused', refusal }]));
      });
      const others = deliveries.filter((_, item) => !there.has(item));
      const answers = others.length === 0 ? [] : await inner.acceptDeliveries(others, unknownRuns, limit);
      const next = answers[Symbol.iterator]();
      return deliveries.map((_, item) => {
        const answer = there.get(item) ?? next.next().value;
        if (answer === undefined) throw new Error('the store answered too few deliveries');
        return answer;
      });
    },
  };
}
