import { Metrics as EmbeddedMetrics, MetricUnit } from '@aws-lambda-powertools/metrics';

import type { FailureClass } from '../delivery/attempt-outcome.ts';
import { type CountedMetric, DEAD_LETTERS, METRICS_NAMESPACE, STANDING_DEAD_LETTERS } from '../observe/metric-names.ts';
import { type Metrics, safeMetrics } from '../observe/metrics.ts';

/**
 * Metrics in CloudWatch's embedded format, one line on stdout per flush. The library writes to `process.stdout` itself,
 * because Lambda's JSON log format would wrap what goes through `console.log`. `service` is the only dimension besides
 * `reason`: the library takes it from POWERTOOLS_SERVICE_NAME, which is the same for every function of a construct, so that each
 * name is billed once.
 *
 * @param atLeastZero reported by every flush, counted or not
 */
export function createPowertoolsMetrics(atLeastZero: readonly CountedMetric[] = []): Metrics {
  const embedded = new EmbeddedMetrics({ namespace: METRICS_NAMESPACE });
  const counts = new Map<string, number>();
  const deaths = new Map<FailureClass, number>();
  return safeMetrics({
    // Summed here, because the library keeps a list of values for each name.
    count: (name, amount = 1) => add(counts, name, amount),
    deadLetters: (reason, amount = 1) => {
      add(counts, DEAD_LETTERS, amount);
      add(deaths, reason, amount);
    },
    milliseconds: (name, milliseconds) => void embedded.addMetric(name, MetricUnit.Milliseconds, milliseconds),
    seconds: (name, seconds) => void embedded.addMetric(name, MetricUnit.Seconds, seconds),
    gauge: (name, amount) => void embedded.addMetric(name, MetricUnit.Count, amount),
    standing: (deadLetters) => void embedded.addMetric(STANDING_DEAD_LETTERS, MetricUnit.Count, deadLetters),
    flush: () => {
      for (const name of atLeastZero) counts.set(name, counts.get(name) ?? 0);
      for (const [name, count] of take(counts)) embedded.addMetric(name, MetricUnit.Count, count);
      if (embedded.hasStoredMetrics()) embedded.publishStoredMetrics();
      for (const [reason, count] of take(deaths)) {
        embedded.addDimension('reason', reason);
        embedded.addMetric(DEAD_LETTERS, MetricUnit.Count, count);
        embedded.publishStoredMetrics();
      }
    },
  });
}

/** If nothing was counted, nothing is written: a metric that never existed costs nothing. */
function add<Name>(totals: Map<Name, number>, name: Name, amount: number): void {
  if (amount === 0) return;
  totals.set(name, (totals.get(name) ?? 0) + amount);
}

/** Emptied before anything is written, so that a failed flush is not counted twice. */
function take<Name>(totals: Map<Name, number>): [Name, number][] {
  const taken = [...totals];
  totals.clear();
  return taken;
}
