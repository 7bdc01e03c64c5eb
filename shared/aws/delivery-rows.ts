import { formatExchange } from '../delivery/exchange.ts';
import { FAILURE_CLASSES } from '../delivery/attempt-outcome.ts';
import {
  type AcceptAnswer,
  type BuriedDelivery,
  type ClaimAnswer,
  HELD_FOR,
  type NewDelivery,
  type ReleaseAnswer,
  type SettledAttempt,
  type SweepPosition,
  type SweptDelivery,
  type UncountedDeath,
} from '../delivery/store-answers.ts';
import { NO_EVIDENCE } from '../delivery/endpoint-evidence.ts';
import { HTTP_METHODS, sendsBody } from '../delivery/http-method.ts';
import { soundTrace } from '../delivery/trace-context.ts';
import { CLAIM_PAYLOAD_BUDGET_BYTES, PAYLOAD_SLICE_BYTES } from '../runtime/limits.ts';
import type { Row } from './data-api.ts';
import { orderingOf } from './data-api-ordering.ts';
import { type Columns, readColumns, UnexpectedRow } from './data-api-rows.ts';
import { storableText } from './storable-text.ts';

// Translates between the store's values and the columns of its statements.

export function columnsOf(d: NewDelivery) {
  return {
    delivery_uuid: d.deliveryUuid,
    run_id: d.workflowRunId,
    organization_id: d.organizationId,
    node_id: d.webhookNodeId,
    name: d.webhookName,
    url: d.endpointUrl,
    method: d.httpMethod,
    payload: d.body,
    custom_headers: d.customHeaders,
    credential_uuid: d.credentialUuid,
    digest: d.requestDigest,
    traceparent: d.trace?.traceparent,
    tracestate: d.trace?.tracestate,
    max_attempts: d.maxAttempts,
    scheduled_for: d.scheduledForMs === undefined ? undefined : new Date(d.scheduledForMs).toISOString(),
    ordering_key: d.orderingKey,
    ordering_on_dead_letter: d.orderingOnDeadLetter,
  };
}

/**
 * Undefined if the run belongs to the organization and yet there is no row: another statement has inserted it meanwhile. The
 * row is judged before the run, which may have been deleted since, but only the organization that owns the row may see it.
 */
export function acceptAnswer(row: Row, delivery: NewDelivery | undefined): AcceptAnswer | undefined {
  const columns = readColumns(row);
  const rowOwner = columns.optionalInteger('organization_id');
  if (rowOwner !== undefined && rowOwner === delivery?.organizationId) return storedAnswer(row, delivery);
  if (!columns.boolean('run_known')) return { kind: 'run_not_found' };
  const owner = columns.optionalInteger('run_organization_id');
  if (owner === undefined) return { kind: 'run_has_no_organization' };
  return owner !== delivery?.organizationId || rowOwner !== undefined ? { kind: 'organization_mismatch' } : undefined;
}

export function storedAnswer(row: Row, delivery: NewDelivery | undefined): AcceptAnswer {
  const columns = readColumns(row);
  if (columns.integer('organization_id') !== delivery?.organizationId) return { kind: 'organization_mismatch' };
  const deliveryUuid = columns.string('delivery_uuid');
  // The row is committed: an answer that fails would leave its caller without a trace of it.
  if (!Number.isSafeInteger(row['id'])) return { kind: 'unnameable', deliveryUuid };
  return {
    kind: 'stored',
    created: deliveryUuid === delivery.deliveryUuid,
    deliveryId: columns.integer('id'),
    deliveryUuid,
    status: columns.oneOf('status', ['pending', 'succeeded', 'dead_letter']),
    requestDigest: columns.optionalString('request_digest'),
    scheduledForMs: columns.optionalInteger('scheduled_for_ms'),
    dueInSeconds: columns.optionalInteger('due_in_seconds') ?? 0,
    attemptCount: columns.integer('attempt_count'),
    lastStatusCode: columns.optionalInteger('last_status_code'),
    lastError: columns.optionalString('last_error'),
  };
}

