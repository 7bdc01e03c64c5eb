import type { FailureClass } from '../delivery/attempt-outcome.ts';
import type { ClaimedDelivery, Settlement } from '../delivery/delivery.ts';
import { attemptLine, type SafeLog } from '../observe/log.ts';
import type { LogPayload } from '../observe/log-payload.ts';
import type { CountedMetric } from '../observe/metric-names.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import type { Spoken } from './settle-outcomes.ts';

/** One attempt, and what the database answered when it was recorded. */
export type ReportedAttempt = {
  delivery: ClaimedDelivery;
  report: AttemptReport;
  /** Undefined where the attempt was given back. */
  settlement?: Settlement;
  settled: Spoken['verdict'] | 'unrecorded' | 'released';
  /** Its endpoint is down, and holds it. */
  isHeld?: true;
};

export type ReportParts = { log: SafeLog; metrics: Metrics; headerPrefix: string; logPayload: LogPayload };

/** The metric that a settle's answer adds to, in addition to those of the attempt itself. */
const COUNTED_AS: Readonly<Partial<Record<ReportedAttempt['settled'], CountedMetric>>> = {
  late_success: 'LateSuccesses',
  superseded: 'SettlesSuperseded',
  vanished: 'Orphans',
};

/** The secret's maintainer has to act, before the attempts are used up. */
const UNUSABLE: ReadonlySet<FailureClass> = new Set(['credential_missing', 'credential_invalid']);

/** Writes the one log line of an attempt, and its metrics. */
export function reportAttempt(
  { delivery, report, settlement, settled, isHeld }: ReportedAttempt,
  { log, metrics, headerPrefix, logPayload }: ReportParts,
): void {
  const { outcome, headers, durationMs, skippedHeaders } = report;
  if (skippedHeaders > 0) metrics.count('HeadersSkipped', skippedHeaders);
  if (settlement !== undefined) countSettlement({ settlement, settled, durationMs }, metrics);
  log.info('attempt', () =>
    attemptLine({
      ...delivery,
      method: delivery.httpMethod,
      url: delivery.endpointUrl,
      body: delivery.body === undefined ? '' : Buffer.from(delivery.body).toString('utf8'),
      headers,
      headerPrefix,
      logPayload,
      outcome: isHeld === true ? 'held' : (settlement?.kind ?? outcome.kind),
      settled,
      durationMs,
      ...('status' in outcome && outcome.status !== undefined ? { status: outcome.status } : {}),
      ...('because' in outcome ? { errorClass: outcome.because } : {}),
      ...('detail' in outcome ? { detail: outcome.detail } : {}),
      ...(settlement?.kind === 'retry' && isHeld !== true ? { nextDueInSeconds: settlement.delaySeconds } : {}),
    }),
  );
}

function countSettlement(
  {
    settlement,
    settled,
    durationMs,
  }: { settlement: Settlement; durationMs: number } & Pick<ReportedAttempt, 'settled'>,
  metrics: Metrics,
): void {
  const stands = settled === 'recorded' || settled === 'already_recorded';
  metrics.milliseconds('AttemptDuration', durationMs);
  if (settlement.kind !== 'succeeded') {
    metrics.count('AttemptsFailed');
    if (UNUSABLE.has(settlement.errorClass)) metrics.count('CredentialsUnusable');
  } else if (stands || settled === 'late_success') metrics.count('DeliveriesSucceeded');
  const counted = COUNTED_AS[settled];
  if (counted !== undefined) metrics.count(counted);
}
