import { storableText } from '../../../shared/aws/storable-text.ts';
import {
  type AcceptAnswer,
  type Claim,
  type NewDelivery,
  type Release,
  type SettledAttempt,
  type SettleAnswer,
  StatementRefused,
} from '../../../shared/delivery/store-answers.ts';
import type { ClaimedDelivery } from '../../../shared/delivery/delivery.ts';
import {
  MAX_CHAINED_DELAY_SECONDS,
  MAX_CLAIMS,
  RELEASE_BASE_SECONDS,
  RELEASE_MAX_SECONDS,
  SWEEP_GRACE_SECONDS,
  SWEEP_MAX_PAUSE_SECONDS,
  SWEEP_PAUSE_SECONDS,
} from '../../../shared/runtime/limits.ts';
import type { AttemptRecord, DeliveryRecord } from './store-world.ts';

// The rules of the fake store, each a pure function of one row: what sql/queries/ says, said again in TypeScript.

export type FakeRow = DeliveryRecord &
  Omit<NewDelivery, 'scheduledForMs' | 'maxAttempts'> & {
    deliveryId: number;
    claimedMs: number | undefined;
    /** The key of what holds it. */
    heldBy: string | undefined;
    heldSinceMs: number | undefined;
    /** Its place in the rate of its endpoint. */
    placeMs?: number;
    createdMs: number;
    updatedMs: number;
    deathCounted: boolean;
    /** Orders. */
    cancelledBy: number | undefined;
    dismissedBy: number | undefined;
    redeliveredBy: number | undefined;
    /** The dead letter it was. */
    before: { attemptCount: number; row: object } | undefined;
    replayOf: number | undefined;
    expungedMs: number | undefined;
    expungeAtEnd: boolean;
    /** Its place among those with its ordering key; undefined where it has none. */
    orderingPosition: number | undefined;
    attempts: Map<number, FakeAttempt>;
  };

type FakeAttempt = Partial<AttemptRecord> & { attempt: number; leaseToken?: string | undefined; recordedMs?: number };

export type ClaimVerdict =
  | 'mine'
  | 'claimable'
  | 'apart'
  | 'arrived'
  | 'early'
  | 'held'
  | 'stale'
  | 'finished'
  | 'exhausted'
  | 'behind'
  | 'unknown';
export type SettleVerdict = Exclude<SettleAnswer['verdict'], 'locked' | 'refused'>;
export type ReleaseVerdict = 'released' | 'released_before' | 'buried' | 'buried_before' | 'not_held';

/** What a verdict looks at. */
export type JudgedRow = Pick<
  DeliveryRecord,
  | 'status'
  | 'leaseToken'
  | 'leaseExpiresMs'
  | 'attemptCount'
  | 'maxAttempts'
  | 'scheduledForMs'
  | 'claimCount'
  | 'deadLetterReason'
> & { heldBy?: string | undefined; heldFor?: string | undefined; cancelledBy?: number | undefined } & {
  attempts?: ReadonlyMap<number, Pick<FakeAttempt, 'statusCode' | 'leaseToken'>>;
};

/** Nothing holds it. */
export const FREE = {
  heldBy: undefined,
  heldFor: undefined,
  heldSinceMs: undefined,
  heldDueMs: undefined,
  heldCalledMs: undefined,
} as const;

export const storable = storableText;

