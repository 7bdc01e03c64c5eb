import { FAILURE_CLASSES } from './attempt-outcome.ts';
import { type EndpointEvidence, parseEndpointEvidence } from './endpoint-evidence.ts';
import { type Exchange, formatExchange, parseExchange, withoutNames } from './exchange.ts';
import type { SettledAttempt } from './store-answers.ts';
import type { Settlement } from './delivery.ts';
import { MAX_LAST_ERROR_CHARACTERS } from '../runtime/limits.ts';

/**
 * The outcome of an attempt, written into a message because the database was unavailable for as long as the worker lived: the
 * queue works when the database does not. What the receiver said is left out. The token proves whose outcome it is.
 */
export type WrittenOutcome = {
  token: string;
  organizationId: number;
  /** By the worker's clock, epoch milliseconds. It is only recorded in the attempt's row; nothing depends on it. */
  startedAtMs: number;
  durationMs: number;
  settlement: Settlement;
  /** Absent where an older version wrote it. */
  evidence?: EndpointEvidence;
  /** Without the names of headers in the message. Absent where an older version wrote it. */
  exchange?: Exchange;
};

/** As it is written in the message's body. */
export function formatWrittenOutcome({ settlement, ...outcome }: WrittenOutcome): object {
  return {
    token: outcome.token,
    organization_id: outcome.organizationId,
    started_at_ms: Math.round(outcome.startedAtMs),
    duration_ms: Math.round(outcome.durationMs),
    kind: settlement.kind,
    status_code: settlement.statusCode,
    ...(settlement.kind === 'succeeded' ? {} : { error_class: settlement.errorClass, error: settlement.error }),
    ...(settlement.kind === 'retry' ? { delay_seconds: settlement.delaySeconds } : {}),
    ...(settlement.kind === 'dead' && settlement.isExhausted === true ? { exhausted: true } : {}),
    ...(outcome.evidence && {
      evidence: {
        endpoint: outcome.evidence.endpoint,
        origin: outcome.evidence.origin,
        wait_seconds: outcome.evidence.waitSeconds,
      },
    }),
    ...(outcome.exchange && { exchange: formatExchange(withoutNames(outcome.exchange)) }),
  };
}

/** Undefined for whatever this version does not understand. */
export function parseWrittenOutcome(value: unknown): WrittenOutcome | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const { token, organization_id: organizationId, started_at_ms: startedAtMs, duration_ms: durationMs } = fields;
  const settlement = parseSettlement(fields);
  if (settlement === undefined || !isToken(token)) return undefined;
  if (!isWhole(organizationId) || !isWhole(startedAtMs) || !isWhole(durationMs)) return undefined;
  const evidence = parseEndpointEvidence(fields['evidence']);
  const exchange = parseExchange(fields['exchange']);
  return {
    token,
    organizationId,
    startedAtMs,
    durationMs,
    settlement,
    ...(evidence && { evidence }),
    ...(exchange && { exchange }),
  };
}

/** What the database is asked to record. `nowMs` is the time by this worker's clock. */
export function settledAttemptOf(
  { token, startedAtMs, durationMs, settlement, evidence, exchange }: WrittenOutcome,
  { deliveryId, attempt, nowMs }: { deliveryId: number; attempt: number; nowMs: number },
): SettledAttempt {
  const startedMsAgo = Math.max(durationMs, nowMs - startedAtMs);
  return {
    deliveryId,
    token,
    attempt,
    settlement,
    durationMs,
    startedMsAgo,
    written: true,
    ...(evidence && { evidence }),
    ...(exchange && { exchange }),
  };
}

/** Whether this is a claim's token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** A retry's longest wait, seconds: a week between two attempts. */
const MAX_DELAY_SECONDS = 7 * 86_400;

function parseSettlement(fields: Record<string, unknown>): Settlement | undefined {
  const { kind, status_code: statusCode, error_class: named, error, delay_seconds: delaySeconds } = fields;
  if (statusCode !== undefined && !isWhole(statusCode)) return undefined;
  if (kind === 'succeeded') return statusCode === undefined ? undefined : { kind, statusCode, excerpt: '' };
  const errorClass = FAILURE_CLASSES.find((name) => name === named);
  if (errorClass === undefined || typeof error !== 'string' || error.length > MAX_LAST_ERROR_CHARACTERS)
    return undefined;
  const failure = { errorClass, error, ...(statusCode === undefined ? {} : { statusCode }) };
  if (kind === 'dead') return { kind, ...failure, ...(fields['exhausted'] === true && { isExhausted: true }) };
  if (kind !== 'retry' || typeof delaySeconds !== 'number') return undefined;
  return delaySeconds >= 0 && delaySeconds <= MAX_DELAY_SECONDS ? { kind, delaySeconds, ...failure } : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
