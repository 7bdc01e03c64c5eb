import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { alarmTopicOf } from './alarm-topic.ts';
import { createAlarms } from './alarms.ts';
import { ConsoleLinks } from './console-links.ts';
import { createDashboard } from './dashboard.ts';
import { createDatabase, type Database, existingDatabase } from './database.ts';
import { createFunctions, createWidget, type DeliveryFunctions } from './functions.ts';
import { migrateAtDeploy } from './migration.ts';
import { createOutputs, outputPrefixOf } from './outputs.ts';
import { createQueues, type Queues } from './queues.ts';
import { resolveProps, type ResolvedProps } from './resolve-props.ts';
import { scheduleSweep } from './schedule.ts';
import { nameService } from './service-name.ts';
import { createEgress, type Egress } from './static-egress.ts';
import { watchedMetrics } from './watched-metrics.ts';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/**
 * Durable outbound webhooks: the queues, the functions, the database, its migrations, alarms and a dashboard.
 * Throws InvalidProps with every fault.
 *
 *     const webhooks = new WebhookDelivery(this, 'Webhooks', { alarmEmail: 'on-call@example.com' });
 *     webhooks.grantSend(workflowWorker);
 */
export class WebhookDelivery extends Construct {
  /** The intake queue, the delivery queue and their dead-letter queues. */
  readonly queues: Queues;
  /** Each function by its role. */
  readonly functions: DeliveryFunctions;
  /** The cluster, its secret and the name of the database. */
  readonly database: Database;
  /** Where webhooks leave from, with the prop `staticEgress`. */
  readonly egress: Egress | undefined;
  /** Draws the widget of the dashboard with dead letters and endpoints; undefined where `dashboardWidget` is false. */
  readonly widget: LambdaFunction | undefined;
  /** The CloudWatch dashboard. */
  readonly dashboard: Dashboard;
  /** The console's page of the dashboard. */
  readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: WebhookDeliveryProps = {}) {
    super(scope, id);
    nameService(this);
    const resolved = resolveProps(props);
    const { timings, removalPolicies, logRetention } = resolved;
    this.queues = createQueues(this, { timings, removalPolicy: removalPolicies.queues });
    this.database = databaseOf(this, resolved);
    this.egress = egressOf(this, resolved);
    const outputPrefix = props.outputPrefix ?? outputPrefixOf(this);
    const logs = { retention: logRetention, removalPolicy: removalPolicies.logs, tracing: resolved.tracing };
    this.functions = createFunctions(this, {
      outputPrefix,
      database: this.database,
      queues: this.queues,
      props: resolved,
      egress: this.egress,
      logs,
    });
    this.widget = resolved.dashboardWidget ? createWidget(this, this.functions, { props: resolved, logs }) : undefined;
    const { migrate, ...users } = this.functions;
    const schedule = scheduleSweep(this, users.sweep, timings.sweep.interval);
    migrateAtDeploy(migrate, {
      timeoutSeconds: timings.migrate.timeout,
      database: this.database,
      executeBefore: [...Object.values(users), schedule],
    });
    const watched = {
      functions: this.functions,
      queues: this.queues,
      database: this.database,
      metrics: watchedMetrics(this),
    };
    const links = new ConsoleLinks(this);
    const alarms = createAlarms(
      this,
      { ...watched, thresholds: resolved.alarmThresholds, links },
      { topic: alarmTopicOf(this, props), runbookUrl: props.runbookUrl },
    );
    this.dashboard = createDashboard(this, { ...watched, alarms, widget: this.widget });
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

  /** Lets `grantee` give orders (redeliver, replay, dismiss, cancel, expunge) by invoking the operate function, and nothing else. */
  grantOperate(grantee: IGrantable): Grant {
    return this.functions.operate.grantInvokeLatestVersion(grantee);
  }

  /** Lets `grantee` hand over webhooks by sending to the intake queue, and nothing else. */
  grantSend(grantee: IGrantable): Grant {
    return this.queues.intake.grant(grantee, 'sqs:SendMessage');
  }
}

function egressOf(scope: Construct, { staticEgress, settings, removalPolicies }: ResolvedProps): Egress | undefined {
  if (staticEgress === undefined) return undefined;
  const removalPolicy = removalPolicies.addresses;
  return createEgress(scope, { ...staticEgress, privateReceivers: settings.egressAllowCidrs, removalPolicy });
}

function databaseOf(scope: Construct, { database, settings, removalPolicies }: ResolvedProps): Database {
  const schemas = { surehook: settings.databaseSchema, application: settings.applicationSchema };
  if (database.kind === 'existing') return existingDatabase(scope, { ...database, schemas });
  return createDatabase(scope, { ...database, schemas, removalPolicy: removalPolicies.database });
}
