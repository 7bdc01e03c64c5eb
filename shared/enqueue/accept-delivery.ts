import type { Clock } from '../runtime/clock.ts';
import { announce, type DueDelivery } from '../delivery/announce.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import {
  type AcceptAnswer,
  type CallLimit,
  type NewDelivery,
  type Refusal,
  StoreUnavailable,
} from '../delivery/store-answers.ts';
import type { AcceptStore, UnknownRuns } from './accept-store.ts';
import type { AcceptedRequest } from './enqueue-request.ts';
import type { Metrics } from '../observe/metrics.ts';

export type AcceptParts = {
  store: AcceptStore;
  unknownRuns: UnknownRuns;
  queue: DeliveryQueue;
  clock: Clock;
  metrics: Metrics;
};

/** A request that passed validation, with its warnings. */
export type ValidRequest = { delivery: AcceptedRequest; warnings: readonly string[] };

/** The answer, as callers see it, to a request whose delivery is stored. */
export type EnqueueAnswer = {
  delivery_id: number;
  delivery_uuid: string;
  created: boolean;
  status: string;
  /** RFC 3339; null once the delivery is over. */
  scheduled_for: string | null;
  /** Requests made so far. This and the next two are in the answer to a repeated request alone. */
  attempt_count?: number;
  /** Of the last attempt; null if it had no response, or there was none. */
  last_status_code?: number | null;
  /** Why the last attempt failed, in words; null if none failed. */
  last_error?: string | null;
  warnings: string[];
};

export type Accepted =
  | { kind: 'stored'; answer: EnqueueAnswer }
  | { kind: 'refused'; errorType: RunErrorType; errorMessage: string }
  | { kind: 'refused_by_database'; refusal: Refusal }
  | { kind: 'unnameable'; deliveryUuid: string }
  | Failed;

/** The store failed: nobody knows whether a row was stored. */
type Failed = { kind: 'failed'; fault: unknown };

export type RunErrorType = 'WorkflowRunNotFound' | 'WorkflowRunHasNoOrganization' | 'OrganizationMismatch';

/**
 * Gets or creates a delivery for each request, with one answer each, in order, and sends a message for each one created. Never
 * rejects. Rows come first: a message that could not be sent is counted and left to the sweep. What was committed before the
 * database became unavailable stays, and the same requests find it again.
 */
export async function acceptDeliveries(
  requests: readonly ValidRequest[],
  parts: AcceptParts,
  limit: CallLimit,
): Promise<Accepted[]> {
  if (requests.length === 0) return [];
  const chosen = requests.map(({ delivery }): NewDelivery => ({ ...delivery, deliveryUuid: parts.clock.uuid() }));
  const answers = await answersOf(chosen, parts, limit);
  const created = dueOf(answers, chosen);
  parts.metrics.count('DeliveriesAccepted', created.length);
  await announce(created, parts);
  return requests.map((request, index) => {
    const answer = answers[index] ?? { kind: 'failed', fault: new Error('the store answered too few deliveries') };
    return acceptedOf(answer, request);
  });
}

/** All at once. If that fails, and not because the database is unavailable, each alone, so that no request blocks another. */
async function answersOf(
  deliveries: readonly NewDelivery[],
  parts: Pick<AcceptParts, 'store' | 'unknownRuns'>,
  limit: CallLimit,
): Promise<(AcceptAnswer | Failed)[]> {
  try {
    return await parts.store.acceptDeliveries(deliveries, parts.unknownRuns, limit);
  } catch (fault) {
    if (deliveries.length === 1 || fault instanceof StoreUnavailable) {
      return deliveries.map(() => ({ kind: 'failed', fault }));
    }
    const alone: (AcceptAnswer | Failed)[] = [];
    // With the same ids: whatever the failed statement stored after all is then found as created.
    for (const delivery of deliveries) alone.push(...(await answersOf([delivery], parts, limit)));
    return alone;
  }
}

function dueOf(answers: readonly (AcceptAnswer | Failed)[], deliveries: readonly NewDelivery[]): DueDelivery[] {
  return answers.flatMap((answer, index) => {
    const organizationId = deliveries[index]?.organizationId;
    if (answer.kind !== 'stored' || !answer.created || organizationId === undefined) return [];
    return [{ deliveryId: answer.deliveryId, organizationId, attempt: 1, delaySeconds: answer.dueInSeconds }];
  });
}

function acceptedOf(answer: AcceptAnswer | Failed, { delivery, warnings }: ValidRequest): Accepted {
  switch (answer.kind) {
    case 'failed':
    case 'unnameable':
      return answer;
    case 'refused':
      return { kind: 'refused_by_database', refusal: answer.refusal };
    case 'stored': {
      const differs = answer.requestDigest !== undefined && answer.requestDigest !== delivery.requestDigest;
      return {
        kind: 'stored',
        answer: {
          delivery_id: answer.deliveryId,
          delivery_uuid: answer.deliveryUuid,
          created: answer.created,
          status: answer.status,
          scheduled_for: answer.scheduledForMs === undefined ? null : new Date(answer.scheduledForMs).toISOString(),
          ...(answer.created ? {} : soFar(answer)),
          warnings: [
            ...warnings,
            ...(differs ? [DIFFERENT_REQUEST] : []),
            ...(answer.elsewhere === undefined ? [] : [knownElsewhere(answer.elsewhere)]),
          ],
        },
      };
    }
    case 'run_not_found':
      return refused('WorkflowRunNotFound', `workflow_run_id: no run ${delivery.workflowRunId}`);
    case 'run_has_no_organization':
      return refused(
        'WorkflowRunHasNoOrganization',
        `workflow_run_id: run ${delivery.workflowRunId} has no organization`,
      );
    case 'organization_mismatch':
      return refused(
        'OrganizationMismatch',
        `organization_id: run ${delivery.workflowRunId} belongs to another organization`,
      );
  }
}

/** What became of the delivery of an earlier request: whoever enqueued it need not ask the database. */
function soFar(answer: Extract<AcceptAnswer, { kind: 'stored' }>): Partial<EnqueueAnswer> {
  return {
    attempt_count: answer.attemptCount,
    last_status_code: answer.lastStatusCode ?? null,
    last_error: answer.lastError ?? null,
  };
}

export const DIFFERENT_REQUEST =
  'this workflow_run_id and webhook_node_id were enqueued before with a different request; the first request stands and this one changed nothing';

function knownElsewhere(table: string): string {
  return `this workflow_run_id and webhook_node_id stand in ${table}, which delivers them: nothing was created here, and delivery_id is the id there`;
}

function refused(errorType: RunErrorType, errorMessage: string): Accepted {
  return { kind: 'refused', errorType, errorMessage };
}
