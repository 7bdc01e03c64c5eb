import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startReading, type StackReading, type SynthesizedStack } from '../../template/stack-reading.ts';
import type { Resource } from '../../template/resource-references.ts';
import {
  isObject,
  listAt,
  numberAt,
  objectAt,
  optionalNumberAt,
  optionalTextAt,
  TemplateError,
  textAt,
  type JsonObject,
} from '../../template/template-values.ts';
import type { MetricQuery } from './metric-query.ts';

export type Comparison =
  | 'GreaterThanThreshold'
  | 'GreaterThanOrEqualToThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

/** An alarm of the template, with every reference resolved. */
export type StackAlarm = {
  logicalId: string;
  name: string;
  arn: string;
  description: string;
  /** The one it watches, and those that one may name. */
  watched: MetricQuery;
  queries: readonly MetricQuery[];
  /** What the watched one is called, for people. */
  watches: string;
  periodMs: number;
  comparison: Comparison;
  threshold: number;
  /** It goes off when so many … */
  datapointsToAlarm: number;
  /** … of the last so many periods are over the threshold. */
  evaluationPeriods: number;
  missingData: MissingData;
};

const COMPARISONS: readonly Comparison[] = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
];
const MISSING_DATA: readonly MissingData[] = ['breaching', 'notBreaching', 'ignore', 'missing'];
const DEFAULT_PERIOD_SECONDS = 300;

/** Reads the alarms of a synthesized stack, beside local/template/load-stack.ts. Throws TemplateError. */
export async function loadAlarms(stack: Omit<SynthesizedStack, 'template' | 'assets'>): Promise<StackAlarm[]> {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(stack.assemblyFolder, `${stack.stackName}.${file}.json`), 'utf8')) as unknown;
  const [template, assets] = await Promise.all([read('template'), read('assets')]);
  return readAlarms({ ...stack, template, assets });
}

/** Pure. Throws TemplateError with the logical id of an alarm that cannot be read. */
export function readAlarms(stack: SynthesizedStack): StackAlarm[] {
  if (!isObject(stack.template)) throw new TemplateError('the template is not a JSON object');
  const reading = startReading(stack, stack.template);
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
    // An alarm on an anomaly band has none: it is over what cannot be computed, and says so.
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
  return isObject(entry['MetricStat']) ? entry['MetricStat']['Period'] : entry['Period'];
}

function periodOf(properties: JsonObject, where: string): number {
  return numberAt(properties['Period'], `${where}.Period`, DEFAULT_PERIOD_SECONDS);
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, where: string): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new TemplateError(`${where}: ${String(value)} is not known to the local twin`);
  return found;
}
