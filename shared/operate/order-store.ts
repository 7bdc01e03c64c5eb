import type { DueDelivery } from '../delivery/announce.ts';
import type { CalledPage, HeldPage } from '../delivery/store-answers.ts';
import type { OrderingKey } from '../delivery/ordering-key.ts';
import type { OrderingStore } from '../delivery/next-in-order.ts';
import type { DeliveryStatus } from '../delivery/delivery.ts';
import type { AdoptionPosition } from './adoption-position.ts';
import type { EndpointRequest } from './endpoint-request.ts';
import type { Members } from './read-request.ts';
import type { DeliveryAction, OrderAction, OrderVerb } from './operate-request.ts';
import type { PageWork } from './past-refused.ts';
import type { Selection, Walk, WalkPosition } from './selection.ts';

/**
 * Orders and the deliveries they are about. A statement that runs twice changes nothing twice: each page of an order is a step,
 * which is recorded together with what it changes. Rows that somebody else has locked are told as `locked`. A page rejects with
 * RowRefused if the database refuses to change one of its rows.
 */
export type OrderStore = OrderingStore & {
  /** Counts what a look finds, and of it what is dealt with only if that is to be told: it takes reading each row. */
  countMatches(
    look: MatchLook,
    asked?: { tells: 'matched' | 'dealt with' },
  ): Promise<DealtWith & { matched: number; next: WalkPosition | undefined }>;
  /** Names what a look finds, a page at most: `next` is then behind the last one named. */
  findMatches(look: MatchLook): Promise<{ deliveryIds: number[]; next: WalkPosition | undefined }>;
  /** Those of the ids and UUIDs that exist. */
  findNamed(named: { deliveryIds: readonly number[]; deliveryUuids: readonly string[] }): Promise<NamedDelivery[]>;
  openOrder(order: NewOrder): Promise<{ orderId: number; isSame: boolean }>;
  findOrders(search: OrderSearch): Promise<OrderRecord[]>;
  /** Orders that have work left and nobody who does it, the oldest first. */
  listUnfinishedOrders(pageRows: number): Promise<number[]>;
  /** Undefined if it has no work left, or somebody else is at it. */
  takeOrder(orderId: number, worker: OrderWorker): Promise<TakenOrder | undefined>;
  /** Undefined if the page is no longer this worker's: somebody has paused or stopped the order, or taken it over. */
  workPage(page: OrderPage): Promise<PageAnswer[] | undefined>;
  /** One page by id. None: there are no more, or the page is not this worker's. */
  restPage(page: RestPage): Promise<RestAnswer[]>;
  /** False as for `workPage`. */
  recordProgress(progress: OrderProgress): Promise<boolean>;
  /** Undefined if there is no such order. */
  changeOrder(orderId: number, verb: OrderVerb): Promise<{ before: OrderState; state: OrderState } | undefined>;
};

/** What holds deliveries back by an operator's word, or has limits. */
export type EndpointStore = {
  /** Changes it and keeps the order, in one. An order whose key is known changes nothing. Undefined: no endpoint has that key. */
  changeEndpoint(order: EndpointOrder): Promise<EndpointChanged | undefined>;
  /** Asks for held deliveries that have room now. */
  callHeldDeliveries(page: HeldPage): Promise<CalledPage>;
};

export type EndpointOrder = Pick<NewOrder, 'orderKey' | 'request' | 'note' | 'by'> & {
  change: EndpointRequest;
  dryRun: boolean;
};

export type EndpointChanged = {
  /** Undefined for a dry run. */
  orderId: number | undefined;
  /** False: an earlier order has the key, and asked for something else. */
  isSame: boolean;
  /** Whether anything was otherwise before. */
  differs: boolean;
  /** By which held deliveries are found. */
  key: string;
};

export type OrderState = 'running' | 'paused' | 'stopped' | 'done';

export type MatchLook = {
  walk: Walk;
  selection: Selection;
  statuses: readonly DeliveryStatus[];
  /** Not those that an operator cancelled. */
  withoutCancelled: boolean;
  /** The last instant of a death that counts, as the database writes it; undefined: any. */
  diedBy: string | undefined;
  /** `next` of the previous look; undefined for the first. */
  after: WalkPosition | undefined;
};

/** `dismissed`: and not erased. */
export type DealtWith = { dismissed: number; expunged: number };

type NamedDelivery = { deliveryId: number; deliveryUuid: string; status: DeliveryStatus };

/** `because`: a status, `unknown`, `expunged`, `cancelled`, `dismissed`, `locked`, … */
export type RefusedDelivery = { delivery_id?: number; delivery_uuid?: string; because: string };

export type NewOrder = {
  orderKey: string;
  action: OrderAction;
  request: Members;
  note: string | undefined;
  by: string | undefined;
  matched: number;
  refused: readonly RefusedDelivery[];
  perSecond: number | undefined;
  moreAttempts: number | undefined;
};

export type OrderSearch = {
  orderId?: number;
  state?: OrderState;
  /** The last one of the page before. */
  afterId?: number;
  pageRows: number;
  /** Refused deliveries that are told of each order. */
  namedRows: number;
};

/** An order as it stands. Instants are milliseconds since the epoch. */
export type OrderRecord = {
  orderId: number;
  action: string;
  request: Members;
  orderKey: string;
  note: string | undefined;
  by: string | undefined;
  givenAtMs: number;
  state: OrderState;
  matched: number;
  done: number;
  refused: number;
  refusedNamed: readonly RefusedDelivery[];
  perSecond: number | undefined;
  lastDueAtMs: number | undefined;
  finishedAtMs: number | undefined;
  unwinds: boolean;
};

/** Whoever works on an order has it for a while. */
export type OrderWorker = { token: string; leaseSeconds: number };

export type TakenOrder = {
  orderId: number;
  action: OrderAction;
  request: Members;
  state: OrderState;
  unwinds: boolean;
  step: number;
  position: OrderPosition;
  givenAt: string;
};

/** Where the work on an order goes on. */
export type OrderPosition = {
  after?: WalkPosition;
  /** The walk is over; only `again` is left. */
  ended?: true;
  /** Deliveries that somebody else had locked. */
  again?: readonly number[];
  /** Of an order that moves deliveries between tables. */
  adoption?: AdoptionPosition;
};

export type OrderStep = { orderId: number; token: string; step: number };

export type OrderPage = OrderStep & {
  action: DeliveryAction;
  deliveryIds: readonly number[];
  /** Where the work goes on after this page. */
  position: OrderPosition;
  /** For `replay`: the UUIDs of the new deliveries, in the order of `deliveryIds`. */
  newUuids: readonly string[];
};

export type PageAnswer = {
  deliveryId: number;
  /** `changed`, `locked`, or why not. */
  verdict: string;
  /** What has to be told to the queue. */
  due: DueDelivery | undefined;
  /** The next one of it may go now. */
  ordering?: OrderingKey;
};

type RestAnswer = { deliveryId: number; isAtRest: boolean; ordering?: OrderingKey };

export type RestPage = OrderStep & PageWork & { afterId: number };

export type OrderProgress = OrderStep & {
  refused: readonly RefusedDelivery[];
  position: OrderPosition;
  /** `resting`: the work is left to whoever comes next. */
  outcome: 'going_on' | 'resting' | 'done' | 'unwound';
};
