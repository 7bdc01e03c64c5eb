import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import {
  type CountedMetric,
  DEAD_LETTERS,
  type MetricName,
  METRICS_NAMESPACE,
} from '../shared/observe/metric-names.ts';
import { serviceNameOf } from './service-name.ts';

/** The interval of the sweep: a shorter period would have gaps in what the sweep reports. */
export const PERIOD = Duration.minutes(5);

/** The metrics that the functions of one construct report. */
export type WatchedMetrics = {
  /** How often something happened in five minutes. */
  counted(metricName: CountedMetric | typeof DEAD_LETTERS, options?: MetricOptions): Metric;
  /** A figure the functions report themselves. */
  reported(metricName: MetricName, options: MetricOptions): Metric;
  /** One line for each reason that occurred. */
  deadLettersByReason(): MathExpression;
};

/** The metrics of the construct that `scope` is part of, and of no other in its account. */
export function watchedMetrics(scope: Construct): WatchedMetrics {
  const service = serviceNameOf(scope);
  const reported = (metricName: MetricName, options: MetricOptions): Metric =>
    new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { service },
      period: PERIOD,
      ...options,
    });
  return {
    reported,
    counted: (metricName, options = {}) =>
      reported(metricName, { statistic: Stats.SUM, label: metricName, ...options }),
    deadLettersByReason: () =>
      new MathExpression({
        expression: `SEARCH('{${METRICS_NAMESPACE},reason,service} MetricName="${DEAD_LETTERS}" service="${service}"', 'Sum', ${PERIOD.toSeconds()})`,
        usingMetrics: {},
        label: '',
        period: PERIOD,
      }),
  };
}

/** The share of its maximum capacity that a Serverless v2 cluster uses, per cent. */
export function databaseCapacity(cluster: IDatabaseCluster): Metric {
  return cluster.metric('ACUUtilization', {
    statistic: Stats.MAXIMUM,
    period: PERIOD,
    // No unit: an alarm that asks for another than the metric has finds no data, for ever.
    label: '% of maximum',
  });
}
