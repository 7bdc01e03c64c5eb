import type { FailureClass } from './attempt-outcome.ts';
import type { ClaimedDelivery, DeliveryStatus, HttpMethod, Settlement } from './delivery.ts';

/**
 * The truth about deliveries. Every method is safe to run twice with the same arguments, side by side with any other,
 * and rejects with StoreUnavailable when the database could not be asked in time: then its effect is unknown. One row that
 * somebody else has locked, or that the database refuses to change, is an answer about that row alone; only the pages of the
 * sweep reject with RowRefused, and the sweep goes round the row.
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
  /** Writes down what an attempt came to where its settlement was refused; false when the token is not the row's. */
  noteAttempt(settled: SettledAttempt, limit: CallLimit): Promise<boolean>;
  /** One page of deliveries that need a message. */
  putBackDeliveries(page: SweepPage, limit?: CallLimit): Promise<SweptDelivery[]>;
  /** One page of all pending deliveries within reach of a message chain. */
  restoreMessages(page: SweepPage, limit?: CallLimit): Promise<SweptDelivery[]>;
  /** Ends one page of deliveries that cannot go on: their last attempt never reported, or no message can name them. */
  buryDeliveries(page: SweepPage, limit?: CallLimit): Promise<BuriedDelivery[]>;
  /** One page of everything pending, in the order of the three above. */
  listDueDeliveries(page: Omit<SweepPage, 'only'>): Promise<SweepPosition[]>;
  /** Dead letters that stand in no metric yet, whoever ended them. */
  listUncountedDeaths(pageRows: number): Promise<UncountedDeath[]>;
  markDeathsCounted(deaths: readonly UncountedDeath[]): Promise<void>;
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

/** `attempts`: those that messages ask for. The true one is claimed, whichever others there are. */
export type Claim = { deliveryId: number; attempts: readonly number[]; token: string };

export type ClaimAnswer =
  | { kind: 'claimed'; delivery: ClaimedDelivery }
  /** Not due yet, or held until then by a worker that may be dead. */
  | { kind: 'early' | 'held'; deliveryId: number; dueInSeconds: number }
  /** The batch's share of payload was used up; untouched. */
  | { kind: 'deferred'; deliveryId: number }
  /** Its last worker never reported and may have died of it: to be asked for alone. */
  | { kind: 'apart'; deliveryId: number }
  /**
   * Somebody else has the row, or an earlier run of this very claim: nothing may be concluded before the same token has
   * asked again. `overdueSeconds`: how long it has been due.
   */
  | { kind: 'locked'; deliveryId: number; overdueSeconds: number }
  /** The database refuses to change this row. */
  | { kind: 'refused'; deliveryId: number; refusal: Refusal }
  /** Claimed, and the row cannot be sent as it stands. */
  | { kind: 'invalid'; deliveryId: number; attempt: number; token: string; detail: string }
  /** The last attempt was accepted, and its settlement refused: nothing is left but to record it. */
  | { kind: 'arrived'; deliveryId: number; organizationId: number; attempt: number; token: string; statusCode: number }
  /** Nothing to do for this message, and the sweep covers whoever holds it now. */
  | { kind: 'passed'; deliveryId: number; because: 'stale' | 'finished' | 'exhausted' | 'unknown' };

/** What the database says about a row it refuses to change: names of its own, never a value. */
export type Refusal = { sqlState: string; relation?: string; constraint?: string; column?: string };

export type SettledAttempt = {
  deliveryId: number;
  token: string;
  attempt: number;
  settlement: Settlement;
  durationMs: number;
  /** How long before this call the attempt began. */
  startedMsAgo: number;
  /** It comes from a message, not from the worker itself: what it may change without holding the lease, it has to prove. */
  written?: true;
};

/**
 * `already_recorded`: the statement ran before. `late_success`: the lease was lost, but a 2xx is a fact. `superseded`: the
 * lease was lost, nothing changed. `vanished`: the row is gone. `locked`: somebody else has the row, ask again. `refused`:
 * the database does not change this row.
 */
export type SettleAnswer =
  | {
      deliveryId: number;
      verdict: 'recorded' | 'already_recorded' | 'late_success' | 'superseded' | 'vanished' | 'locked';
    }
  | { deliveryId: number; verdict: 'refused'; refusal: Refusal };

export type Release = { deliveryId: number; token: string; error: string };

export type ReleaseAnswer =
  | { kind: 'released'; deliveryId: number; organizationId: number; attempt: number; delaySeconds: number }
  | { kind: 'buried'; deliveryId: number }
  /** Somebody else has the row: ask again. */
  | { kind: 'locked'; deliveryId: number }
  /** The token holds nothing: never claimed, or lost since. */
  | { kind: 'not_held'; deliveryId: number };

/** A place in the sweep's order, as the database writes it: an id may be larger than a number here holds. */
export type SweepPosition = { dueAt: string; id: string };

/** `after` is where the page before ended; `only` these rows, where a statement was refused for one of a page. */
export type SweepPage = {
  after: SweepPosition | undefined;
  pageRows: number;
  only?: readonly SweepPosition[];
};

export type SweptDelivery = {
  deliveryId: number;
  organizationId: number;
  attempt: number;
  delaySeconds: number;
  /** Given its first message, rather than put back. */
  handedOut: boolean;
  position: SweepPosition;
};

/** `succeeded` where the last attempt is known to have been accepted. */
export type BuriedDelivery = { status: DeliveryStatus; position: SweepPosition };

export type UncountedDeath = { id: string; reason: FailureClass };

/** The database refused to change one row of a page of the sweep, and with it the whole page. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused';
  readonly code = 'row_refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`the database refused to change a row (SQLSTATE ${refusal.sqlState})`);
    this.refusal = refusal;
  }
}

/** The database could not be asked, or did not answer in time: a fault of ours. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly code = 'store_unavailable';
}
