import {
  type Alarm,
  AlarmStatusWidget,
  CustomWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LegendPosition,
  SingleValueWidget,
  Stats,
  TextWidget,
  TextWidgetBackground,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { VERSION } from '../shared/runtime/version.ts';
import { runbookAnchor } from './alarm-text.ts';
import type { Database } from './database.ts';
import type { DeliveryFunctions } from './functions.ts';
import type { Queues } from './queues.ts';
import { databaseCapacity, PERIOD, type WatchedMetrics } from './watched-metrics.ts';

/** CloudWatch's grid has 24 columns. */
const FULL_WIDTH = 24;

export type DashboardParts = {
  alarms: readonly Alarm[];
  metrics: WatchedMetrics;
  functions: DeliveryFunctions;
  queues: Queues;
  database: Database;
  /** Draws dead letters and endpoints; undefined: nothing does. */
  widget: LambdaFunction | undefined;
  /** Where whoever looks finds the runbook; undefined: in the package. */
  runbookUrl: string | undefined;
};

/** From top to bottom: what is wrong, what is happening, and what it runs on. */
export function createDashboard(scope: Construct, parts: DashboardParts): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      alarmStates(parts.alarms),
      whatToDo(parts.runbookUrl),
      totals(parts.metrics),
      ...(parts.widget === undefined ? [] : [operating(parts.widget)]),
      deadLetters(parts.metrics),
      deliveries(parts.metrics),
      lateness(parts.metrics),
      endpoints(parts.metrics),
      queueDepths(parts.queues, parts.metrics),
      functionHealth(parts.functions),
      database(parts.database),
    ],
  });
}

/** CloudWatch refuses a widget of no alarms. */
function alarmStates(alarms: readonly Alarm[]): IWidget[] {
  if (alarms.length === 0) return [];
  return [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: FULL_WIDTH, height: 3 })];
}

/** What the boxes below are about, in their order: headings of docs/runbook.md. */
export const RUNBOOK_OF_BOXES = [
  'Dead letters',
  'Credentials that cannot be used',
  'Oldest due delivery',
  'Endpoint down',
  'Intake rejects',
  'Delivery dead-letter queue',
  'Internal faults',
  'Throttles',
  'Database capacity',
];

/** CloudWatch lets no graph link anywhere: one line does it for all. An alarm's box opens the alarm, which has links of its own. */
function whatToDo(runbookUrl: string | undefined): IWidget[] {
  const named = RUNBOOK_OF_BOXES.map((heading) =>
    runbookUrl === undefined ? `**${heading}**` : `[${heading}](${runbookUrl}${runbookAnchor(heading)})`,
  );
  const where = runbookUrl === undefined ? `The runbook (docs/runbook.md of surehook ${VERSION})` : 'The runbook';
  const times = 'Graphs have the time zone chosen above, all else is in UTC.';
  return [
    new TextWidget({
      markdown: `${where}: ${named.join(' · ')}. ${times}`,
      width: FULL_WIDTH,
      height: 1,
      background: TextWidgetBackground.TRANSPARENT,
    }),
  ];
}

function graph(
  title: string,
  width: number,
  options: { left: IMetric[]; right?: IMetric[]; unit?: string },
): GraphWidget {
  const { left, right, unit } = options;
  return new GraphWidget({
    title,
    width,
    height: 6,
    left,
    ...(right !== undefined && { right }),
    leftYAxis: { min: 0, ...(unit !== undefined && { label: unit, showUnits: false }) },
    rightYAxis: { min: 0 },
    legendPosition: LegendPosition.BOTTOM,
    period: PERIOD,
  });
}

function totals({ counted }: WatchedMetrics): IWidget[] {
  return [
    new SingleValueWidget({
      title: 'In the time shown',
      width: FULL_WIDTH,
      height: 3,
      setPeriodToTimeRange: true,
      metrics: [
        counted('DeliveriesAccepted', { label: 'accepted' }),
        counted('DeliveriesSucceeded', { label: 'succeeded' }),
        counted('AttemptsFailed', { label: 'failed attempts' }),
        counted('DeadLetters', { label: 'dead letters' }),
        counted('EnqueueMistakes', { label: 'refused requests' }),
      ],
    }),
  ];
}

/** CloudWatch calls it with the rights of whoever looks, when the dashboard is opened, refreshed, or shows another time. */
function operating({ functionArn }: LambdaFunction): IWidget[] {
  return [
    new CustomWidget({
      title: 'Dead letters and endpoints',
      functionArn,
      width: FULL_WIDTH,
      height: 14,
      updateOnResize: false,
    }),
  ];
}

function deadLetters({ counted, reported, deadLettersByReason }: WatchedMetrics): IWidget[] {
  return [
    graph('Dead letters', 12, {
      left: [
        counted('DeadLetters', { label: 'dead letters' }),
        reported('StandingDeadLetters', { statistic: Stats.MAXIMUM, label: 'standing' }),
      ],
    }),
    graph('Dead letters by reason', 12, { left: [deadLettersByReason()] }),
  ];
}

