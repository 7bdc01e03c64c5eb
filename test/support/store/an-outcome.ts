import type { EndedDelivery, Outcome } from '../../../shared/delivery/outcome.ts';
import { NOON } from './store-world.ts';

/** A dead letter, of which only what a test names matters. */
export function anOutcome(id: number, fields: Partial<Outcome & EndedDelivery> = {}): Outcome {
  return {
    id,
    eventId: `e0000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`,
    type: 'dead_lettered',
    happenedAtMs: Date.parse(NOON),
    organizationId: 7,
    origin: 'https://receiver.example',
    reason: 'status',
    deliveryId: 100 + id,
    deliveryUuid: `d0000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`,
    workflowRunId: 41,
    webhookNodeId: 'notify',
    webhookName: undefined,
    lastStatusCode: 410,
    attempts: 1,
    createdAtMs: Date.parse(NOON) - 60_000,
    ...fields,
  } as Outcome;
}
