import { RETENTION_MS } from '../aws/metrics/metric-query.ts';

const MINUTE_MS = 60_000;

/** A range of time to choose, ending now. `name` is used in the URL. */
export type TimeRange = { name: string; label: string; ms: number };

const LONGEST: TimeRange = { name: '3h', label: '3 hours', ms: RETENTION_MS };
export const TIME_RANGES: readonly TimeRange[] = [
  { name: '15m', label: '15 minutes', ms: 15 * MINUTE_MS },
  { name: '1h', label: '1 hour', ms: 60 * MINUTE_MS },
  LONGEST,
];

/**
 * The range to show: the one asked for, else the template's, else the shortest that holds everything since measuring
 * began. There is nothing before that, and a graph of it would be one point at its edge.
 */
export function chosenRange(
  asked: string | null,
  { ofTemplateMs, measuredMs }: { ofTemplateMs: number | undefined; measuredMs: number },
): TimeRange {
  const named = TIME_RANGES.find(({ name }) => name === asked);
  return named ?? TIME_RANGES.find(({ ms }) => ms >= (ofTemplateMs ?? measuredMs)) ?? LONGEST;
}

/** The period a graph is drawn with: its own, or a minute where CloudWatch may shorten it for a short range. */
export function shownPeriodMs(ownMs: number, rangeMs: number, adapts: 'adapts' | 'own'): number {
  return adapts === 'adapts' && rangeMs < RETENTION_MS ? Math.min(ownMs, MINUTE_MS) : ownMs;
}
