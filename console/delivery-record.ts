import { type ConsoleDatabase, readDatabase } from './console-database.ts';
import { type DeliveryPhase, PHASE_SQL, readPhase } from './delivery-phase.ts';
import { numberOf, optionalInstant, optionalNumber, optionalText, type Row, textOf } from './row-values.ts';

/** Everything about one delivery, with its payload cut. */
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
  attemptCount: number;
  maxAttempts: number;
  claimCount: number;
  dueAt: Date | undefined;
  awaitsHandOut: boolean;
  leaseExpiresAt: Date | undefined;
  putBackAt: Date | undefined;
  createdAt: Date | undefined;
  updatedAt: Date | undefined;
  lastStatusCode: number | undefined;
  lastError: string | undefined;
  reason: string | undefined;
  succeededLate: boolean;
  credentialUuid: string | undefined;
  /** As stored: meant to be `[{key, value}]`. */
  customHeaders: unknown;
  /** The first PAYLOAD_CHARACTERS. */
  payloadStart: string;
  payloadBytes: number;
  attempts: AttemptRecord[];
};

export type AttemptRecord = {
  attempt: number;
  startedAt: Date | undefined;
  durationMs: number | undefined;
  statusCode: number | undefined;
  errorClass: string | undefined;
  error: string | undefined;
  responseExcerpt: string | undefined;
};

/** How much of a payload the page shows; a link leads to all of it. */
export const PAYLOAD_CHARACTERS = 16 * 1024;
/** More than a delivery can have without being redelivered several times. */
const MAX_ATTEMPTS_SHOWN = 200;

const DELIVERY = `
  select
    id, delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method,
    attempt_count, max_attempts, claim_count, scheduled_for, awaits_hand_out, lease_expires_at, put_back_at, created_at,
    updated_at, last_status_code, last_error, dead_letter_reason, succeeded_late, credential_uuid, custom_headers,
    left(payload, ${PAYLOAD_CHARACTERS}) as payload_start, octet_length(payload) as payload_bytes, ${PHASE_SQL} as phase
  from {surehook}.webhook_deliveries
  where id = $1::bigint`;

const ATTEMPTS = `
  select attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt
  from {surehook}.webhook_delivery_attempts
  where delivery_id = $1::bigint
  order by attempt desc
  limit ${MAX_ATTEMPTS_SHOWN}`;

/** One delivery with its attempts, latest first; undefined if none has this id. */
export async function readDelivery(database: ConsoleDatabase, id: string): Promise<DeliveryRecord | undefined> {
  return readDatabase(database, async (client) => {
    const [row] = (await client.query<Row>(DELIVERY, [id])).rows;
    if (row === undefined) return undefined;
    const attempts = await client.query<Row>(ATTEMPTS, [id]);
    return { ...readRecord(row), attempts: attempts.rows.map(readAttempt) };
  });
}

/** The whole frozen payload. */
export async function readPayload(database: ConsoleDatabase, id: string): Promise<string | undefined> {
  const found = await readDatabase(database, (client) =>
    client.query<Row>('select payload from {surehook}.webhook_deliveries where id = $1::bigint', [id]),
  );
  return found.rows[0] === undefined ? undefined : textOf(found.rows[0], 'payload');
}

function readRecord(row: Row): Omit<DeliveryRecord, 'attempts'> {
  return {
    id: textOf(row, 'id'),
    uuid: textOf(row, 'delivery_uuid'),
    runId: textOf(row, 'workflow_run_id'),
    organizationId: textOf(row, 'organization_id'),
    nodeId: textOf(row, 'webhook_node_id'),
    name: optionalText(row, 'webhook_name'),
    endpointUrl: textOf(row, 'endpoint_url'),
    method: textOf(row, 'http_method'),
    phase: readPhase(textOf(row, 'phase')),
    attemptCount: numberOf(row, 'attempt_count'),
    maxAttempts: numberOf(row, 'max_attempts'),
    claimCount: numberOf(row, 'claim_count'),
    dueAt: optionalInstant(row, 'scheduled_for'),
    awaitsHandOut: row['awaits_hand_out'] === true,
    leaseExpiresAt: optionalInstant(row, 'lease_expires_at'),
    putBackAt: optionalInstant(row, 'put_back_at'),
    createdAt: optionalInstant(row, 'created_at'),
    updatedAt: optionalInstant(row, 'updated_at'),
    lastStatusCode: optionalNumber(row, 'last_status_code'),
    lastError: optionalText(row, 'last_error'),
    reason: optionalText(row, 'dead_letter_reason'),
    succeededLate: row['succeeded_late'] === true,
    credentialUuid: optionalText(row, 'credential_uuid'),
    customHeaders: row['custom_headers'],
    payloadStart: textOf(row, 'payload_start'),
    payloadBytes: numberOf(row, 'payload_bytes'),
  };
}

function readAttempt(row: Row): AttemptRecord {
  return {
    attempt: numberOf(row, 'attempt'),
    startedAt: optionalInstant(row, 'started_at'),
    durationMs: optionalNumber(row, 'duration_ms'),
    statusCode: optionalNumber(row, 'status_code'),
    errorClass: optionalText(row, 'error_class'),
    error: optionalText(row, 'error'),
    responseExcerpt: optionalText(row, 'response_excerpt'),
  };
}
