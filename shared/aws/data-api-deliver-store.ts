import { queries } from '../../sql/compiled.ts';
import type { DeliverStore } from '../deliver/deliver-store.ts';
import type { CallLimit, SettledAttempt } from '../delivery/delivery-store.ts';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  MAX_CHAINED_DELAY_SECONDS,
  MAX_CLAIMS,
  PAYLOAD_SLICE_BYTES,
  RELEASE_BASE_SECONDS,
  RELEASE_MAX_SECONDS,
} from '../runtime/limits.ts';
import { buryDeliveries } from './bury-deliveries.ts';
import { type DataApi, StatementRefused } from './data-api.ts';
import { claimAnswers, releaseAnswer, settleAnswer, settlementColumns } from './delivery-rows.ts';
import { storableText } from './storable-text.ts';

/** Due deliveries in Aurora PostgreSQL. `now` stands for the database's clock in tests. */
export function createDataApiDeliverStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): DeliverStore {
  async function settle(settlements: readonly SettledAttempt[], limit: CallLimit) {
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

  return {
    async claimDeliveries(claims, leaseSeconds, limit) {
      const rows = await dataApi.execute(
        queries.claimDeliveries,
        {
          claims: JSON.stringify(claims.map((c) => ({ id: c.deliveryId, attempt: c.attempt, token: c.token }))),
          lease_seconds: leaseSeconds,
          payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
          slice_bytes: PAYLOAD_SLICE_BYTES,
          now: now() ?? null,
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
          now: now() ?? null,
        },
        limit,
      );
      return rows.map(releaseAnswer);
    },
    buryDeliveries: (pageRows, limit) => buryDeliveries(dataApi, { page_rows: pageRows, now: now() ?? null }, limit),
  };
}
