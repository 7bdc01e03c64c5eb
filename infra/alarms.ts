import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarmText } from './alarm-text.ts';
import type { ConsoleLink, ConsoleLinks } from './console-links.ts';
import type { Database } from './database.ts';
import type { DeliveryFunctions } from './functions.ts';
import type { Queues } from './queues.ts';
import { databaseCapacity, PERIOD, type WatchedMetrics } from './watched-metrics.ts';
import type { AlarmName, AlarmThresholds } from './alarm-props.ts';

export type AlarmParts = {
  functions: DeliveryFunctions;
  queues: Queues;
  database: Database;
  metrics: WatchedMetrics;
  thresholds: Required<AlarmThresholds>;
  links: ConsoleLinks;
};

export type AlarmTargets = {
  topic: ITopic | undefined;
  /** Where readers of the alarms find the runbook. */
  runbookUrl: string | undefined;
  /** What else happens when one goes off. */
  actions: readonly IAlarmAction[];
};

/** Each alarm that there is. */
export type DeliveryAlarms = { readonly [Name in AlarmName]?: Alarm };

type AlarmDescription = {
  id: Capitalize<AlarmName>;
  /** The heading in docs/runbook.md. */
  runbook: string;
  says: string;
  /** What to open in the console, the most useful first. */
  see: ConsoleLink[];
  metric: IMetric;
  /** The alarm goes off at this value. */
  from: number;
  /** How many five-minute periods, out of how many, must reach that value. Default 1 of 1. */
  periods?: { over: number; of: number };
  /** What missing data means. Default: that nothing is wrong. */
  silence?: 'changes nothing';
};

/** Three sweeps in a row could not announce an outcome. */
const UNANNOUNCED_SECONDS = 900;

/** Every alarm that is wanted, in the order of the dashboard. */
export function createAlarms(
  scope: Construct,
  parts: AlarmParts,
  { isWanted, ...targets }: AlarmTargets & { isWanted: (name: AlarmName) => boolean },
): DeliveryAlarms {
  const descriptions = [
    ...deliveryAlarms(parts),
    ...outcomeAlarms(parts),
    ...queueAlarms(parts),
    ...faultAlarms(parts),
    ...capacityAlarms(parts),
  ];
  const wanted = descriptions.filter(({ id }) => isWanted(nameOf(id)));
  return Object.fromEntries(
    wanted.map((description) => [nameOf(description.id), createAlarm(scope, description, targets)]),
  );
}

function nameOf(id: Capitalize<AlarmName>): AlarmName {
  return `${id.charAt(0).toLowerCase()}${id.slice(1)}` as AlarmName;
}

