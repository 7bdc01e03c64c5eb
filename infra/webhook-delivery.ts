import { type Dashboard, type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IEventBusRef, IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { alarmTopicOf } from './alarm-topic.ts';
import { createAlarms, type DeliveryAlarms } from './alarms.ts';
import { ConsoleLinks } from './console-links.ts';
import { createDashboard } from './dashboard.ts';
import { createDatabase, type Database, existingDatabase } from './database.ts';
import { encryptionKeyOf, grantKeyToSender } from './encryption.ts';
import { createFunctions, createWidget, type DeliveryFunctions } from './functions.ts';
import { migrateAtDeploy } from './migration.ts';
import { createOutputs, outputPrefixOf } from './outputs.ts';
import { outcomeBusOf, ruleOnOutcome } from './outcomes.ts';
import { createQueues, type Queues } from './queues.ts';
import { resolveProps, type ResolvedProps } from './resolve-props.ts';
import { scheduleSweep } from './schedule.ts';
import { nameService } from './service-name.ts';
import { createEgress, type Egress } from './static-egress.ts';
import { type WatchedMetrics, watchedMetrics } from './watched-metrics.ts';
import {
  ImportedWebhookDelivery,
  type IWebhookDelivery,
  type WebhookDeliveryAttributes,
} from './imported-webhook-delivery.ts';
import type { OutcomeName, WebhookDeliveryProps } from './webhook-delivery-props.ts';

/**
 * Durable outbound webhooks: the queues, the functions, the database, its migrations, alarms and a dashboard.
 * Throws InvalidProps with every fault.
 *
 *     const webhooks = new WebhookDelivery(this, 'Webhooks', { alarmEmail: 'on-call@example.com' });
 *     webhooks.grantSend(workflowWorker);
 */
export class WebhookDelivery extends Construct implements IWebhookDelivery {
  /** The intake queue, the delivery queue and their dead-letter queues. */
  readonly queues: Queues;
  /** Each function by its role. */
  readonly functions: DeliveryFunctions;
  /** The cluster, its secret and the name of the database. */
  readonly database: Database;
  /** Which outcomes are announced. */
  readonly outcomes: 'failures' | 'all' | 'none';
  /** The event bus that they are announced on. */
  readonly outcomeBus: IEventBusRef;
  /** Where webhooks leave from, with the prop `staticEgress`. */
  readonly egress: Egress | undefined;
  /** Draws the widget of the dashboard with dead letters and endpoints; undefined where `dashboardWidget` is false. */
  readonly widget: LambdaFunction | undefined;
  /** Each alarm by its name, without those that the prop `alarms` leaves out. */
  readonly alarms: DeliveryAlarms;
  /** The CloudWatch dashboard. */
  readonly dashboard: Dashboard;
  /** The console's page of the dashboard. */
  readonly dashboardUrl: string;
  readonly #metrics: WatchedMetrics;

  /** One that is deployed by another app of the account and region, for those who send to it. Throws InvalidProps. */
  static fromAttributes(scope: Construct, id: string, attributes: WebhookDeliveryAttributes): IWebhookDelivery {
    return new ImportedWebhookDelivery(scope, id, attributes);
  }

  constructor(scope: Construct, id: string, props: WebhookDeliveryProps = {}) {
    super(scope, id);
    nameService(this);
    const resolved = resolveProps(props);
    const { timings, removalPolicies, logRetention } = resolved;
    const encryptionKey = encryptionKeyOf(this, props);
    this.queues = createQueues(this, resolved, encryptionKey);
    this.database = databaseOf(this, resolved, encryptionKey);
    this.egress = egressOf(this, resolved);
    this.outcomeBus = outcomeBusOf(this, props.outcomeBus);
    this.outcomes = resolved.settings.outcomes;
    const outputPrefix = props.outputPrefix ?? outputPrefixOf(this);
    const logs = {
      retention: logRetention,
      removalPolicy: removalPolicies.logs,
      encryptionKey,
      tracing: resolved.tracing,
    };
    this.functions = createFunctions(this, {
      outputPrefix,
      database: this.database,
      queues: this.queues,
      props: resolved,
      egress: this.egress,
      bus: this.outcomeBus,
      logs,
    });
    this.widget = resolved.dashboardWidget ? createWidget(this, this.functions, { props: resolved, logs }) : undefined;
    const { migrate, ...users } = this.functions;
    const schedules = scheduleSweep(this, users.sweep, resolved);
    migrateAtDeploy(migrate, {
      timeoutSeconds: timings.migrate.timeout,
      database: this.database,
      executeBefore: [...Object.values(users), ...schedules],
    });
    this.#metrics = watchedMetrics(this);
    const watched = {
      functions: this.functions,
      queues: this.queues,
      database: this.database,
      metrics: this.#metrics,
    };
    const links = new ConsoleLinks(this);
    const { alarms: wanted = {}, alarmActions: actions = [], runbookUrl } = props;
    this.alarms = createAlarms(
      this,
      { ...watched, thresholds: resolved.alarmThresholds, links },
      { topic: alarmTopicOf(this, props), runbookUrl, actions, isWanted: (name) => wanted[name] ?? true },
    );
    this.dashboard = createDashboard(this, {
      ...watched,
      alarms: Object.values(this.alarms),
      widget: this.widget,
      runbookUrl,
    });
    this.dashboardUrl = links.dashboard('Dashboard', this.dashboard).url;
    createOutputs(this, outputPrefix);
  }

  /** Lets `grantee` hand over webhooks by invoking the enqueue function, and nothing else. */
  grantEnqueue(grantee: IGrantable): Grant {
    return this.functions.enqueue.grantInvokeLatestVersion(grantee);
  }

  /**
   * Lets `grantee` look at deliveries, orders and the backlog by invoking the inspect function, and at the dashboard's widget, which
   * shows some of the same; and nothing else.
   */
  grantInspect(grantee: IGrantable): Grant {
    const grant = this.functions.inspect.grantInvokeLatestVersion(grantee);
    return this.widget === undefined ? grant : grant.combine(this.widget.grantInvokeLatestVersion(grantee));
  }

  /** Lets `grantee` give every order (redeliver, replay, dismiss, cancel, expunge, adopt, hold, resume, limits) by invoking operate, and nothing else. */
  grantOperate(grantee: IGrantable): Grant {
    return this.functions.operate.grantInvokeLatestVersion(grantee);
  }

  /**
   * Hands an outcome, or several, to a target: a function, a queue, a topic, … What comes are EventBridge events whose `detail` is as
   * the schemas of the package say, of this construct alone, each at least once. Throws InvalidProps for an outcome that the prop
   * `outcomes` leaves out.
   *
   *     webhooks.onOutcome('Endpoint Down', new LambdaFunction(tellOnCall));
   */
  onOutcome(outcome: OutcomeName | readonly OutcomeName[], target: IRuleTarget): Rule {
    const names = typeof outcome === 'string' ? [outcome] : outcome;
    return ruleOnOutcome(this, { bus: this.outcomeBus, wanted: this.outcomes, names, target });
  }

  /** Lets `grantee` hand over webhooks by sending to the intake queue, and nothing else. */
  grantSend(grantee: IGrantable): Grant {
    grantKeyToSender(this.queues.intake, grantee);
    return this.queues.intake.grant(grantee, 'sqs:SendMessage');
  }

  /** What the enqueue function is invoked by. */
  get enqueueFunctionName(): string {
    return this.functions.enqueue.functionName;
  }

  /** Where requests are sent to. */
  get intakeQueueUrl(): string {
    return this.queues.intake.queueUrl;
  }

  /** Deliveries accepted, in five minutes. */
  metricDeliveriesAccepted(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('DeliveriesAccepted', options);
  }

  /** Deliveries that succeeded, in five minutes. */
  metricDeliveriesSucceeded(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('DeliveriesSucceeded', options);
  }

  /** Attempts that failed, in five minutes; most are made again. */
  metricAttemptsFailed(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('AttemptsFailed', options);
  }

  /** How long attempts take, milliseconds, by default the 95th percentile. */
  metricAttemptDuration(options: MetricOptions = {}): Metric {
    return this.#metrics.reported('AttemptDuration', { statistic: Stats.percentile(95), ...options });
  }

  /** Deliveries that became dead letters, in five minutes. Each is counted once, by the next sweep or by the order that redelivers it before. */
  metricDeadLetters(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('DeadLetters', options);
  }

  /** Dead letters that nobody has dealt with, at the end of a sweep. */
  metricStandingDeadLetters(options: MetricOptions = {}): Metric {
    return this.#metrics.reported('StandingDeadLetters', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Age of the oldest due delivery at the end of a sweep, seconds. */
  metricOldestDueAge(options: MetricOptions = {}): Metric {
    return this.#metrics.reported('OldestDueAge', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Endpoints that are down at the end of a sweep. */
  metricEndpointsDown(options: MetricOptions = {}): Metric {
    return this.#metrics.reported('EndpointsDown', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Deliveries that endpoints hold at the end of a sweep. */
  metricDeliveriesHeld(options: MetricOptions = {}): Metric {
    return this.#metrics.reported('DeliveriesHeld', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Requests of the intake queue that were refused, in five minutes. */
  metricIntakeRejected(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('IntakeRejected', options);
  }

  /** Failed calls of AWS APIs and failures of Surehook's own, in five minutes. */
  metricInternalFaults(options: MetricOptions = {}): Metric {
    return this.#metrics.counted('InternalFaults', options);
  }
}

function egressOf(scope: Construct, { staticEgress, settings, removalPolicies }: ResolvedProps): Egress | undefined {
  if (staticEgress === undefined) return undefined;
  const removalPolicy = removalPolicies.addresses;
  return createEgress(scope, { ...staticEgress, privateReceivers: settings.egressAllowCidrs, removalPolicy });
}

function databaseOf(
  scope: Construct,
  { database, settings, removalPolicies }: ResolvedProps,
  encryptionKey: IKey | undefined,
): Database {
  const schemas = { surehook: settings.databaseSchema, application: settings.applicationSchema };
  if (database.kind === 'existing') return existingDatabase(scope, { ...database, schemas });
  return createDatabase(scope, { ...database, schemas, removalPolicy: removalPolicies.database, encryptionKey });
}
