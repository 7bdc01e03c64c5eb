import type { FailureClass } from './attempt-outcome.ts';
import type { ClaimedDelivery, DeliveryStatus, HttpMethod, Settlement } from './delivery.ts';

/**
 * The truth about deliveries. Every method is safe to run twice with the same arguments, side by side with any other,
 * and rejects with StoreUnavailable when the database could not be asked in time: then its effect is unknown.
 */
export type DeliveryStore = {
  /** Gets or creates, one answer per delivery in order. */
  acceptDeliveries(deliveries: readonly NewDelivery[], limit?: CallLimit): Promise<AcceptAnswer[]>;
  /** Leases what is due; ids must be distinct. One answer per claim. */
  claimDeliveries(claims: readonly Claim[], limit: CallLimit): Promise<ClaimAnswer[]>;
  /** Records outcomes, fenced by their tokens. One answer per settlement. */
  settleDeliveries(settlements: readonly SettledAttempt[], limit: CallLimit): Promise<SettleAnswer[]>;
  /** Gives attempts back, fenced by their tokens. One answer per release. */
  releaseDeliveries(releases: readonly Release[], limit: CallLimit): Promise<ReleaseAnswer[]>;
  /** One page of deliveries that need a message. */
  putBackDeliveries(page: SweepPage): Promise<SweptDelivery[]>;
  /** One page of all pending deliveries within reach of a message chain. */
  restoreMessages(page: SweepPage): Promise<SweptDelivery[]>;
  /** Buries one page of deliveries whose last attempt never reported. */
  buryDeliveries(pageRows: number, limit?: CallLimit): Promise<{ deliveryId: number; organizationId: number }[]>;
  /** Age of the oldest due delivery, seconds; 0 when none is due. */
  oldestDueSeconds(): Promise<number>;
};

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

/** `after` is the last row of the page before. */
export type SweepPage = { after: SweptDelivery | undefined; pageRows: number };

export type SweptDelivery = {
  deliveryId: number;
  organizationId: number;
  attempt: number;
  delaySeconds: number;
  /** Given its first message, rather than put back. */
  handedOut: boolean;
  /** Position in the sweep's order, as the database writes it. */
  dueAt: string;
};

/** The database could not be asked, or did not answer in time: a fault of ours. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly code = 'store_unavailable';
}
