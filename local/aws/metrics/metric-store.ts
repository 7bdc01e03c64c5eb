import type { Timers } from '../../timers.ts';
import { Distribution } from './distribution.ts';
import type { MetricIdentity } from '../../template/stack-description.ts';
import { identityKey } from './metric-identity.ts';
import type { Timeline } from './timeline.ts';

/** As long as CloudWatch's own default range of a dashboard. */
export const RETENTION_MS = 3 * 3600 * 1000;
/** A stack of this kind has about a hundred; a bug that uses ids as dimensions must not fill the memory. */
const MAX_SERIES = 1_000;
/**
 * Different values kept of all metrics and minutes together, some 40 MB: three hours at 100 deliveries a second need half of
 * it. Beyond this number the oldest minute is dropped early.
 */
export const MAX_KEPT_VALUES = 500_000;
/** The overhead of one minute of a metric, counted as this many values. */
const MINUTE_COST = 4;
/** PutMetricData takes time stamps "up to two hours into the future". */
const MAX_AHEAD_MS = 2 * 3600 * 1000;
/** PutMetricData: "Values must be in the range of -2^360 to 2^360." */
const MAX_MAGNITUDE = 2 ** 360;
const MINUTE_MS = 60_000;

export type MetricValue = { metric: MetricIdentity; value: number; unit?: string | undefined; atMs: number };

export type MetricStore = {
  /** Counts a value in its minute. Ignores values that CloudWatch would refuse and values older than three hours. */
  record(value: MetricValue): void;
  /** For each period the minutes of it that hold values; undefined for a metric that was never recorded. */
  read(metric: MetricIdentity, timeline: Timeline): Distribution[][] | undefined;
  /** Of the last value that had one, e.g. `Milliseconds`. */
  unitOf(metric: MetricIdentity): string | undefined;
  /** Metrics with values in the last three hours. */
  all(): MetricIdentity[];
  /** When measuring began, epoch milliseconds. */
  readonly sinceMs: number;
  /** What is kept, in values; never more than MAX_KEPT_VALUES and a minute's first. */
  kept(): number;
};

type Recorded = { metric: MetricIdentity; unit: string | undefined; minutes: Map<number, Distribution> };

/** Metrics of one account and region by the minute, in memory, for three hours. */
export function createMetricStore({
  timers,
  maxKeptValues = MAX_KEPT_VALUES,
}: {
  timers: Timers;
  maxKeptValues?: number;
}): MetricStore {
  const recorded = new Map<string, Recorded>();
  const sinceMs = timers.nowMs();
  let kept = 0;
  const oldestMinute = () => Math.floor((timers.nowMs() - RETENTION_MS) / MINUTE_MS);

  const forget = ({ minutes }: Recorded, minute: number): void => {
    const distribution = minutes.get(minute);
    if (distribution === undefined) return;
    kept -= MINUTE_COST + distribution.values().size;
    minutes.delete(minute);
  };
  const forgetOld = (series: Recorded): void => {
    for (const minute of series.minutes.keys()) if (minute < oldestMinute()) forget(series, minute);
  };
  const forgetOldest = (): void => {
    let oldest = Infinity;
    for (const { minutes } of recorded.values()) {
      for (const minute of minutes.keys()) oldest = Math.min(oldest, minute);
    }
    for (const series of recorded.values()) forget(series, oldest);
  };
  const makeRoom = (): boolean => {
    if (recorded.size < MAX_SERIES) return true;
    for (const [key, series] of recorded) {
      forgetOld(series);
      if (series.minutes.size === 0) recorded.delete(key);
    }
    return recorded.size < MAX_SERIES;
  };
  const seriesOf = (metric: MetricIdentity): Recorded | undefined => {
    const key = identityKey(metric);
    const known = recorded.get(key);
    if (known !== undefined || !makeRoom()) return known;
    const fresh = { metric, unit: undefined, minutes: new Map<number, Distribution>() };
    recorded.set(key, fresh);
    return fresh;
  };

  return {
    sinceMs,
    kept: () => kept,
    record({ metric, value, unit, atMs }) {
      const minute = Math.floor(atMs / MINUTE_MS);
      if (!(Math.abs(value) <= MAX_MAGNITUDE)) return;
      if (!(minute >= oldestMinute() && atMs <= timers.nowMs() + MAX_AHEAD_MS)) return;
      const series = seriesOf(metric);
      if (series === undefined) return;
      series.unit = unit ?? series.unit;
      let distribution = series.minutes.get(minute);
      if (distribution === undefined) {
        forgetOld(series);
        series.minutes.set(minute, (distribution = new Distribution()));
        kept += MINUTE_COST;
      }
      const before = distribution.values().size;
      distribution.add(value);
      kept += distribution.values().size - before;
      if (kept > maxKeptValues) forgetOldest();
    },
    read(metric, { startMs, periodMs, count }) {
      const series = recorded.get(identityKey(metric));
      if (series === undefined) return undefined;
      const periods: Distribution[][] = Array.from({ length: count }, () => []);
      for (const [minute, distribution] of series.minutes) {
        periods[Math.floor((minute * MINUTE_MS - startMs) / periodMs)]?.push(distribution);
      }
      return periods;
    },
    unitOf: (metric) => recorded.get(identityKey(metric))?.unit,
    all() {
      for (const series of recorded.values()) forgetOld(series);
      return [...recorded.values()].filter(({ minutes }) => minutes.size > 0).map(({ metric }) => metric);
    },
  };
}
