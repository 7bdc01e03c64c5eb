import { type Answered, idAt, instantAt, listAt, numberAt, objectOf, textAt } from './answer-values.ts';
import { type DeliveryPhase, readPhase } from './delivery-phase.ts';
import { type ExchangeRecord, readExchange } from './exchange-record.ts';

/** Everything about one delivery; its payload and the values of its headers only if they were asked for. */
export type DeliveryRecord = {
  id: string;
  uuid: string;
  runId: string;
  organizationId: string;
  nodeId: string;
  name: string | undefined;
  endpointUrl: string;
  method: string;
  phase: DeliveryPhase;
  status: string;
  attemptCount: number;
  maxAttempts: number;
  claimCount: number;
  dueAt: Date | undefined;
  leaseExpiresAt: Date | undefined;
  putBackAt: Date | undefined;
  createdAt: Date | undefined;
  updatedAt: Date | undefined;
  expungedAt: Date | undefined;
  dismissed: { at: Date | undefined; by: string | undefined; note: string | undefined } | undefined;
  lastStatusCode: number | undefined;
  lastError: string | undefined;
  reason: string | undefined;
  credentialUuid: string | undefined;
  replayOf: string | undefined;
  orderingKey: string | undefined;
  /** What becomes of those behind it where it ends as a dead letter: `hold` or `continue`. */
  onDeadLetter: string | undefined;
  /** The first of those of its key that come before it. */
  behind: string | undefined;
  /** Of its key, up to a thousand. */
  waitingBehind: number | undefined;
  customHeaders: readonly { key: string; value: string | undefined }[];
  traceparent: string | undefined;
  hasTracestate: boolean;
  tracestate: string | undefined;
  payload: string | undefined;
  payloadBytes: number;
  /** Latest first. */
  attempts: readonly AttemptRecord[];
  explanation: readonly string[];
};

export type AttemptRecord = {
  attempt: number;
  startedAt: Date | undefined;
  durationMs: number | undefined;
  statusCode: number | undefined;
  errorClass: string | undefined;
  error: string | undefined;
  responseExcerpt: string | undefined;
  /** Undefined where nothing is known of its request. */
  exchange: ExchangeRecord | undefined;
};

/** Reads the answer to `show`. */
export function readRecord(answer: unknown): DeliveryRecord {
  const answered = objectOf(answer);
  const delivery = objectOf(answered['delivery']);
  const dismissed = objectOf(delivery['dismissed']);
  return {
    id: idAt(delivery, 'delivery_id') ?? '',
    uuid: textAt(delivery, 'delivery_uuid') ?? '',
    runId: idAt(delivery, 'workflow_run_id') ?? '',
    organizationId: idAt(delivery, 'organization_id') ?? '',
    nodeId: textAt(delivery, 'webhook_node_id') ?? '',
    name: textAt(delivery, 'webhook_name'),
    endpointUrl: textAt(delivery, 'endpoint_url') ?? '',
    method: textAt(delivery, 'http_method') ?? '',
    phase: readPhase(textAt(delivery, 'phase') ?? ''),
    status: textAt(delivery, 'status') ?? '',
    attemptCount: numberAt(delivery, 'attempt_count') ?? 0,
    maxAttempts: numberAt(delivery, 'max_attempts') ?? 0,
    claimCount: numberAt(delivery, 'claim_count') ?? 0,
    dueAt: instantAt(delivery, 'scheduled_for'),
    leaseExpiresAt: instantAt(delivery, 'lease_expires_at'),
    putBackAt: instantAt(delivery, 'put_back_at'),
    createdAt: instantAt(delivery, 'created_at'),
    updatedAt: instantAt(delivery, 'updated_at'),
    expungedAt: instantAt(delivery, 'expunged_at'),
    dismissed:
      textAt(dismissed, 'at') === undefined
        ? undefined
        : { at: instantAt(dismissed, 'at'), by: textAt(dismissed, 'by'), note: textAt(dismissed, 'note') },
    lastStatusCode: numberAt(delivery, 'last_status_code'),
    lastError: textAt(delivery, 'last_error'),
    reason: textAt(delivery, 'dead_letter_reason'),
    credentialUuid: textAt(delivery, 'credential_uuid'),
    replayOf: idAt(delivery, 'replay_of'),
    orderingKey: textAt(delivery, 'ordering_key'),
    onDeadLetter: textAt(delivery, 'ordering_on_dead_letter'),
    behind: idAt(delivery, 'behind'),
    waitingBehind: numberAt(delivery, 'waiting_behind'),
    customHeaders: listAt(delivery, 'custom_headers').map((entry) => {
      const header = objectOf(entry);
      return { key: textAt(header, 'key') ?? '', value: textAt(header, 'value') };
    }),
    traceparent: textAt(delivery, 'traceparent'),
    hasTracestate: delivery['has_tracestate'] === true,
    tracestate: textAt(delivery, 'tracestate'),
    payload: textAt(delivery, 'payload'),
    payloadBytes: numberAt(delivery, 'payload_bytes') ?? 0,
    attempts: listAt(answered, 'attempts').map((entry) => readAttempt(objectOf(entry))),
    explanation: listAt(answered, 'explanation').map(String),
  };
}

function readAttempt(entry: Answered): AttemptRecord {
  return {
    attempt: numberAt(entry, 'attempt') ?? 0,
    startedAt: instantAt(entry, 'started_at'),
    durationMs: numberAt(entry, 'duration_ms'),
    statusCode: numberAt(entry, 'status_code'),
    errorClass: textAt(entry, 'error_class'),
    error: textAt(entry, 'error'),
    responseExcerpt: textAt(entry, 'response_excerpt'),
    exchange: readExchange(entry['exchange']),
  };
}
