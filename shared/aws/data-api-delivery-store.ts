import { queries } from '../../sql/compiled.ts';
import {
  type AcceptAnswer,
  type CallLimit,
  type Claim,
  type ClaimAnswer,
  type DeliveryStore,
  type NewDelivery,
  type Refusal,
  type Release,
  type ReleaseAnswer,
  RowRefused,
  type SettleAnswer,
  type SettledAttempt,
  type SweepPage,
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
  buriedDelivery,
  claimAnswers,
  columnsOf,
  releaseAnswer,
  settleAnswer,
  settlementColumns,
  storedAnswer,
  sweepPosition,
  sweptDelivery,
  uncountedDeath,
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

  async function settle(settlements: readonly SettledAttempt[], limit: CallLimit): Promise<SettleAnswer[]> {
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

  async function claim(claims: readonly Claim[], limit: CallLimit): Promise<ClaimAnswer[]> {
    const rows = await dataApi.execute(
      queries.claimDeliveries,
      {
        claims: JSON.stringify(claims.map((c) => ({ id: c.deliveryId, attempts: c.attempts, token: c.token }))),
        lease_seconds: options.leaseSeconds,
        payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
        slice_bytes: PAYLOAD_SLICE_BYTES,
        now: now(),
      },
      limit,
    );
    return claimAnswers(rows, new Map(claims.map((one) => [one.deliveryId, one.token])));
  }

  async function release(releases: readonly Release[], limit: CallLimit): Promise<ReleaseAnswer[]> {
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
  }

  const sweepPage: DataApi['execute'] = async (statement, parameters, limit) => {
    try {
      return await dataApi.execute(statement, parameters, limit);
    } catch (fault) {
      throw isOneRowsFault(fault) ? new RowRefused(refusalOf(fault)) : fault;
    }
  };

  const pageParameters = ({ after, pageRows, only }: SweepPage) => ({
    after_due: after?.dueAt ?? null,
    after_id: after?.id ?? null,
    page_rows: pageRows,
    only: only === undefined ? null : JSON.stringify(only.map(({ id }) => id)),
    now: now(),
  });

  return {
    async acceptDeliveries(deliveries, limit) {
      const answers: AcceptAnswer[] = [];
      for (const share of sharesOf(deliveries)) answers.push(...(await accept(share, limit)));
      return answers;
    },
    claimDeliveries: (claims, limit) =>
      aloneWhereRefused(claims, (some) => claim(some, limit), {
        refused: ({ deliveryId }, refusal) => ({ kind: 'refused', deliveryId, refusal }),
      }),
    settleDeliveries: (settlements, limit) =>
      aloneWhereRefused(settlements, (some) => settle(some, limit), {
        refused: ({ deliveryId }, refusal) => ({ deliveryId, verdict: 'refused', refusal }),
      }),
    releaseDeliveries: (releases, limit) =>
      aloneWhereRefused(releases, (some) => release(some, limit), {
        // Its lease runs out by itself, and charges the attempt.
        refused: ({ deliveryId }) => ({ kind: 'not_held', deliveryId }),
      }),
    async noteAttempt(settled, limit) {
      const { id, token, attempt, status_code, error_class, error, duration_ms, started_ms_ago } =
        settlementColumns(settled);
      const [row] = await dataApi.execute(
        queries.noteAttempt,
        {
          ...{ id, token, attempt, duration_ms, started_ms_ago, now: now() },
          ...{ status_code: status_code ?? null, error_class: error_class ?? null, error: error ?? null },
        },
        limit,
      );
      return row !== undefined && readColumns(row).boolean('noted');
    },
    async putBackDeliveries(page, limit) {
      const rows = await sweepPage(
        queries.putBackDeliveries,
        {
          ...pageParameters(page),
          grace_seconds: SWEEP_GRACE_SECONDS,
          horizon_seconds: SWEEP_HORIZON_SECONDS,
          pause_seconds: SWEEP_PAUSE_SECONDS,
          max_pause_seconds: SWEEP_MAX_PAUSE_SECONDS,
        },
        limit,
      );
      return rows.map(sweptDelivery);
    },
    async restoreMessages(page, limit) {
      const parameters = { ...pageParameters(page), horizon_seconds: MAX_CHAINED_DELAY_SECONDS };
      return (await sweepPage(queries.restoreMessages, parameters, limit)).map(sweptDelivery);
    },
    async buryDeliveries(page, limit) {
      return (await sweepPage(queries.buryDeliveries, pageParameters(page), limit)).map(buriedDelivery);
    },
    async listDueDeliveries({ after, pageRows }) {
      const page = { after_due: after?.dueAt ?? null, after_id: after?.id ?? null, page_rows: pageRows };
      return (await dataApi.execute(queries.listDueDeliveries, page)).map(sweepPosition);
    },
    async listUncountedDeaths(pageRows) {
      return (await dataApi.execute(queries.listUncountedDeaths, { page_rows: pageRows })).map(uncountedDeath);
    },
    async markDeathsCounted(deaths) {
      await dataApi.execute(queries.markDeathsCounted, { ids: JSON.stringify(deaths.map(({ id }) => id)) });
    },
    async oldestDueSeconds() {
      const [row] = await dataApi.execute(queries.measureBacklog, { now: now() });
      return row === undefined ? 0 : readColumns(row).integer('oldest_due_seconds');
    },
  };
}

/** SQLSTATE classes that speak of a row's values or of a trigger's opinion about them, and not of the statement. */
const ONE_ROWS_FAULT = /^(?:2[1237]|3[89]|44|P0)/;

function isOneRowsFault(fault: unknown): fault is StatementRefused {
  return fault instanceof StatementRefused && ONE_ROWS_FAULT.test(fault.sqlState);
}

function refusalOf({ sqlState }: StatementRefused): Refusal {
  return { sqlState };
}

/**
 * Asks for all at once, and where the database refuses the statement for a row, for each of them alone: one row's fault
 * costs its neighbours nothing. Of one that could not be asked there is no answer.
 */
async function aloneWhereRefused<Item, Answer>(
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer[]>,
  { refused }: { refused: (item: Item, refusal: Refusal) => Answer },
): Promise<Answer[]> {
  try {
    return await ask(items);
  } catch (fault) {
    if (!isOneRowsFault(fault)) throw fault;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [refused(only, refusalOf(fault))];
    const alone = await Promise.allSettled(items.map((item) => aloneWhereRefused([item], ask, { refused })));
    return alone.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }
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
