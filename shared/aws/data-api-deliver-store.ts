import * as queries from '../../sql/compiled-queries.ts';
import type { DeliverStore } from '../deliver/deliver-store.ts';
import type {
  CallLimit,
  Claim,
  ClaimAnswer,
  Release,
  ReleaseAnswer,
  SettledAttempt,
  StatementRefused,
} from '../delivery/store-answers.ts';
import {
  ANNOUNCE_DELIVERED_SECONDS,
  ANNOUNCE_SECONDS,
  CLAIM_PAYLOAD_BUDGET_BYTES,
  MAX_CHAINED_DELAY_SECONDS,
  MAX_CLAIMS,
  PAYLOAD_SLICE_BYTES,
  RELEASE_BASE_SECONDS,
  RELEASE_MAX_SECONDS,
} from '../runtime/limits.ts';
import type { DataApi, Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import type { EndpointRules } from '../endpoints/endpoint-policy.ts';
import type { Outcomes } from '../delivery/outcome.ts';
import { claimAnswers, releaseAnswer, settlementColumns } from './delivery-rows.ts';
import { aloneWhereRefused, isOneRowsFault, refusalOf } from './isolate-refused-rows.ts';
import { refusedForRight } from './missing-rights.ts';
import { createOrdinaryDeliveries, withoutThose } from './ordinary-deliveries.ts';
import { settleRow, type SettleRow, withoutRecord } from './settle-rows.ts';
import { storableText } from './storable-text.ts';
import { buryDeliveries, buryParameters } from './bury-page.ts';
import { createDataApiOrdering } from './data-api-ordering.ts';
import { clearOutcomes } from './data-api-outcomes.ts';

/** Due deliveries in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiDeliverStore(
  dataApi: DataApi,
  endpoints: EndpointRules & { outcomes: Outcomes },
  now: () => string | undefined = () => undefined,
): DeliverStore {
  const bounds = () => ({
    down_after_failures: endpoints.downAfterFailures,
    hold_seconds: endpoints.holdSeconds,
    max_in_flight: endpoints.maxInFlight ?? null,
    chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS,
  });
  const ordinary = createOrdinaryDeliveries(dataApi, endpoints, now);

  /** Where every endpoint has limits, those that have no row yet get one first. */
  async function claim(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<ClaimAnswer[]> {
    const rows = await claimOnce(claims, leaseSeconds, limit);
    const unregistered = rows.filter((row) => row['verdict'] === 'unregistered').map((row) => row['id'] ?? null);
    if (unregistered.length > 0) {
      await dataApi.execute(queries.registerEndpoints, { ids: JSON.stringify(unregistered) }, limit);
      const again = await claimOnce(claims, leaseSeconds, limit);
      return claimAnswers(again, tokensOf(claims));
    }
    return claimAnswers(rows, tokensOf(claims));
  }

  async function claimOnce(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<Row[]> {
    const taken = await ordinary.claim(claims, leaseSeconds, limit);
    const others = withoutThose(claims, taken);
    if (others.length === 0) return taken;
    const rows = await dataApi.execute(
      queries.claimDeliveries,
      {
        claims: JSON.stringify(others.map((c) => ({ id: c.deliveryId, attempts: c.attempts, token: c.token }))),
        has_company: taken.length > 0,
        lease_seconds: leaseSeconds,
        payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
        slice_bytes: PAYLOAD_SLICE_BYTES,
        ...bounds(),
        max_per_second: endpoints.maxPerSecond ?? null,
        now: now() ?? null,
      },
      limit,
    );
    const [first] = rows;
    if (first?.['verdict'] === 'unrecordable') throw unrecordable(first);
    return [...taken, ...rows].toSorted((one, other) => Number(one['id']) - Number(other['id']));
  }

  async function settle(
    settlements: readonly SettledAttempt[],
    limit: CallLimit,
    announced: readonly number[],
  ): Promise<SettleRow[]> {
    try {
      // The short statement removes nothing.
      const recorded = announced.length > 0 ? [] : await ordinary.settle(settlements, limit);
      const others = withoutThose(settlements, recorded);
      const rows = others.length === 0 ? [] : await settleOnce(others.map(settlementColumns), limit, announced);
      return [...recorded.map(settleRow), ...rows];
    } catch (fault) {
      const [only] = settlements;
      if (settlements.length > 1 || only === undefined || !isOneRowsFault(fault)) throw fault;
      // What the database refuses may be the attempt's row alone. The delivery must not be sent again for want of a record.
      const columns = { ...settlementColumns(only), unkept: true };
      const rows = await settleOnce([columns], limit, announced).catch((other: unknown) => {
        throw isOneRowsFault(other) ? fault : other;
      });
      return rows.map((row) => withoutRecord(row, refusalOf(fault)));
    }
  }

  async function settleOnce(
    settlements: readonly ReturnType<typeof settlementColumns>[],
    limit: CallLimit,
    announced: readonly number[],
  ): Promise<SettleRow[]> {
    const rows = await dataApi.execute(
      queries.settleDeliveries,
      {
        settlements: JSON.stringify(settlements),
        ...bounds(),
        exhausted: endpoints.exhausted,
        lease_seconds: endpoints.leaseSeconds,
        probe_delays: JSON.stringify(endpoints.probeDelays()),
        outcomes: endpoints.outcomes,
        announce_seconds: ANNOUNCE_SECONDS,
        announce_delivered_seconds: ANNOUNCE_DELIVERED_SECONDS,
        announced: JSON.stringify(announced),
        now: now() ?? null,
      },
      limit,
    );
    return rows.map(settleRow);
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
        outcomes: endpoints.outcomes,
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
    async goOnInOrder(step, leaseSeconds, limit) {
      // Whatever the database refuses here, the whole statements are refused, and isolate the row.
      const rows = await ordinary.goOn(step, leaseSeconds, limit).catch((fault: unknown) => {
        if (isOneRowsFault(fault)) return [];
        throw fault;
      });
      return claimAnswers(rows, tokensOf([step.next]))[0];
    },
    async settleDeliveries(settlements, limit, announced = []) {
      const ask = (some: readonly SettledAttempt[]) => settle(some, limit, announced);
      const rows = await aloneWhereRefused<SettledAttempt, SettleRow>(settlements, ask, {
        refused: ({ deliveryId }, refusal) => ({
          what: 'settled',
          answer: { deliveryId, verdict: 'refused', refusal },
        }),
      });
      return {
        answers: rows
          .flatMap((row) => (row.what === 'settled' ? [row.answer] : []))
          .toSorted((one, other) => one.deliveryId - other.deliveryId),
        called: rows.flatMap((row) => (row.what === 'called' ? [row.called] : [])),
        turns: rows.flatMap((row) => (row.what === 'turned' ? [row.turn] : [])),
        next: rows.flatMap((row) => (row.what === 'next' ? [row.next] : [])),
        outcomes: rows.flatMap((row) => (row.what === 'outcome' ? [row.outcome] : [])),
      };
    },
    releaseDeliveries: (releases, limit) =>
      aloneWhereRefused(releases, (some) => release(some, limit), {
        // Its lease runs out by itself, and charges the attempt.
        refused: ({ deliveryId }) => ({ kind: 'not_held', deliveryId }),
      }),
    async noteAttempt(settled, limit) {
      const { id, token, attempt, status_code, error_class, error, duration_ms, started_ms_ago, exchange } =
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
          exchange: exchange === undefined ? null : JSON.stringify(exchange),
        },
        limit,
      );
      return row !== undefined && readColumns(row).boolean('noted');
    },
    buryDeliveries: (page, limit) => buryDeliveries(dataApi, buryParameters(page, endpoints, now()), limit),
    clearOutcomes: (ids, limit) => clearOutcomes(dataApi, ids, limit),
    callNextDeliveries: createDataApiOrdering(dataApi, now).callNextDeliveries,
  };
}

function unrecordable(row: Row): StatementRefused {
  const [relation = '', right = ''] = readColumns(row).string('delivery').split(' ');
  return refusedForRight(relation, right);
}

function tokensOf(claims: readonly Claim[]): ReadonlyMap<number, string> {
  return new Map(claims.map(({ deliveryId, token }) => [deliveryId, token]));
}
