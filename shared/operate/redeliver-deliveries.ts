import type { Clock } from '../runtime/clock.ts';
import type { DeliveryStatus } from '../delivery/delivery.ts';
import { announce } from '../delivery/announce.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { DeadLetterFilter, RedeliverOrder } from './redeliver-request.ts';

/** Dead letters, to be counted and brought back. */
export type DeadLetterStore = {
  countDeadLetters(filter: DeadLetterFilter): Promise<number>;
  /** One page, the longest dead first; `already` is what earlier pages gave each host, for the pace. */
  redeliverDeliveries(page: RedeliverPage): Promise<RedeliveredDelivery[]>;
  findStatuses(deliveryIds: readonly number[]): Promise<Map<number, DeliveryStatus>>;
};

export type RedeliverPage = RedeliverOrder & { already: ReadonlyMap<string, number>; pageRows: number };

export type RedeliveredDelivery = {
  deliveryId: number;
  organizationId: number;
  attempt: number;
  delaySeconds: number;
  host: string;
};

export type RedeliverParts = { store: DeadLetterStore; queue: DeliveryQueue; clock: Clock; log: Log; metrics: Metrics };

export type RedeliverReport = {
  matched: number;
  redelivered: number;
  /** Asked for by id, and no dead letter. */
  refused: { deliveryId: number; because: DeliveryStatus | 'unknown' }[];
  /** When the last of them is due, from now: the pace spreads them. */
  lastDueInSeconds: number;
  unsent: number;
  /** False when time was up: the same request goes on. */
  complete: boolean;
};

/** Its name is the `errorType` of the invocation. */
export class RedeliverRefused extends Error {
  override readonly name: 'InvalidRequest' | 'NotADeadLetter';
  readonly code = 'redeliver_refused';

  constructor(errorType: 'InvalidRequest' | 'NotADeadLetter', errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
  }
}

/**
 * Brings dead letters back: pending again, at a pace for each endpoint host, attempts kept and more allowed. A delivery
 * that is pending or has succeeded is refused; where nothing but such ones was asked for, this throws NotADeadLetter. Rows
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
  const matched = await store.countDeadLetters(order.filter);
  const done = order.dryRun
    ? { redelivered: 0, lastDueInSeconds: 0, unsent: 0, complete: true }
    : await redeliverAll(parts, order, stopAtMonotonicMs);
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

async function redeliverAll(parts: RedeliverParts, order: RedeliverOrder, stopAtMonotonicMs: number) {
  const { store, clock } = parts;
  const done = { redelivered: 0, lastDueInSeconds: 0, unsent: 0, complete: false };
  const already = new Map<string, number>();
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await store.redeliverDeliveries({ ...order, already, pageRows: SWEEP_PAGE_ROWS });
    done.unsent += await announce(page, parts);
    done.redelivered += page.length;
    for (const { host, delaySeconds } of page) {
      already.set(host, (already.get(host) ?? 0) + 1);
      done.lastDueInSeconds = Math.max(done.lastDueInSeconds, delaySeconds);
    }
    if (page.length < SWEEP_PAGE_ROWS) return { ...done, complete: true };
  }
  return done;
}
