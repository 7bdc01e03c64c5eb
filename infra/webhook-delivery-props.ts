import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IEventBusRef } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { RemovalPolicy } from 'aws-cdk-lib';

import type { AlarmSwitches, AlarmThresholds } from './alarm-props.ts';

/** What a team decides about its webhooks. Everything else follows from these. */
export type WebhookDeliveryProps = {
  /** Where deliveries are kept. Default: an Aurora cluster of its own, `{ kind: 'new' }`. */
  database?: NewDatabase | ExistingDatabase;
  /**
   * The database that a deployment may leave for another one, as `<cluster>/<database>`; what is pending there stays there. Without
   * it such a deployment stops and counts what it would leave behind. Default: none.
   */
  databaseMovedFrom?: string;

  /**
   * Attempts of a delivery whose request gives no number, 1–50. Default 5: with the default delays the last is made 7.5 to 8.3
   * minutes after the first. With the schedule `standard-webhooks` the default is 10: 3.1 to 3.5 days.
   */
  maxAttempts?: number;
  /** Delay after the first failure, doubled after each further one, seconds, 1–86400. Default 30. */
  baseDelaySeconds?: number;
  /** The doubling stops here, seconds, 1–86400. Default 600: a receiver that recovers gets its webhooks within ten minutes. */
  maxDelaySeconds?: number;
  /**
   * Replaces the doubling: entry n follows failure n, the last repeats. Seconds, 1–604800 each, or `standard-webhooks` for the
   * table of that specification: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h. Default: no schedule.
   */
  retryScheduleSeconds?: readonly number[] | 'standard-webhooks';
  /**
   * Statuses from 300 to 499 that are tried again, in addition to 408, 425 and 429: a receiver's bad hour of 401 or 404 need
   * not be the end. Default: none.
   */
  retryStatuses?: readonly number[];
  /**
   * An endpoint is down after so many failures in a row: its deliveries are then held, at no cost of attempts, and one of them at a
   * time finds out whether it is back. 0–1000; 0: never, every delivery uses up its attempts by itself. Default 5.
   */
  endpointDownAfterFailures?: number;
  /**
   * How long a delivery is held by endpoints that are down, in all its life, seconds, up to 31 days; then it ends as
   * `endpoint_down`. 0: nothing is held, and no endpoint is ever down. Default 259200, three days: a weekend.
   */
  endpointHoldSeconds?: number;
  /**
   * What becomes of a delivery whose last attempt fails while its endpoint is down: `dead_letter`, or `hold` with the others, so that
   * no outage shorter than `endpointHoldSeconds` costs a dead letter. Default `dead_letter`.
   */
  endpointExhausted?: 'dead_letter' | 'hold';
  /** Requests in flight to any one endpoint, 1–99999. Default: no limit. Gives every endpoint a row. */
  endpointMaxInFlight?: number;
  /** Requests a second to any one endpoint, above 0, with up to three decimals. Default: no limit. Gives every endpoint a row. */
  endpointMaxPerSecond?: number;
  /**
   * Limit of a whole attempt, from DNS to the last byte read, seconds, 1–600. Default 30. The deliver function's timeout, the
   * lease and the queue's visibility timeout follow from it.
   */
  attemptTimeoutSeconds?: number;

  /**
   * If the database keeps an invoke of enqueue waiting this long, it fails as `TemporaryFailure`; seconds, 1–45. Default 20:
   * within the usual timeouts of callers; with `minCapacity` 0 it is 45, because the first call waits until the cluster is awake. The
   * intake queue waits longer.
   */
  enqueueTimeoutSeconds?: number;

  /** Id headers are `<prefix>-Delivery-Id` and so on. At most 64 characters. Default `X-Dograh`. */
  headerPrefix?: string;
  /**
   * Secrets are named `<prefix>/<organization_id>/<credential_uuid>`; deliver may read these and no others.
   * Default `webhook-credentials`.
   */
  credentialPrefix?: string;
  /**
   * Schema of Surehook's tables, at most 63 letters, digits, `_` and `-`. Default: `public` in a new database, `surehook` in an
   * existing one, where it is nobody else's. Statements name it, so no `search_path` matters. Changing it later does not move
   * the tables.
   */
  databaseSchema?: string;
  /**
   * Schema of the application's `workflows` and `workflow_runs`. Default: `public` in an existing database; in a new one that of
   * Surehook's own tables, where the migration makes them. `none`: the application has no such tables; its `organization_id` is
   * believed, and what each run's was is kept beside Surehook's tables.
   */
  applicationSchema?: string;
  /**
   * `<schema>.<table>` of another pipeline's deliveries, while both run: enqueue takes a run and node that stand there for existing,
   * and answers their UUID and status. One more statement for each call. Default: none.
   */
  alongside?: string;
  /**
   * Whether the first delivery of an unknown run records which organization the run belongs to. Default: true with a new
   * database, where nobody else writes runs, and with `applicationSchema: 'none'`; false with an existing one, where an unknown
   * run is a mistake and true is refused.
   */
  registerUnknownRuns?: boolean;

  /**
   * Sends webhooks from addresses that stay, so that receivers can list them, and from behind security groups that reach no
   * private address. Default: from addresses of AWS that change, at no cost.
   */
  staticEgress?: StaticEgress;
  /**
   * Private IPv4 ranges such as `10.20.0.0/16` that webhooks of every organization may reach; needs `staticEgress` with a
   * network that leads there. At most 32. Loopback, link-local and metadata addresses can never be named. Default: none.
   */
  privateReceivers?: readonly string[];

  /**
   * Concurrent invocations of deliver, 2–1000. Default 50: with batches of ten, 500 deliveries under way, and a twentieth of an
   * account's usual 1000 (new accounts may begin with less). Reserved concurrency below this would cause false dead letters.
   */
  deliverConcurrency?: number;
  /** Concurrent invocations of enqueue for the intake queue, 2–1000; invokes by callers are not counted. Default 20. */
  intakeConcurrency?: number;

  /**
   * What becomes of webhooks and endpoints, told as EventBridge events: `failures` (dead letters, dead letters that were delivered
   * after all, endpoints that go down and come up), `all` (deliveries, too) or `none`. Default `failures`: an event for each delivery
   * is wanted by few, and costs US$1 a million.
   */
  outcomes?: 'failures' | 'all' | 'none';
  /**
   * Where these events go: an event bus, or the name or the ARN of one that exists. One of another account has to let this one put
   * events on it. Default: the account's default bus.
   */
  outcomeBus?: IEventBusRef | string;

  /**
   * What the log line of an attempt shows of its payload: `shape` (names of members, types, lengths), `values` (the values,
   * too, but for those that are known to be secret or personal) or `none`. Default `shape`: no list of telling names is
   * complete, and a log group cannot be erased by person.
   */
  logPayload?: 'shape' | 'values' | 'none';
  /**
   * Days after its end that a delivery keeps its payload, custom headers, the query of its URL and the excerpts of answers, 0–3650;
   * 0 keeps them for ever. Default 30: long enough to find out what went wrong and send it again, short enough for what is personal.
   */
  retentionDays?: number;
  /**
   * Days after its end that a delivery's row is kept, 0–3650; 0 keeps it for ever. Default 400: until then the same run and node
   * are recognised, and a year can be looked back on.
   */
  rowRetentionDays?: number;
  /**
   * A symmetric KMS key of yours for whatever holds data at rest: the new cluster and its secret, the queues, the logs. The grants
   * that functions and `grantSend` need are made; whoever else sends to a queue needs `kms:GenerateDataKey` and `kms:Decrypt`. Set it before
   * the first deployment: a cluster's key cannot change, so that setting it later makes another cluster, which is empty. Default: keys
   * that AWS manages, at no cost.
   */
  encryptionKey?: IKey;
  /**
   * The same by its ARN (not an alias), for a key that is made elsewhere, in the stack's region. Its policy must let CloudWatch
   * Logs use it, see *A key of your own* in docs/deploy.md. Default: none.
   */
  encryptionKeyArn?: string;
  /** Days that logs are kept. Default one month: longer than the 14 days for which a dead-lettered message is kept. */
  logRetention?: RetentionDays;
  /**
   * Whether X-Ray traces the functions: `active` (one request a second and a twentieth of the rest, US$5 a million), `pass-through`
   * (only what a caller traces) or `off`. Default `off`: a million single deliveries cost US$8 to trace, almost as much as to
   * send, and the log line of an attempt tells the times of its phases.
   */
  tracing?: 'active' | 'pass-through' | 'off';
  /** Receives alarms and their ends. Its policy must allow CloudWatch. Default: no topic, see `alarmEmail`. */
  alarmTopic?: ITopic;
  /**
   * The same by its ARN, for a topic that is made elsewhere, in the stack's region: `arn:aws:sns:<region>:<account>:<name>`.
   * Default: none.
   */
  alarmTopicArn?: string;
  /** Alarms are sent to this address through a topic that the construct makes. Default: nobody is told. */
  alarmEmail?: string;
  /**
   * Where whoever is on call finds the runbook, for example `https://wiki.example.com/webhooks/runbook`; alarms add `#` and the
   * heading. An absolute http(s) URL of at most 256 characters without a fragment. Default: alarms name `docs/runbook.md` in
   * this package and its version, because no web page would show the runbook of exactly this version.
   */
  runbookUrl?: string;
  /** When the alarms go off. */
  alarmThresholds?: AlarmThresholds;
  /**
   * Which alarms there are: `{ inspectErrors: false }` leaves one out, and with it its price. Default: all, because each has
   * a heading in the runbook that says what is lost while nobody looks.
   */
  alarms?: AlarmSwitches;
  /**
   * What else happens when an alarm goes off, for example `new SsmAction(…)`. Their ends are told to the topic alone; for more, each
   * alarm is a property of the construct. Default: nothing.
   */
  alarmActions?: readonly IAlarmAction[];

  /**
   * Prefix of the stack's outputs by which documents and programs find the queues, functions and the database:
   * `<prefix>EnqueueFunctionName` and so on. At most 200 letters and digits. Default: the ids from the stack down to the construct
   * without other characters, so that a stack can hold several constructs. The ready-made stack has no prefix.
   */
  outputPrefix?: string;

  /**
   * Whether the dashboard shows the newest dead letters and the endpoints that are down or held, with buttons. It is a function that runs
   * while somebody looks, and CloudWatch asks each viewer once whether to run it. Default true.
   */
  dashboardWidget?: boolean;
  /** What happens, when the stack is deleted, to the resources that hold data. Default: they are kept. */
  removalPolicies?: RemovalPolicies;
};

