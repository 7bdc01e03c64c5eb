import type { DeliveryFacts } from './delivery-facts.ts';
import type { MatchLook, OrderRecord, OrderSearch } from './order-store.ts';
import type { Walk, WalkPosition } from './selection.ts';

/** What can be looked at. Nothing is ever changed; each call looks at a bounded number of rows. */
export type InspectStore = {
  showDelivery(which: DeliveryKey): Promise<ShownDelivery | undefined>;
  /** The latest ones, latest first. */
  listAttempts(deliveryId: number): Promise<ShownAttempt[]>;
  readPayload(deliveryId: number): Promise<string>;
  /** At most `pageRows`, and perhaps fewer though more are behind `next`. */
  listDeliveries(look: ListLook): Promise<{ deliveries: ListedDelivery[]; next: WalkPosition | undefined }>;
  countGroups(
    look: MatchLook,
    by: readonly CountedBy[],
  ): Promise<{ matched: number; groups: CountedGroup[]; next: WalkPosition | undefined }>;
  countBacklog(): Promise<Backlog>;
  findOrders(search: OrderSearch): Promise<OrderRecord[]>;
  /** The relations of ours and of the application from which row-level security keeps rows, and the role that it keeps them from. */
  findHiddenRelations(): Promise<{ role: string; relations: string[] }>;
};

export type DeliveryKey =
  | { deliveryId: number }
  | { deliveryUuid: string }
  | { workflowRunId: number; webhookNodeId: string };

/** A delivery in a list: of its URL only the origin. */
export type ListedDelivery = DeliveryFacts & { deliveryId: number; endpoint: string };

/** A delivery by itself: its URL is whole. */
export type ShownDelivery = DeliveryFacts & {
  deliveryId: number;
  endpointUrl: string;
  credentialUuid: string | undefined;
  customHeaders: readonly { key: string; value: string }[];
  payloadBytes: number;
  claimCount: number;
  putBackAtMs: number | undefined;
  claimedAtMs: number | undefined;
  redeliveredBy: number | undefined;
  cancelledBy: number | undefined;
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
};

type ListLook = Omit<MatchLook, 'walk' | 'withoutCancelled' | 'diedBy'> & {
  walk: Exclude<Walk, 'dead_rows'>;
  pageRows: number;
};

export const COUNTED_BY = ['status', 'reason', 'endpoint', 'organization'] as const;
export type CountedBy = (typeof COUNTED_BY)[number];
export type CountedGroup = Partial<Record<CountedBy, string | number | null>> & { count: number };

/** Each count stops at `most`, which then means: at least. */
type Backlog = {
  most: number;
  due: number;
  inFlight: number;
  later: number;
  deadLetters: number;
  /** Dead letters that nobody has dismissed, erased or cancelled. */
  standingDeadLetters: number;
  oldestDueSeconds: number;
};
