import type { ObservedInvocation } from '../lambda/service.ts';
import type { MetricStore } from './metric-store.ts';

/** Records what Lambda reports of each invocation under `FunctionName`, dated by the invocation's start, as on AWS. */
export function recordInvocation(store: MetricStore, observed: ObservedInvocation): void {
  const { functionName, startedAtMs: atMs } = observed;
  const record = (name: string, value: number, unit = 'Count') =>
    store.record({
      metric: { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } },
      value,
      unit,
      atMs,
    });
  switch (observed.kind) {
    case 'throttled':
      record('Throttles', 1);
      return;
    case 'started':
      record('ConcurrentExecutions', observed.atOnce);
      return;
    case 'ended':
      record('Invocations', 1);
      // Zeroes too: an alarm tells "no error" from "not invoked".
      record('Errors', observed.outcome === 'failed' ? 1 : 0);
      record('Throttles', 0);
      if (observed.durationMs !== undefined) record('Duration', observed.durationMs, 'Milliseconds');
      return;
  }
}
