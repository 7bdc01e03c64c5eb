import type { Distribution } from './distribution.ts';

/** One figure for the minutes of a period; there is at least one minute, and a value in each. */
export type Statistic = (minutes: readonly Distribution[]) => number;

/** By CloudWatch's name, e.g. `Sum`, `p99.9`; undefined for one that is not computed here. */
export function statisticNamed(name: string): Statistic | undefined {
  const [, percent] = /^p(100|\d{1,2}(?:\.\d{1,10})?)$/.exec(name) ?? [];
  return percent === undefined ? BY_NAME.get(name) : (minutes) => percentile(minutes, Number(percent));
}

const sum: Statistic = (minutes) => minutes.reduce((total, minute) => total + minute.sum, 0);
const count: Statistic = (minutes) => minutes.reduce((total, minute) => total + minute.count, 0);
const least: Statistic = (minutes) => Math.min(...minutes.map(({ min }) => min));
const most: Statistic = (minutes) => Math.max(...minutes.map(({ max }) => max));

const BY_NAME: ReadonlyMap<string, Statistic> = new Map<string, Statistic>([
  ['Sum', sum],
  ['SampleCount', count],
  ['Average', (minutes) => sum(minutes) / count(minutes)],
  ['Minimum', least],
  ['Maximum', most],
]);

/** The smallest value that this percentage of all values does not exceed. */
function percentile(minutes: readonly Distribution[], percent: number): number {
  const timesByValue = new Map<number, number>();
  for (const minute of minutes) {
    for (const [value, times] of minute.values()) timesByValue.set(value, (timesByValue.get(value) ?? 0) + times);
  }
  let left = Math.max(1, Math.ceil((percent / 100) * count(minutes)));
  for (const [value, times] of [...timesByValue].sort(([one], [other]) => one - other)) {
    left -= times;
    // Rounding may have moved the value past the extremes, which are known exactly.
    if (left <= 0) return Math.min(Math.max(value, least(minutes)), most(minutes));
  }
  return most(minutes);
}
