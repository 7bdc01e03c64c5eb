import type { FunctionLogLine } from '../lambda/lambda-function.ts';
import type { ObservedInvocation } from '../lambda/observed-invocation.ts';
import type { Queue } from '../sqs/queue.ts';
import type { Timers } from '../../timers.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { recordInvocation } from './function-metrics.ts';
import { createMetricStore, type MetricStore } from './metric-store.ts';
import { countTraffic, sampleQueue } from './queue-metrics.ts';

/** SQS reports by the minute; a page that is looked at wants to see a queue fill sooner. */
const SAMPLE_INTERVAL_MS = 10_000;

export type StackMetrics = {
  store: MetricStore;
  /** Takes the metrics out of what a function writes; other lines are none of its business. */
  readLine(line: FunctionLogLine): void;
  observe(observed: ObservedInvocation): void;
  /** Reports of these queues from now on, and calls `afterwards` each time it has. */
  watchQueues(queues: readonly Queue[], afterwards?: () => void): void;
};

/** All that CloudWatch would know of a stack, from what happens on this machine. */
export function createStackMetrics({ timers }: { timers: Timers }): StackMetrics {
  const store = createMetricStore({ timers });
  return {
    store,
    readLine({ stream, text }) {
      if (stream !== 'stdout') return;
      for (const value of embeddedMetrics(text)) store.record(value);
    },
    observe: (observed) => recordInvocation(store, observed),
    watchQueues(queues, afterwards = () => {}) {
      for (const queue of queues) countTraffic(queue, { store, timers });
      const sample = (): void => {
        for (const queue of queues) sampleQueue(queue, { store, timers });
        afterwards();
        timers.after(SAMPLE_INTERVAL_MS, sample);
      };
      sample();
    },
  };
}
