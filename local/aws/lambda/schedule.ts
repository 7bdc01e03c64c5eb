import { randomUUID } from 'node:crypto';
import type { StackSchedule } from '../../template/stack-description.ts';
import { systemTimers, type Timers } from '../../timers.ts';

export type ScheduleSettings = {
  schedule: StackSchedule;
  /** Asynchronous invoke, as EventBridge does it. */
  invokeEvent: (functionName: string, payload: string) => unknown;
  timers?: Timers;
};

/** Invokes the targets of a rule at its rate, the first time one interval from now. Returns a function that stops it. */
export function startSchedule({ schedule, invokeEvent, timers = systemTimers }: ScheduleSettings): () => void {
  if (!schedule.enabled) return () => {};
  let cancel = (): void => {};
  let dueMs = timers.nowMs();
  const arm = (): void => {
    // From due time to due time, so that a late timer does not delay the following ones; times missed during sleep are
    // skipped.
    dueMs = Math.max(dueMs + schedule.everyMs, timers.nowMs());
    cancel = timers.after(dueMs - timers.nowMs(), () => {
      for (const target of schedule.targets) {
        invokeEvent(target.functionName, target.input ?? JSON.stringify(scheduledEvent(schedule, timers.nowMs())));
      }
      arm();
    });
  };
  arm();
  return () => cancel();
}

/** The event that EventBridge sends for a rule with a schedule. */
function scheduledEvent(schedule: StackSchedule, nowMs: number): object {
  const [, , , region, account] = schedule.ruleArn.split(':');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    // EventBridge names whole seconds.
    time: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [schedule.ruleArn],
    detail: {},
  };
}
