import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { LOOK_EVERY_HOURS } from '../shared/runtime/limits.ts';
import { acknowledge } from './acknowledge.ts';
import type { ResolvedProps } from './resolve-props.ts';

/** Unlike that of every five minutes, it is missed. */
const LOOK_TRIES = 10;

/** Each schedule of the sweep. */
export function scheduleSweep(
  scope: Construct,
  sweep: LambdaFunction,
  { timings, trueIdle }: Pick<ResolvedProps, 'timings' | 'trueIdle'>,
): Rule[] {
  const usual = scheduleEach(scope, sweep, timings.sweep.interval);
  return trueIdle ? [usual, scheduleLook(scope, sweep)] : [usual];
}

/** Runs the sweep. A run that cannot be started is not repeated: the next one does its work, and an alarm notices if none runs. */
function scheduleEach(scope: Construct, sweep: LambdaFunction, intervalSeconds: number): Rule {
  const every = Duration.seconds(intervalSeconds);
  const rule = new Rule(scope, 'SweepSchedule', {
    description: 'Surehook: runs the sweep',
    schedule: Schedule.rate(every),
    targets: [new LambdaTarget(sweep, { retryAttempts: 1, maxEventAge: every })],
  });
  acknowledge(rule, {
    'Serverless-EventBusDLQ': 'A missed run need not be kept: the next one, five minutes later, does its work.',
  });
  return rule;
}

/**
 * Where a database may sleep, the sweep asks it at these times whether there is a marker or not: for what somebody wrote without one,
 * and for what is to be erased.
 */
function scheduleLook(scope: Construct, sweep: LambdaFunction): Rule {
  const rule = new Rule(scope, 'LookSchedule', {
    description: 'Surehook: runs a sweep that asks the database in any case',
    schedule: Schedule.rate(Duration.hours(LOOK_EVERY_HOURS)),
    targets: [
      new LambdaTarget(sweep, {
        event: RuleTargetInput.fromObject({ look: true }),
        retryAttempts: LOOK_TRIES,
        maxEventAge: Duration.hours(1),
      }),
    ],
  });
  acknowledge(rule, {
    'Serverless-EventBusDLQ': 'A missed run need not be kept: the next one, hours later, does its work.',
  });
  return rule;
}
