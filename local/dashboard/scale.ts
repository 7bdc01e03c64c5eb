import type { AxisSettings } from './dashboard-body.ts';

/** A vertical axis: its ends and the figures written next to it, the lowest first. */
export type Scale = { low: number; high: number; ticks: readonly number[] };

const INTERVALS = 4;
const NICE_STEPS = [1, 2, 2.5, 5, 10];

/** An axis of round figures that holds all of `values`, or what its settings say. */
export function scaleOf(values: readonly number[], { min, max }: Pick<AxisSettings, 'min' | 'max'>): Scale {
  const lowest = min ?? Math.min(0, ...values);
  const highest = Math.max(max ?? Math.max(lowest, ...values), lowest);
  const step = niceStep((highest - lowest) / INTERVALS, values.every(Number.isInteger));
  const low = min ?? Math.floor(lowest / step) * step;
  const high = max !== undefined && max > low ? max : low + Math.max(1, Math.ceil((highest - low) / step)) * step;
  const count = Math.floor((high - low) / step + 1e-9);
  return { low, high: round(high), ticks: Array.from({ length: count + 1 }, (_, index) => round(low + index * step)) };
}

/** Where a value stands between the ends, 0 to 1; values beyond an end are drawn at that end. */
export function heightOf(value: number, { low, high }: Scale): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function niceStep(atLeast: number, isForWholeNumbers: boolean): number {
  if (!(atLeast > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(atLeast));
  const step = (NICE_STEPS.find((nice) => nice * decade >= atLeast) ?? 10) * decade;
  if (!isForWholeNumbers) return step;
  return Number.isInteger(step) ? step : Math.ceil(step);
}

/** Without the rounding errors of binary fractions. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
