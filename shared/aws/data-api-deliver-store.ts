import { queries } from '../../sql/compiled.ts';
import type { DeliverStore } from '../deliver/deliver-store.ts';
import type {
  CallLimit,
  Claim,
  ClaimAnswer,
  Release,
  ReleaseAnswer,
  SettleAnswer,
  SettledAttempt,
} from '../delivery/store-answers.ts';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  MAX_CHAINED_DELAY_SECONDS,
  MAX_CLAIMS,
  PAYLOAD_SLICE_BYTES,
  RELEASE_BASE_SECONDS,
  RELEASE_MAX_SECONDS,
} from '../runtime/limits.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { claimAnswers, releaseAnswer, settleAnswer, settlementColumns } from './delivery-rows.ts';
import { aloneWhereRefused } from './isolate-refused-rows.ts';
import { storableText } from './storable-text.ts';
import { buryDeliveries, pageParameters } from './bury-page.ts';

/** Due deliveries in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiDeliverStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): DeliverStore {
  async function claim(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<ClaimAnswer[]> {
    const rows = await dataApi.execute(
      queries.claimDeliveries,
      {
        claims: JSON.stringify(claims.map((c) => ({ id: c.deliveryId, attempts: c.attempts, token: c.token }))),
        lease_seconds: leaseSeconds,
        payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
        slice_bytes: PAYLOAD_SLICE_BYTES,
        now: now() ?? null,
      },
      limit,
    );
    return claimAnswers(rows, new Map(claims.map((one) => [one.deliveryId, one.token])));
  }

  async function settle(settlements: readonly SettledAttempt[], limit: CallLimit): Promise<SettleAnswer[]> {
    const rows = await dataApi.execute(
      queries.settleDeliveries,
      {
        settlements: JSON.stringify(settlements.map(settlementColumns)),
        chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
        now: now() ?? null,
      },
      limit,
    );
    return rows.map(settleAnswer);
  }

  async function release(releases: readonly Release[], limit: CallLimit): Promise<ReleaseAnswer[]> {
    const columns = releases.map((r) => ({
      id: r.deliveryId,
      token: r.token,
      error: storableText(r.error),
      due_at_once: r.dueAtOnce,
    }));
    const rows = await dataApi.execute(
      queries.releaseDeliveries,
      {
        releases: JSON.stringify(columns),
        base_seconds: RELEASE_BASE_SECONDS,
        max_seconds: RELEASE_MAX_SECONDS,
        max_claims: MAX_CLAIMS,
        now: now() ?? null,
      },
      limit,
    );
    return rows.map(releaseAnswer);
  }

  return {
    claimDeliveries: (claims, leaseSeconds, limit) =>
      aloneWhereRefused(claims, (some) => claim(some, leaseSeconds, limit), {
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
          id,
          token,
          attempt,
          duration_ms,
          started_ms_ago,
          now: now() ?? null,
          status_code: status_code ?? null,
          error_class: error_class ?? null,
          error: error ?? null,
        },
        limit,
      );
      return row !== undefined && readColumns(row).boolean('noted');
    },
    buryDeliveries: (page, limit) => buryDeliveries(dataApi, pageParameters(page, now()), limit),
  };
}
