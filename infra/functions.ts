import { Aws, Duration } from 'aws-cdk-lib';
import type { IEventBusRef } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type DeliverySettings, retriesInWords } from '../shared/settings.ts';
import { acknowledge } from './acknowledge.ts';
import { type Database, databaseEnvironment, grantStatements, grantTransactions } from './database.ts';
import { allow, createFunction, type LogKeeping } from './delivery-function.ts';
import { allowAnnouncing } from './outcomes.ts';
import { allowToMark, allowToSend, allowToTakeMarkers, feed, markerEnvironment } from './queue-rights.ts';
import type { Queues } from './queues.ts';
import type { ResolvedProps } from './resolve-props.ts';
import { serviceNameOf } from './service-name.ts';
import type { Egress } from './static-egress.ts';

/** The construct's functions. */
export type DeliveryFunctions = {
  /** Accepts requests, by invoke and from the intake queue. */
  enqueue: LambdaFunction;
  /** Sends what is due, from the delivery queue. */
  deliver: LambdaFunction;
  /** Puts back deliveries that lost their message and buries those that never reported, on a schedule. */
  sweep: LambdaFunction;
  /** Brings the database's schema up to this version, at deploy. */
  migrate: LambdaFunction;
  /** Shows operators what is where, by invoke. */
  inspect: LambdaFunction;
  /** Carries out the orders of operators, by invoke. */
  operate: LambdaFunction;
};

export type FunctionParts = {
  database: Database;
  queues: Queues;
  props: ResolvedProps;
  /** Where webhooks leave from; undefined: from addresses of AWS that change. */
  egress: Egress | undefined;
  logs: LogKeeping;
  /** Where outcomes are announced. */
  bus: IEventBusRef;
  /** By which the stack's outputs are found. */
  outputPrefix: string;
};

export function createFunctions(scope: Construct, parts: FunctionParts): DeliveryFunctions {
  const deliver = createDeliver(scope, parts);
  return {
    enqueue: createEnqueue(scope, parts),
    deliver,
    sweep: createSweep(scope, parts),
    migrate: createMigrate(scope, parts),
    inspect: createInspect(scope, parts, deliver),
    operate: createOperate(scope, parts),
  };
}

function createEnqueue(scope: Construct, { database, queues, props, logs }: FunctionParts): LambdaFunction {
  const { settings, timings } = props;
  const enqueue = createFunction(scope, 'Enqueue', {
    ...logs,
    entry: 'enqueue',
    description: 'Surehook: takes webhooks to deliver',
    timeoutSeconds: timings.enqueue.timeout,
    // A request of 5 MB is in memory several times over: the event, the rendered bodies, the statement.
    memoryMb: 512,
    // Otherwise an asynchronous invoke that fails for good would be discarded.
    deadLetterQueue: queues.intakeDeadLetters,
    environment: {
      ...databaseEnvironment(database),
      ...markerEnvironment(queues),
      DELIVERY_QUEUE_URL: queues.delivery.queueUrl,
      INTAKE_QUEUE_URL: queues.intake.queueUrl,
      INTAKE_DEAD_LETTER_QUEUE_URL: queues.intakeDeadLetters.queueUrl,
      WEBHOOK_DELIVERY_MAX_ATTEMPTS: String(settings.maxAttempts),
      WEBHOOK_ENQUEUE_TIMEOUT_SECONDS: String(settings.enqueueTimeoutSeconds),
      WEBHOOK_HEADER_PREFIX: settings.headerPrefix,
      EGRESS_ALLOW_CIDRS: settings.egressAllowCidrs.join(','),
      ALONGSIDE_TABLE: alongsideTable(settings),
      REGISTER_UNKNOWN_RUNS: String(settings.registerUnknownRuns),
    },
  });
  grantStatements(database, enqueue);
  allowToMark(enqueue, queues);
  allowToSend(enqueue, queues.delivery);
  allowToSend(enqueue, queues.intakeDeadLetters);
  // In an outage of the database, and until an unknown run is known, a message is put off by seconds instead of six minutes.
  allow(enqueue, 'sqs:ChangeMessageVisibility', queues.intake.queueArn);
  feed(enqueue, queues.intake, props.intakeConcurrency);
  return enqueue;
}

