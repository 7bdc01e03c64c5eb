import type { Clock } from '../runtime/clock.ts';
import type { DeliveryStatus } from '../delivery/delivery.ts';
import { announce } from '../delivery/announce.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { DeadLetterFilter, RedeliverOrder } from './redeliver-request.ts';

/**
 * Dead letters, to be counted and redelivered. Each call examines a bounded number of them, however many there are: the
 * longest dead first, continuing where the previous call ended.
 */
export type DeadLetterStore = {
  countDeadLetters(look: DeadLetterLook): Promise<{ matched: number; next: DeadLetterPosition | undefined }>;
  findDeadLetters(look: DeadLetterLook): Promise<{ deliveryIds: number[]; next: DeadLetterPosition | undefined }>;
  /** Redelivers those that are still dead letters; `already` is what earlier pages gave each host, for the pace. */
  redeliverDeliveries(page: RedeliverPage): Promise<RedeliveredDelivery[]>;
  findStatuses(deliveryIds: readonly number[]): Promise<Map<number, DeliveryStatus>>;
};

export type DeadLetterLook = {
  filter: DeadLetterFilter;
  /** `next` of the previous call; undefined for the first. */
  after: DeadLetterPosition | undefined;
};

/** A position among dead letters, as the store writes it. */
export type DeadLetterPosition = { diedAt: string; id: string };

export type RedeliverPage = Pick<RedeliverOrder, 'moreAttempts' | 'perSecond'> & {
  deliveryIds: readonly number[];
  already: ReadonlyMap<string, number>;
};

export type RedeliveredDelivery = {
  deliveryId: number;
  organizationId: number;
  attempt: number;
  delaySeconds: number;
  host: string;
};

export type RedeliverParts = { store: DeadLetterStore; queue: DeliveryQueue; clock: Clock; log: Log; metrics: Metrics };

export type RedeliverReport = {
  /** If `complete` is false, a lower bound. */
  matched: number;
  redelivered: number;
  /** Requested by id, but not a dead letter. */
  refused: { deliveryId: number; because: DeliveryStatus | 'unknown' }[];
  /** When the last of them is due, counted from now: the pace spreads them. */
  lastDueInSeconds: number;
  unsent: number;
  /** False if time ran out: repeat the same request to continue. */
  complete: boolean;
};

/**
 * Share of the time for counting. A count that takes longer becomes a lower bound, so that every request redelivers some,
 * however many there are.
 */
const MOST_OF_TIME_COUNTING = 1 / 4;

/** Its name is the `errorType` of the invocation. */
export class RedeliverRefused extends Error {
  static override readonly name = 'RedeliverRefused';
  override readonly name: 'InvalidRequest' | 'NotADeadLetter';
  /** For the log: Lambda's own client writes there the name of the class, unless a field says otherwise. */
  readonly errorType: 'InvalidRequest' | 'NotADeadLetter';
  readonly code = 'redeliver_refused';

  constructor(errorType: 'InvalidRequest' | 'NotADeadLetter', errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
    this.errorType = errorType;
  }
}

/**
 * Brings dead letters back: pending again, at a pace for each endpoint host, with their attempts kept and more allowed. A
 * delivery that is pending or has succeeded is refused; if nothing else was asked for, this throws NotADeadLetter. Rows
 * first, messages after.
 */
export async function redeliverDeliveries(
  parts: RedeliverParts,
  order: RedeliverOrder,
  stopAtMonotonicMs: number,
): Promise<RedeliverReport> {
  const { store, metrics, log } = parts;
  const refused = await refusedIds(store, order.filter);
  const [first] = refused;
  if (first !== undefined && refused.length === order.filter.deliveryIds?.length) {
    throw new RedeliverRefused('NotADeadLetter', `delivery ${first.deliveryId} is ${first.because}, not a dead letter`);
  }
  const beganAt = parts.clock.monotonicMs();
  const countingMs = (stopAtMonotonicMs - beganAt) * (order.dryRun ? 1 : MOST_OF_TIME_COUNTING);
  const counted = await countAll(parts, order.filter, beganAt + countingMs);
  const done = order.dryRun
    ? { redelivered: 0, lastDueInSeconds: 0, unsent: 0, complete: counted.complete }
    : await redeliverAll(parts, order, stopAtMonotonicMs);
  const matched = Math.max(counted.matched, done.redelivered);
  metrics.count('RedeliveredDeliveries', done.redelivered);
  log.info('redelivered', { dry_run: order.dryRun, matched, ...done, refused: refused.length });
  return { matched, refused, ...done };
}

async function refusedIds(
  store: DeadLetterStore,
  { deliveryIds }: DeadLetterFilter,
): Promise<RedeliverReport['refused']> {
  if (deliveryIds === undefined) return [];
  const statuses = await store.findStatuses(deliveryIds);
  return deliveryIds.flatMap((deliveryId) => {
    const because = statuses.get(deliveryId) ?? 'unknown';
    return because === 'dead_letter' ? [] : [{ deliveryId, because }];
  });
}

async function countAll({ store, clock }: RedeliverParts, filter: DeadLetterFilter, stopAtMonotonicMs: number) {
  let matched = 0;
  let after: DeadLetterPosition | undefined;
  do {
    const look = await store.countDeadLetters({ filter, after });
    matched += look.matched;
    after = look.next;
  } while (after !== undefined && clock.monotonicMs() < stopAtMonotonicMs);
  return { matched, complete: after === undefined };
}

async function redeliverAll(parts: RedeliverParts, order: RedeliverOrder, stopAtMonotonicMs: number) {
  const { store, clock } = parts;
  const done = { redelivered: 0, lastDueInSeconds: 0, unsent: 0, complete: false };
  const already = new Map<string, number>();
  let after: DeadLetterPosition | undefined;
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    const found = await store.findDeadLetters({ filter: order.filter, after });
    for (let from = 0; from < found.deliveryIds.length; from += SWEEP_PAGE_ROWS) {
      if (clock.monotonicMs() >= stopAtMonotonicMs) return done;
      const deliveryIds = found.deliveryIds.slice(from, from + SWEEP_PAGE_ROWS);
      const page = await store.redeliverDeliveries({ ...order, deliveryIds, already });
      done.unsent += await announce(page, parts);
      done.redelivered += page.length;
      for (const { host, delaySeconds } of page) {
        already.set(host, (already.get(host) ?? 0) + 1);
        done.lastDueInSeconds = Math.max(done.lastDueInSeconds, delaySeconds);
      }
    }
    after = found.next;
    if (after === undefined) return { ...done, complete: true };
  }
  return done;
}
