import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { nearestName } from '../shared/settings.ts';
import type { AlarmName } from './alarm-props.ts';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** What the ready-made stack can be told in a file or by flags: the props of the construct that are plain values. */
export type StackSettings = Omit<
  WebhookDeliveryProps,
  'alarmTopic' | 'alarmActions' | 'encryptionKey' | 'outputPrefix'
> & {
  /** The name of the CloudFormation stack, default `WebhookDelivery`. Changing it deploys another stack beside the first. */
  stackName?: string;
};

/** How a setting is written: in the file as a value of this kind, in a flag as text (lists with commas). */
type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'numbers' | 'schedule' | readonly (string | number)[];
type Kinds = { readonly [member: string]: Kind | Kinds };

/** The one schedule that has a name. */
const STANDARD_SCHEDULE = 'standard-webhooks';

const NETWORK = { vpcId: 'text', subnetIds: 'texts' } as const;
const POLICIES = Object.values(RemovalPolicy);

const ALARMS = {
  deadLetters: 'boolean',
  standingDeadLetters: 'boolean',
  credentials: 'boolean',
  oldestDue: 'boolean',
  endpointDown: 'boolean',
  outcomesUnannounced: 'boolean',
  intakeRejects: 'boolean',
  deliveryDeadLetterQueue: 'boolean',
  deliverErrors: 'boolean',
  sweepErrors: 'boolean',
  migrateErrors: 'boolean',
  enqueueErrors: 'boolean',
  inspectErrors: 'boolean',
  operateErrors: 'boolean',
  internalFaults: 'boolean',
  deliverThrottles: 'boolean',
  enqueueThrottles: 'boolean',
  recursiveInvocationsDropped: 'boolean',
  databaseCapacity: 'boolean',
} as const satisfies { [Name in AlarmName]: 'boolean' };
/** In the order of the dashboard. */
export const ALARM_NAMES = Object.keys(ALARMS) as AlarmName[];

/** Every setting. A prop that is missing here is a compile error. */
export const SETTINGS = {
  stackName: 'text',
  database: {
    kind: ['new', 'existing'],
    clusterIdentifier: 'text',
    secretArn: 'text',
    secretKeyArn: 'text',
    databaseName: 'text',
    engineVersion: 'text',
    minCapacity: 'number',
    maxCapacity: 'number',
    trueIdle: 'boolean',
    readers: 'number',
    backupRetentionDays: 'number',
    backupWindow: 'text',
    maintenanceWindow: 'text',
    deletionProtection: 'boolean',
    network: NETWORK,
  },
  databaseSchema: 'text',
  applicationSchema: 'text',
  databaseMovedFrom: 'text',
  alongside: 'text',
  maxAttempts: 'number',
  baseDelaySeconds: 'number',
  maxDelaySeconds: 'number',
  retryScheduleSeconds: 'schedule',
  retryStatuses: 'numbers',
  endpointDownAfterFailures: 'number',
  endpointHoldSeconds: 'number',
  endpointExhausted: ['dead_letter', 'hold'],
  endpointMaxInFlight: 'number',
  endpointMaxPerSecond: 'number',
  attemptTimeoutSeconds: 'number',
  enqueueTimeoutSeconds: 'number',
  headerPrefix: 'text',
  credentialPrefix: 'text',
  registerUnknownRuns: 'boolean',
  staticEgress: { network: NETWORK, natGateways: 'number', elasticIpAllocationIds: 'texts', securityGroupIds: 'texts' },
  privateReceivers: 'texts',
  deliverConcurrency: 'number',
  intakeConcurrency: 'number',
  outcomes: ['failures', 'all', 'none'],
  outcomeBus: 'text',
  logPayload: ['shape', 'values', 'none'],
  retentionDays: 'number',
  rowRetentionDays: 'number',
  encryptionKeyArn: 'text',
  logRetention: Object.values(RetentionDays).filter((days) => typeof days === 'number'),
  tracing: ['active', 'pass-through', 'off'],
  alarmTopicArn: 'text',
  alarmEmail: 'text',
  runbookUrl: 'text',
  alarmThresholds: {
    deadLetters: 'number',
    oldestDueAgeSeconds: 'number',
    databaseCapacityPercent: 'number',
    endpointDownSeconds: 'number',
  },
  dashboardWidget: 'boolean',
  alarms: ALARMS,
  removalPolicies: { database: POLICIES, queues: POLICIES, logs: POLICIES, addresses: POLICIES },
} as const satisfies { [Name in keyof Required<StackSettings>]: Kind | Kinds };

