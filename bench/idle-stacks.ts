import { EVERY_SWEEP, IDLE_SWEEP } from '../shared/observe/metric-names.ts';
import { MARKER_OLD_SECONDS, SWEEP_INTERVAL_MINUTES } from '../shared/runtime/limits.ts';
import { templateOf } from '../test/support/stack/synthesized-stack.ts';
import type { IdleFacts, Template } from './idle-cost.ts';
import type { IdleStacks } from './idle-cost-table.ts';

export const IDLE_FACTS: IdleFacts = {
  metrics: { everySweep: IDLE_SWEEP.length, asking: EVERY_SWEEP.length - IDLE_SWEEP.length },
  // A poll of the markers' queue waits for a second; a sweep that asks takes about as long. Lambda's own lines are 1.2 KB of it.
  sweep: { seconds: 1.2, logBytes: 2000 },
  wakesInSeconds: 30,
  // Until the first sweep that finds the marker old enough: it may have to wait for a whole interval, and half of one on average.
  askedOnSeconds: MARKER_OLD_SECONDS + (SWEEP_INTERVAL_MINUTES * 60) / 2,
  // The catalogue of an empty database, and its log.
  databaseGb: 0.1,
};

/** The templates that are compared. Their functions have no code, which costs nothing. */
export function idleStacks(): IdleStacks {
  return {
    usual: templateOf().toJSON() as Template,
    asleep: templateOf({ database: { kind: 'new', minCapacity: 0 } }).toJSON() as Template,
  };
}
