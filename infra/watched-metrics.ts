import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import {
  type CountedMetric,
  DEAD_LETTERS,
  type MetricName,
  METRICS_NAMESPACE,
  SERVICE,
} from '../shared/observe/metric-names.ts';

/** The interval of the sweep: a shorter period would have gaps in what the sweep reports. */
export const PERIOD = Duration.minutes(5);

/** How often something happened in five minutes. */
export function counted(metricName: CountedMetric | typeof DEAD_LETTERS, options: MetricOptions = {}): Metric {
  return reported(metricName, { statistic: Stats.SUM, label: metricName, ...options });
}

/** A figure the functions report themselves. */
export function reported(metricName: MetricName, options: MetricOptions): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE },
    period: PERIOD,
    ...options,
  });
}

/** One line for each reason that occurred. */
export function deadLettersByReason(): MathExpression {
  return new MathExpression({
    expression: `SEARCH('{${METRICS_NAMESPACE},reason,service} MetricName="${DEAD_LETTERS}" service="${SERVICE}"', 'Sum', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    label: '',
    period: PERIOD,
  });
}

/** The share of its maximum capacity that a Serverless v2 cluster uses, per cent. */
export function databaseCapacity(cluster: IDatabaseCluster): Metric {
  return cluster.metric('ACUUtilization', {
    statistic: Stats.MAXIMUM,
    period: PERIOD,
    unit: Unit.PERCENT,
    label: '% of maximum',
  });
}
