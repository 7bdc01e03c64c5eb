import type { WhatIsLeft } from '../delivery/store-answers.ts';
import {
  LOOK_REACHES_SECONDS,
  MARKER_OLD_SECONDS,
  MARKER_RENEWED_AFTER_SECONDS,
  MARKER_SLEEP_ENDS_EVERY_SECONDS,
  MARKER_SLEEP_FROM_SECONDS,
  MARKER_WAKES_BEFORE_SECONDS,
} from '../runtime/limits.ts';
import type { HeldMarker } from './markers.ts';

/** What becomes of the markers that a sweep holds. */
export type MarkerFates = {
  /** For the next sweep to find. */
  show: HeldMarker[];
  /** Nothing is due for long: until then the database may sleep. */
  hide: { markers: HeldMarker[]; seconds: number };
  remove: HeldMarker[];
  /** There has to be another one: there was none, or the one that is kept would soon be dropped by the queue. */
  putAnother: boolean;
};

/**
 * Judges markers by a question that was asked after they were taken and after everything else that the sweep does.
 *
 * A young marker may belong to a row that was not there yet when the question was asked: nothing is known of it. What an old one
 * stood for was there, so the answer speaks for it. All old ones together are worth one, which is kept as long as anything is left.
 */
export function fateOfMarkers(held: readonly HeldMarker[], left: WhatIsLeft): MarkerFates {
  const isOld = ({ sentAtMs }: HeldMarker): boolean => ageSeconds(sentAtMs, left) > MARKER_OLD_SECONDS;
  const young = held.filter((marker) => !isOld(marker));
  const [kept, ...spare] = held.filter(isOld).toSorted((a, b) => b.sentAtMs - a.sentAtMs);
  const fates: MarkerFates = { show: young, hide: { markers: [], seconds: 0 }, remove: spare, putAnother: false };
  const { nextDueSeconds } = left;
  if (!left.hasWork && nextDueSeconds === undefined) {
    return { ...fates, remove: kept === undefined ? spare : [kept, ...spare] };
  }
  if (kept === undefined) return { ...fates, putAnother: young.length === 0 && needsMarker(left) };
  if (ageSeconds(kept.sentAtMs, left) > MARKER_RENEWED_AFTER_SECONDS) {
    return { ...fates, show: [kept, ...young], putAnother: true };
  }
  if (left.hasWork || nextDueSeconds === undefined || nextDueSeconds < MARKER_SLEEP_FROM_SECONDS) {
    return { ...fates, show: [kept, ...young] };
  }
  const seconds = Math.min(nextDueSeconds - MARKER_WAKES_BEFORE_SECONDS, untilAllShow(left));
  return { ...fates, hide: { markers: [kept], seconds } };
}

/** Whether what is left, and may have no marker, cannot wait for the next look. */
export function needsMarker({ hasWork, nextDueSeconds }: WhatIsLeft): boolean {
  return hasWork || (nextDueSeconds !== undefined && nextDueSeconds < LOOK_REACHES_SECONDS);
}

/** Until hidden markers show together, seconds. One that is too near is passed over: the database would hardly fall asleep. */
function untilAllShow({ nowMs }: WhatIsLeft): number {
  const until = MARKER_SLEEP_ENDS_EVERY_SECONDS - (Math.floor(nowMs / 1000) % MARKER_SLEEP_ENDS_EVERY_SECONDS);
  return until < MARKER_SLEEP_FROM_SECONDS ? until + MARKER_SLEEP_ENDS_EVERY_SECONDS : until;
}

/** By the database's clock against the queue's, at the moment of the question. */
function ageSeconds(sentAtMs: number, { nowMs }: WhatIsLeft): number {
  return (nowMs - sentAtMs) / 1000;
}