function createDeliver(
  scope: Construct,
  { database, queues, props, egress, bus, logs }: FunctionParts,
): LambdaFunction {
  const { settings, timings } = props;
  const { retry, credentialPrefix } = settings;
  const deliver = createFunction(scope, 'Deliver', {
    ...logs,
    ...egress?.placement,
    entry: 'deliver',
    description: `Surehook: sends webhooks that are due; ${retriesInWords(settings)}`,
    timeoutSeconds: timings.deliver.timeout,
    // Ten TLS handshakes at once need a third of a processor; ten bodies of 256 KiB and their responses fit many times over.
    memoryMb: 512,
    // deliver → delivery queue → deliver is intended; otherwise Lambda would drop a chain after sixteen hops.
    recursiveLoop: RecursiveLoop.ALLOW,
    environment: {
      ...databaseEnvironment(database),
      ...markerEnvironment(queues),
      DELIVERY_QUEUE_URL: queues.delivery.queueUrl,
      DELIVERY_DEAD_LETTER_QUEUE_URL: queues.deliveryDeadLetters.queueUrl,
      WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: String(retry.baseDelaySeconds),
      WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: String(retry.maxDelaySeconds),
      WEBHOOK_DELIVERY_TIMEOUT_SECONDS: String(settings.attemptTimeoutSeconds),
      // Always set, so that it cannot be forgotten; empty if there is none.
      WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: retry.scheduleSeconds?.join(',') ?? '',
      WEBHOOK_DELIVERY_RETRY_STATUSES: settings.retryStatuses.join(','),
      ...endpointEnvironment(settings),
      WEBHOOK_HEADER_PREFIX: settings.headerPrefix,
      EGRESS_ALLOW_CIDRS: settings.egressAllowCidrs.join(','),
      CREDENTIAL_PREFIX: credentialPrefix,
      WEBHOOK_LOG_PAYLOAD: settings.logPayload,
      ...outcomeEnvironment(scope, { bus, props }),
    },
  });
  grantStatements(database, deliver);
  allowToMark(deliver, queues);
  allowToSend(deliver, queues.delivery);
  allowToSend(deliver, queues.deliveryDeadLetters);
  grantCredentials(deliver, credentialPrefix);
  if (settings.outcomes !== 'none') allowAnnouncing(deliver, bus);
  feed(deliver, queues.delivery, props.deliverConcurrency);
  acknowledgeNoAsynchronousInvokes(deliver, 'It is fed by a queue with a dead-letter queue of its own.');
  return deliver;
}

/** Always set; empty where there is none. */
function alongsideTable({ alongside }: DeliverySettings): string {
  return alongside === undefined ? '' : `${alongside.schema}.${alongside.table}`;
}

/** What the events say of whose they are is what the metrics say. */
function outcomeEnvironment(
  scope: Construct,
  { bus, props }: Pick<FunctionParts, 'bus' | 'props'>,
): Record<string, string> {
  return {
    WEBHOOK_OUTCOMES: props.settings.outcomes,
    OUTCOME_BUS_ARN: bus.eventBusRef.eventBusArn,
    OUTCOME_SERVICE: serviceNameOf(scope),
  };
}

/** Always set, so that none can be forgotten; empty where there is no limit. */
function endpointEnvironment({ endpoints }: DeliverySettings): Record<string, string> {
  return {
    WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: String(endpoints.downAfterFailures),
    WEBHOOK_ENDPOINT_HOLD_SECONDS: String(endpoints.holdSeconds),
    WEBHOOK_ENDPOINT_EXHAUSTED: endpoints.exhausted,
    WEBHOOK_ENDPOINT_MAX_IN_FLIGHT: endpoints.maxInFlight?.toString() ?? '',
    WEBHOOK_ENDPOINT_MAX_PER_SECOND: endpoints.maxPerSecond?.toString() ?? '',
  };
}

function acknowledgeNoAsynchronousInvokes(lambdaFunction: LambdaFunction, reason: string): void {
  acknowledge(lambdaFunction, { 'Serverless-LambdaDLQ': reason, 'Serverless-LambdaAsyncFailureDestination': reason });
}

/** Every secret below the prefix and no others: their names hold organizations and ids that are unknown at synth. */
function grantCredentials(deliver: LambdaFunction, credentialPrefix: string): void {
  const secretsOf = (partition: string, region: string, account: string): string =>
    `arn:${partition}:secretsmanager:${region}:${account}:secret:${credentialPrefix}/*`;
  allow(deliver, 'secretsmanager:GetSecretValue', secretsOf(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID));
  const asNagWritesIt = secretsOf('<AWS::Partition>', '<AWS::Region>', '<AWS::AccountId>');
  if (deliver.role === undefined) return;
  acknowledge(deliver.role, {
    [`AwsSolutions-IAM5[Resource::${asNagWritesIt}]`]:
      'Secrets are made while the stack runs, one for each credential.',
  });
}

function createSweep(scope: Construct, { database, queues, props, bus, logs }: FunctionParts): LambdaFunction {
  const sweep = createFunction(scope, 'Sweep', {
    ...logs,
    entry: 'sweep',
    description: 'Surehook: finds deliveries whose message was lost',
    timeoutSeconds: props.timings.sweep.timeout,
    // Pages of 500 rows without their payloads.
    memoryMb: 256,
    // The next run does what a failed one left undone.
    retryAttempts: 0,
    // Throttled events would otherwise be kept for six hours and then all run at once.
    maxEventAge: Duration.seconds(props.timings.sweep.interval),
    environment: {
      ...databaseEnvironment(database),
      ...markerEnvironment(queues),
      DELIVERY_QUEUE_URL: queues.delivery.queueUrl,
      ...endpointEnvironment(props.settings),
      ...outcomeEnvironment(scope, { bus, props }),
      WEBHOOK_RETENTION_DAYS: String(props.settings.retentionDays),
      WEBHOOK_ROW_RETENTION_DAYS: String(props.settings.rowRetentionDays),
    },
  });
  grantStatements(database, sweep);
  allowToMark(sweep, queues);
  allowToTakeMarkers(sweep, queues);
  allowToSend(sweep, queues.delivery);
  if (props.settings.outcomes !== 'none') allowAnnouncing(sweep, bus);
  acknowledgeNoAsynchronousInvokes(
    sweep,
    'The next run does what a failed one left undone; an alarm notices the missing report.',
  );
  return sweep;
}

