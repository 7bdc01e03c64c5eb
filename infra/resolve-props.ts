import { RemovalPolicy, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { MAX_ENQUEUE_WAIT_SECONDS } from '../shared/runtime/limits.ts';
import { type DeliverySettings, MalformedSettings, readDeliverySettings } from '../shared/settings.ts';
import type { AlarmThresholds } from './alarm-props.ts';
import { alarmFaults } from './alarm-faults.ts';
import { windowFaults } from './database-windows.ts';
import type { Traces } from './delivery-function.ts';
import { encryptionFaults } from './encryption.ts';
import { egressFaults, networkFaults } from './egress-faults.ts';
import { timingFaults, type Timings, timingsFor } from './timings.ts';
import type {
  ExistingDatabase,
  NewDatabase,
  RemovalPolicies,
  StaticEgress,
  WebhookDeliveryProps,
} from './webhook-delivery-props.ts';

/** Reports every faulty prop at once, each with what it should be. */
export class InvalidProps extends Error {
  override readonly name = 'InvalidProps';
  readonly code = 'invalid_props';
  /** One sentence each. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`invalid props: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/** A database to create, with every default filled in except for what is then generated or made. */
export type ResolvedNewDatabase = Required<Omit<NewDatabase, NotFilledIn>> & Pick<NewDatabase, NotFilledIn>;
type NotFilledIn = 'clusterIdentifier' | 'network' | 'backupWindow' | 'maintenanceWindow';

/** Props with every default filled in. */
export type ResolvedProps = {
  settings: DeliverySettings;
  /** Whether the migration makes `workflows` and `workflow_runs` where they are absent, or has to find them. */
  applicationTables: 'made' | 'found';
  timings: Timings;
  database: ResolvedNewDatabase | ExistingDatabase;
  /** Whether the sweep lets the database sleep while no marker says that something may be pending. */
  trueIdle: boolean;
  staticEgress: StaticEgress | undefined;
  /** Empty: none. */
  databaseMovedFrom: string;
  deliverConcurrency: number;
  intakeConcurrency: number;
  logRetention: RetentionDays;
  tracing: Traces;
  alarmThresholds: Required<AlarmThresholds>;
  dashboardWidget: boolean;
  removalPolicies: Required<RemovalPolicies>;
};

/** Fills in the defaults; throws InvalidProps. */
export function resolveProps(props: WebhookDeliveryProps): ResolvedProps {
  const faults: string[] = [];
  const database = resolveDatabase(props.database ?? { kind: 'new' }, faults);
  const settings = resolveSettings(props, database, faults);
  const timings = timingsFor(settings.attemptTimeoutSeconds);
  const hasNoTables = props.applicationSchema === NO_APPLICATION;
  const resolved: ResolvedProps = {
    settings,
    applicationTables: database.kind === 'new' || hasNoTables ? 'made' : 'found',
    timings,
    database,
    trueIdle: database.kind === 'new' && database.trueIdle,
    staticEgress: props.staticEgress,
    databaseMovedFrom: props.databaseMovedFrom ?? '',
    deliverConcurrency: props.deliverConcurrency ?? 50,
    intakeConcurrency: props.intakeConcurrency ?? 20,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    tracing: props.tracing ?? 'off',
    alarmThresholds: {
      deadLetters: 1,
      oldestDueAgeSeconds: 900,
      databaseCapacityPercent: 90,
      endpointDownSeconds: 3600,
      ...props.alarmThresholds,
    },
    dashboardWidget: props.dashboardWidget ?? true,
    removalPolicies: {
      database: RemovalPolicy.RETAIN,
      queues: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      logs: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      addresses: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      ...props.removalPolicies,
    },
  };
  faults.push(
    ...timingFaults(timings),
    ...numberFaults(resolved),
    ...egressFaults(props),
    ...alarmFaults(props),
    ...encryptionFaults(props),
    ...outcomeBusFaults(props.outcomeBus),
  );
  if (faults.length > 0) throw new InvalidProps(faults);
  return resolved;
}

/** Read by the same rules by which the functions read their environment: what passes here passes at their cold start. */
function resolveSettings(
  props: WebhookDeliveryProps,
  database: { kind: 'new' | 'existing'; minCapacity?: number },
  faults: string[],
): DeliverySettings {
  const hasNoTables = props.applicationSchema === NO_APPLICATION;
  const registerUnknownRuns = props.registerUnknownRuns ?? (database.kind === 'new' || hasNoTables);
  if (database.kind === 'existing' && registerUnknownRuns && !hasNoTables) {
    faults.push(
      "registerUnknownRuns cannot be true with an existing database, whose runs are the application's; for one without runs set applicationSchema to 'none'",
    );
  }
  if (hasNoTables && !registerUnknownRuns) {
    faults.push("registerUnknownRuns cannot be false with applicationSchema 'none': every run would be unknown");
  }
  const databaseSchema = props.databaseSchema ?? (database.kind === 'new' ? 'public' : 'surehook');
  const applicationSchema = hasNoTables
    ? databaseSchema
    : (props.applicationSchema ?? (database.kind === 'new' ? databaseSchema : 'public'));
  // Where a call may have to wake the cluster first, whoever waits for it gets its answer late.
  const enqueueTimeoutSeconds =
    props.enqueueTimeoutSeconds ?? (database.minCapacity === 0 ? MAX_ENQUEUE_WAIT_SECONDS : undefined);
  const given = { ...props, databaseSchema, applicationSchema, enqueueTimeoutSeconds };
  const written = SETTING_PROPS.map(([prop, name]) => [name, given[prop]?.toString()] as const);
  try {
    return { ...readDeliverySettings(Object.fromEntries(written)), registerUnknownRuns };
  } catch (error) {
    if (!(error instanceof MalformedSettings)) throw error;
    faults.push(...error.faults.map(inTermsOfProps));
    return { ...readDeliverySettings({}), registerUnknownRuns };
  }
}

/** The `applicationSchema` of an application that has no `workflows` and `workflow_runs`. */
const NO_APPLICATION = 'none';

/** The props that are settings of the functions, each with its variable. */
export const SETTING_PROPS = [
  ['maxAttempts', 'WEBHOOK_DELIVERY_MAX_ATTEMPTS'],
  ['baseDelaySeconds', 'WEBHOOK_DELIVERY_BASE_DELAY_SECONDS'],
  ['maxDelaySeconds', 'WEBHOOK_DELIVERY_MAX_DELAY_SECONDS'],
  ['retryScheduleSeconds', 'WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS'],
  ['retryStatuses', 'WEBHOOK_DELIVERY_RETRY_STATUSES'],
  ['endpointDownAfterFailures', 'WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES'],
  ['endpointHoldSeconds', 'WEBHOOK_ENDPOINT_HOLD_SECONDS'],
  ['endpointExhausted', 'WEBHOOK_ENDPOINT_EXHAUSTED'],
  ['endpointMaxInFlight', 'WEBHOOK_ENDPOINT_MAX_IN_FLIGHT'],
  ['endpointMaxPerSecond', 'WEBHOOK_ENDPOINT_MAX_PER_SECOND'],
  ['attemptTimeoutSeconds', 'WEBHOOK_DELIVERY_TIMEOUT_SECONDS'],
  ['enqueueTimeoutSeconds', 'WEBHOOK_ENQUEUE_TIMEOUT_SECONDS'],
  ['headerPrefix', 'WEBHOOK_HEADER_PREFIX'],
  ['credentialPrefix', 'CREDENTIAL_PREFIX'],
  ['databaseSchema', 'DATABASE_SCHEMA'],
  ['applicationSchema', 'APPLICATION_SCHEMA'],
  ['alongside', 'ALONGSIDE_TABLE'],
  ['outcomes', 'WEBHOOK_OUTCOMES'],
  ['logPayload', 'WEBHOOK_LOG_PAYLOAD'],
  ['retentionDays', 'WEBHOOK_RETENTION_DAYS'],
  ['rowRetentionDays', 'WEBHOOK_ROW_RETENTION_DAYS'],
  ['privateReceivers', 'EGRESS_ALLOW_CIDRS'],
] as const;

function inTermsOfProps(fault: string): string {
  const setting = SETTING_PROPS.find(([, name]) => fault.startsWith(name));
  return setting === undefined ? fault : fault.replace(setting[1], setting[0]);
}

/** Members that mean something for one kind of database alone: with the other, somebody expects what does not happen. */
const ONLY_OF = {
  new: [
    'engineVersion',
    'minCapacity',
    'maxCapacity',
    'trueIdle',
    'readers',
    'backupRetentionDays',
    'backupWindow',
    'maintenanceWindow',
    'deletionProtection',
    'network',
  ],
  existing: ['secretArn', 'secretKeyArn'],
};

function resolveDatabase(given: NewDatabase | ExistingDatabase, faults: string[]): ResolvedProps['database'] {
  // Whoever writes JavaScript may leave out what the types demand.
  if (!(given.kind in ONLY_OF)) {
    faults.push('database.kind must be new or existing');
    return given as ExistingDatabase;
  }
  const other = given.kind === 'new' ? 'existing' : 'new';
  for (const name of ONLY_OF[other]) {
    if (name in given) faults.push(`database.${name} is of a database of kind ${other}, and this one is ${given.kind}`);
  }
  if (given.kind === 'existing') {
    const missing = (['clusterIdentifier', 'databaseName', 'secretArn'] as const).filter((name) => !given[name]);
    faults.push(...missing.map((name) => `database.${name} is missing`));
    if (!given.secretArn) return given;
    // Without its six random characters the ARN would also match other secrets, and the Data API refuses it.
    if (!Token.isUnresolved(given.secretArn) && !/^arn:[^:]+:secretsmanager:.+-[A-Za-z0-9]{6}$/.test(given.secretArn)) {
      faults.push('database.secretArn must be the complete ARN of a secret, with the six characters at its end');
    }
    // Longer ARNs of such secrets are in use, whatever the manual says: `database.ts` warns of them.
    if (!Token.isUnresolved(given.secretArn) && given.secretArn.length > 100 && !isManagedByRds(given.secretArn)) {
      faults.push('database.secretArn must have at most 100 characters, the limit of the Data API');
    }
    return given;
  }
  const database: ResolvedNewDatabase = {
    databaseName: 'surehook',
    engineVersion: '17.7',
    minCapacity: 0.5,
    maxCapacity: 4,
    readers: 0,
    backupRetentionDays: 7,
    deletionProtection: true,
    trueIdle: given.minCapacity === 0,
    ...given,
  };
  faults.push(...newDatabaseFaults(database), ...windowFaults(database));
  if (database.network !== undefined) faults.push(...networkFaults('database.network', database.network));
  return database;
}

/** RDS names the secrets that it manages itself (`rds!cluster-<uuid>`), whose ARNs have 108 to 115 characters. */
export function isManagedByRds(secretArn: string): boolean {
  return /:secret:rds!cluster-/.test(secretArn);
}

function newDatabaseFaults(database: ResolvedNewDatabase): string[] {
  const { clusterIdentifier = 'generated', databaseName, engineVersion, minCapacity, maxCapacity, trueIdle } = database;
  const isCapacity = (capacity: number): boolean => Number.isInteger(capacity * 2) && capacity >= 0 && capacity <= 256;
  const rules: [holds: boolean, fault: string][] = [
    [
      // RDS would store capitals as lower case, and the ARN made from this name would name no cluster.
      Token.isUnresolved(clusterIdentifier) || /^[a-z](?:-?[a-z0-9]){0,62}$/.test(clusterIdentifier),
      'database.clusterIdentifier must be lower-case letters, digits and single hyphens, start with a letter and not end in a hyphen',
    ],
    [
      /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(databaseName),
      'database.databaseName must be at most 63 letters, digits and _, and start with a letter',
    ],
    [
      /^17\.\d{1,2}$/.test(engineVersion),
      'database.engineVersion must be 17.<minor>: the migrations are written for PostgreSQL 17',
    ],
    [isCapacity(minCapacity), 'database.minCapacity must be 0 to 256 in steps of 0.5'],
    [isCapacity(maxCapacity) && maxCapacity >= 1, 'database.maxCapacity must be 1 to 256 in steps of 0.5'],
    [minCapacity <= maxCapacity, 'database.maxCapacity must be at least database.minCapacity'],
    [
      !trueIdle || minCapacity === 0,
      'database.trueIdle needs database.minCapacity 0: with any other minimum the cluster never pauses',
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault);
}

function numberFaults({ database, deliverConcurrency, intakeConcurrency, alarmThresholds }: ResolvedProps): string[] {
  const ranges: [prop: string, value: number, min: number, max: number][] = [
    // Lambda's own bounds for the concurrency of an SQS event source.
    ['deliverConcurrency', deliverConcurrency, 2, 1000],
    ['intakeConcurrency', intakeConcurrency, 2, 1000],
    ['alarmThresholds.deadLetters', alarmThresholds.deadLetters, 1, 1_000_000],
    ['alarmThresholds.oldestDueAgeSeconds', alarmThresholds.oldestDueAgeSeconds, 60, 86_400],
    ['alarmThresholds.databaseCapacityPercent', alarmThresholds.databaseCapacityPercent, 1, 100],
    ['alarmThresholds.endpointDownSeconds', alarmThresholds.endpointDownSeconds, 60, 2_678_400],
  ];
  if (database.kind === 'new') {
    ranges.push(['database.readers', database.readers, 0, 15]);
    ranges.push(['database.backupRetentionDays', database.backupRetentionDays, 1, 35]);
  }
  return ranges
    .filter(([, value, min, max]) => !(Number.isInteger(value) && value >= min && value <= max))
    .map(([prop, , min, max]) => `${prop} must be a whole number from ${min} to ${max}`);
}

function outcomeBusFaults(given: WebhookDeliveryProps['outcomeBus']): string[] {
  if (typeof given !== 'string' || Token.isUnresolved(given)) return [];
  const isName = /^[\w./-]{1,256}$/.test(given);
  const isArn = /^arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/[\w./-]{1,256}$/.test(given);
  return isName || isArn ? [] : ['outcomeBus must be the name or the ARN of an event bus, or an event bus'];
}
