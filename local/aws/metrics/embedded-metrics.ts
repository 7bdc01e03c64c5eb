import { isJsonObject, type JsonObject, parsedJsonObject } from '../../json-object.ts';
import type { MetricIdentity } from '../../template/stack-description.ts';
import type { MetricValue } from './metric-store.ts';

/** Bounds of the embedded metric format's specification, as far as they exclude a metric. */
const MAX_METRICS = 100;
const MAX_DIMENSIONS = 30;
const MAX_VALUES = 100;

/**
 * The values in a log line of CloudWatch's embedded metric format; none in any other line. As CloudWatch does, it skips
 * malformed parts and takes the rest.
 */
export function embeddedMetrics(line: string): MetricValue[] {
  // Most lines have none, and this check costs less than parsing them.
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  const root = parsedJsonObject(line);
  const metadata = root?.['_aws'];
  if (root === undefined || !isJsonObject(metadata)) return [];
  const atMs = metadata['Timestamp'];
  if (typeof atMs !== 'number') return [];
  return objects(metadata['CloudWatchMetrics']).flatMap((directive) => valuesOf(directive, root, atMs));
}

function valuesOf(directive: JsonObject, root: JsonObject, atMs: number): MetricValue[] {
  const namespace = directive['Namespace'];
  // That prefix is reserved for AWS.
  if (typeof namespace !== 'string' || namespace === '' || namespace.startsWith('AWS/')) return [];
  const dimensionSets = dimensionsOf(directive['Dimensions'], root);
  return objects(directive['Metrics'])
    .slice(0, MAX_METRICS)
    .flatMap((definition) => {
      const name = definition['Name'];
      if (typeof name !== 'string' || name === '') return [];
      const unit = typeof definition['Unit'] === 'string' ? definition['Unit'] : undefined;
      const metrics = dimensionSets.map((dimensions): MetricIdentity => ({ namespace, name, dimensions }));
      return metrics.flatMap((metric) => numbersAt(root[name]).map((value) => ({ metric, value, unit, atMs })));
    });
}

/** Each set of names with the root's values; a set that names a missing value or one that is not a string is left out. */
function dimensionsOf(sets: unknown, root: JsonObject): Record<string, string>[] {
  if (!Array.isArray(sets)) return [];
  return sets.flatMap((names: unknown) => {
    if (!Array.isArray(names) || names.length > MAX_DIMENSIONS) return [];
    const dimensions: Record<string, string> = {};
    for (const name of names) {
      const value = typeof name === 'string' && Object.hasOwn(root, name) ? root[name] : undefined;
      if (typeof name !== 'string' || typeof value !== 'string' || value === '') return [];
      dimensions[name] = value;
    }
    return [dimensions];
  });
}

function numbersAt(target: unknown): number[] {
  const values: unknown[] = Array.isArray(target) ? target : [target];
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length && numbers.length <= MAX_VALUES ? numbers : [];
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
