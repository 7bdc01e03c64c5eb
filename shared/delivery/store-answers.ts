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
  | { kind: 'organization_mismatch' }
  /** The database refuses to store it: a right, a constraint, a sequence or a trigger. */
  | { kind: 'refused'; refusal: Refusal };

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

/** What the database says about a row it refuses to store or to change: names of its own, never a value. */
export type Refusal = { sqlState: string } & SchemaNames;

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

/** `dueAtOnce`: without the pause of a fault that may last. */
export type Release = { deliveryId: number; token: string; error: string; dueAtOnce?: boolean };

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

/** Names out of the database's schema, as PostgreSQL tells them of a fault. Never values. */
export type SchemaNames = { schema?: string; relation?: string; constraint?: string; column?: string };

/** The database could not be asked, or did not answer in time: a fault of ours, of which nobody knows whether it took effect. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly code = 'store_unavailable';
  /** Undefined where PostgreSQL itself said nothing. */
  readonly sqlState: string | undefined;
  readonly names: SchemaNames;

  constructor(message: string, options: ErrorOptions & { sqlState?: string; names?: SchemaNames } = {}) {
    const { sqlState, names = {}, ...rest } = options;
    super(message, rest);
    this.sqlState = sqlState;
    this.names = names;
  }
}

/**
 * PostgreSQL refused a statement for good, and it took no effect: a right, a constraint, a sequence, a trigger. Of the
 * database's words only SQLSTATE and names are kept, not even as a cause: its details quote customers' rows.
 */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  readonly code = 'statement_refused';
  readonly sqlState: string;
  readonly names: SchemaNames;

  /** @param because fixed words */
  constructor(sqlState: string, names: SchemaNames = {}, because?: string) {
    super(`the database refused a statement: SQLSTATE ${sqlState}${because === undefined ? '' : ` (${because})`}`);
    this.sqlState = sqlState;
    this.names = names;
  }
}