export function newRow(delivery: NewDelivery, deliveryId: number, nowMs: number): FakeRow {
  const scheduledForMs = Math.max(delivery.scheduledForMs ?? nowMs, nowMs);
  return {
    ...delivery,
    deliveryId,
    scheduledForMs,
    status: 'pending',
    attemptCount: 0,
    claimCount: 0,
    createdMs: nowMs,
    updatedMs: nowMs,
    awaitsHandOut: scheduledForMs > nowMs + MAX_CHAINED_DELAY_SECONDS * 1e3,
    leaseToken: undefined,
    leaseExpiresMs: undefined,
    claimedMs: undefined,
    putBackMs: undefined,
    ...FREE,
    heldSeconds: 0,
    lastStatusCode: undefined,
    lastError: undefined,
    deadLetterReason: undefined,
    succeededLate: false,
    deathCounted: false,
    cancelledBy: undefined,
    dismissedBy: undefined,
    redeliveredBy: undefined,
    before: undefined,
    replayOf: undefined,
    expungedMs: undefined,
    expungeAtEnd: false,
    orderingPosition: undefined,
    attempts: new Map(),
  };
}

export function acceptAnswerOf(row: FakeRow, deliveryUuid: string, nowMs: number): AcceptAnswer {
  const { deliveryId, status, requestDigest, attemptCount, lastStatusCode, lastError } = row;
  const scheduledForMs = row.heldFor === 'rate' ? row.scheduledForMs : (row.heldDueMs ?? row.scheduledForMs);
  return {
    kind: 'stored',
    created: row.deliveryUuid === deliveryUuid,
    deliveryId,
    deliveryUuid: row.deliveryUuid,
    status,
    requestDigest,
    scheduledForMs,
    dueInSeconds: Math.max(0, Math.ceil(((scheduledForMs ?? nowMs) - nowMs) / 1e3)),
    attemptCount,
    lastStatusCode,
    lastError,
  };
}

/** `hasCompany`: other deliveries are asked for in the same claim. */
export function claimVerdict(
  row: JudgedRow,
  { attempts, token, hasCompany }: Omit<Claim, 'deliveryId'> & { hasCompany: boolean },
  nowMs: number,
): ClaimVerdict {
  const { leaseExpiresMs, attemptCount } = row;
  if (row.status !== 'pending') return 'finished';
  if (row.leaseToken === token) return leaseExpiresMs === undefined ? 'stale' : 'mine';
  if (leaseExpiresMs !== undefined && leaseExpiresMs > nowMs) return 'held';
  const isUnreported = leaseExpiresMs !== undefined;
  const isAskedFor = attempts.includes(attemptCount + 1) || (isUnreported && attempts.includes(attemptCount));
  if (!isAskedFor) return 'stale';
  if (isUnreported && hasArrived(row)) return 'arrived';
  if (attemptCount >= row.maxAttempts) return 'exhausted';
  const aheadMs = row.heldFor === 'rate' ? 1000 : 0;
  if (row.heldBy === undefined && (row.scheduledForMs ?? 0) > nowMs + aheadMs) return 'early';
  return isUnreported && hasCompany ? 'apart' : 'claimable';
}

/** The receiver is known to have accepted the last attempt, and only the row does not say so. */
export function hasArrived({ attempts, attemptCount }: JudgedRow): boolean {
  const status = attempts?.get(attemptCount)?.statusCode ?? 0;
  return status >= 200 && status <= 299;
}

export function settleVerdict(
  row: JudgedRow,
  { token, attempt, settlement, written }: Pick<SettledAttempt, 'token' | 'attempt' | 'settlement' | 'written'>,
): SettleVerdict {
  const isMine = row.leaseToken === token;
  if (row.status === 'pending' && isMine && row.leaseExpiresMs !== undefined) return 'recorded';
  const isProven = written !== true || row.attempts?.get(attempt)?.leaseToken === token;
  if (settlement.kind === 'succeeded' && row.status !== 'succeeded' && isProven) return 'late_success';
  return isMine && row.leaseExpiresMs === undefined ? 'already_recorded' : 'superseded';
}

export function releaseVerdict(row: JudgedRow, { token }: Pick<Release, 'token'>): ReleaseVerdict {
  if (row.leaseToken !== token) return 'not_held';
  if (row.leaseExpiresMs !== undefined) {
    return row.claimCount >= MAX_CLAIMS || row.cancelledBy !== undefined ? 'buried' : 'released';
  }
  if (row.status === 'pending') return 'released_before';
  const wasBuried = row.deadLetterReason === 'never_sent' || row.deadLetterReason === 'cancelled';
  return wasBuried ? 'buried_before' : 'not_held';
}

