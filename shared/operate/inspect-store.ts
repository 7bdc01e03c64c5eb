import type { Exchange } from '../delivery/exchange.ts';
import type { TraceContext } from '../delivery/trace-context.ts';
import type { DeliveryFacts, Stop } from './delivery-facts.ts';
import type { MatchLook, OrderRecord, OrderSearch } from './order-store.ts';
import type { Walk, WalkPosition } from './selection.ts';

/** What can be looked at. Nothing is ever changed; each call looks at a bounded number of rows. */
export type InspectStore = {
  showDelivery(which: DeliveryKey): Promise<ShownDelivery | undefined>;
  /** The latest ones, latest first. */
  listAttempts(deliveryId: number): Promise<ShownAttempt[]>;
  readPayload(deliveryId: number): Promise<string>;
  /** At most `pageRows`, and perhaps fewer though more are behind `next`. */
  listDeliveries(look: ListLook): Promise<DeliveryPage>;
  countGroups(
    look: MatchLook,
    by: readonly CountedBy[],
  ): Promise<{ matched: number; groups: CountedGroup[]; next: WalkPosition | undefined }>;
  countBacklog(): Promise<Backlog>;
  /** In the order of their keys. Each count of what is held stops at `most`, which then means: at least. */
  listEndpoints(search: EndpointSearch): Promise<{ endpoints: ListedEndpoint[]; most: number }>;
  findOrders(search: OrderSearch): Promise<OrderRecord[]>;
  /** The relations of ours and of the application from which row-level security keeps rows, and the role that it keeps them from. */
  findHiddenRelations(): Promise<{ role: string; relations: string[] }>;
};

export type DeliveryPage = {
  deliveries: ListedDelivery[];
  /** UUIDs of those that nothing else can be told of: they were not written by enqueue, and have an id beyond 2^53 - 1. */
  unreadable: string[];
  next: WalkPosition | undefined;
};

export type DeliveryKey =
  | { deliveryId: number }
  | { deliveryUuid: string }
  | { workflowRunId: number; webhookNodeId: string };

/** A delivery in a list: of its URL only the origin. */
export type ListedDelivery = DeliveryFacts & {
  deliveryId: number;
  endpoint: string;
  /** A dead letter of which an attempt never reported: the receiver may have got it, however it ended. */
  mayHaveArrived: boolean;
};

/** A delivery by itself: its URL is whole. */
export type ShownDelivery = DeliveryFacts & {
  deliveryId: number;
  endpointUrl: string;
  credentialUuid: string | undefined;
  customHeaders: readonly { key: string; value: string }[];
  trace: TraceContext | undefined;
  payloadBytes: number;
  /** Undefined where there was none, or none is kept. */
  firstAttemptAtMs: number | undefined;
  claimCount: number;
  putBackAtMs: number | undefined;
  claimedAtMs: number | undefined;
  /** Of one that keeps its ordering key waiting: how many come behind it; a thousand means that or more. */
  waitingBehind: number | undefined;
  redeliveredBy: number | undefined;
  /** Not attempted since it was redelivered. */
  awaitsTurn: boolean;
  cancelledBy: number | undefined;
  stop: Stop | undefined;
  dismissal: { orderId: number; note: string | undefined; by: string | undefined } | undefined;
};

export type ShownAttempt = {
  attempt: number;
  startedAtMs: number;
  durationMs: number | undefined;
  statusCode: number | undefined;
  errorClass: string | undefined;
  error: string | undefined;
  responseExcerpt: string | undefined;
  /** Undefined where none is known: it never reported, sent nothing, or is older than this. */
  exchange: Exchange | undefined;
};

/** What a list can show that no order selects by: it would be something else a moment later. */
export type ListFilter = {
  /** Of pending ones. */
  phase: ListedPhase | undefined;
  /** Only what the endpoint of this key holds. */
  heldBy: string | undefined;
};

/** As the backlog counts them. */
export const LISTED_PHASES = ['due', 'in_flight', 'later', 'held', 'behind'] as const;
export type ListedPhase = (typeof LISTED_PHASES)[number];

export type ListLook = Omit<MatchLook, 'walk' | 'withoutCancelled' | 'diedBy'> & {
  /** `due` and `held` show the soonest due first, the others the latest first. */
  walk: Exclude<Walk, 'dead_rows'> | 'due' | 'held';
  filter: ListFilter;
  /** Rows to look at, as far as the store allows it in one look. */
  lookRows: number;
  pageRows: number;
};

export const COUNTED_BY = ['status', 'reason', 'endpoint', 'organization'] as const;
export type CountedBy = (typeof COUNTED_BY)[number];
export type CountedGroup = Partial<Record<CountedBy, string | number | null>> & { count: number };

export const ENDPOINT_STATES = ['failing', 'down', 'held', 'waiting', 'limited'] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export type EndpointSearch = {
  /** With what holds everything. */
  organizationId: number | undefined;
  state: EndpointState | undefined;
  /** The last one of the page before. */
  afterKey: string | undefined;
  pageRows: number;
};

/** An endpoint, or whatever else can hold deliveries. Of a URL only the origin. Instants are milliseconds since the epoch. */
export type ListedEndpoint = {
  key: string;
  scope: string;
  organizationId: number | undefined;
  origin: string | undefined;
  state: EndpointState;
  failures: number;
  errorClass: string | undefined;
  failingSinceMs: number | undefined;
  downSinceMs: number | undefined;
  nextProbeAtMs: number | undefined;
  maxInFlight: number | undefined;
  maxPerSecond: number | undefined;
  /** By an operator. */
  stoppedAtMs: number | undefined;
  note: string | undefined;
  /** Deliveries. */
  held: number;
};

/** Each count stops at `most`, which then means: at least. */
type Backlog = {
  most: number;
  due: number;
  inFlight: number;
  /** Not those that are held. */
  later: number;
  /** Behind another one of their ordering key. */
  behind: number;
  held: number;
  deadLetters: number;
  /** Dead letters that nobody has dismissed, erased or cancelled. */
  standingDeadLetters: number;
  /** Of the deliveries of the last hour, how many were looked at, and how many of these have succeeded. */
  lastHour: { looked: number; succeeded: number };
  oldestDueSeconds: number;
};
