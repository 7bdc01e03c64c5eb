import type { SafeLog } from '../../../shared/observe/log.ts';
import type { Metrics } from '../../../shared/observe/metrics.ts';

export const SILENT: SafeLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
export const UNCOUNTED: Metrics = {
  count: () => undefined,
  deadLetters: () => undefined,
  milliseconds: () => undefined,
  seconds: () => undefined,
  gauge: () => undefined,
  standing: () => undefined,
  flush: () => undefined,
};
