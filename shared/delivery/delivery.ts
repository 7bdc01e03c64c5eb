import type { AttemptOutcome, FailureClass, CountedOutcome } from './attempt-outcome.ts';
import type { HttpMethod } from './http-method.ts';
import { MAX_LAST_ERROR_CHARACTERS } from '../runtime/limits.ts';
import { delayAfterFailure, type RetryPolicy } from './retry-policy.ts';
import type { TraceContext } from './trace-context.ts';

export type DeliveryStatus = 'pending' | 'succeeded' | 'dead_letter';

/** A delivery as its claim hands it to the worker, which may send it once. */
export type ClaimedDelivery = {
  deliveryId: number;
  deliveryUuid: string;
  workflowRunId: number;
  organizationId: number;
  webhookName: string | undefined;
  endpointUrl: string;
  httpMethod: HttpMethod;
  customHeaders: readonly { key: string; value: string }[];
  credentialUuid: string | undefined;
  /** Sent with every attempt; undefined: nothing of the kind is sent. */
  trace?: TraceContext;
  /** The frozen bytes; undefined if the method sends no body. */
  body: Uint8Array | undefined;
  /** The number of this attempt: 1, 2, … `maxAttempts`. */
  attempt: number;
  maxAttempts: number;
  /** The attempt before this one failed as `credential_rotated`. */
  afterRotation?: true;
  orderingKey?: string;
  /** Whoever comes behind it in its key, if that has not been attempted yet. */
  followingId?: number;
  /** Proof of this claim: fences the settle and the release. */
  token: string;
};

/** What the outcome of an attempt means for its delivery. `released` outcomes have no settlement: the attempt is given back. */
export type Settlement =
  | { kind: 'succeeded'; statusCode: number; excerpt: string }
  | {
      kind: 'retry';
      delaySeconds: number;
      errorClass: FailureClass;
      error: string;
      statusCode?: number;
      excerpt?: string;
    }
  | {
      kind: 'dead';
      errorClass: FailureClass;
      error: string;
      statusCode?: number;
      excerpt?: string;
      /** A transient failure of the last attempt allowed: where the endpoint is down, the database may have it held instead. */
      isExhausted?: true;
    };

/**
 * The transition of a delivery after an attempt: a pure function of what happened, how many attempts are allowed, and
 * the policy.
 */
export function settle(
  outcome: CountedOutcome,
  { attempt, maxAttempts }: Pick<ClaimedDelivery, 'attempt' | 'maxAttempts'>,
  { policy, random }: { policy: RetryPolicy; random: number },
): Settlement {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'succeeded', statusCode: outcome.status, excerpt: outcome.excerpt };
    case 'refused':
      return { kind: 'dead', ...failure(outcome) };
    case 'failed': {
      if (attempt >= maxAttempts) return { kind: 'dead', ...failure(outcome), isExhausted: true };
      const backoff = outcome.retryNow ? 0 : delayAfterFailure(policy, attempt, random);
      return { kind: 'retry', delaySeconds: Math.max(backoff, outcome.retryAfterSeconds ?? 0), ...failure(outcome) };
    }
  }
}

function failure(outcome: Extract<AttemptOutcome, { kind: 'failed' | 'refused' }>) {
  return {
    errorClass: outcome.because,
    error: outcome.detail.slice(0, MAX_LAST_ERROR_CHARACTERS),
    ...(outcome.status === undefined ? {} : { statusCode: outcome.status }),
    ...(outcome.excerpt === undefined ? {} : { excerpt: outcome.excerpt }),
  };
}
