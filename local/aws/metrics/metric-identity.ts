import type { MetricIdentity } from '../../template/stack-description.ts';

/** The same text for the same metric, whatever the order of its dimensions. */
export function identityKey({ namespace, name, dimensions }: MetricIdentity): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(byName)]);
}

function byName([left]: [string, string], [right]: [string, string]): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
