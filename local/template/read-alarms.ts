import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { Resource } from './resource-references.ts';
import type { Comparison, MetricQuery, MissingData, StackAlarm } from './stack-description.ts';
import type { StackReading } from './stack-reading.ts';
import {
  listAt,
  numberAt,
  objectAt,
  optionalNumberAt,
  optionalTextAt,
  TemplateError,
  textAt,
} from './template-values.ts';

const COMPARISONS: readonly Comparison[] = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
];
const MISSING_DATA: readonly MissingData[] = ['breaching', 'notBreaching', 'ignore', 'missing'];
const DEFAULT_PERIOD_SECONDS = 300;

/** Throws TemplateError with the logical id of an alarm that cannot be read. */
export function readAlarms(reading: StackReading): StackAlarm[] {
  return reading.ofType('AWS::CloudWatch::Alarm').map((alarm) => readAlarm(alarm, reading));
}

function readAlarm(alarm: Resource, reading: StackReading): StackAlarm {
  const { logicalId } = alarm;
  const properties = objectAt(reading.resolve(alarm.properties), logicalId);
  const evaluationPeriods = numberAt(properties['EvaluationPeriods'], `${logicalId}.EvaluationPeriods`, 1);
  return {
    logicalId,
    name: reading.nameOf(alarm),
    arn: reading.arnOf(alarm),
    description: optionalTextAt(properties['AlarmDescription'], `${logicalId}.AlarmDescription`) ?? '',
    ...watchedMetrics(properties, logicalId),
    comparison: oneOf(COMPARISONS, properties['ComparisonOperator'], `${logicalId}.ComparisonOperator`),
    // An alarm on an anomaly band has none: it watches something that cannot be computed, and says so.
    threshold: numberAt(properties['Threshold'], `${logicalId}.Threshold`, Number.NaN),
    datapointsToAlarm: numberAt(properties['DatapointsToAlarm'], `${logicalId}.DatapointsToAlarm`, evaluationPeriods),
    evaluationPeriods,
    missingData: oneOf(MISSING_DATA, properties['TreatMissingData'] ?? 'missing', `${logicalId}.TreatMissingData`),
  };
}

function watchedMetrics(
  properties: JsonObject,
  where: string,
): Pick<StackAlarm, 'watched' | 'queries' | 'watches' | 'periodMs'> {
  if (properties['Metrics'] === undefined) {
    const stat = optionalTextAt(properties['Statistic'] ?? properties['ExtendedStatistic'], `${where}.Statistic`);
    const watched = metricQuery(properties, { id: undefined, stat: stat ?? 'Average', where });
    return { watched, queries: [watched], watches: watched.metric.name, periodMs: periodOf(properties, where) * 1000 };
  }
  const entries = listAt(properties['Metrics'], `${where}.Metrics`).map((entry) => objectAt(entry, `${where}.Metrics`));
  const queries = entries.map((entry) => queryOf(entry, where));
  const returned = entries.findIndex((entry) => entry['ReturnData'] !== false);
  const watched = queries[returned];
  if (watched === undefined) throw new TemplateError(`${where}.Metrics: none returns data`);
  const periods = entries.map((entry) => optionalNumberAt(periodField(entry), `${where}.Period`));
  const periodSeconds = periods[returned] ?? periods.find((period) => period !== undefined) ?? DEFAULT_PERIOD_SECONDS;
  const label = optionalTextAt(entries[returned]?.['Label'], `${where}.Label`);
  const watches = label ?? (watched.kind === 'metric' ? watched.metric.name : watched.expression);
  return { watched, queries, watches, periodMs: periodSeconds * 1000 };
}

function queryOf(entry: JsonObject, where: string): MetricQuery {
  const id = optionalTextAt(entry['Id'], `${where}.Id`);
  if (entry['Expression'] !== undefined) {
    return { kind: 'expression', id, expression: textAt(entry['Expression'], `${where}.Expression`) };
  }
  const metricStat = objectAt(entry['MetricStat'], `${where}.MetricStat`);
  const metric = objectAt(metricStat['Metric'], `${where}.Metric`);
  return metricQuery(metric, { id, stat: textAt(metricStat['Stat'], `${where}.Stat`), where });
}

function metricQuery(
  described: JsonObject,
  { id, stat, where }: { id: string | undefined; stat: string; where: string },
): Extract<MetricQuery, { kind: 'metric' }> {
  const dimensions: Record<string, string> = {};
  for (const entry of listAt(described['Dimensions'], `${where}.Dimensions`)) {
    const dimension = objectAt(entry, `${where}.Dimensions`);
    dimensions[textAt(dimension['Name'], `${where}.Dimensions`)] = textAt(dimension['Value'], `${where}.Dimensions`);
  }
  const namespace = textAt(described['Namespace'], `${where}.Namespace`);
  const name = textAt(described['MetricName'], `${where}.MetricName`);
  return { kind: 'metric', id, stat, metric: { namespace, name, dimensions } };
}

function periodField(entry: JsonObject): unknown {
  return isJsonObject(entry['MetricStat']) ? entry['MetricStat']['Period'] : entry['Period'];
}

function periodOf(properties: JsonObject, where: string): number {
  return numberAt(properties['Period'], `${where}.Period`, DEFAULT_PERIOD_SECONDS);
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, where: string): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new TemplateError(`${where}: ${String(value)} is not known to the local twin`);
  return found;
}
