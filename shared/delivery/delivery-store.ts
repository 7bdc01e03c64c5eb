import type { FailureClass } from './attempt-outcome.ts';
import type { ClaimedDelivery, DeliveryStatus, Settlement } from './delivery.ts';
import type { HttpMethod } from './http-method.ts';

// What stores are asked and what they answer; each store's port stands beside those who ask it.

/** A monotonic instant at which the caller stops waiting. */
export type CallLimit = { untilMonotonicMs: number };

export type NewDelivery = {
  deliveryUuid: string;
  workflowRunId: number;
  organizationId: number;
  webhookNodeId: string;
  webhookName: string | undefined;
  endpointUrl: string;
  httpMethod: HttpMethod;
  body: string;
  customHeaders: readonly { key: string; value: string }[];
  credentialUuid?: string;
  requestDigest: string;
  maxAttempts: number;
  scheduledForMs: number | undefined;
};

export type AcceptAnswer =
  | {
      kind: 'stored';
      /** Whether the stored row is the one this call chose the uuid of. */
      created: boolean;
      deliveryId: number;
      deliveryUuid: string;
      status: DeliveryStatus;
      requestDigest: string | undefined;
      /** Undefined once terminal. */
      scheduledForMs: number | undefined;
      dueInSeconds: number;
    }
  | { kind: 'run_not_found' }
  | { kind: 'run_has_no_organization' }
  | { kind: 'organization_mismatch' };

export type Claim = { deliveryId: number; attempt: number; token: string };

export type ClaimAnswer =
  | { kind: 'claimed'; delivery: ClaimedDelivery }
  /** Not due yet. */
  | { kind: 'early'; deliveryId: number; dueInSeconds: number }
  /** The batch's share of payload was used up; untouched. */
  | { kind: 'deferred'; deliveryId: number }
  /** Nothing to do for this message, and the sweep covers whoever holds it now. */
  | { kind: 'passed'; deliveryId: number; because: 'held' | 'stale' | 'finished' | 'exhausted' | 'unknown' };

export type SettledAttempt = {
  deliveryId: number;
  token: string;
  attempt: number;
  settlement: Settlement;
  durationMs: number;
  /** How long before this call the attempt began. */
  startedMsAgo: number;
};

/**
 * `already_recorded`: the statement ran before. `late_success`: the lease was lost, but a 2xx is a fact. `superseded`: the
 * lease was lost, nothing changed. `vanished`: the row is gone.
 */
export type SettleAnswer = {
  deliveryId: number;
  verdict: 'recorded' | 'already_recorded' | 'late_success' | 'superseded' | 'vanished';
};

export type Release = { deliveryId: number; token: string; error: string };

export type ReleaseAnswer =
  | { kind: 'released'; deliveryId: number; organizationId: number; attempt: number; delaySeconds: number }
  | { kind: 'buried'; deliveryId: number; reason: FailureClass }
  /** The token holds nothing: never claimed, or lost since. */
  | { kind: 'not_held'; deliveryId: number };

/** Over, because its last attempt never reported. */
export type BuriedDelivery = { deliveryId: number; organizationId: number };

/** The database could not be asked, or did not answer in time: a fault of ours. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly code = 'store_unavailable';
}
