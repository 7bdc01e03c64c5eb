// Real: what is told of outcomes, and the schemas that are published of it. No doubles.
import { expect, it } from 'vitest';
import { OUTCOME_TYPES, type Outcome } from '../../../shared/delivery/outcome.ts';
import { OUTCOME_DETAILS } from '../../../shared/outcomes/outcome-detail.ts';
import { outcomeEvent } from '../../../shared/outcomes/outcome-event.ts';
import { anOutcome } from '../../support/store/an-outcome.ts';
import { NOON } from '../../support/store/store-world.ts';

const turned = {
  id: 9,
  eventId: 'f0000000-0000-4000-8000-000000000009',
  happenedAtMs: Date.parse(NOON),
  organizationId: 7,
  origin: 'https://receiver.example:8443',
  reason: 'timeout' as const,
  scope: 'endpoint' as const,
  outageId: 'f0000000-0000-4000-8000-000000000001',
  failures: 5,
  downSinceMs: Date.parse(NOON) - 1000,
};

const OUTCOMES: readonly Outcome[] = [
  anOutcome(1, { type: 'delivered', reason: undefined, lastStatusCode: 204, webhookName: 'Orders' }),
  anOutcome(2),
  anOutcome(3, { type: 'recovered', reason: undefined, attempts: 7 }),
  { ...turned, type: 'down' },
  { ...turned, type: 'down', endpointKey: 'c0000000-0000-4000-8000-000000000001' },
  { ...turned, type: 'up', failures: 0 },
];

it.each(OUTCOMES)('a $type outcome is told as its published schema says', (outcome) => {
  const { detailType, detail } = outcomeEvent(outcome, 'Acme/Webhooks');
  expect(detailType).toBe(OUTCOME_TYPES[outcome.type]);
  expect(OUTCOME_DETAILS[detailType].safeParse(detail)).toMatchObject({ success: true });
  expect(detail).toMatchObject({ event_id: outcome.eventId, service: 'Acme/Webhooks', organization_id: 7 });
});

it('a dead letter says whose it was, where it went, why it ended and when', () => {
  expect(outcomeEvent(anOutcome(2), 'Acme/Webhooks')).toEqual({
    detailType: 'Webhook Dead-Lettered',
    atMs: Date.parse(NOON),
    detail: {
      event_id: 'e0000000-0000-4000-8000-000000000002',
      service: 'Acme/Webhooks',
      organization_id: 7,
      endpoint: 'https://receiver.example',
      delivery_id: 102,
      delivery_uuid: 'd0000000-0000-4000-8000-000000000002',
      workflow_run_id: 41,
      webhook_node_id: 'notify',
      webhook_name: null,
      status: 'dead_letter',
      reason: 'status',
      last_status_code: 410,
      attempts: 1,
      created_at: '2026-11-23T11:59:00.000Z',
      ended_at: NOON,
    },
  });
});

it('an endpoint that came up says since when it had been down, and by which outage', () => {
  const [down, , up] = OUTCOMES.slice(3).map((outcome) => outcomeEvent(outcome, 'Acme/Webhooks').detail);
  expect(down).toMatchObject({ status: 'down', up_at: null, down_since: '2026-11-23T11:59:59.000Z' });
  expect(up).toMatchObject({ status: 'up', up_at: NOON, down_since: '2026-11-23T11:59:59.000Z', failures: 0 });
  expect(up).toHaveProperty('outage_id', down !== undefined && 'outage_id' in down ? down.outage_id : undefined);
});

it('where a URL has no origin, none is told', () => {
  expect(outcomeEvent(anOutcome(2, { origin: undefined }), 'Acme/Webhooks').detail.endpoint).toBeNull();
});