export function releaseDelaySeconds({ claimCount, attemptCount }: FakeRow): number {
  return Math.min(RELEASE_BASE_SECONDS * 2 ** Math.max(0, claimCount - attemptCount), RELEASE_MAX_SECONDS);
}

export function isPutBack(row: FakeRow, nowMs: number): boolean {
  const { leaseExpiresMs, putBackMs, scheduledForMs = 0 } = row;
  if (leaseExpiresMs !== undefined && leaseExpiresMs > nowMs) return false;
  if (row.attemptCount >= row.maxAttempts) return false;
  if (row.heldBy !== undefined && row.heldFor === 'down') return false;
  if (row.awaitsHandOut) return true;
  if (scheduledForMs > nowMs - SWEEP_GRACE_SECONDS * 1000) return false;
  const since = Math.max(scheduledForMs, row.claimedMs ?? 0);
  if (putBackMs === undefined || putBackMs < since) return true;
  const pauseMs = Math.min(Math.max(putBackMs - since, SWEEP_PAUSE_SECONDS * 1000), SWEEP_MAX_PAUSE_SECONDS * 1000);
  return putBackMs + pauseMs <= nowMs;
}

export function compareDue(a: FakeRow, b: FakeRow): number {
  return (a.scheduledForMs ?? 0) - (b.scheduledForMs ?? 0) || a.deliveryId - b.deliveryId;
}

export function deliveryOf(row: FakeRow, token: string): ClaimedDelivery {
  const { deliveryId, deliveryUuid, workflowRunId, organizationId, webhookName, endpointUrl, httpMethod } = row;
  const { customHeaders, credentialUuid, attemptCount: attempt, maxAttempts } = row;
  const body = sendsBody(row) ? Buffer.from(row.body, 'utf8') : undefined;
  return {
    deliveryId,
    deliveryUuid,
    workflowRunId,
    organizationId,
    webhookName,
    endpointUrl,
    httpMethod,
    customHeaders,
    credentialUuid,
    ...(row.trace && { trace: row.trace }),
    body,
    attempt,
    maxAttempts,
    ...(row.orderingKey !== undefined && { orderingKey: row.orderingKey }),
    ...(row.attempts.get(attempt - 1)?.errorClass === 'credential_rotated' && { afterRotation: true }),
    token,
  };
}

export function answerBytesOf(row: FakeRow): { payload: number; headers: number } {
  return {
    payload: sendsBody(row) ? Buffer.byteLength(row.body) : 0,
    headers: row.customHeaders.length === 0 ? 4 : 2 * Buffer.byteLength(JSON.stringify(row.customHeaders)),
  };
}

function sendsBody({ httpMethod }: FakeRow): boolean {
  return httpMethod !== 'GET' && httpMethod !== 'DELETE';
}

/** The CHECK constraints of the table. */
export function refuseUnsound(row: FakeRow): void {
  const { status, scheduledForMs, leaseExpiresMs, leaseToken, attemptCount, maxAttempts, awaitsHandOut } = row;
  const isTerminal = status !== 'pending';
  const isSound =
    isTerminal === (scheduledForMs === undefined) &&
    !(isTerminal && (leaseExpiresMs !== undefined || awaitsHandOut)) &&
    attemptCount >= 0 &&
    attemptCount <= maxAttempts &&
    (leaseExpiresMs === undefined || leaseToken !== undefined) &&
    (row.deadLetterReason === undefined || status === 'dead_letter') &&
    (row.orderingKey === undefined) === (row.orderingPosition === undefined) &&
    (row.orderingOnDeadLetter === undefined || row.orderingKey !== undefined);
  if (!isSound) throw new StatementRefused('23514');
}
