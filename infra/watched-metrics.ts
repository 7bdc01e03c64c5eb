import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';

/** As declared in shared/observe/metrics.ts, and as the functions report; a test holds the two together. */
export const NAMESPACE = 'Surehook';
export const SERVICE = 'surehook';

export type WatchedMetric =
  | 'DeliveriesAccepted'
  | 'DeliveriesSucceeded'
  | 'AttemptsFailed'
  | 'DeadLetters'
  | 'AttemptDuration'
  | 'OldestDueAge'
  | 'PutBack'
  | 'HandedOut'
  | 'Buried'
  | 'Released'
  | 'SettlesSuperseded'
  | 'LateSuccesses'
  | 'RecordingFailed'
  | 'MessagesUnsent'
  | 'MessagesGarbage'
  | 'Orphans'
  | 'IntakeRejected'
  | 'CallerMistakes'
  | 'FaultsOfOurs';

/** The sweep's rhythm: a shorter period would have holes in what it reports. */
export const PERIOD = Duration.minutes(5);

/** How often something happened, in five minutes. */
export function counted(metricName: WatchedMetric, options: MetricOptions = {}): Metric {
  return reported(metricName, { statistic: Stats.SUM, label: metricName, ...options });
}

/** A figure the functions report themselves. */
export function reported(metricName: WatchedMetric, options: MetricOptions): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE },
    period: PERIOD,
    ...options,
  });
}

/** One line for each reason that occurred. */
export function deadLettersByReason(): MathExpression {
  return new MathExpression({
    expression: `SEARCH('{${NAMESPACE},reason,service} MetricName="DeadLetters" service="${SERVICE}"', 'Sum', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    label: '',
    period: PERIOD,
  });
}

/** Share of its maximum capacity that a Serverless v2 cluster uses, per cent. */
export function databaseCapacity(cluster: IDatabaseCluster): Metric {
  return cluster.metric('ACUUtilization', {
    statistic: Stats.MAXIMUM,
    period: PERIOD,
    unit: Unit.PERCENT,
    label: '% of maximum',
  });
}
