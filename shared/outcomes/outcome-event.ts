import { type Outcome, OUTCOME_TYPES, type OutcomeName } from '../delivery/outcome.ts';
import type { OutcomeDetail } from './outcome-detail.ts';

/** An event as it is put on the bus. */
export type OutcomeEvent = { detailType: OutcomeName; atMs: number; detail: OutcomeDetail };

/**
 * What is told of an outcome: whose it is, where it went as an origin, and what became of it. What a customer or a receiver wrote
 * is not known here. `service` tells the constructs of an account apart.
 */
export function outcomeEvent(outcome: Outcome, service: string): OutcomeEvent {
  const { type, happenedAtMs: atMs } = outcome;
  return { detailType: OUTCOME_TYPES[type], atMs, detail: detailOf(outcome, service) };
}

function detailOf(outcome: Outcome, service: string): OutcomeDetail {
  const every = {
    event_id: outcome.eventId,
    service,
    organization_id: outcome.organizationId,
    endpoint: outcome.origin ?? null,
  };
  switch (outcome.type) {
    case 'dead_lettered':
      return { ...every, status: 'dead_letter', reason: outcome.reason ?? null, ...deliveryOf(outcome) };
    case 'delivered':
    case 'recovered':
      return { ...every, status: 'succeeded', reason: null, ...deliveryOf(outcome) };
    case 'down':
      return { ...every, status: 'down', endpoint_key: outcome.endpointKey ?? null, ...turnOf(outcome), up_at: null };
    case 'up':
      return { ...every, status: 'up', ...turnOf(outcome), up_at: iso(outcome.happenedAtMs) };
  }
}

function deliveryOf(ended: Extract<Outcome, { deliveryId: number }>) {
  return {
    delivery_id: ended.deliveryId,
    delivery_uuid: ended.deliveryUuid,
    workflow_run_id: ended.workflowRunId,
    webhook_node_id: ended.webhookNodeId,
    webhook_name: ended.webhookName ?? null,
    last_status_code: ended.lastStatusCode ?? null,
    attempts: ended.attempts,
    created_at: iso(ended.createdAtMs),
    ended_at: iso(ended.happenedAtMs),
  };
}

function turnOf(turned: Extract<Outcome, { outageId: string }>) {
  return {
    outage_id: turned.outageId,
    scope: turned.scope,
    reason: turned.reason ?? null,
    failures: turned.failures,
    down_since: iso(turned.downSinceMs),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
