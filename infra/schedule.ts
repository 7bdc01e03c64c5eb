import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** Runs the sweep. A run that cannot be started is not repeated: the next one does its work, and an alarm notices if none runs. */
export function scheduleSweep(scope: Construct, sweep: LambdaFunction, intervalSeconds: number): Rule {
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
