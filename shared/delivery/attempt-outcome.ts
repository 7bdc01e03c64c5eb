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
  'invalid_row',
  'endpoint_down',
  'cancelled',
  'internal',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** The outcome of one attempt, before the attempts left and the policy are considered. */
export type AttemptOutcome =
  | { kind: 'accepted'; status: number; excerpt: string }
  /** Transient: tried again while attempts are left. `retryAfterSeconds` is what the receiver asked for, already capped. */
  | {
      kind: 'failed';
      because: FailureClass;
      detail: string;
      status?: number;
      retryAfterSeconds?: number;
      excerpt?: string;
      /** The credential changed during the attempt: the next attempt is due now. */
      retryNow?: true;
      /** No connection in time: the request was not even begun. */
      isUnconnected?: true;
    }
  /** Permanent: a dead letter at once. */
  | { kind: 'refused'; because: FailureClass; detail: string; status?: number; excerpt?: string }
  /** An internal fault before the request was sent: the attempt is given back. */
  | { kind: 'released'; detail: string };

/** Every outcome that uses up its attempt: all there can be once a byte of the request was written, whoever's fault it was. */
export type CountedOutcome = Exclude<AttemptOutcome, { kind: 'released' }>;

/**
 * How a status counts: 2xx succeeds; 3xx and 4xx are permanent, except 408, 425, 429 and those among `retryStatuses`; any other
 * number is transient.
 */
export function judgeStatus(status: number, retryStatuses: readonly number[]): 'accepted' | 'permanent' | 'transient' {
  if (status >= 200 && status <= 299) return 'accepted';
  if (status === 408 || status === 425 || status === 429) return 'transient';
  if (retryStatuses.includes(status)) return 'transient';
  if (status >= 300 && status <= 499) return 'permanent';
  return 'transient';
}

/** Whether a receiver ends the retries of a delivery, by the response header `webhook-delivery: abort-message`. */
export function asksToAbort(webhookDelivery: string | undefined): boolean {
  return webhookDelivery?.split(',').some((wish) => wish.trim().toLowerCase() === 'abort-message') ?? false;
}
