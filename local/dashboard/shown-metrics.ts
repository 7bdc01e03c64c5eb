import {
  evaluateQuery,
  type MetricStore,
  type QueryResult,
  timelineUntil,
  wholeRange,
  type Series,
  type Timeline,
} from '../aws/metrics/metric-query.ts';
import type { MetricEntry, MetricWidget, Side } from './dashboard-body.ts';
import type { Clock } from './time-axis.ts';
import { shownPeriodMs } from './time-range.ts';

/** The time and range for which a dashboard is shown. */
export type Look = {
  store: MetricStore;
  nowMs: number;
  rangeMs: number;
  periods: 'adapts' | 'own';
  clock: Clock;
};

/** A line of a graph, or a figure. */
export type ShownLine = {
  label: string;
  side: Side;
  timeline: Timeline;
  values: Series;
  unit: string | undefined;
};

/** The parts of a widget that cannot be shown on this machine. */
export type Absence = { label: string; because: string };

/** The figures of a widget's metrics, by its periods and statistics. */
export function shownMetrics(widget: MetricWidget, look: Look): { lines: ShownLine[]; absences: Absence[] } {
  const lines: ShownLine[] = [];
  const absences: Absence[] = [];
  const others = widget.entries.map(({ query }) => query);
  for (const entry of widget.entries.filter(({ isDrawn }) => isDrawn)) {
    const timeline = timelineOf(entry, widget, look);
    const result = evaluateQuery(entry.query, { store: look.store, timeline, others });
    if (result.kind === 'series') lines.push(...linesOf(entry, timeline, result.series));
    else absences.push({ label: labelOf(entry, undefined), because: whyAbsent(result) });
  }
  return { lines, absences };
}

function timelineOf(entry: MetricEntry, widget: MetricWidget, { nowMs, rangeMs, periods }: Look): Timeline {
  if (widget.isForWholeRange) return wholeRange(nowMs, rangeMs);
  return timelineUntil(nowMs, { rangeMs, periodMs: shownPeriodMs(entry.periodMs, rangeMs, periods) });
}

function linesOf(
  entry: MetricEntry,
  timeline: Timeline,
  series: Extract<QueryResult, { kind: 'series' }>['series'],
): ShownLine[] {
  return (
    series
      // A search finds metrics of the last three hours; one without data in the range shown gets no line.
      .filter(({ label, values }) => label === undefined || values.some((value) => value !== undefined))
      .map(({ label, values, unit }) => ({ label: labelOf(entry, label), side: entry.side, timeline, values, unit }))
  );
}

function labelOf({ label, query }: MetricEntry, found: string | undefined): string {
  const own = label ?? (query.kind === 'metric' ? query.metric.name : query.expression);
  if (found === undefined) return own;
  return label === undefined ? found : `${label} ${found}`;
}

function whyAbsent(result: Exclude<QueryResult, { kind: 'series' }>): string {
  switch (result.kind) {
    case 'not measured':
      return 'not measured on this machine';
    case 'not evaluated':
      return `not computed on this machine: ${result.because}`;
  }
}

/** The latest figure. */
export function latest(values: Series): number | undefined {
  return values.findLast((value) => value !== undefined);
}
