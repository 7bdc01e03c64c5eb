import { createAlarmStates } from '../aws/metrics/alarm-states.ts';
import type { StackAlarm } from '../aws/metrics/stack-alarm.ts';
import type { StackMetrics } from '../aws/metrics/stack-metrics.ts';
import type { Queue } from '../aws/sqs/queue.ts';
import type { StackDashboard } from '../template/stack-description.ts';
import type { Timers } from '../timers.ts';
import { createDashboardHandler } from './dashboard-handler.ts';

/** Begins to watch the queues and the alarms, and answers the handler of the dashboard's pages. */
export function openDashboard(parts: {
  dashboards: readonly StackDashboard[];
  alarms: readonly StackAlarm[];
  metrics: StackMetrics;
  queues: readonly Queue[];
  timers: Timers;
  /** Of the console, e.g. `http://127.0.0.1:4566`. */
  origin: string;
}): ReturnType<typeof createDashboardHandler> {
  const { dashboards, metrics, queues, timers, origin } = parts;
  const { store } = metrics;
  const alarms = createAlarmStates({ alarms: parts.alarms, store, timers });
  metrics.watchQueues(queues, () => alarms.evaluate());
  return createDashboardHandler({ dashboards, store, alarms, timers, origin });
}
