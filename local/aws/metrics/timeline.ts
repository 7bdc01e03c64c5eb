const MINUTE_MS = 60_000;

/** Periods of one length in a row, the oldest first. Starts and lengths are whole minutes. */
export type Timeline = { startMs: number; periodMs: number; count: number };

/** One figure for each period of a timeline; undefined where nothing was measured. */
export type Series = readonly (number | undefined)[];

/** The periods of a graph: aligned to the clock, the last one still incomplete. */
export function timelineUntil(nowMs: number, { rangeMs, periodMs }: { rangeMs: number; periodMs: number }): Timeline {
  const endMs = (Math.floor(nowMs / periodMs) + 1) * periodMs;
  const count = Math.max(1, Math.ceil(rangeMs / periodMs));
  return { startMs: endMs - count * periodMs, periodMs, count };
}

/** One period that is the whole range, to the end of the present minute. */
export function wholeRange(nowMs: number, rangeMs: number): Timeline {
  const endMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
  return { startMs: endMs - rangeMs, periodMs: rangeMs, count: 1 };
}

/** The periods an alarm looks at: they end with the last complete minute and are not aligned to the clock. */
export function completePeriods(nowMs: number, { count, periodMs }: { count: number; periodMs: number }): Timeline {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return { startMs: endMs - count * periodMs, periodMs, count };
}
