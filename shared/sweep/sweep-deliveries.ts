import type { Clock } from '../runtime/clock.ts';
import { announce } from '../delivery/announce.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { BuriedDelivery, CallLimit } from '../delivery/delivery-store.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/**
 * The truth about deliveries, as the sweep needs it. Every method is safe to run twice, side by side with any other, and
 * rejects with StoreUnavailable when the database could not be asked in time: then its effect is unknown.
 */
export type SweepStore = {
  /** One page of deliveries that need a message. */
  putBackDeliveries(page: SweepPage): Promise<SweptDelivery[]>;
  /** One page of all pending deliveries within reach of a message chain. */
  restoreMessages(page: SweepPage): Promise<SweptDelivery[]>;
  /** Buries one page of deliveries whose last attempt never reported. */
  buryDeliveries(pageRows: number, limit?: CallLimit): Promise<BuriedDelivery[]>;
  /** Age of the oldest due delivery, seconds; 0 when none is due. */
  oldestDueSeconds(): Promise<number>;
};

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

export type SweepParts = { store: SweepStore; queue: DeliveryQueue; clock: Clock; log: Log; metrics: Metrics };

export type SweepOrder = {
  /**
   * `usual`: put back what has been due for a while and is held by nobody, hand out what falls due soon. `messages_lost`:
   * the queue is known to be empty; every pending delivery within reach of a message gets one.
   */
  mode: 'usual' | 'messages_lost';
  /** The sweep begins no page past this instant: well before its function's timeout. */
  stopAtMonotonicMs: number;
};

export type SweepReport = {
  buried: number;
  putBack: number;
  handedOut: number;
  /** Messages that could not be sent; their deliveries come again after their pause. */
  unsent: number;
  oldestDueSeconds: number;
  /** False when it stopped before the end: the next run goes on. */
  complete: boolean;
};

/** A statement that fails for a whole page is tried with fewer rows, down to this. */
const SMALLEST_PAGE_ROWS = 10;

/** Repairs what was lost: buries deliveries whose last attempt never reported, and sends messages for the others. */
export async function sweepDeliveries(parts: SweepParts, order: SweepOrder): Promise<SweepReport> {
  const { store, metrics, log } = parts;
  // A burial that fails keeps no message from being sent; the sweep fails of it at its end.
  const burial = await buryAll(parts, order).catch((fault: unknown) => ({ count: 0, complete: false, fault }));
  const swept = await putBackAll(parts, order);
  const oldestDueSeconds = await store.oldestDueSeconds();
  const report = {
    buried: burial.count,
    ...swept.counts,
    oldestDueSeconds,
    complete: burial.complete && swept.complete,
  };
  metrics.count('Buried', report.buried);
  metrics.count('PutBack', report.putBack);
  metrics.count('HandedOut', report.handedOut);
  metrics.seconds('OldestDueAge', oldestDueSeconds);
  log.info('swept', { mode: order.mode, ...report });
  if ('fault' in burial) throw burial.fault;
  return report;
}

async function buryAll({ store, clock, metrics }: SweepParts, order: SweepOrder) {
  let count = 0;
  const pages = pagesOf(clock, order);
  for (let rows = pages.next(); rows !== undefined; rows = pages.next()) {
    const buried = await pages.attempt(() => store.buryDeliveries(rows));
    if (buried === undefined) continue;
    count += buried.length;
    if (buried.length > 0) metrics.deadLetters('outcome_unknown', buried.length);
    if (buried.length < rows) return { count, complete: true };
  }
  return { count, complete: false };
}

async function putBackAll(parts: SweepParts, order: SweepOrder) {
  const { store, clock } = parts;
  const counts = { putBack: 0, handedOut: 0, unsent: 0 };
  const next = (page: SweepPage) =>
    order.mode === 'usual' ? store.putBackDeliveries(page) : store.restoreMessages(page);
  let after: SweptDelivery | undefined;
  const pages = pagesOf(clock, order);
  for (let rows = pages.next(); rows !== undefined; rows = pages.next()) {
    const swept = await pages.attempt(() => next({ after, pageRows: rows }));
    if (swept === undefined) continue;
    counts.unsent += await announce(swept, parts);
    for (const delivery of swept) counts[delivery.handedOut ? 'handedOut' : 'putBack']++;
    if (swept.length < rows) return { counts, complete: true };
    after = swept.at(-1);
  }
  return { counts, complete: false };
}

/** Page sizes until time is up: halved after a failure, for a page that fails whole must not stop the sweep for ever. */
function pagesOf(clock: Clock, order: SweepOrder) {
  let rows = SWEEP_PAGE_ROWS;
  return {
    next: () => (clock.monotonicMs() < order.stopAtMonotonicMs ? rows : undefined),
    async attempt<T>(page: () => Promise<T>): Promise<T | undefined> {
      try {
        return await page();
      } catch (fault) {
        if (rows <= SMALLEST_PAGE_ROWS) throw fault;
        rows = Math.max(SMALLEST_PAGE_ROWS, Math.floor(rows / 4));
        return undefined;
      }
    },
  };
}
