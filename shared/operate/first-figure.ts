import { faultFields } from '../observe/fault-fields.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/**
 * Reports at a deployment what the sweep reports from then on. An alarm can fill the silence of a metric that has a value, and not of
 * one that never had any: without a first figure, a sweep that never runs would be noticed by nobody. Never rejects, because no
 * deployment may fail for want of a figure.
 */
export async function reportFirstFigure(parts: {
  oldestDueSeconds: () => Promise<number>;
  metrics: Metrics;
  log: Log;
}): Promise<void> {
  const { oldestDueSeconds, metrics, log } = parts;
  try {
    metrics.seconds('OldestDueAge', await oldestDueSeconds());
  } catch (fault) {
    log.warn('first_figure_missing', faultFields(fault));
  } finally {
    metrics.flush();
  }
}
