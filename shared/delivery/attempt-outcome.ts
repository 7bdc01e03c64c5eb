import { MAX_RETRY_AFTER_SECONDS } from '../runtime/limits.ts';

/** Why an attempt failed or a delivery died: the closed list of `error_class` and `dead_letter_reason`. */
export const FAILURE_CLASSES = [
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
  'internal',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What the sender saw. It never throws for anything a receiver or the network does. */
export type SendResult =
  /** The header block was complete; whatever the body did, the status decides. */
  | { kind: 'response'; status: number; retryAfter: string | undefined; date: string | undefined; excerpt: Uint8Array }
  /** No usable response. `detail` is fixed words, never text from outside. */
  | { kind: 'failed'; because: 'timeout' | 'dns' | 'connection' | 'tls' | 'protocol'; detail: string }
  /** Nothing left this process and nothing ever will for this request. */
  | { kind: 'refused'; because: 'blocked_address' | 'header'; detail: string }
  /** This process ran out of sockets or memory: ours, not the receiver's. */
  | { kind: 'exhausted'; detail: string };

/** What became of one attempt, before attempts left and policy are considered. */
export type AttemptOutcome =
  | { kind: 'accepted'; status: number; excerpt: string }
  /** Transient: tried again while attempts are left. `retryAfterSeconds` is the receiver's wish, already capped. */
  | {
      kind: 'failed';
      because: FailureClass;
      detail: string;
      status?: number;
      retryAfterSeconds?: number;
      excerpt?: string;
      /** The credential changed under us: the next attempt is due now. */
      retryNow?: true;
    }
  /** Permanent: a dead letter at once. */
  | { kind: 'refused'; because: FailureClass; detail: string; status?: number; excerpt?: string }
  /** A fault of ours before the request went out: the attempt is given back. */
  | { kind: 'released'; detail: string };

/** How a status counts: 2xx succeeds; 3xx and 4xx are permanent but for 408, 425 and 429; any other number is transient. */
export function judgeStatus(status: number): 'accepted' | 'permanent' | 'transient' {
  if (status >= 200 && status <= 299) return 'accepted';
  if (status === 408 || status === 425 || status === 429) return 'transient';
  if (status >= 300 && status <= 499) return 'permanent';
  return 'transient';
}

/**
 * Seconds a `Retry-After` asks to wait, from now, capped at 24 h; undefined when absent or not understood.
 * A date is read against the response's own `Date`, else against `nowMs`, so that a receiver's wrong clock does no harm.
 */
export function retryAfterSeconds(
  retryAfter: string | undefined,
  date: string | undefined,
  nowMs: number,
): number | undefined {
  if (retryAfter === undefined) return undefined;
  const text = retryAfter.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  const until = httpDateMs(text);
  if (until === undefined) return undefined;
  const from = (date === undefined ? undefined : httpDateMs(date.trim())) ?? nowMs;
  return Math.min(Math.max(0, Math.ceil((until - from) / 1000)), MAX_RETRY_AFTER_SECONDS);
}

/** RFC 9110's preferred form and its two obsolete ones. Date.parse alone finds a date in almost any text with a number. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} (?:GMT|UTC)$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d{2}:\d{2}:\d{2} \d{4}$/;

function httpDateMs(text: string): number | undefined {
  const utc = HTTP_DATE.test(text) ? text : ASCTIME_DATE.test(text) ? `${text} GMT` : undefined;
  const ms = Date.parse(utc ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
