/** The horizontal axis of a graph. */
export type TimeAxis = { startMs: number; endMs: number; clock: Clock };

/** Times of day as people in this time zone read them. */
export type Clock = {
  /** e.g. `Europe/Berlin` */
  timeZone: string;
  /** `14:05` */
  timeOfDay: (atMs: number) => string;
};

const STEPS_MINUTES = [1, 2, 3, 5, 10, 15, 30, 60];
const MAX_TICKS = 7;
const MINUTE_MS = 60_000;

/** Round times inside the axis. */
export function timeTicks({ startMs, endMs }: TimeAxis): number[] {
  const step =
    (STEPS_MINUTES.find((minutes) => (endMs - startMs) / (minutes * MINUTE_MS) <= MAX_TICKS) ?? 60) * MINUTE_MS;
  const ticks: number[] = [];
  for (let at = Math.ceil(startMs / step) * step; at <= endMs; at += step) ticks.push(at);
  return ticks;
}

/** Where a time stands on the axis, 0 to 1. */
export function placeOf(atMs: number, { startMs, endMs }: TimeAxis): number {
  return (atMs - startMs) / (endMs - startMs);
}

export function clockIn(timeZone: string): Clock {
  // Made once: creating it costs more than formatting a hundred times of day.
  const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });
  return { timeZone, timeOfDay: (atMs) => format.format(atMs) };
}
