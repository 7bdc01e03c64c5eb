import * as queries from '../../sql/compiled-queries.ts';
import type { CallLimit, Claim, SettledAttempt, StepInOrder } from '../delivery/store-answers.ts';
import type { Outcomes } from '../delivery/outcome.ts';
import type { EndpointRules } from '../endpoints/endpoint-policy.ts';
import { CLAIM_PAYLOAD_BUDGET_BYTES, PAYLOAD_SLICE_BYTES } from '../runtime/limits.ts';
import type { DataApi, Row } from './data-api.ts';
import { settlementColumns } from './delivery-rows.ts';
import { createShortStatement } from './short-statement.ts';

/** What the short statements do, and the rows that they answer; what they leave is asked of the whole ones with the same tokens. */
export type OrdinaryDeliveries = {
  claim(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<Row[]>;
  settle(settlements: readonly SettledAttempt[], limit: CallLimit): Promise<Row[]>;
  goOn(step: StepInOrder, leaseSeconds: number, limit: CallLimit): Promise<Row[]>;
};

/**
 * Nothing is asked where one of a batch is more than ordinary to begin with, a second attempt, a failure or an ordering key: the
 * whole statement is needed anyway, and does all in one call.
 */
export function createOrdinaryDeliveries(
  dataApi: DataApi,
  endpoints: EndpointRules & { outcomes: Outcomes },
  now: () => string | undefined,
): OrdinaryDeliveries {
  const short = { claim: createShortStatement(), settle: createShortStatement(), goOn: createShortStatement() };
  /** Then each endpoint has a row, and nothing is ordinary. */
  const isLimited = (): boolean => endpoints.maxInFlight !== undefined || endpoints.maxPerSecond !== undefined;

  return {
    async claim(claims, leaseSeconds, limit) {
      const mayBeOrdinary = claims.every(({ attempts, isOrdered }) => attempts.includes(1) && isOrdered !== true);
      if (isLimited() || !mayBeOrdinary || !short.claim.isWorthAsking()) return [];
      const rows = await dataApi.execute(
        queries.claimOrdinaryDeliveries,
        {
          claims: JSON.stringify(claims.map((c) => ({ id: c.deliveryId, token: c.token }))),
          lease_seconds: leaseSeconds,
          payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
          slice_bytes: PAYLOAD_SLICE_BYTES,
          now: now() ?? null,
        },
        limit,
      );
      short.claim.did(rows.filter((row) => row['slice'] === 0).length, claims.length);
      return rows;
    },
    async settle(settlements, limit) {
      const mayBeOrdinary = settlements.every(
        ({ settlement, isOrdered }) => settlement.kind === 'succeeded' && isOrdered !== true,
      );
      // An outcome of each is the whole statement's.
      const isTold = endpoints.outcomes === 'all';
      if (isLimited() || isTold || !mayBeOrdinary || !short.settle.isWorthAsking()) return [];
      const columns = settlements.map(columnsOf);
      const rows = await dataApi.execute(
        queries.settleOrdinaryDeliveries,
        { settlements: JSON.stringify(columns), now: now() ?? null },
        limit,
      );
      short.settle.did(rows.length, settlements.length);
      return rows;
    },
    async goOn({ settled, next }, leaseSeconds, limit) {
      if (isLimited() || endpoints.outcomes === 'all' || !short.goOn.isWorthAsking()) return [];
      const rows = await dataApi.execute(
        queries.goOnInOrder,
        {
          settlement: JSON.stringify(columnsOf(settled)),
          next_id: next.deliveryId,
          next_token: next.token,
          lease_seconds: leaseSeconds,
          payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
          slice_bytes: PAYLOAD_SLICE_BYTES,
          now: now() ?? null,
        },
        limit,
      );
      short.goOn.did(Math.min(rows.length, 1), 1);
      return rows;
    },
  };
}

function columnsOf(settled: SettledAttempt) {
  const { id, token, attempt, status_code, excerpt, duration_ms, started_ms_ago, exchange } =
    settlementColumns(settled);
  return { id, token, attempt, status_code, excerpt, duration_ms, started_ms_ago, exchange };
}

/** Those that no row is about. */
export function withoutThose<Item extends { deliveryId: number }>(
  items: readonly Item[],
  rows: readonly Row[],
): Item[] {
  const ids = new Set(rows.map((row) => row['id']));
  return items.filter(({ deliveryId }) => !ids.has(deliveryId));
}