function createAlarm(scope: Construct, description: AlarmDescription, targets: AlarmTargets): Alarm {
  const { topic, runbookUrl, actions } = targets;
  const { id, runbook, says, see, metric, from, periods = { over: 1, of: 1 }, silence } = description;
  const alarm = new Alarm(scope, `${id}Alarm`, {
    alarmDescription: alarmText({ says, heading: runbook, runbookUrl, see }),
    metric,
    threshold: from,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    datapointsToAlarm: periods.over,
    evaluationPeriods: periods.of,
    treatMissingData: silence === undefined ? TreatMissingData.NOT_BREACHING : TreatMissingData.IGNORE,
  });
  if (topic !== undefined) {
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
  if (actions.length > 0) alarm.addAlarmAction(...actions);
  return alarm;
}

function deliveryAlarms({ functions, queues, metrics, thresholds, links }: AlarmParts): AlarmDescription[] {
  const { counted, reported } = metrics;
  return [
    {
      id: 'DeadLetters',
      runbook: 'Dead letters',
      says: 'Deliveries became dead letters and will not be tried again automatically.',
      see: [links.logs('Logs of deliver', functions.deliver)],
      metric: counted('DeadLetters'),
      from: thresholds.deadLetters,
    },
    {
      id: 'StandingDeadLetters',
      runbook: 'Dead letters',
      says: 'There are dead letters that nobody has redelivered, dismissed or erased.',
      see: [links.logs('Logs of the sweep', functions.sweep)],
      // A state, not an event: it stays until somebody has dealt with them.
      metric: reported('StandingDeadLetters', { statistic: Stats.MAXIMUM, label: 'standing dead letters' }),
      from: thresholds.deadLetters,
      silence: 'changes nothing',
    },
    {
      id: 'Credentials',
      runbook: 'Credentials that cannot be used',
      says: "An organization's secret is missing or malformed. Its deliveries fail until it is mended, and end when their attempts are used up.",
      see: [links.logs('Logs of deliver', functions.deliver)],
      metric: counted('CredentialsUnusable'),
      from: 1,
    },
    {
      id: 'OldestDue',
      runbook: 'Oldest due delivery',
      says: 'A delivery has been due for too long, or the sweep that reports this is not running.',
      see: [links.logs('Logs of the sweep', functions.sweep), links.queue('Delivery queue', queues.delivery)],
      // A period without a report counts as one that reports the threshold: three silent ones set the alarm off after 15
      // minutes. Left to CloudWatch, missing data would count only once its wider evaluation range holds nothing else.
      metric: new MathExpression({
        expression: `FILL(age, ${thresholds.oldestDueAgeSeconds})`,
        usingMetrics: { age: reported('OldestDueAge', { statistic: Stats.MAXIMUM }) },
        label: 'oldest due, seconds',
        period: PERIOD,
      }),
      from: thresholds.oldestDueAgeSeconds,
      // A single late run leaves one period without data.
      periods: { over: 3, of: 3 },
      // Before its first report there is nothing to fill, and nothing to page for; later the state stays.
      silence: 'changes nothing',
    },
  ];
}

function outcomeAlarms({ functions, metrics, thresholds, links }: AlarmParts): AlarmDescription[] {
  const { reported } = metrics;
  return [
    {
      id: 'EndpointDown',
      runbook: 'Endpoint down',
      says: 'An endpoint has been down for long. Its deliveries are held, and go out when it answers again.',
      see: [links.logs('Logs of deliver', functions.deliver)],
      metric: reported('OldestDownAge', { statistic: Stats.MAXIMUM }),
      from: thresholds.endpointDownSeconds,
    },
    {
      id: 'OutcomesUnannounced',
      runbook: 'Outcomes that are not announced',
      says: 'The event bus has not taken outcomes for 15 minutes. They are kept, and announced once it does; deliveries go on.',
      see: [links.logs('Logs of the sweep', functions.sweep)],
      metric: reported('OldestUnannouncedAge', { statistic: Stats.MAXIMUM }),
      from: UNANNOUNCED_SECONDS,
    },
  ];
}

function queueAlarms({ functions, queues, links }: AlarmParts): AlarmDescription[] {
  const { intakeDeadLetters, deliveryDeadLetters } = queues;
  const waiting = (queue: Queue): IMetric =>
    queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM });
  return [
    {
      id: 'IntakeRejects',
      runbook: 'Intake rejects',
      says: 'The intake dead-letter queue holds requests that were refused or that enqueue could not process.',
      see: [
        links.queue('Intake dead-letter queue', intakeDeadLetters),
        links.logs('Logs of enqueue', functions.enqueue),
      ],
      metric: waiting(intakeDeadLetters),
      from: 1,
    },
    {
      id: 'DeliveryDeadLetterQueue',
      runbook: 'Delivery dead-letter queue',
      says: 'The delivery dead-letter queue holds messages that deliver could not read or process.',
      see: [
        links.queue('Delivery dead-letter queue', deliveryDeadLetters),
        links.logs('Logs of deliver', functions.deliver),
      ],
      metric: waiting(deliveryDeadLetters),
      from: 1,
    },
  ];
}

type CrashingFunction = 'Deliver' | 'Sweep' | 'Migrate' | 'Enqueue' | 'Inspect' | 'Operate';

