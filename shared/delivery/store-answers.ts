import type { FailureClass } from './attempt-outcome.ts';
import type { ClaimedDelivery, DeliveryStatus, Settlement } from './delivery.ts';
import type { EndpointEvidence } from './endpoint-evidence.ts';
import type { Exchange } from './exchange.ts';
import type { HttpMethod } from './http-method.ts';
import type { NextDelivery, OrderingKey } from './ordering-key.ts';
import type { Outcome } from './outcome.ts';
import type { TraceContext } from './trace-context.ts';

// The questions to the stores, and their answers. Each store's port is declared next to the code that uses it.

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
  trace?: TraceContext;
  requestDigest: string;
  maxAttempts: number;
  scheduledForMs: number | undefined;
  /** Attempted one after the other, with those of its organization that have the same. */
  orderingKey?: string;
  /** As a dead letter it keeps its key waiting. */
  orderingOnDeadLetter?: 'hold';
};

export type AcceptAnswer =
  | {
      kind: 'stored';
      /** Whether the stored row is the one whose uuid this call chose. */
      created: boolean;
      deliveryId: number;
      deliveryUuid: string;
      status: DeliveryStatus;
      requestDigest: string | undefined;
      /** Undefined once terminal. */
      scheduledForMs: number | undefined;
      dueInSeconds: number;
      attemptCount: number;
      /** Undefined if no response came so far. */
      lastStatusCode: number | undefined;
      /** Undefined if nothing failed so far, and for the items of a call beyond its first 100. */
      lastError: string | undefined;
      /** The table of another pipeline in which it stands; its id is the one there. */
      elsewhere?: string;
    }
  /** It stands there, under an id beyond 2^53−1 that no answer and no message can name. */
  | { kind: 'unnameable'; deliveryUuid: string }
  | { kind: 'run_not_found' }
  | { kind: 'run_has_no_organization' }
  | { kind: 'organization_mismatch' }
  /** The database refuses to store it, because of a right, a constraint, a sequence or a trigger. */
  | { kind: 'refused'; refusal: Refusal };

/** `attempts`: the attempts that messages ask for. If the right one is among them, it is claimed. */
export type Claim = {
  deliveryId: number;
  attempts: readonly number[];
  token: string;
  /** It is known to have an ordering key. */
  isOrdered?: true;
};

export type ClaimAnswer =
  /** `waitMs`: the request is to begin no earlier, at most a second from now: its endpoint has a limit of requests a second. */
  | { kind: 'claimed'; delivery: ClaimedDelivery; waitMs?: number }
  /** Not due yet, or held until then by a worker that may be dead. */
  | { kind: 'early' | 'held'; deliveryId: number; dueInSeconds: number }
  /**
   * Held: its endpoint lets nobody out now. `askAgainInSeconds`: this message is to come again then, for all that the endpoint
   * holds; undefined: another one does.
   */
  | { kind: 'holding'; deliveryId: number; heldFor: HeldFor; askAgainInSeconds: number | undefined }
  /** Not claimed: the payload of the batch had reached its limit. */
  | { kind: 'deferred'; deliveryId: number }
  /** Its last worker never reported; this delivery may have killed it. To be asked for alone. */
  | { kind: 'apart'; deliveryId: number }
  /**
   * The row is locked by somebody else, or by an earlier run of this very claim: nothing may be concluded before the same token
   * has asked again. `overdueSeconds`: how long it has been due.
   */
  | { kind: 'locked'; deliveryId: number; overdueSeconds: number }
  /** The database refuses to change this row. */
  | { kind: 'refused'; deliveryId: number; refusal: Refusal }
  /** Claimed, but the row cannot be sent as it is. */
  | { kind: 'invalid'; deliveryId: number; attempt: number; token: string; detail: string }
  /** The last attempt was accepted and its settlement refused: it only has to be recorded. */
  | { kind: 'arrived'; deliveryId: number; organizationId: number; attempt: number; token: string; statusCode: number }
  /**
   * Nothing to do for this message; the sweep looks after whoever holds the delivery now. `behind`: another of its ordering key comes
   * first, or is in flight; whoever ends that one calls the next.
   */
  | { kind: 'passed'; deliveryId: number; because: 'stale' | 'finished' | 'exhausted' | 'unknown' | 'behind' };

/**
 * Why an endpoint lets nobody out: it is down, has asked to wait, takes as many as it can bear after it was down, has as many
 * requests in flight as its limit allows, or an operator has stopped it.
 */
export const HELD_FOR = ['down', 'waiting', 'recovering', 'in_flight', 'stopped'] as const;
export type HeldFor = (typeof HELD_FOR)[number];

/** What the database says about a row it refuses to store or to change: names from the schema, never a value. */
export type Refusal = { sqlState: string } & SchemaNames;

export type SettledAttempt = {
  deliveryId: number;
  token: string;
  attempt: number;
  settlement: Settlement;
  durationMs: number;
  /** How long before this call the attempt began. */
  startedMsAgo: number;
  /** What was sent and answered; undefined where no request was made up. */
  exchange?: Exchange;
  /** What the attempt says of its endpoint; undefined: nothing. */
  evidence?: EndpointEvidence;
  /** It is known to have an ordering key. */
  isOrdered?: true;
  /** It comes from a message, not from the worker itself, so without the lease it may change only what it can prove. */
  written?: true;
};

