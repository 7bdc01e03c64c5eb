import { queries } from '../../sql/compiled.ts';
import type {
  AcceptAnswer,
  CallLimit,
  DeliveryStore,
  NewDelivery,
  SettledAttempt,
  SweepPage,
} from '../delivery/delivery-store.ts';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  DATA_API_REQUEST_BUDGET_BYTES,
  MAX_CHAINED_DELAY_SECONDS,
  MAX_CLAIMS,
  PAYLOAD_SLICE_BYTES,
  RELEASE_BASE_SECONDS,
  RELEASE_MAX_SECONDS,
  SWEEP_GRACE_SECONDS,
  SWEEP_HORIZON_SECONDS,
  SWEEP_MAX_PAUSE_SECONDS,
  SWEEP_PAUSE_SECONDS,
} from '../runtime/limits.ts';
import { type DataApi, StatementRefused } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import {
  acceptAnswer,
  claimAnswers,
  columnsOf,
  releaseAnswer,
  settleAnswer,
  settlementColumns,
  storedAnswer,
  sweptDelivery,
} from './delivery-rows.ts';
import { storableText } from './storable-text.ts';

type Options = {
  leaseSeconds: number;
  registerUnknownRuns: boolean;
  /** ISO time with zone that stands for the database's clock; undefined: its own. For tests of the clock's edges. */
  now?: () => string | undefined;
};

/** The truth in Aurora PostgreSQL, asked through the RDS Data API: one statement a method, in sql/queries/. */
export function createDataApiDeliveryStore(dataApi: DataApi, options: Options): DeliveryStore {
  const now = () => options.now?.() ?? null;

  async function accept(deliveries: readonly NewDelivery[], limit: CallLimit | undefined): Promise<AcceptAnswer[]> {
    if (options.registerUnknownRuns) {
      const runs = deliveries.map(({ workflowRunId: run_id, organizationId: organization_id }, item) => ({
        item,
        run_id,
        organization_id,
      }));
      await dataApi.execute(queries.registerWorkflowRuns, { runs: JSON.stringify(runs) }, limit);
    }
    const inserted = await dataApi.execute(
      queries.acceptDeliveries,
      {
        deliveries: JSON.stringify(deliveries.map((delivery, item) => ({ item, ...columnsOf(delivery) }))),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
        now: now(),
      },
      limit,
    );
    const answers = inserted.map((row, item) => acceptAnswer(row, deliveries[item]));
    const repeated = deliveries.flatMap((d, item) =>
      answers[item] === undefined ? [{ item, run_id: d.workflowRunId, node_id: d.webhookNodeId }] : [],
    );
    if (repeated.length > 0) {
      const found = await dataApi.execute(
        queries.findDeliveries,
        { keys: JSON.stringify(repeated), now: now() },
        limit,
      );
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

  async function settle(settlements: readonly SettledAttempt[], limit: CallLimit) {
    const rows = await dataApi.execute(
      queries.settleDeliveries,
      {
        settlements: JSON.stringify(settlements.map(settlementColumns)),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
        now: now(),
      },
      limit,
    );
    return rows.map(settleAnswer);
  }

  const pageParameters = ({ after, pageRows }: SweepPage) => ({
    after_due: after?.dueAt ?? null,
    after_id: after?.deliveryId ?? null,
    page_rows: pageRows,
    now: now(),
  });

  return {
    async acceptDeliveries(deliveries, limit) {
      const answers: AcceptAnswer[] = [];
      for (const share of sharesOf(deliveries)) answers.push(...(await accept(share, limit)));
      return answers;
    },
    async claimDeliveries(claims, limit) {
      const rows = await dataApi.execute(
        queries.claimDeliveries,
        {
          claims: JSON.stringify(claims.map((c) => ({ id: c.deliveryId, attempt: c.attempt, token: c.token }))),
          lease_seconds: options.leaseSeconds,
          payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
          slice_bytes: PAYLOAD_SLICE_BYTES,
          now: now(),
        },
        limit,
      );
      const tokens = new Map(claims.map((claim) => [claim.deliveryId, claim.token]));
      return claimAnswers(rows, tokens);
    },
    async settleDeliveries(settlements, limit) {
      try {
        return await settle(settlements, limit);
      } catch (error) {
        // One outcome that the database cannot store must not cost its neighbours theirs.
        if (!(error instanceof StatementRefused) || settlements.length === 1) throw error;
        const alone = await Promise.allSettled(settlements.map((settlement) => settle([settlement], limit)));
        return alone.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
      }
    },
    async releaseDeliveries(releases, limit) {
      const rows = await dataApi.execute(
        queries.releaseDeliveries,
        {
          releases: JSON.stringify(
            releases.map((r) => ({ id: r.deliveryId, token: r.token, error: storableText(r.error) })),
          ),
          base_seconds: RELEASE_BASE_SECONDS,
          max_seconds: RELEASE_MAX_SECONDS,
          max_claims: MAX_CLAIMS,
          now: now(),
        },
        limit,
      );
      return rows.map(releaseAnswer);
    },
    async putBackDeliveries(page) {
      const rows = await dataApi.execute(queries.putBackDeliveries, {
        ...pageParameters(page),
        grace_seconds: SWEEP_GRACE_SECONDS,
        horizon_seconds: SWEEP_HORIZON_SECONDS,
        pause_seconds: SWEEP_PAUSE_SECONDS,
        max_pause_seconds: SWEEP_MAX_PAUSE_SECONDS,
      });
      return rows.map(sweptDelivery);
    },
    async restoreMessages(page) {
      const rows = await dataApi.execute(queries.restoreMessages, {
        ...pageParameters(page),
        horizon_seconds: MAX_CHAINED_DELAY_SECONDS,
      });
      return rows.map(sweptDelivery);
    },
    async buryDeliveries(pageRows, limit) {
      const rows = await dataApi.execute(queries.buryDeliveries, { page_rows: pageRows, now: now() }, limit);
      return rows.map((row) => {
        const columns = readColumns(row);
        return { deliveryId: columns.integer('id'), organizationId: columns.integer('organization_id') };
      });
    },
    async oldestDueSeconds() {
      const [row] = await dataApi.execute(queries.measureBacklog, { now: now() });
      return row === undefined ? 0 : readColumns(row).integer('oldest_due_seconds');
    },
  };
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