export function claimAnswers(rows: readonly Row[], tokens: ReadonlyMap<number, string>): ClaimAnswer[] {
  const slices = new Map<number, Uint8Array[]>();
  const heads: Row[] = [];
  for (const row of rows) {
    const columns = readColumns(row);
    if (columns.integer('slice') === 0) {
      heads.push(row);
      continue;
    }
    const id = columns.integer('id');
    const list = slices.get(id) ?? [];
    list.push(Buffer.from(columns.string('bytes'), 'base64'));
    slices.set(id, list);
  }
  return heads.map((row) => {
    const deliveryId = readColumns(row).integer('id');
    return claimAnswer(row, slices.get(deliveryId) ?? [], tokens.get(deliveryId));
  });
}

function claimAnswer(row: Row, slices: readonly Uint8Array[], token: string | undefined): ClaimAnswer {
  const columns = readColumns(row);
  const deliveryId = columns.integer('id');
  const verdict = columns.oneOf('verdict', CLAIM_VERDICTS);
  switch (verdict) {
    case 'claimed': {
      if (token === undefined) throw new Error('the claim answered a delivery nobody asked for');
      return claimedAnswer(columns.string('delivery'), { deliveryId, token, slices });
    }
    case 'early':
    case 'held':
      return { kind: verdict, deliveryId, dueInSeconds: Math.max(1, columns.integer('due_in_seconds')) };
    case 'locked':
      return { kind: 'locked', deliveryId, overdueSeconds: -(columns.optionalInteger('due_in_seconds') ?? 0) };
    case 'holding':
      return {
        kind: 'holding',
        deliveryId,
        heldFor: columns.oneOf('delivery', HELD_FOR),
        askAgainInSeconds: columns.optionalInteger('due_in_seconds'),
      };
    // Its endpoint has its row by now, and the same tokens ask again.
    case 'unregistered':
      return { kind: 'locked', deliveryId, overdueSeconds: 0 };
    case 'arrived':
      return { kind: 'arrived', deliveryId, ...arrivedDelivery(columns.string('delivery')) };
    case 'deferred':
    case 'apart':
      return { kind: verdict, deliveryId };
    case 'stale':
    case 'finished':
    case 'exhausted':
    case 'unknown':
    case 'behind':
      return { kind: 'passed', deliveryId, because: verdict };
  }
}

const CLAIM_VERDICTS = [
  'claimed',
  'early',
  'held',
  'locked',
  'holding',
  'unregistered',
  'arrived',
  'deferred',
  'apart',
  'stale',
  'finished',
  'exhausted',
  'unknown',
  'behind',
] as const;

type Claimed = { deliveryId: number; token: string; slices: readonly Uint8Array[] };

/** If a row is not as enqueue writes rows, that is one row's fault: the others of its claim are sent. */
function claimedAnswer(json: string, { deliveryId, token, slices }: Claimed): ClaimAnswer {
  const columns = readColumns(JSON.parse(json) as Row);
  const attempt = columns.integer('attempt');
  const tooLarge = columns.optionalInteger('column_bytes');
  if (tooLarge !== undefined) {
    const detail = `endpoint_url, webhook_name and custom_headers have ${tooLarge} bytes, ${PAYLOAD_SLICE_BYTES} can be read`;
    return { kind: 'invalid', deliveryId, attempt, token, detail };
  }
  try {
    const body = payloadOf(columns, slices);
    const trace = soundTrace(columns.optionalString('traceparent'), columns.optionalString('tracestate'));
    const waitMs = columns.optionalInteger('wait_ms') ?? 0;
    const orderingKey = columns.optionalString('ordering_key');
    const followingId = columns.optionalInteger('following_id');
    return {
      kind: 'claimed',
      ...(waitMs > 0 && { waitMs }),
      delivery: {
        deliveryId,
        token,
        deliveryUuid: columns.string('delivery_uuid'),
        workflowRunId: columns.integer('workflow_run_id'),
        organizationId: columns.integer('organization_id'),
        webhookName: columns.optionalString('webhook_name'),
        endpointUrl: columns.string('endpoint_url'),
        httpMethod: columns.oneOf('http_method', HTTP_METHODS),
        customHeaders: columns.headerList('custom_headers'),
        credentialUuid: columns.optionalString('credential_uuid'),
        ...(trace && { trace }),
        body,
        attempt,
        maxAttempts: columns.integer('max_attempts'),
        ...(columns.boolean('after_rotation') && { afterRotation: true }),
        ...(orderingKey !== undefined && { orderingKey }),
        ...(followingId !== undefined && { followingId }),
      },
    };
  } catch (fault) {
    if (!(fault instanceof UnexpectedRow)) throw fault;
    return { kind: 'invalid', deliveryId, attempt, token, detail: fault.message };
  }
}