function deliveries({ counted, reported }: WatchedMetrics): IWidget[] {
  const duration = (statistic: string): IMetric => reported('AttemptDuration', { statistic, label: statistic });
  return [
    graph('Deliveries by outcome', 12, {
      left: [
        counted('DeliveriesAccepted', { label: 'accepted' }),
        counted('DeliveriesSucceeded', { label: 'succeeded' }),
        counted('AttemptsFailed', { label: 'failed attempts' }),
        counted('DeadLetters', { label: 'dead letters' }),
        counted('LateSuccesses', { label: 'late successes' }),
        counted('CredentialsUnusable', { label: 'without a usable secret' }),
      ],
    }),
    graph('Attempts and how long they take', 12, {
      left: [duration('p50'), duration('p95'), duration('p99')],
      right: [reported('AttemptDuration', { statistic: Stats.SAMPLE_COUNT, label: 'attempts' })],
      unit: 'milliseconds',
    }),
  ];
}

function lateness({ counted, reported }: WatchedMetrics): IWidget[] {
  return [
    graph('Age of the oldest due delivery', 12, {
      left: [reported('OldestDueAge', { statistic: Stats.MAXIMUM, label: 'oldest due' })],
      unit: 'seconds',
    }),
    graph('What heals itself', 12, {
      left: [
        counted('PutBack', { label: 'put back' }),
        counted('HandedOut', { label: 'handed out' }),
        counted('Buried', { label: 'buried' }),
        counted('Released', { label: 'released' }),
        counted('MessagesUnsent', { label: 'messages unsent' }),
        counted('SettlesSuperseded', { label: 'superseded outcomes' }),
        counted('RecordingFailed', { label: 'recording failed' }),
        counted('InternalFaults', { label: 'internal faults' }),
      ],
    }),
  ];
}

function endpoints({ counted, reported }: WatchedMetrics): IWidget[] {
  return [
    graph('Endpoints that are down', 12, {
      left: [
        reported('EndpointsDown', { statistic: Stats.MAXIMUM, label: 'down' }),
        counted('EndpointsWentDown', { label: 'went down' }),
        counted('EndpointsCameUp', { label: 'came up' }),
      ],
      right: [reported('DeliveriesHeld', { statistic: Stats.MAXIMUM, label: 'deliveries held' })],
    }),
    graph('Longest time an endpoint has been down', 12, {
      left: [reported('OldestDownAge', { statistic: Stats.MAXIMUM, label: 'down for' })],
      unit: 'seconds',
    }),
  ];
}

function queueDepths(
  { intake, intakeDeadLetters, delivery, deliveryDeadLetters }: Queues,
  { counted }: WatchedMetrics,
): IWidget[] {
  const visible = (queue: Queue, label: string): IMetric =>
    queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM, label });
  const atMost = { period: PERIOD, statistic: Stats.MAXIMUM };
  return [
    graph('Delivery queue', 8, {
      left: [
        visible(delivery, 'due'),
        delivery.metricApproximateNumberOfMessagesNotVisible({ ...atMost, label: 'under way' }),
        delivery.metricApproximateNumberOfMessagesDelayed({ ...atMost, label: 'delayed' }),
      ],
      right: [delivery.metricApproximateAgeOfOldestMessage({ ...atMost, label: 'oldest, seconds' })],
    }),
    graph('Intake queue', 8, {
      left: [
        visible(intake, 'waiting'),
        intake.metricApproximateNumberOfMessagesNotVisible({ ...atMost, label: 'under way' }),
        counted('IntakeRejected', { label: 'rejected' }),
      ],
      right: [intake.metricApproximateAgeOfOldestMessage({ ...atMost, label: 'oldest, seconds' })],
    }),
    graph('Dead-letter queues', 8, {
      left: [
        visible(intakeDeadLetters, 'intake'),
        visible(deliveryDeadLetters, 'delivery'),
        counted('MessagesGarbage', { label: 'unreadable messages' }),
        counted('Orphans', { label: 'messages without a row' }),
      ],
    }),
  ];
}

function functionHealth(functions: DeliveryFunctions): IWidget[] {
  const { deliver, enqueue } = functions;
  const each = Object.entries(functions);
  return [
    graph('Errors and throttles of functions', 8, {
      left: each.map(([label, lambdaFunction]) => lambdaFunction.metricErrors({ period: PERIOD, label })),
      right: each.map(([name, lambdaFunction]) =>
        lambdaFunction.metricThrottles({ period: PERIOD, label: `${name} throttled` }),
      ),
    }),
    graph('Invocations at once', 8, {
      left: [
        deliver.metric('ConcurrentExecutions', { period: PERIOD, statistic: Stats.MAXIMUM, label: 'deliver' }),
        enqueue.metric('ConcurrentExecutions', { period: PERIOD, statistic: Stats.MAXIMUM, label: 'enqueue' }),
      ],
    }),
    graph('Duration of functions, p95', 8, {
      left: each.map(([label, lambdaFunction]) =>
        lambdaFunction.metricDuration({ period: PERIOD, statistic: 'p95', label }),
      ),
      unit: 'milliseconds',
    }),
  ];
}

function database({ cluster }: Database): IWidget[] {
  return [
    graph('Database capacity', 12, {
      left: [databaseCapacity(cluster)],
      right: [cluster.metric('ServerlessDatabaseCapacity', { period: PERIOD, statistic: Stats.MAXIMUM, label: 'ACU' })],
    }),
    graph('Database work', 12, {
      left: [cluster.metricDatabaseConnections({ period: PERIOD, statistic: Stats.MAXIMUM, label: 'connections' })],
      right: [cluster.metric('CommitLatency', { period: PERIOD, statistic: Stats.AVERAGE, label: 'commit, ms' })],
    }),
  ];
}