function createMigrate(
  scope: Construct,
  { database, queues, props, outputPrefix, logs }: FunctionParts,
): LambdaFunction {
  const migrate = createFunction(scope, 'Migrate', {
    ...logs,
    entry: 'migrate',
    description: "Surehook: brings the database's schema up to date",
    timeoutSeconds: props.timings.migrate.timeout,
    // It waits for single statements.
    memoryMb: 256,
    environment: {
      ...databaseEnvironment(database),
      ...markerEnvironment(queues),
      APPLICATION_TABLES: props.applicationTables,
      STACK_ID: Aws.STACK_ID,
      OUTPUT_PREFIX: outputPrefix,
      DATABASE_MOVED_FROM: props.databaseMovedFrom,
      ALONGSIDE_TABLE: alongsideTable(props.settings),
    },
  });
  grantTransactions(database, migrate);
  allowToMark(migrate, queues);
  // It reads there which database the running version uses.
  allow(migrate, 'cloudformation:DescribeStacks', Aws.STACK_ID);
  acknowledgeNoAsynchronousInvokes(migrate, 'A deployment or an operator waits for its answer.');
  return migrate;
}

function createInspect(
  scope: Construct,
  { database, props, logs }: FunctionParts,
  deliver: LambdaFunction,
): LambdaFunction {
  const inspect = createFunction(scope, 'Inspect', {
    ...logs,
    entry: 'inspect',
    description: 'Surehook: shows operators what is where',
    timeoutSeconds: props.timings.inspect.timeout,
    // 200 rows without their payloads, or one with it.
    memoryMb: 256,
    environment: { ...databaseEnvironment(database), DELIVER_FUNCTION_NAME: deliver.functionName },
  });
  grantStatements(database, inspect);
  // A receiver is examined from where webhooks are sent: the same network, guard and credentials.
  allow(inspect, 'lambda:InvokeFunction', deliver.functionArn);
  acknowledgeNoAsynchronousInvokes(inspect, 'An operator waits for its answer.');
  return inspect;
}

function createOperate(scope: Construct, { database, queues, props, logs }: FunctionParts): LambdaFunction {
  const operate = createFunction(scope, 'Operate', {
    ...logs,
    entry: 'operate',
    description: 'Surehook: carries out the orders of operators',
    timeoutSeconds: props.timings.operate.timeout,
    // Rows without their payloads.
    memoryMb: 256,
    // It hands what is left of an order to itself; otherwise Lambda would drop it after sixteen times.
    recursiveLoop: RecursiveLoop.ALLOW,
    environment: {
      ...databaseEnvironment(database),
      ...markerEnvironment(queues),
      DELIVERY_QUEUE_URL: queues.delivery.queueUrl,
      WEBHOOK_DELIVERY_MAX_ATTEMPTS: String(props.settings.maxAttempts),
      ...endpointEnvironment(props.settings),
    },
  });
  grantStatements(database, operate);
  allowToMark(operate, queues);
  allowToSend(operate, queues.delivery);
  allowItself(operate);
  acknowledgeNoAsynchronousInvokes(
    operate,
    'An order is a row of the database: what an invocation leaves, the sweep does.',
  );
  return operate;
}

/**
 * Draws the dashboard's widget. It may invoke inspect and nothing else: what its buttons ask of operate, a dashboard asks with the
 * rights of whoever clicks (decision 0087).
 */
export function createWidget(
  scope: Construct,
  { inspect, operate }: Pick<DeliveryFunctions, 'inspect' | 'operate'>,
  { props, logs }: Pick<FunctionParts, 'props' | 'logs'>,
): LambdaFunction {
  const widget = createFunction(scope, 'Widget', {
    ...logs,
    entry: 'widget',
    description: 'Surehook: draws dead letters and endpoints that are down on the dashboard',
    timeoutSeconds: props.timings.inspect.timeout,
    // A page of 200 endpoints at a time, and a few rows.
    memoryMb: 256,
    environment: { INSPECT_FUNCTION_NAME: inspect.functionName, OPERATE_FUNCTION_ARN: operate.functionArn },
  });
  allow(widget, 'lambda:InvokeFunction', inspect.functionArn);
  acknowledgeNoAsynchronousInvokes(widget, 'A dashboard waits for its answer.');
  return widget;
}

/** In a policy that the function does not wait for: its role's own would depend on the function, and the function on it. */
function allowItself(lambdaFunction: LambdaFunction): void {
  const { role } = lambdaFunction;
  if (role === undefined) return;
  new Policy(lambdaFunction, 'GoesOn', {
    roles: [role],
    statements: [new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [lambdaFunction.functionArn] })],
  });
}