/** An Aurora PostgreSQL Serverless v2 cluster in its own VPC. The RDS Data API is the only way in or out. */
export type NewDatabase = {
  /** A cluster that the construct makes. */
  kind: 'new';
  /**
   * The cluster's own name: lower-case letters, digits and single hyphens, 1–52 characters (a few more if the stack's region
   * has a short name). Default: CloudFormation makes one from the stack's name, which may then have at most 22 characters,
   * because the Data API accepts no cluster ARN longer than 100. Set it before the first deployment: changing it later creates
   * another cluster, which is empty.
   */
  clusterIdentifier?: string;
  /**
   * Subnets of a VPC of yours, in two availability zones at least; they need no way in or out. Default: a VPC is made (an account
   * may have five in a region). Set it before the first deployment: changing it later creates another cluster, which is empty.
   */
  network?: ExistingNetwork;
  /** Default `surehook`. */
  databaseName?: string;
  /**
   * Engine version, `<major>.<minor>`, major 17. Default 17.7, which does not move within a major version of Surehook. It is the
   * version of a new cluster: AWS upgrades minor versions in the maintenance window, and CloudFormation, which compares
   * templates and not clusters, leaves that alone as long as this does not change. See *Engine versions* in docs/deploy.md.
   */
  engineVersion?: string;
  /**
   * Aurora capacity units (2 GiB each), 0–256 in halves. Default 0.5: always awake, about US$44 a month at US$0.12 an hour.
   * 0 lets the cluster pause after six minutes without a call; it then costs nothing but its storage, and the first call waits
   * 15–30 s until it is awake, longer after a day. See `trueIdle`.
   */
  minCapacity?: number;
  /**
   * Whether the sweep lets a database with `minCapacity` 0 sleep: it asks only if something may be pending, and three times a day in any
   * case. False: it asks every five minutes, so that the cluster never pauses and costs what 0.5 costs. Default: true with
   * `minCapacity` 0; with any other it is refused. What an application inserts into the outbox by SQL and never announces waits for one of
   * the three.
   */
  trueIdle?: boolean;
  /**
   * Aurora capacity units, 1–256 in halves, at least `minCapacity`. Default 4: a limit on the bill (US$350 for a month spent at
   * this maximum). Raise it when the alarm says so.
   */
  maxCapacity?: number;
  /**
   * Readers beside the writer, 0–15, as large as the writer and each about as dear (US$44 a month at the least). Nothing is read from
   * them: they are what a failover goes to. Default 0: without one, Aurora makes a new writer in the place of a lost one, which takes up to
   * ten minutes in which deliveries wait.
   */
  readers?: number;
  /** Days that automatic backups reach back, 1–35. Default 7. */
  backupRetentionDays?: number;
  /**
   * When the daily backup is made, UTC, `hh:mm-hh:mm`, half an hour at least and outside of the maintenance window. Default: RDS chooses
   * a time of the region's night.
   */
  backupWindow?: string;
  /**
   * When AWS may upgrade and patch the cluster and its instances, UTC, `ddd:hh:mm-ddd:hh:mm` such as `sun:03:00-sun:04:00`, from half an hour
   * to a day. It is then away for up to a minute. Default: RDS chooses a time of the region's night.
   */
  maintenanceWindow?: string;
  /** Whether a deletion is refused. Default true. */
  deletionProtection?: boolean;
};

