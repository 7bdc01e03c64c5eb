import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { RemovalPolicy } from 'aws-cdk-lib';

/** What a team decides about its webhooks. Everything else follows from these. */
export type WebhookDeliveryProps = {
  /** Where deliveries are kept. Default: an Aurora cluster of its own, `{ kind: 'new' }`. */
  database?: NewDatabase | ExistingDatabase;

  /** Attempts of a delivery whose request names no number, 1–50. Default 5: with the default delays about four minutes. */
  maxAttempts?: number;
  /** Delay after the first failure, doubled after each further one, seconds, 1–86400. Default 30. */
  baseDelaySeconds?: number;
  /** The doubling stops here, seconds, 1–86400. Default 600: a receiver that is back is served within ten minutes. */
  maxDelaySeconds?: number;
  /** Replaces the doubling: entry n follows failure n, the last repeats. Seconds, 1–604800 each. Default: no schedule. */
  retryScheduleSeconds?: readonly number[];
  /**
   * Bounds a whole attempt, from DNS to the last byte read, seconds, 1–600. Default 30. The deliver function's timeout, the
   * lease and the queue's visibility timeout follow from it.
   */
  attemptTimeoutSeconds?: number;

  /**
   * An invoke of enqueue that the database keeps waiting fails as `TemporaryFailure` after so long, seconds, 1–45. Default 20:
   * within the timeouts that callers have. A cluster with `minCapacity` 0 wakes for up to 30. The intake queue has its own patience.
   */
  enqueueTimeoutSeconds?: number;

  /** Id headers are `<prefix>-Delivery-Id` and so on, at most 64 characters. Default `X-Dograh`. */
  headerPrefix?: string;
  /**
   * Secrets are named `<prefix>/<organization_id>/<credential_uuid>`; deliver may read these and no others.
   * Default `webhook-credentials`.
   */
  credentialPrefix?: string;
  /**
   * Whether the first delivery of an unknown run records whose it is. Default: true with a database of its own, where
   * nobody else writes runs; false with an existing one, where an unknown run is a mistake.
   */
  registerUnknownRuns?: boolean;

  /**
   * Deliver invocations at once, 2–1000. Default 50: with batches of ten 500 deliveries under way, and a twentieth of an
   * account's usual 1000 (new accounts may begin with less). A reservation below it would make false dead letters.
   */
  deliverConcurrency?: number;
  /** Enqueue invocations at once for the intake queue, 2–1000; invokes are not counted. Default 20. */
  intakeConcurrency?: number;

  /** Days that logs are kept. Default one month: longer than the 14 days a dead-lettered message can be asked about. */
  logRetention?: RetentionDays;
  /** Alarms and their ends go here. Its policy must allow CloudWatch. Default: no topic, see `alarmEmail`. */
  alarmTopic?: ITopic;
  /** Alarms are sent to this address through a topic of the construct's own. Default: nobody is told. */
  alarmEmail?: string;
  /**
   * Where whoever is on call finds the runbook; alarms add `#` and its heading, for instance
   * `https://wiki.example.com/webhooks/runbook`. An absolute http(s) URL of at most 256 characters without a fragment.
   * Default: alarms name `docs/runbook.md` of this package with its version, for there is no page on the web that would show
   * the runbook of exactly this version.
   */
  runbookUrl?: string;
  /** When the alarms go off. */
  alarmThresholds?: AlarmThresholds;

  /**
   * The stack's outputs by which documents and programs find the queues, functions and the database are named
   * `<prefix>EnqueueFunctionName` and so on: letters and digits, at most 200. Default: the ids of the construct below its
   * stack without other characters, so that several constructs fit into one stack. The ready stack has no prefix.
   */
  outputPrefix?: string;

  /** What becomes of what holds data when the stack is deleted. Default: it stays. */
  removalPolicies?: RemovalPolicies;
};

/** An Aurora PostgreSQL Serverless v2 cluster in a VPC of its own, without a way in or out but the RDS Data API. */
export type NewDatabase = {
  kind: 'new';
  /**
   * The cluster's own name: lower-case letters, digits and single hyphens, 1–52 characters (some more where the stack's
   * region has a short name). Default: CloudFormation makes one of the stack's name, which may then have 22 characters at
   * most, because the Data API takes no cluster ARN longer than 100. Give it before the first deployment: another name later
   * means another cluster, which is empty.
   */
  clusterIdentifier?: string;
  /** Default `surehook`. */
  databaseName?: string;
  /**
   * Engine version, `<major>.<minor>`, major 17. Default 17.7. AWS retires minors: with automatic minor upgrades on, this
   * says what a new cluster begins with.
   */
  engineVersion?: string;
  /**
   * Aurora capacity units (2 GiB each), 0–256 in halves. Default 0.5: always awake, about US$44 a month at US$0.12 an hour.
   * 0 lets a cluster pause that nobody has asked for five minutes, but the sweep asks every five minutes and so keeps it
   * awake: the same price, and each first call after a pause waits 15–30 s.
   */
  minCapacity?: number;
  /**
   * Aurora capacity units, 1–256 in halves, at least `minCapacity`. Default 4: a bound on the bill (US$350 in a month that
   * never leaves it), to be raised when the alarm says so.
   */
  maxCapacity?: number;
  /** Days that automatic backups reach back, 1–35. Default 7. */
  backupRetentionDays?: number;
  /** Whether a deletion is refused. Default true. */
  deletionProtection?: boolean;
};

/** A cluster that is there already: Aurora PostgreSQL with the Data API switched on, in the stack's account and region. */
export type ExistingDatabase = {
  kind: 'existing';
  clusterIdentifier: string;
  /** Complete ARN of a secret with `username` and `password` of a role that may create tables. */
  secretArn: string;
  /** ARN of the customer's own KMS key that this secret is encrypted with. Default: the account's `aws/secretsmanager`. */
  secretKeyArn?: string;
  databaseName: string;
};

export type AlarmThresholds = {
  /** Dead letters in five minutes. Default 1: each is a webhook that somebody waits for. */
  deadLetters?: number;
  /** Age of the oldest due delivery, seconds. Default 900: three sweeps in a row could not get it sent. */
  oldestDueAgeSeconds?: number;
  /** Share of the database's maximum capacity, per cent. Default 90. */
  databaseCapacityPercent?: number;
};

export type RemovalPolicies = {
  /** The cluster, its secret and its network. Default retain: the deliveries are in it. */
  database?: RemovalPolicy;
  /** The queues. Default retain, but for a deployment that fails at once: the intake queues hold requests that are nowhere else. */
  queues?: RemovalPolicy;
  /** Log groups. Default retain, but for a deployment that fails at once. */
  logs?: RemovalPolicy;
};
