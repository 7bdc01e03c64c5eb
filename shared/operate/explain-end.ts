import type { FailureClass } from '../delivery/attempt-outcome.ts';

/** How a dead letter came to its end, as far as its row and attempts tell. */
export type EndFacts = {
  reason: string | undefined;
  lastStatusCode: number | undefined;
  lastError: string | undefined;
  attemptCount: number;
  /** Undefined where it is not known: then nothing is said of how long it took. */
  firstAttemptAtMs?: number | undefined;
  updatedAtMs: number;
};

/** What a permanent status usually means, to whoever has to mend it. */
const STATUS_MEANINGS: ReadonlyMap<number, string> = new Map([
  [400, 'it does not accept this body or these headers'],
  [401, 'the credential is wrong, expired or missing'],
  [403, 'the credential does not allow this, or a firewall refuses it'],
  [404, 'there is nothing at this URL'],
  [405, 'it does not take this method'],
  [410, 'the URL is gone for good'],
  [413, 'the body is too large for it'],
  [415, 'it does not take this content type'],
  [422, 'it understands the body and does not accept what it says'],
]);

/** By this header a receiver ends the retries. */
const ABORT = 'webhook-delivery: abort-message';

/** Why a dead letter is dead, in one sentence. */
export function explainEnd(facts: EndFacts): string {
  const { reason, attemptCount } = facts;
  if (!isReason(reason)) return 'It is dead, and no reason was recorded.';
  const usedUp = `after ${attempts(attemptCount)}${tookOf(facts)}`;
  const said = saidBehind(`${reason}: `, facts);
  const more = said === undefined ? '' : `: ${said}`;
  switch (reason) {
    case 'status':
      return statusEnd(facts, usedUp);
    case 'timeout':
      return `The receiver did not answer in time; its attempts were used up ${usedUp}.`;
    case 'dns':
      return `It never reached the receiver: the name did not resolve, ${usedUp}.`;
    case 'connection':
      return `It never reached the receiver: no connection could be made or kept, ${usedUp}.`;
    case 'tls':
      return said === undefined
        ? `It never reached the receiver: the TLS handshake failed, ${usedUp}.`
        : `It never reached the receiver, ${usedUp}: ${said}.`;
    case 'protocol':
      return `The receiver's answer could not be read as HTTP; its attempts were used up ${usedUp}.`;
    case 'blocked_address':
      return 'Its URL leads to an address that webhooks may not reach.';
    case 'header':
      return 'One of its headers cannot be sent.';
    case 'credential_missing':
      return `Its credential was not to be had, ${usedUp}${more}.`;
    case 'credential_invalid':
      return `Its credential could not be used as it is written, ${usedUp}${more}.`;
    case 'credential_rotated':
      return `The receiver refused a credential that had just been changed, or an access token, ${usedUp}.`;
    case 'outcome_unknown':
      return 'The worker of its last attempt ended without a report: the receiver may have got it, or not.';
    case 'never_sent':
      return 'Internal faults kept its next attempt from being sent, again and again.';
    case 'invalid_row':
      return 'Its row was not written by enqueue and cannot be sent as it stands.';
    case 'endpoint_down':
      return 'Its endpoint was down for longer than a delivery is held.';
    case 'cancelled':
      return 'An operator cancelled it.';
    case 'internal':
      return `An unexpected fault of this system ended it, ${usedUp}.`;
  }
}

const REASONS: Readonly<Record<FailureClass, true>> = {
  status: true,
  timeout: true,
  dns: true,
  connection: true,
  tls: true,
  protocol: true,
  blocked_address: true,
  header: true,
  credential_missing: true,
  credential_invalid: true,
  credential_rotated: true,
  outcome_unknown: true,
  never_sent: true,
  invalid_row: true,
  endpoint_down: true,
  cancelled: true,
  internal: true,
};

function isReason(reason: string | undefined): reason is FailureClass {
  return reason !== undefined && Object.hasOwn(REASONS, reason);
}

/** From its first attempt: before that it may have waited for its time, for its endpoint or for an operator. */
function tookOf({ firstAttemptAtMs, updatedAtMs }: EndFacts): string {
  return firstAttemptAtMs === undefined ? '' : ` in ${span(updatedAtMs - firstAttemptAtMs)}`;
}

function statusEnd(facts: EndFacts, usedUp: string): string {
  const { lastStatusCode: status } = facts;
  if (status === undefined) return `The receiver refused it, ${usedUp}.`;
  if (saidBehind(`status ${status}; `, facts)?.includes(ABORT)) {
    return `The receiver answered ${status} and asked for no further attempt (${ABORT}).`;
  }
  if (status >= 300 && status <= 399) {
    const said = saidBehind(`status ${status}: `, facts) ?? 'it points elsewhere, and redirects are not followed';
    return `The receiver answered ${status}: ${said}.`;
  }
  const isTransient = status >= 500 || status === 408 || status === 425 || status === 429;
  if (isTransient) {
    return `Its attempts were used up ${usedUp}; the last answer was ${status}.`;
  }
  const meaning = STATUS_MEANINGS.get(status);
  return `The receiver refused it for good with ${status}${meaning === undefined ? '' : `: ${meaning}`}.`;
}

/** What the last error adds to its class: fixed words, with a secret's name or a redirect's origin. */
function saidBehind(prefix: string, { lastError }: EndFacts): string | undefined {
  return lastError?.startsWith(prefix) ? lastError.slice(prefix.length) : undefined;
}

export function attempts(count: number): string {
  return count === 1 ? '1 attempt' : `${count} attempts`;
}

/** A length of time as people say it, in its two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units: [string, number][] = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ];
  const first = units.findIndex(([, count]) => count > 0);
  if (first === -1) return 'less than a second';
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ');
}
