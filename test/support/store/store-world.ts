import { fail } from 'node:assert/strict';
import type { AcceptStore } from '../../../shared/enqueue/accept-store.ts';
import type { AnnounceStore } from '../../../shared/enqueue/announce-store.ts';
import type { DeliverStore } from '../../../shared/deliver/deliver-store.ts';
import type { EndpointStore, OrderStore } from '../../../shared/operate/order-store.ts';
import type { SweepStore } from '../../../shared/sweep/sweep-deliveries.ts';
import type {
  CallLimit,
  ClaimAnswer,
  NewDelivery,
  SettledAttempt,
  Settled,
} from '../../../shared/delivery/store-answers.ts';
import type { Outcomes } from '../../../shared/delivery/outcome.ts';
import type { ClaimedDelivery, DeliveryStatus, Settlement } from '../../../shared/delivery/delivery.ts';
import type { Exchange } from '../../../shared/delivery/exchange.ts';
import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import { leaseSeconds } from '../../../shared/runtime/limits.ts';

/** Every port of the product: what one function does must agree with what another asks. */
export type Store = AcceptStore & DeliverStore & SweepStore & OrderStore & EndpointStore;

/** A row as a test looks at it; instants in milliseconds since the epoch. */
export type DeliveryRecord = {
  status: DeliveryStatus;
  attemptCount: number;
  maxAttempts: number;
  claimCount: number;
  scheduledForMs: number | undefined;
  awaitsHandOut: boolean;
  leaseToken: string | undefined;
  leaseExpiresMs: number | undefined;
  putBackMs: number | undefined;
  lastStatusCode: number | undefined;
  lastError: string | undefined;
  deadLetterReason: string | undefined;
  succeededLate: boolean;
  heldFor: string | undefined;
  heldDueMs: number | undefined;
  heldCalledMs: number | undefined;
  heldSeconds: number;
};

/** An endpoint's row as a test looks at it. */
export type EndpointRecord = {
  key: string;
  scope: 'endpoint' | 'origin' | 'organization' | 'everything';
  failures: number;
  downSinceMs: number | undefined;
  notBeforeMs: number | undefined;
  window: number | undefined;
  slots: number;
};

export type AttemptRecord = {
  attempt: number;
  statusCode: number | undefined;
  errorClass: string | undefined;
  error: string | undefined;
  excerpt: string | undefined;
  /** As it stands in its row. */
  exchange: unknown;
};

/** A store under test, empty, and what lies behind it. */
export type StoreBench = {
  store: Store;
  announcements: AnnounceStore;
  /** From now on the store goes by these rules. */
  setRules(rules: Partial<StoreRules>): void;
  /** Every row of an endpoint, or of an origin. */
  endpoints(): Promise<EndpointRecord[]>;
  /** Sets limits of an endpoint, or has an operator stop it. */
  setEndpoint(
    organizationId: number,
    endpointUrl: string,
    settings: { maxInFlight?: number; maxPerSecond?: number; isStopped?: boolean },
  ): Promise<void>;
  /** From now on the database's clock stands at this instant. */
  setNow(iso: string): void;
  /** Undefined once the row is gone. */
  delivery(deliveryId: number): Promise<DeliveryRecord | undefined>;
  attempts(deliveryId: number): Promise<AttemptRecord[]>;
  /** `organizationId` undefined: the run's workflow belongs to none. */
  addRun(runId: number, organizationId: number | undefined): Promise<void>;
  /** From now on its workflow is this organization's, or nobody's. */
  moveRun(runId: number, organizationId: number | undefined): Promise<void>;
  removeRun(runId: number): Promise<void>;
  remove(deliveryId: number): Promise<void>;
  /** Somebody else's transaction that has the row, until it commits. */
  lock(deliveryId: number): Promise<{ commit(): Promise<void> } & AsyncDisposable>;
  /** From now on the database refuses to let this delivery end, as a trigger of somebody's may, to change it at all, or to keep its attempts. */
  refuse(deliveryId: number, what: 'ending' | 'any change' | 'its attempts'): Promise<void>;
  /** From now on the database refuses to store a delivery of this node. */
  refuseToStore(webhookNodeId: string): Promise<void>;
  /** The cause is gone. */
  refuseNothing(): Promise<void>;
  /** As an application inserts it: it has no message yet. */
  insertedByOther(deliveryId: number): Promise<void>;
  /** As after so many claims that were given back. */
  setClaimCount(deliveryId: number, claimCount: number): Promise<void>;
};

export type StoreRules = EndpointRules & { outcomes: Outcomes };

/** Small ones, without jitter. */
export const RULES: StoreRules = {
  downAfterFailures: 3,
  holdSeconds: 86_400,
  exhausted: 'dead_letter',
  maxInFlight: undefined,
  maxPerSecond: undefined,
  leaseSeconds: leaseSeconds(30),
  probeDelays: () => [30, 60, 120, 240, 480, 600],
  outcomes: 'failures',
};

/** T = 30 s, as by default. */
export const LEASE_SECONDS = leaseSeconds(30);
/** Dead letters that a store of the contract looks at in one call: so few that most of what it finds takes several. */
export const ROWS_PER_LOOK = 3;
export const NOON = '2026-11-23T12:00:00.000Z';