/** Places deliver in private subnets of a VPC that lead out through NAT gateways. */
export type StaticEgress = {
  /**
   * Subnets of a VPC of yours, whose way to the internet is NAT (a function has no public address); at best one in each of two
   * availability zones. Default: a small VPC is made.
   */
  network?: ExistingNetwork;
  /**
   * NAT gateways of the VPC that is made, 1 or 2, each in a zone of its own. Default 1, about US$36 a month with its
   * address: while its zone is down, deliveries wait.
   */
  natGateways?: number;
  /**
   * Elastic IP addresses of yours for the NAT gateways of the VPC that is made, one each (`eipalloc-…`). Default: they are made,
   * and kept when the stack goes.
   */
  elasticIpAllocationIds?: readonly string[];
  /**
   * At most three more security groups of deliver, for what the ones that are made do not reach: interface endpoints of AWS
   * services in your VPC (where these have private names), or name servers of your own. Default: none.
   */
  securityGroupIds?: readonly string[];
};

/** A VPC of yours: as a construct of the CDK, or by its ids. */
export type ExistingNetwork =
  | { vpc: IVpc; vpcSubnets?: SubnetSelection }
  | { vpcId: string; subnetIds: readonly string[] };

/** An existing cluster: Aurora PostgreSQL with the Data API switched on, in the stack's account and region. */
export type ExistingDatabase = {
  /** A cluster that is there. */
  kind: 'existing';
  /** Its name. */
  clusterIdentifier: string;
  /** Complete ARN of a secret with `username` and `password` of a role that may create tables. */
  secretArn: string;
  /** ARN of the customer-managed KMS key that encrypts this secret. Default: the account's `aws/secretsmanager`. */
  secretKeyArn?: string;
  /** The database in it. */
  databaseName: string;
};

/** What happens to what holds data when the stack is deleted. */
export type RemovalPolicies = {
  /** The cluster, its secret and its network. Default retain: the deliveries are in it. */
  database?: RemovalPolicy;
  /** The queues. Default retain, except when the first deployment fails: the intake queues hold requests that exist nowhere else. */
  queues?: RemovalPolicy;
  /** Log groups. Default retain, except when the first deployment fails. */
  logs?: RemovalPolicy;
  /** The addresses that `staticEgress` makes. Default retain, except when the first deployment fails: receivers have listed them. */
  addresses?: RemovalPolicy;
};

/** What is told of deliveries and endpoints, by the detail type of its event. */
export type OutcomeName =
  /** A delivery arrived. Told with `outcomes: 'all'` only. */
  | 'Webhook Delivered'
  /** A delivery will not be tried again automatically. */
  | 'Webhook Dead-Lettered'
  /** A dead letter was delivered after all. */
  | 'Webhook Recovered'
  /** An endpoint, or a whole origin, has failed so often in a row that its deliveries are held. */
  | 'Endpoint Down'
  /** It answers again. */
  | 'Endpoint Up';
