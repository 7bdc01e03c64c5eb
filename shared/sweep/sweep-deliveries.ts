import type { Clock } from '../runtime/clock.ts';
import { announce } from '../delivery/announce.ts';
import { callNext, type OrderingStore } from '../delivery/next-in-order.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import {
  type BuriedDelivery,
  type CalledPage,
  type CallLimit,
  type EndpointMeasure,
  type HeldPage,
  StoreUnavailable,
  type SweepPage,
  type SweepPosition,
  type SweptDelivery,
  type WhatIsLeft,
} from '../delivery/store-answers.ts';
import { SWEEP_PAGE_KEYS, SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { Outcomes } from '../delivery/outcome.ts';
import { announceWaiting } from '../outcomes/announce-waiting.ts';
import type { OutcomeBus } from '../outcomes/outcome-bus.ts';
import type { OutcomeStore } from '../outcomes/outcome-store.ts';
import { countDeaths, type DeathStore } from '../observe/count-deaths.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { walkPages } from './walk-pages.ts';

/**
 * The truth about deliveries, as the sweep needs it. Every method is safe to run twice, concurrently with any other. It rejects
 * with StoreUnavailable when the database does not answer in time: then its effect is unknown. A page rejects with RowRefused
 * if the database refuses to change one of its rows. Rows that somebody else has locked are skipped.
 */
export type SweepStore = OutcomeStore &
  OrderingStore &
  DeathStore & {
    /** One page of deliveries that need a message. */
    putBackDeliveries(page: SweepPage, limit?: CallLimit): Promise<SweptDelivery[]>;
    /** One page of all pending deliveries within reach of a message chain. */
    restoreMessages(page: SweepPage, limit?: CallLimit): Promise<SweptDelivery[]>;
    /** Ends one page of deliveries that cannot go on: their last attempt never reported, or no message can name them. */
    buryDeliveries(page: SweepPage, limit?: CallLimit): Promise<BuriedDelivery[]>;
    /** One page of everything pending, in the order of the three above. */
    listDueDeliveries(page: Omit<SweepPage, 'only'>): Promise<SweepPosition[]>;
    /** Asks for held deliveries whose endpoints have room for them, after their message was lost or their worker died. */
    callHeldDeliveries(page: HeldPage): Promise<CalledPage>;
    /** Removes endpoints that are healthy again, or have been idle for a week; returns how many. */
    forgetEndpoints(pageRows: number): Promise<number>;
    measureEndpoints(): Promise<EndpointMeasure>;
    /** Removes ordering keys that nobody uses any more; returns how many. */
    forgetOrderingKeys(pageRows: number): Promise<number>;
    /** Age of the oldest due delivery, seconds; 0 when none is due. */
    oldestDueSeconds(): Promise<number>;
    /** Asked after everything else, it tells whether the database may sleep. */
    whatIsLeft(): Promise<WhatIsLeft>;
  };

export type SweepParts = {
  store: SweepStore;
  queue: DeliveryQueue;
  bus: OutcomeBus;
  outcomes: Outcomes;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

export type SweepOrder = {
  /**
   * `usual`: put back deliveries that have been due for a while and that nobody holds, and hand out those that fall due soon.
   * `messages_lost`: the queue is known to be empty, so every pending delivery within reach of a message gets one.
   */
  mode: 'usual' | 'messages_lost';
  /** The sweep begins no page after this instant, well before its function's timeout. */
  stopAtMonotonicMs: number;
};

export type SweepReport = {
  buried: number;
  putBack: number;
  handedOut: number;
  /** Held deliveries that are asked for. */
  called: number;
  /** Messages that could not be sent. Their deliveries come again after their pause. */
  unsent: number;
  /** Rows that the database refuses to change. They are named in the log and skipped. */
  refused: number;
  /** Outcomes whose events the bus took from this sweep, and those that it did not take. */
  announced: number;
  unannounced: number;
  oldestDueSeconds: number;
  /** False if it stopped before the end; the next run continues. */
  complete: boolean;
};

/**
 * Repairs what was lost: ends deliveries that cannot go on, sends messages for the others, and counts dead letters and announces
 * outcomes, whoever wrote them. A fault of one row is skipped. An outage of the database ends the sweep; the next one runs within minutes.
 */
export async function sweepDeliveries(parts: SweepParts, order: SweepOrder): Promise<SweepReport> {
  const { store, metrics, log } = parts;
  const faults: unknown[] = [];
  // A failure here must not keep messages from being sent, so the sweep fails with it only at its end.
  const unlessAway = (fault: unknown) => {
    if (fault instanceof StoreUnavailable) throw fault;
    faults.push(fault);
  };
  const burial = { count: 0, refused: 0, complete: false, ...(await buryAll(parts, order).catch(unlessAway)) };
  await countAllDeaths(parts, order).catch(unlessAway);
  const swept = await putBackAll(parts, order);
  const called = await callHeld(parts, order).catch(unlessAway);
  await lookAfterEndpoints(parts, order).catch(unlessAway);
  await forgetKeys(parts, order).catch(unlessAway);
  const told = await announceWaiting(parts, order.stopAtMonotonicMs).catch(unlessAway);
  const oldestDueSeconds = await store.oldestDueSeconds();
  const report = {
    buried: burial.count,
    ...swept.counts,
    called: called?.count ?? 0,
    unsent: swept.counts.unsent + (called?.unsent ?? 0),
    refused: burial.refused + swept.refused,
    announced: told?.announced ?? 0,
    unannounced: told?.unannounced ?? 0,
    oldestDueSeconds,
    complete: burial.complete && swept.complete && called?.complete === true,
  };
  metrics.count('Buried', report.buried);
  metrics.count('PutBack', report.putBack);
  metrics.count('HandedOut', report.handedOut);
  metrics.count('RowsRefused', report.refused);
  metrics.seconds('OldestDueAge', oldestDueSeconds);
  log.info('swept', { mode: order.mode, ...report });
  if (faults.length > 0) throw faults[0];
  return report;
}

/** What an endpoint holds has one message that goes round; after a crash it may have none. */
async function callHeld(parts: SweepParts, { stopAtMonotonicMs }: SweepOrder) {
  let afterKey: string | undefined;
  let count = 0;
  let unsent = 0;
  while (parts.clock.monotonicMs() < stopAtMonotonicMs) {
    const { called, lastKey } = await parts.store.callHeldDeliveries({ afterKey, pageKeys: SWEEP_PAGE_KEYS });
    count += called.length;
    unsent += await announce(called, parts);
    if (lastKey === undefined) return { count, unsent, complete: true };
    afterKey = lastKey;
  }
  return { count, unsent, complete: false };
}

async function lookAfterEndpoints({ store, clock, metrics, log }: SweepParts, order: SweepOrder): Promise<void> {
  const { down, oldestDownSeconds, held } = await store.measureEndpoints();
  metrics.gauge('EndpointsDown', down);
  metrics.gauge('DeliveriesHeld', held);
  metrics.seconds('OldestDownAge', oldestDownSeconds);
  if (down > 0 || held > 0) {
    log.info('endpoints_measured', { down, oldest_down_seconds: oldestDownSeconds, deliveries_held: held });
  }
  while (clock.monotonicMs() < order.stopAtMonotonicMs) {
    if ((await store.forgetEndpoints(SWEEP_PAGE_ROWS)) < SWEEP_PAGE_ROWS) return;
  }
}

async function forgetKeys({ store, clock }: SweepParts, order: SweepOrder): Promise<void> {
  while (clock.monotonicMs() < order.stopAtMonotonicMs) {
    if ((await store.forgetOrderingKeys(SWEEP_PAGE_ROWS)) < SWEEP_PAGE_ROWS) return;
  }
}

async function buryAll(parts: SweepParts, order: SweepOrder) {
  let count = 0;
  const walked = await walkPages(parts, order, async (page, limit) => {
    const buried = await parts.store.buryDeliveries(page, limit);
    count += buried.filter(({ status }) => status === 'dead_letter').length;
    await callNext(
      buried.flatMap(({ ordering }) => ordering ?? []),
      parts,
    );
    return buried;
  });
  return { count, ...walked };
}

async function putBackAll(parts: SweepParts, order: SweepOrder) {
  const { store } = parts;
  const counts = { putBack: 0, handedOut: 0, unsent: 0 };
  const walked = await walkPages(parts, order, async (page: SweepPage, limit) => {
    const swept =
      order.mode === 'usual' ? await store.putBackDeliveries(page, limit) : await store.restoreMessages(page, limit);
    counts.unsent += await announce(swept, parts);
    for (const delivery of swept) counts[delivery.handedOut ? 'handedOut' : 'putBack']++;
    return swept;
  });
  return { counts, ...walked };
}

/** Counts the dead letters that no order has counted. */
async function countAllDeaths({ store, clock, metrics }: SweepParts, order: SweepOrder): Promise<void> {
  while (clock.monotonicMs() < order.stopAtMonotonicMs) {
    if ((await countDeaths({ store, metrics }, SWEEP_PAGE_ROWS)) < SWEEP_PAGE_ROWS) return;
  }
}
