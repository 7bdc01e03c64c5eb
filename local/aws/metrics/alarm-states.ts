import type { Comparison, StackAlarm } from '../../template/stack-description.ts';
import type { Timers } from '../../timers.ts';
import { evaluateQuery } from './metric-query.ts';
import type { MetricStore } from './metric-store.ts';
import { completePeriods, type Series } from './timeline.ts';

type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export type AlarmReport = {
  alarm: StackAlarm;
  /** `NOT_EVALUATED` exists only on this machine: the watched metric cannot be measured or computed here. */
  state: AlarmState | 'NOT_EVALUATED';
  /** Of the state; undefined while it has never changed. */
  since: Date | undefined;
  /** Why it is not evaluated. */
  because: string | undefined;
  /** Of the last complete period. */
  value: number | undefined;
};

export type AlarmStates = {
  /** As of the last full minute, in the template's order. */
  reports(): AlarmReport[];
  /** Evaluates the alarms that are due; reading does this automatically. */
  evaluate(): void;
};

const MINUTE_MS = 60_000;

/** The states of a stack's alarms over a metric store. Like CloudWatch it evaluates at the end of each minute. */
export function createAlarmStates(parts: {
  alarms: readonly StackAlarm[];
  store: MetricStore;
  timers: Timers;
}): AlarmStates {
  const { alarms, store, timers } = parts;
  let reports: AlarmReport[] = alarms.map(beforeTheFirst);
  let evaluatedAtMs = Math.floor(timers.nowMs() / MINUTE_MS) * MINUTE_MS;

  const evaluate = (): void => {
    const minuteMs = Math.floor(timers.nowMs() / MINUTE_MS) * MINUTE_MS;
    if (minuteMs <= evaluatedAtMs) return;
    evaluatedAtMs = minuteMs;
    reports = reports.map((before) => evaluated(before, store, minuteMs));
  };
  return {
    evaluate,
    reports() {
      evaluate();
      return reports;
    },
  };
}

function beforeTheFirst(alarm: StackAlarm): AlarmReport {
  return { alarm, state: 'INSUFFICIENT_DATA', since: undefined, because: undefined, value: undefined };
}

function evaluated(before: AlarmReport, store: MetricStore, nowMs: number): AlarmReport {
  const { alarm } = before;
  const { evaluationPeriods: count, periodMs, watched, queries: others } = alarm;
  const timeline = completePeriods(nowMs, { count, periodMs });
  const result = evaluateQuery(watched, { store, timeline, others });
  const cannot = (because: string): AlarmReport => ({ ...beforeTheFirst(alarm), state: 'NOT_EVALUATED', because });
  if (Number.isNaN(alarm.threshold)) return cannot('an anomaly band is not computed on this machine');
  switch (result.kind) {
    case 'not measured':
      return cannot(`${result.metric} is not measured on this machine`);
    case 'not evaluated':
      return cannot(`${result.because} is not computed on this machine`);
    case 'series': {
      const values = result.series[0]?.values ?? [];
      const state = nextState(alarm, values, before.state);
      const since = state === before.state ? before.since : new Date(nowMs);
      return { alarm, state, since, because: undefined, value: values.at(-1) };
    }
  }
}

/** The rule of an alarm: `values` are those of its evaluation periods, the oldest first. */
function nextState(
  alarm: Pick<StackAlarm, 'comparison' | 'threshold' | 'datapointsToAlarm' | 'missingData'>,
  values: Series,
  before: AlarmReport['state'],
): AlarmState {
  const measured = values.filter((value) => value !== undefined);
  if (measured.length === 0 && (alarm.missingData === 'missing' || alarm.missingData === 'ignore')) {
    return alarm.missingData === 'ignore' && before !== 'NOT_EVALUATED' ? before : 'INSUFFICIENT_DATA';
  }
  const breaching = values.filter((value) =>
    value === undefined ? alarm.missingData === 'breaching' : isOver(alarm.comparison, value, alarm.threshold),
  );
  return breaching.length >= alarm.datapointsToAlarm ? 'ALARM' : 'OK';
}

function isOver(comparison: Comparison, value: number, threshold: number): boolean {
  switch (comparison) {
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
  }
}