function payloadOf(columns: Columns, slices: readonly Uint8Array[]): Uint8Array | undefined {
  if (!sendsBody(columns.oneOf('http_method', HTTP_METHODS))) return undefined;
  const body = Buffer.concat(slices);
  const bytes = columns.integer('payload_bytes');
  if (bytes > CLAIM_PAYLOAD_BUDGET_BYTES) {
    throw new UnexpectedRow('payload', `at most ${CLAIM_PAYLOAD_BUDGET_BYTES} bytes`);
  }
  if (body.byteLength !== bytes) throw new Error('a claimed payload came incomplete');
  return body;
}

function arrivedDelivery(json: string) {
  const columns = readColumns(JSON.parse(json) as Row);
  return {
    organizationId: columns.integer('organization_id'),
    attempt: columns.integer('attempt'),
    token: columns.string('token'),
    statusCode: columns.integer('status_code'),
  };
}

export function settlementColumns({
  deliveryId,
  token,
  attempt,
  settlement,
  durationMs,
  startedMsAgo,
  written,
  exchange,
  evidence = NO_EVIDENCE,
}: SettledAttempt) {
  return {
    id: deliveryId,
    token,
    attempt,
    kind: settlement.kind,
    status_code: settlement.statusCode,
    error_class: settlement.kind === 'succeeded' ? undefined : settlement.errorClass,
    error: settlement.kind === 'succeeded' ? undefined : storableText(settlement.error),
    excerpt: settlement.excerpt === undefined ? undefined : storableText(settlement.excerpt),
    duration_ms: Math.round(durationMs),
    started_ms_ago: startedMsAgo,
    delay_seconds: settlement.kind === 'retry' ? settlement.delaySeconds : undefined,
    written,
    exchange: exchange && formatExchange(exchange),
    exhausted: settlement.kind === 'dead' ? settlement.isExhausted : undefined,
    endpoint_effect: evidence.endpoint,
    origin_effect: evidence.origin,
    wait_seconds: evidence.waitSeconds,
  };
}

export function releaseAnswer(row: Row): ReleaseAnswer {
  const columns = readColumns(row);
  const deliveryId = columns.integer('id');
  const verdict = columns.oneOf('verdict', ['released', 'buried', 'not_held', 'locked']);
  switch (verdict) {
    case 'released':
      return {
        kind: 'released',
        deliveryId,
        organizationId: columns.integer('organization_id'),
        attempt: columns.integer('attempt'),
        delaySeconds: columns.integer('delay_seconds'),
        ...orderingOf(row),
      };
    case 'buried':
      return { kind: verdict, deliveryId, ...orderingOf(row) };
    case 'not_held':
    case 'locked':
      return { kind: verdict, deliveryId };
  }
}

export function sweptDelivery(row: Row): SweptDelivery {
  const columns = readColumns(row);
  const deliveryId = columns.integer('id');
  return {
    deliveryId,
    organizationId: columns.integer('organization_id'),
    attempt: columns.integer('attempt'),
    delaySeconds: columns.integer('delay_seconds'),
    handedOut: columns.boolean('handed_out'),
    position: { id: String(deliveryId), dueAt: columns.string('due_at') },
  };
}

export function sweepPosition(row: Row): SweepPosition {
  const columns = readColumns(row);
  return { id: columns.string('id'), dueAt: columns.string('due_at') };
}

export function buriedDelivery(row: Row): BuriedDelivery {
  return {
    status: readColumns(row).oneOf('status', ['succeeded', 'dead_letter']),
    position: sweepPosition(row),
    ...orderingOf(row, 'ordering_organization_id'),
  };
}

export function uncountedDeath(row: Row): UncountedDeath {
  const columns = readColumns(row);
  return { id: columns.string('id'), reason: columns.oneOf('reason', FAILURE_CLASSES) };
}
