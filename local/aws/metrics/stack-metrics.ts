import type { FunctionLogLine, ObservedInvocation } from '../lambda/service.ts';
import type { Queue } from '../sqs/service.ts';
import type { StackAlarm } from '../../template/stack-description.ts';
import type { Timers } from '../../timers.ts';
import { type AlarmStates, createAlarmStates } from './alarm-states.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { recordInvocation } from './function-metrics.ts';
import { createMetricStore, type MetricStore } from './metric-store.ts';
import { countTraffic, sampleQueue } from './queue-metrics.ts';

export type { AlarmReport, AlarmStates } from './alarm-states.ts';

/** SQS reports by the minute; a page that is open should show sooner that a queue fills. */
const SAMPLE_INTERVAL_MS = 10_000;

export type StackMetrics = {
  store: MetricStore;
  alarms: AlarmStates;
  /** Records the metrics in what a function writes; it ignores other lines. */
  readLine(line: FunctionLogLine): void;
  observe(observed: ObservedInvocation): void;
  /** Reports on these queues from now on, and evaluates the alarms after each report. */
  watchQueues(queues: readonly Queue[]): void;
};

/** All that CloudWatch would know of a stack, from what happens on this machine. */
export function createStackMetrics({
  timers,
  alarms: ofStack = [],
}: {
  timers: Timers;
  alarms?: readonly StackAlarm[];
}): StackMetrics {
  const store = createMetricStore({ timers });
  const alarms = createAlarmStates({ alarms: ofStack, store, timers });
  return {
    store,
    alarms,
    readLine({ stream, text }) {
      if (stream !== 'stdout') return;
      for (const value of embeddedMetrics(text)) store.record(value);
    },
    observe: (observed) => recordInvocation(store, observed),
    watchQueues(queues) {
      for (const queue of queues) countTraffic(queue, { store, timers });
      const sample = (): void => {
        for (const queue of queues) sampleQueue(queue, { store, timers });
        alarms.evaluate();
        timers.after(SAMPLE_INTERVAL_MS, sample);
      };
      sample();
    },
  };
}