/** `seconds` after noon, as the database reads it. */
export function noonAnd(seconds: number): string {
  return new Date(Date.parse(NOON) + Math.round(seconds * 1000)).toISOString();
}

export function soon(): CallLimit {
  return { untilMonotonicMs: performance.now() + 30_000 };
}

let numbered = 0;

/** Different at every call, in the form of a UUID. */
export function freshToken(): string {
  numbered++;
  return `00000000-0000-4000-8000-${numbered.toString(16).padStart(12, '0')}`;
}

/** A delivery of which only what a test names matters. */
export function newDelivery(delivery: Partial<NewDelivery> = {}): NewDelivery {
  numbered++;
  return {
    deliveryUuid: freshToken(),
    workflowRunId: numbered,
    organizationId: 7,
    webhookNodeId: 'node',
    webhookName: undefined,
    endpointUrl: 'https://receiver.example/hook',
    httpMethod: 'POST',
    body: '{"ok":true}',
    customHeaders: [],
    requestDigest: 'digest',
    maxAttempts: 5,
    scheduledForMs: undefined,
    ...delivery,
  };
}

/** Stores one, and answers its id. */
export async function stored(
  { store }: StoreBench,
  delivery: Partial<NewDelivery> = {},
  limit: CallLimit = soon(),
): Promise<number> {
  const [answer] = await store.acceptDeliveries([newDelivery(delivery)], 'register', limit);
  if (answer?.kind !== 'stored') throw new Error(`the delivery was not stored: ${answer?.kind}`);
  return answer.deliveryId;
}

export async function claimOne(
  { store }: StoreBench,
  deliveryId: number,
  {
    attempt = 1,
    token = freshToken(),
    leaseSeconds = LEASE_SECONDS,
  }: { attempt?: number; token?: string; leaseSeconds?: number } = {},
): Promise<ClaimAnswer> {
  const [answer] = await store.claimDeliveries([{ deliveryId, attempts: [attempt], token }], leaseSeconds, soon());
  if (answer === undefined) throw new Error('the claim answered nothing');
  return answer;
}

/** Claims one that is claimable. */
export async function claimed(
  bench: StoreBench,
  deliveryId: number,
  claim: { attempt?: number; token?: string; leaseSeconds?: number } = {},
): Promise<ClaimedDelivery> {
  const answer = await claimOne(bench, deliveryId, claim);
  if (answer.kind !== 'claimed') fail(`the delivery was not claimed: ${verdictOf(answer)}`);
  return answer.delivery;
}

/** The claim's verdict in one word. */
export function verdictOf(answer: ClaimAnswer): string {
  return answer.kind === 'passed' ? answer.because : answer.kind;
}

export const success: Extract<Settlement, { kind: 'succeeded' }> = {
  kind: 'succeeded',
  statusCode: 204,
  excerpt: 'thanks',
};
export const failure: Extract<Settlement, { kind: 'retry' }> = {
  kind: 'retry',
  delaySeconds: 30,
  errorClass: 'status',
  error: 'status 503',
  statusCode: 503,
};
export const death: Extract<Settlement, { kind: 'dead' }> = {
  kind: 'dead',
  errorClass: 'status',
  error: 'status 410',
  statusCode: 410,
  excerpt: 'gone',
};

/** What was sent and answered, with a name in it that the receiver chose. */
export const exchange: Exchange = {
  request: {
    method: 'POST',
    headers: [{ name: 'X-Name', of: 'custom' }],
    moreHeaders: 0,
    bodyBytes: 11,
    written: 'whole',
  },
  connection: { isKept: false, family: 'IPv4', reach: 'public', tls: 'TLSv1.3' },
  response: { headers: ['x-for-ada'], moreHeaders: 0, bodyBytes: 6, isComplete: true },
  phasesMs: { wait: 0, resolve: 2, connect: 1.5, tls: 12, first_byte: 80, body: 0.3 },
};

export function settledAs(settlement: Settlement, delivery: ClaimedDelivery): SettledAttempt {
  const { deliveryId, token, attempt } = delivery;
  return { deliveryId, token, attempt, settlement, durationMs: 120.4, startedMsAgo: 130.5 };
}

export async function settleOne(
  { store }: StoreBench,
  settled: SettledAttempt,
): Promise<Settled['answers'][number]['verdict'] | undefined> {
  const { answers } = await store.settleDeliveries([settled], soon());
  return answers[0]?.verdict;
}

/** A dead letter, by one attempt with a permanent answer. */
export async function deadLetter(bench: StoreBench, delivery: Partial<NewDelivery> = {}): Promise<number> {
  const deliveryId = await stored(bench, delivery);
  await settleOne(bench, settledAs(death, await claimed(bench, deliveryId)));
  return deliveryId;
}

/** Brings dead letters back by an order. */
export async function redelivered(
  { store }: StoreBench,
  deliveryIds: readonly number[],
  moreAttempts = 5,
): Promise<void> {
  const { orderId } = await store.openOrder({
    orderKey: freshToken(),
    action: 'redeliver',
    request: {},
    note: undefined,
    by: undefined,
    matched: 0,
    refused: [],
    perSecond: 10,
    moreAttempts,
  });
  const token = freshToken();
  await store.takeOrder(orderId, { token, leaseSeconds: 60 });
  await store.workPage({ orderId, token, step: 0, action: 'redeliver', deliveryIds, position: {}, newUuids: [] });
}
