/** The horizontal axis of a graph. */
export type TimeAxis = { startMs: number; endMs: number; timeZone: string };

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

/** `14:05` */
export function clockTime(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(atMs);
}