/**
 * `already_recorded`: the statement ran before. `late_success`: the lease was lost, but a 2xx is a fact. `superseded`: the
 * lease was lost and nothing changed. `vanished`: the row no longer exists. `locked`: somebody else has locked the row, ask
 * again. `refused`: the database refuses to change this row.
 */
export type SettleAnswer =
  | {
      deliveryId: number;
      verdict: 'recorded' | 'already_recorded' | 'late_success' | 'superseded' | 'vanished' | 'locked';
      /** Its endpoint is down: it is held, neither ended nor due again, and needs no message. */
      isHeld?: true;
      /** The database refuses the attempt's own row; the outcome stands without it. */
      unkept?: Refusal;
      ordering?: OrderingKey;
    }
  | { deliveryId: number; verdict: 'refused'; refusal: Refusal };

/** An endpoint went down, or answered again. The origin is its scheme, host and port. */
export type EndpointTurn = {
  became: 'down' | 'up';
  organizationId: number;
  origin: string;
  /** In a row, so far. */
  failures: number;
};

/** `called`: held deliveries that their endpoints have room for; each gets a message. */
export type Settled = {
  answers: SettleAnswer[];
  /** Of ordering keys: whoever comes next, as far as this statement can see. */
  next: NextDelivery[];
  called: CalledDelivery[];
  turns: EndpointTurn[];
  /** What is to be announced; each has a row until it is. */
  outcomes: Outcome[];
};

export type CalledDelivery = { deliveryId: number; organizationId: number; attempt: number; delaySeconds: number };

/** One page of the endpoints that hold deliveries, in the order of their keys. `firstKey`: begins with this one. */
export type HeldPage = { afterKey: string | undefined; firstKey?: string; pageKeys: number };

/** `lastKey`: where the next page begins; undefined when none is left. */
export type CalledPage = { called: CalledDelivery[]; lastKey: string | undefined };

/** `oldestDownSeconds`: 0 when none is down. */
export type EndpointMeasure = { down: number; oldestDownSeconds: number; held: number };

/** A success that ends a delivery with an ordering key, and the claim of whoever comes next of the key. */
export type StepInOrder = { settled: SettledAttempt; next: Claim };
/** What there is to do, for the sweep or for anybody. */
export type WhatIsLeft = {
  /** When the question was asked, by the database's clock, milliseconds since the epoch. */
  nowMs: number;
  /** Something else than a pending delivery that is due at its time: held ones, outcomes, orders, erasures, uncounted deaths. */
  hasWork: boolean;
  /** Until the next pending delivery is due, 0 or less if one is; undefined when none is pending. */
  nextDueSeconds: number | undefined;
};

/** `dueAtOnce`: without the usual pause for a fault that may last. */
export type Release = { deliveryId: number; token: string; error: string; dueAtOnce?: boolean };

export type ReleaseAnswer =
  | {
      kind: 'released';
      deliveryId: number;
      organizationId: number;
      attempt: number;
      delaySeconds: number;
      ordering?: OrderingKey;
    }
  | { kind: 'buried'; deliveryId: number; ordering?: OrderingKey }
  /** Somebody else has locked the row: ask again. */
  | { kind: 'locked'; deliveryId: number }
  /** The token holds nothing: it never claimed the delivery, or has lost it since. */
  | { kind: 'not_held'; deliveryId: number };

/** A position in the sweep's order, as the database writes it: an id may be larger than a JavaScript number can hold. */
export type SweepPosition = { dueAt: string; id: string };

/** `after`: where the previous page ended. `only`: just these rows, after a statement was refused for one row of a page. */
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
export type BuriedDelivery = { status: DeliveryStatus; position: SweepPosition; ordering?: OrderingKey };

export type UncountedDeath = { id: string; reason: FailureClass };

/** The database refused to change one row of a sweep's page, and therefore the whole page. */
export class RowRefused extends Error {
  static override readonly name = 'RowRefused';
  override readonly name = 'RowRefused';
  readonly code = 'row_refused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`the database refused to change a row (SQLSTATE ${refusal.sqlState})`);
    this.refusal = refusal;
  }
}

/** Names from the database's schema that PostgreSQL reports for a fault, and the right that is missing. Never values. */
export type SchemaNames = {
  schema?: string;
  /** A table, view, sequence, type or function. */
  relation?: string;
  constraint?: string;
  column?: string;
  right?: string;
};

/** The database was unavailable, or did not answer in time: an internal fault, and nobody knows whether the call took effect. */
export class StoreUnavailable extends Error {
  static override readonly name = 'StoreUnavailable';
  override readonly name = 'StoreUnavailable';
  readonly code = 'store_unavailable';
  /** Undefined if PostgreSQL itself said nothing. */
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
 * PostgreSQL refused a statement for good, and it took no effect: a right, a constraint, a sequence or a trigger. Only the
 * SQLSTATE and names are kept. The database's message is not kept, not even as a cause: its details quote customers' rows.
 */
export class StatementRefused extends Error {
  static override readonly name = 'StatementRefused';
  override readonly name = 'StatementRefused';
  readonly code = 'statement_refused';
  readonly sqlState: string;
  readonly names: SchemaNames;
  /** Fixed words. */
  readonly because: string | undefined;

  constructor(sqlState: string, names: SchemaNames = {}, because?: string) {
    super(`the database refused a statement: SQLSTATE ${sqlState}${because === undefined ? '' : ` (${because})`}`);
    this.sqlState = sqlState;
    this.names = names;
    this.because = because;
  }
}