function faultAlarms({ functions, metrics, links }: AlarmParts): AlarmDescription[] {
  const { counted } = metrics;
  const { enqueue, deliver, sweep, migrate, inspect, operate } = functions;
  const runbook = 'Internal faults';
  const errors = (lambdaFunction: LambdaFunction): IMetric => lambdaFunction.metricErrors({ period: PERIOD });
  const crashes = (id: CrashingFunction, lambdaFunction: LambdaFunction): AlarmDescription => ({
    id: `${id}Errors`,
    runbook,
    says: `Invocations of ${id.toLowerCase()} failed, crashed or timed out.`,
    see: [
      links.logs(`Logs of ${id.toLowerCase()}`, lambdaFunction),
      links.function(`Function ${id.toLowerCase()}`, lambdaFunction),
    ],
    metric: errors(lambdaFunction),
    from: 1,
  });
  // A refusal is a failed invocation and counts in Errors, but it is the caller's mistake.
  const refusing = (id: 'Enqueue' | 'Inspect' | 'Operate', lambdaFunction: LambdaFunction): AlarmDescription => ({
    ...crashes(id, lambdaFunction),
    says: `Invocations of ${id.toLowerCase()} failed, and not because of what their callers sent.`,
    metric: new MathExpression({
      expression: 'errors - FILL(mistakes, 0)',
      usingMetrics: { errors: errors(lambdaFunction), mistakes: counted(`${id}Mistakes`) },
      label: 'failed, less refused',
      period: PERIOD,
    }),
    // Lambda dates an error by the start of the invocation, the function dates its refusal by the end: one period can mislead.
    periods: { over: 2, of: 3 },
  });
  return [
    crashes('Deliver', deliver),
    crashes('Sweep', sweep),
    crashes('Migrate', migrate),
    refusing('Enqueue', enqueue),
    refusing('Inspect', inspect),
    refusing('Operate', operate),
    {
      id: 'InternalFaults',
      runbook,
      says: 'Calls to AWS APIs failed, or Surehook itself did. Deliveries wait and lose no attempts.',
      see: [
        links.logs('Logs of deliver', deliver),
        links.logs('Logs of enqueue', enqueue),
        links.logs('Logs of sweep', sweep),
      ],
      metric: counted('InternalFaults'),
      from: 1,
      // A database failover takes about a minute and recovers by itself.
      periods: { over: 2, of: 3 },
    },
  ];
}

function capacityAlarms({ functions, queues, database, thresholds, links }: AlarmParts): AlarmDescription[] {
  const { deliver, enqueue } = functions;
  // Of the others somebody waits for the answer, or the oldest due delivery tells.
  const throttles = (id: 'Deliver' | 'Enqueue', lambdaFunction: LambdaFunction): AlarmDescription => ({
    id: `${id}Throttles`,
    runbook: 'Throttles',
    says: `The account has no concurrency left for the function ${id.toLowerCase()}.`,
    see: [links.function(`Function ${id.toLowerCase()}`, lambdaFunction)],
    metric: lambdaFunction.metricThrottles({ period: PERIOD }),
    from: 1,
    // Lambda scales up for a burst with a short delay, and SQS tries again.
    periods: { over: 2, of: 3 },
  });
  return [
    throttles('Deliver', deliver),
    throttles('Enqueue', enqueue),
    {
      id: 'RecursiveInvocationsDropped',
      runbook: 'Dropped recursive invocations',
      says: 'Lambda mistook the chain of delivery messages for an endless loop and dropped some of them.',
      see: [links.function('Function deliver', deliver), links.queue('Delivery queue', queues.delivery)],
      metric: deliver.metric('RecursiveInvocationsDropped', { period: PERIOD, statistic: Stats.SUM }),
      from: 1,
    },
    {
      id: 'DatabaseCapacity',
      runbook: 'Database capacity',
      says: 'The database is running near its maximum capacity.',
      see: [links.database('Database', database.cluster)],
      metric: databaseCapacity(database.cluster),
      from: thresholds.databaseCapacityPercent,
      periods: { over: 3, of: 3 },
    },
  ];
}