/** A setting with the way that leads to it and the names by which a flag may give it. */
export type FlagName = { path: readonly string[]; kind: Kind; names: readonly string[] };

/**
 * Each setting's names: with dots (`database.maxCapacity`), as one word (`databaseMaxCapacity`), and its last word alone where
 * no other setting ends so (`maxCapacity`).
 */
export function flagNames(): FlagName[] {
  const leaves = leavesOf(SETTINGS, []);
  const lastWords = leaves.map(({ path }) => path.at(-1) ?? '');
  return leaves.map(({ path, kind }) => {
    const last = path.at(-1) ?? '';
    const isOnly = lastWords.filter((word) => word === last).length === 1 && !(last in SETTINGS);
    return { path, kind, names: [...new Set([path.join('.'), camelCase(path), ...(isOnly ? [last] : [])])] };
  });
}

function leavesOf(kinds: Kinds, path: readonly string[]): { path: readonly string[]; kind: Kind }[] {
  return Object.entries(kinds).flatMap(([name, kind]) =>
    isKinds(kind) ? leavesOf(kind, [...path, name]) : [{ path: [...path, name], kind }],
  );
}

function camelCase([first = '', ...others]: readonly string[]): string {
  return [first, ...others.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)].join('');
}

/** What is wrong with settings as a file gives them: members nobody knows, with the nearest one, and values of another kind. */
export function settingsFaults(given: unknown, kinds: Kinds = SETTINGS, prefix = ''): string[] {
  if (!isRecord(given)) return [`${prefix === '' ? 'the settings' : prefix.slice(0, -1)} must be an object`];
  return Object.entries(given).flatMap(([name, value]) => {
    const kind = kinds[name];
    if (kind === undefined)
      return [
        unknownName(
          `${prefix}${name}`,
          Object.keys(kinds).map((known) => `${prefix}${known}`),
        ),
      ];
    if (value === undefined) return [];
    if (isKinds(kind)) return settingsFaults(value, kind, `${prefix}${name}.`);
    return isOfKind(value, kind) ? [] : [`${prefix}${name} must be ${inWords(kind)}`];
  });
}

/** The text of a flag as a value of its kind; undefined if it is none. */
export function parseFlag(text: string, kind: Kind): unknown {
  const value = valueOf(text, kind);
  return isOfKind(value, kind) ? value : undefined;
}

function valueOf(text: string, kind: Kind): unknown {
  const number = (digits: string): number => (digits.trim() === '' ? Number.NaN : Number(digits));
  const list = (): string[] => (text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim()));
  if (kind === 'text') return text;
  if (kind === 'number') return number(text);
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (kind === 'texts') return list();
  if (kind === 'schedule' && text === STANDARD_SCHEDULE) return text;
  if (kind === 'numbers' || kind === 'schedule') return list().map(number);
  return kind.find((choice) => String(choice) === text);
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (typeof kind === 'object') return kind.some((choice) => choice === value);
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (kind === 'texts') return Array.isArray(value) && value.every((entry) => isOfKind(entry, 'text'));
  if (kind === 'schedule' && value === STANDARD_SCHEDULE) return true;
  if (kind === 'numbers' || kind === 'schedule') {
    return Array.isArray(value) && value.every((entry) => isOfKind(entry, 'number'));
  }
  return typeof value === (kind === 'text' ? 'string' : 'boolean');
}

/** What a value of the kind must be, for a fault. */
export function inWords(kind: Kind): string {
  if (typeof kind === 'object') return `one of ${kind.join(', ')}`;
  const words = {
    text: 'text',
    number: 'a number',
    boolean: 'true or false',
    texts: 'a list of texts',
    numbers: 'a list of numbers',
    schedule: `a list of numbers, or ${STANDARD_SCHEDULE}`,
  };
  return words[kind];
}

export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `${name} is not a setting${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
}

function isKinds(kind: Kind | Kinds): kind is Kinds {
  return typeof kind === 'object' && !Array.isArray(kind);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
