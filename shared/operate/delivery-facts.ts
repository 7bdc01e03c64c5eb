import type { DeliveryStatus } from '../delivery/delivery.ts';

/** What a row says of its delivery, and the database's clock at that moment. Instants are milliseconds since the epoch. */
export type DeliveryFacts = {
  deliveryUuid: string;
  workflowRunId: number;
  organizationId: number;
  webhookNodeId: string;
  webhookName: string | undefined;
  httpMethod: string;
  status: DeliveryStatus;
  attemptCount: number;
  maxAttempts: number;
  lastStatusCode: number | undefined;
  lastError: string | undefined;
  reason: string | undefined;
  succeededLate: boolean;
  /** Due further ahead than messages reach. */
  awaitsHandOut: boolean;
  /** Why its endpoint lets it not go: down, waiting, recovering, in_flight, rate or stopped. */
  heldFor: string | undefined;
  heldSinceMs: number | undefined;
  /** When it would be due if nothing held it: its own due time is then the end of the wait, and mostly nobody's. */
  heldDueAtMs: number | undefined;
  /** By an operator; of one in flight the attempt under way is the last. */
  isCancelled: boolean;
  /** It is erased when the attempt under way is over. */
  expungeAtEnd: boolean;
  replayOf: number | undefined;
  orderingKey: string | undefined;
  /** As a dead letter it keeps its ordering key waiting. */
  holdsKey: boolean;
  /** The first of those of its ordering key that come before it. */
  behind: { deliveryId: number; status: DeliveryStatus } | undefined;
  scheduledForMs: number | undefined;
  leaseExpiresAtMs: number | undefined;
  createdAtMs: number;
  updatedAtMs: number;
  dismissedAtMs: number | undefined;
  expungedAtMs: number | undefined;
  nowMs: number;
};

/** The operator's order that holds a delivery. `scope`: everything, organization, origin or endpoint. */
export type Stop = { scope: string; sinceMs: number; note: string | undefined };

/** When a delivery is due, for people. What is held has the time it had: a place in a rate is the only one that is given meanwhile. */
export function shownDueMs({
  heldFor,
  heldDueAtMs,
  scheduledForMs,
}: Pick<DeliveryFacts, 'heldFor' | 'heldDueAtMs' | 'scheduledForMs'>): number | undefined {
  return heldFor === undefined || heldFor === 'rate' ? scheduledForMs : (heldDueAtMs ?? scheduledForMs);
}

/** Where a delivery stands at this moment: its status, and what lease and due time add to it. */
export type DeliveryPhase =
  | 'succeeded'
  | 'dead_letter'
  | 'in_flight'
  | 'lease_ran_out'
  | 'behind'
  | 'held'
  | 'due'
  | 'retrying'
  | 'scheduled';

export function phaseOf(
  facts: Pick<
    DeliveryFacts,
    'status' | 'behind' | 'heldFor' | 'leaseExpiresAtMs' | 'scheduledForMs' | 'attemptCount' | 'nowMs'
  >,
): DeliveryPhase {
  const { status, leaseExpiresAtMs, scheduledForMs = 0, attemptCount, nowMs } = facts;
  if (status !== 'pending') return status;
  if (leaseExpiresAtMs !== undefined && leaseExpiresAtMs > nowMs) return 'in_flight';
  if (facts.behind !== undefined) return 'behind';
  if (leaseExpiresAtMs !== undefined) return 'lease_ran_out';
  if (facts.heldFor !== undefined) return 'held';
  if (scheduledForMs <= nowMs) return 'due';
  return attemptCount > 0 ? 'retrying' : 'scheduled';
}
