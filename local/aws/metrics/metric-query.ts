import { isMeasuredHere } from './measured-metrics.ts';
import type { MetricIdentity, MetricQuery } from '../../template/stack-description.ts';
import { calculate, operandsOf, parseMath } from './metric-math.ts';
import { foundLabel, parseSearch, searchFinds, type MetricSearch } from './metric-search.ts';
import type { MetricStore } from './metric-store.ts';
import { NotEvaluated } from './not-evaluated.ts';
import { statisticNamed } from './statistic.ts';
import type { Series, Timeline } from './timeline.ts';

export { RETENTION_MS, type MetricStore } from './metric-store.ts';
export { type Series, type Timeline, timelineUntil, wholeRange } from './timeline.ts';

type QuerySeries = {
  /** What tells it from the others of a search; undefined for the only one. */
  label: string | undefined;
  values: Series;
  /** e.g. `Milliseconds` */
  unit: string | undefined;
};

export type QueryResult =
  | { kind: 'series'; series: readonly QuerySeries[] }
  /** An AWS metric about something that does not exist on this machine. */
  | { kind: 'not measured'; metric: string }
  | { kind: 'not evaluated'; because: string };

export type QueryScope = {
  store: MetricStore;
  timeline: Timeline;
  /** The queries an expression may name. */
  others: readonly MetricQuery[];
};

/** The figures a query gives, one for each period; never throws. */
export function evaluateQuery(query: MetricQuery, scope: QueryScope): QueryResult {
  try {
    return evaluate(query, scope, []);
  } catch (error) {
    if (error instanceof NotEvaluated) return { kind: 'not evaluated', because: error.message };
    throw error;
  }
}

/** @param within ids of the expressions around this one, so that a cycle is found */
function evaluate(query: MetricQuery, scope: QueryScope, within: readonly string[]): QueryResult {
  if (query.kind === 'metric') return readMetric(query.metric, query.stat, scope);
  const search = parseSearch(query.expression);
  return search === undefined ? evaluateMath(query.expression, scope, within) : readFound(search, scope);
}

function readMetric(metric: MetricIdentity, stat: string, { store, timeline }: QueryScope): QueryResult {
  if (!isMeasuredHere(metric)) return { kind: 'not measured', metric: metric.name };
  return { kind: 'series', series: [seriesOf(metric, stat, { store, timeline })] };
}

function readFound(search: MetricSearch, { store, timeline }: QueryScope): QueryResult {
  const found = store.all().filter((metric) => searchFinds(search, metric));
  const series = found.map((metric) => ({
    ...seriesOf(metric, search.stat, { store, timeline }),
    label: foundLabel(search, metric),
  }));
  return { kind: 'series', series: series.sort((one, other) => (one.label < other.label ? -1 : 1)) };
}

function seriesOf(
  metric: MetricIdentity,
  stat: string,
  { store, timeline }: Pick<QueryScope, 'store' | 'timeline'>,
): QuerySeries {
  const statistic = statisticNamed(stat);
  if (statistic === undefined) throw new NotEvaluated(`the statistic ${stat}`);
  const periods = store.read(metric, timeline) ?? Array.from({ length: timeline.count }, () => []);
  const values = periods.map((minutes) => (minutes.length === 0 ? undefined : statistic(minutes)));
  return { label: undefined, values, unit: stat === 'SampleCount' ? 'Count' : store.unitOf(metric) };
}

function evaluateMath(text: string, scope: QueryScope, within: readonly string[]): QueryResult {
  const expression = parseMath(text);
  const operands = new Map<string, Series>();
  for (const id of operandsOf(expression)) {
    const other = scope.others.find((candidate) => candidate.id === id);
    if (other === undefined || within.includes(id)) throw new NotEvaluated(`the expression ${text}: ${id}`);
    const result = evaluate(other, scope, [...within, id]);
    if (result.kind !== 'series') return result;
    const [only, ...more] = result.series;
    if (only === undefined || more.length > 0)
      throw new NotEvaluated(`the expression ${text}: ${id} is no single metric`);
    operands.set(id, only.values);
  }
  const values = calculate(expression, operands, scope.timeline.count);
  return { kind: 'series', series: [{ label: undefined, values, unit: undefined }] };
}
