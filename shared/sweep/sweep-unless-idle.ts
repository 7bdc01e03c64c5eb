import type { WhatIsLeft } from '../delivery/store-answers.ts';
import type { Log } from '../observe/log.ts';
import { type Metrics, withoutStates } from '../observe/metrics.ts';
import { fateOfMarkers, needsMarker } from './fate-of-markers.ts';
import type { HeldMarker, Markers } from './markers.ts';

/** The answer of a sweep that had no reason to ask the database. */
export type Idle = { asked: false; oldest_due_seconds: 0; complete: true };
const IDLE: Idle = { asked: false, oldest_due_seconds: 0, complete: true };

export type IdleParts = {
  markers: Markers;
  store: { whatIsLeft(): Promise<WhatIsLeft> };
  log: Log;
  metrics: Metrics;
};

/**
 * Sweeps if a marker says that something may be pending, or if it is `told` to; otherwise the database is not asked, and may sleep.
 * A queue of markers that does not answer is a reason to sweep. Afterwards the markers go, hide or stay, by what is left.
 */
export async function sweepUnlessIdle<Report extends { complete: boolean }>(
  parts: IdleParts,
  isTold: boolean,
  sweep: (metrics: Metrics) => Promise<Report>,
): Promise<Report | Idle> {
  const { markers, store, log, metrics } = parts;
  const held = await markers.take();
  if (!isTold && held?.length === 0) {
    // Also the sign that the sweep runs: its alarm takes silence for a delivery that is not delivered.
    metrics.seconds('OldestDueAge', 0);
    log.info('sweep_idle', {});
    return IDLE;
  }
  const found = held?.length === 0 ? await store.whatIsLeft() : undefined;
  // Whatever this sweep itself makes pending, or finds, is not to depend on its reaching the end.
  if (found !== undefined && needsMarker(found)) await put(parts);
  let isOver = false;
  try {
    const report = await sweep(found !== undefined && !isLeft(found) ? withoutStates(metrics) : metrics);
    if (report.complete && held !== undefined) {
      await apply(held, parts);
      isOver = true;
    }
    return report;
  } finally {
    if (!isOver && held !== undefined) await markers.hide(held, 0);
  }
}

function isLeft({ hasWork, nextDueSeconds }: WhatIsLeft): boolean {
  return hasWork || nextDueSeconds !== undefined;
}

/** What must stay is told before anything goes. */
async function apply(held: readonly HeldMarker[], parts: IdleParts): Promise<void> {
  const { markers, log } = parts;
  const left = await parts.store.whatIsLeft();
  const { show, hide, remove, putAnother } = fateOfMarkers(held, left);
  if (putAnother) await put(parts);
  await markers.hide(show, 0);
  await markers.hide(hide.markers, hide.seconds);
  await markers.remove(remove);
  log.info('markers_judged', {
    has_work: left.hasWork,
    next_due_seconds: left.nextDueSeconds,
    shown: show.length,
    hidden: hide.markers.length,
    hidden_seconds: hide.seconds,
    removed: remove.length,
  });
}

async function put({ markers, log, metrics }: IdleParts): Promise<void> {
  if (await markers.put()) return;
  metrics.count('InternalFaults');
  log.warn('marker_unput', {});
}
