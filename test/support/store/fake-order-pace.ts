import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import type { ClaimAnswer } from '../../../shared/delivery/store-answers.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../../../shared/runtime/limits.ts';
import type { FakeRow } from './fake-delivery-rules.ts';
import { dueMs, endpointKeys, type FakeEndpoint } from './fake-endpoints.ts';

export type PaceTables = {
  endpoints: ReadonlyMap<string, FakeEndpoint>;
  orders: ReadonlyMap<number, { perSecond: number | undefined }>;
  /** When the next delivery of an order to a host may be due. */
  paces: Map<string, number>;
};

type Pacing = { tables: PaceTables; rules: EndpointRules; nowMs: number };

/**
 * What an order brings, and something has held, takes its place in the order's pace anew; a probe goes alone. The answers are about
 * those whose place is later, and those are to be let go.
 */
export function linedUp(rows: readonly FakeRow[], { tables, rules, nowMs }: Pacing): Map<number, ClaimAnswer> {
  const answers = new Map<number, ClaimAnswer>();
  const held = rows.filter((row) => row.heldBy !== undefined && !isProbe(row, { tables, rules }));
  for (const row of held.toSorted((a, b) => dueMs(a) - dueMs(b) || a.deliveryId - b.deliveryId)) {
    const { deliveryId } = row;
    const perSecond = tables.orders.get(orderOf(row))?.perSecond;
    if (perSecond === undefined) continue;
    const { host } = new URL(row.endpointUrl);
    const placeMs = Math.max(tables.paces.get(host) ?? nowMs, nowMs);
    tables.paces.set(host, placeMs + 1000 / perSecond);
    Object.assign(row, { heldDueMs: placeMs, placeMs });
    if (placeMs <= nowMs + 1000) continue;
    row.awaitsHandOut = placeMs > nowMs + MAX_CHAINED_DELAY_SECONDS * 1000;
    answers.set(deliveryId, { kind: 'early', deliveryId, dueInSeconds: Math.ceil((placeMs - nowMs) / 1000) });
  }
  return answers;
}

/** The new delivery of a replay bears its order in its name. */
function orderOf({ redeliveredBy, replayOf, webhookNodeId }: FakeRow): number {
  const replay = replayOf === undefined ? undefined : / \(replay (\d+)\)$/.exec(webhookNodeId)?.[1];
  return redeliveredBy ?? Number(replay);
}

function isProbe(row: FakeRow, { tables, rules }: Pick<Pacing, 'tables' | 'rules'>): boolean {
  const isDown = (key: string) => tables.endpoints.get(key)?.downSinceMs !== undefined;
  return rules.downAfterFailures > 0 && endpointKeys(row).some(({ key }) => isDown(key));
}
