// Names that other programs depend on: written down here once more, so that a change of one is seen. Real: the product's lists
// of names and its schema. No doubles.
import { expect, test } from 'vitest';
import { idHeaderNames } from '../../shared/delivery/headers.ts';
import { FAILURE_CLASSES } from '../../shared/delivery/attempt-outcome.ts';
import type { EnqueueErrorType } from '../../shared/enqueue/enqueue-items.ts';
import { enqueueRequestSchema } from '../../shared/enqueue/enqueue-request-schema.ts';
import { DELIVERY_SETTING_NAMES, readDeliverySettings } from '../../shared/settings.ts';
import { sourceOf } from './sources.ts';

test('errors of enqueue, as Lambda’s errorType', () => {
  // A name too many or too few is a compile error.
  const names: Record<EnqueueErrorType, true> = {
    InvalidRequest: true,
    PayloadTooLarge: true,
    WorkflowRunNotFound: true,
    WorkflowRunHasNoOrganization: true,
    OrganizationMismatch: true,
    TemporaryFailure: true,
    DatabaseRefused: true,
  };
  const source =
    sourceOf('shared/enqueue/enqueue-items.ts') +
    sourceOf('shared/enqueue/request-faults.ts') +
    sourceOf('shared/enqueue/accept-delivery.ts');
  for (const name of Object.keys(names)) expect(source).toContain(`'${name}'`);
});

test('reasons of failures and dead letters', () => {
  expect(FAILURE_CLASSES).toEqual([
    'status',
    'timeout',
    'dns',
    'connection',
    'tls',
    'protocol',
    'blocked_address',
    'header',
    'credential_missing',
    'credential_invalid',
    'credential_rotated',
    'outcome_unknown',
    'never_sent',
    'invalid_row',
    'endpoint_down',
    'cancelled',
    'internal',
  ]);
});

test('settings', () => {
  expect([...DELIVERY_SETTING_NAMES].sort()).toEqual([
    'ALONGSIDE_TABLE',
    'APPLICATION_SCHEMA',
    'CREDENTIAL_PREFIX',
    'DATABASE_SCHEMA',
    'EGRESS_ALLOW_CIDRS',
    'REGISTER_UNKNOWN_RUNS',
    'WEBHOOK_DELIVERY_BASE_DELAY_SECONDS',
    'WEBHOOK_DELIVERY_MAX_ATTEMPTS',
    'WEBHOOK_DELIVERY_MAX_DELAY_SECONDS',
    'WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS',
    'WEBHOOK_DELIVERY_RETRY_STATUSES',
    'WEBHOOK_DELIVERY_TIMEOUT_SECONDS',
    'WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES',
    'WEBHOOK_ENDPOINT_EXHAUSTED',
    'WEBHOOK_ENDPOINT_HOLD_SECONDS',
    'WEBHOOK_ENDPOINT_MAX_IN_FLIGHT',
    'WEBHOOK_ENDPOINT_MAX_PER_SECOND',
    'WEBHOOK_ENQUEUE_TIMEOUT_SECONDS',
    'WEBHOOK_HEADER_PREFIX',
    'WEBHOOK_LOG_PAYLOAD',
    'WEBHOOK_OUTCOMES',
    'WEBHOOK_RETENTION_DAYS',
    'WEBHOOK_ROW_RETENTION_DAYS',
  ]);
});

test('headers', () => {
  expect(idHeaderNames(readDeliverySettings({}).headerPrefix)).toEqual({
    deliveryId: 'X-Dograh-Delivery-Id',
    workflowRunId: 'X-Dograh-Workflow-Run-Id',
    attempt: 'X-Dograh-Delivery-Attempt',
  });
});

test('fields of an enqueue request', () => {
  expect(Object.keys(enqueueRequestSchema.shape).sort()).toEqual([
    'credential_uuid',
    'custom_headers',
    'enabled',
    'endpoint_url',
    'http_method',
    'max_attempts',
    'ordering_key',
    'ordering_on_dead_letter',
    'organization_id',
    'payload',
    'payload_json',
    'payload_template',
    'render_context',
    'scheduled_for',
    'traceparent',
    'tracestate',
    'webhook_name',
    'webhook_node_id',
    'workflow_run_id',
  ]);
});

test('columns of webhook_deliveries', () => {
  const table = /create table webhook_deliveries \(\n([^;]+)\n\)/.exec(sourceOf('sql/schema.sql'))?.[1] ?? '';
  const columns = [...table.matchAll(/^ {2}(?!constraint)(\w+) /gm)].map(([, name]) => name);
  expect(columns).toEqual(
    expect.arrayContaining([
      'id',
      'delivery_uuid',
      'workflow_run_id',
      'organization_id',
      'webhook_name',
      'endpoint_url',
      'http_method',
      'payload',
      'custom_headers',
      'credential_uuid',
      'webhook_node_id',
      'status',
      'attempt_count',
      'max_attempts',
      'scheduled_for',
      'last_status_code',
      'last_error',
      'created_at',
      'updated_at',
    ]),
  );
});
