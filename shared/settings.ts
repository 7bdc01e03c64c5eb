import { parseAllowCidrs } from './egress/egress-guard.ts';
import { editsBetween, nearestName } from './runtime/nearest-name.ts';
export { nearestName } from './runtime/nearest-name.ts';
export { privateReceiverFault } from './egress/private-receivers.ts';
import { isHeaderName } from './delivery/headers.ts';
import type { Outcomes } from './delivery/outcome.ts';
import { readOutcomes } from './outcomes/read-outcomes.ts';
import { LOG_PAYLOAD, type LogPayload } from './observe/log-payload.ts';
import { type DatabaseSchemas, isSchemaName } from './runtime/database-schemas.ts';
import { type ForeignTable, parseForeignTable } from './runtime/foreign-table.ts';
import {
  MAX_ATTEMPT_SECONDS,
  MAX_ATTEMPTS_LIMIT,
  MAX_ENQUEUE_WAIT_SECONDS,
  MAX_RETENTION_DAYS,
} from './runtime/limits.ts';
import { type RetryPolicy, STANDARD_WEBHOOKS_SCHEDULE } from './delivery/retry-policy.ts';
import type { EndpointPolicy } from './endpoints/endpoint-policy.ts';
import { readEndpointPolicy } from './endpoints/read-endpoint-policy.ts';
import { describeRetries } from './delivery/retry-window.ts';

/** What a team sets: the stack's props, each function's environment, and the environment of `npm start`. */
export type DeliverySettings = {
  maxAttempts: number;
  retry: RetryPolicy;
  /** 3xx and 4xx that are tried again, in addition to those that always are. */
  retryStatuses: readonly number[];
  /** When endpoints are down, what becomes of their deliveries, and what each may be sent at once. */
  endpoints: EndpointPolicy;
  /** Bounds a whole attempt, from DNS to the last byte read. */
  attemptTimeoutSeconds: number;
  /** An invoke of enqueue fails when the database keeps it waiting this long: callers have timeouts of their own. */
  enqueueTimeoutSeconds: number;
  /** Id headers are `<prefix>-Delivery-Id` and so on. */
  headerPrefix: string;
  /** Ranges a webhook may reach although they are not public. In a deployed stack: the prop `privateReceivers`. */
  egressAllowCidrs: string[];
  /** Secrets are `<prefix>/<organization_id>/<credential_uuid>`. */
  credentialPrefix: string;
  /** Where Surehook's tables are. */
  databaseSchema: string;
  /** Where `workflows` and `workflow_runs` are. */
  applicationSchema: string;
  /** The table of another pipeline that still runs: a run and node known there exist. */
  alongside: ForeignTable | undefined;
  /** Whether the first delivery of an unknown run records which organization the run belongs to. */
  registerUnknownRuns: boolean;
  /** What the line of an attempt shows of its payload. */
  logPayload: LogPayload;
  /** Days after its end that what a delivery holds is kept, and its row; 0: for ever. */
  retentionDays: number;
  rowRetentionDays: number;
  /** Which outcomes are announced as events. */
  outcomes: Outcomes;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reports every missing or malformed name at once, each with what it should be. Never repeats a value. */
export class MalformedSettings extends Error {
  static override readonly name = 'MalformedSettings';
  override readonly name = 'MalformedSettings';
  readonly code = 'malformed_settings';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`malformed settings: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/**
 * The defaults, as text. They are filled in only where people type settings. A function's environment must set every name
 * the function reads: a default there would turn a forgotten name into a value nobody chose.
 */
export const DELIVERY_DEFAULTS = {
  WEBHOOK_DELIVERY_MAX_ATTEMPTS: '5',
  WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '30',
  WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '600',
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '30',
  WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '',
  WEBHOOK_DELIVERY_RETRY_STATUSES: '',
  WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: '5',
  WEBHOOK_ENDPOINT_HOLD_SECONDS: '259200',
  WEBHOOK_ENDPOINT_EXHAUSTED: 'dead_letter',
  WEBHOOK_ENDPOINT_MAX_IN_FLIGHT: '',
  WEBHOOK_ENDPOINT_MAX_PER_SECOND: '',
  WEBHOOK_ENQUEUE_TIMEOUT_SECONDS: '20',
  WEBHOOK_HEADER_PREFIX: 'X-Dograh',
  EGRESS_ALLOW_CIDRS: '',
  CREDENTIAL_PREFIX: 'webhook-credentials',
  DATABASE_SCHEMA: 'public',
  APPLICATION_SCHEMA: 'public',
  ALONGSIDE_TABLE: '',
  REGISTER_UNKNOWN_RUNS: 'false',
  // A list of telling names never knows them all, and a log group cannot be erased by person.
  WEBHOOK_LOG_PAYLOAD: 'shape',
  WEBHOOK_RETENTION_DAYS: '30',
  WEBHOOK_ROW_RETENTION_DAYS: '400',
  WEBHOOK_OUTCOMES: 'failures',
};

/** The environment variables that hold DeliverySettings. */
export const DELIVERY_SETTING_NAMES: readonly string[] = /* @__PURE__ */ Object.keys(DELIVERY_DEFAULTS);

/** The namespace of a variable of ours: its first two words. */
function namespaceOf(name: string): string {
  return name.split('_').slice(0, 2).join('_');
}

/**
 * Faults of an environment's names: those that are in a namespace of ours, or two letters from a setting, and are none.
 * Otherwise a mistyped name would silently change nothing.
 */
export function unknownSettings(environment: Environment): string[] {
  const namespaces = new Set(DELIVERY_SETTING_NAMES.map(namespaceOf));
  const strangers = Object.keys(environment).filter((name) => !DELIVERY_SETTING_NAMES.includes(name));
  return strangers.flatMap((name) => {
    const nearest = nearestName(name, DELIVERY_SETTING_NAMES);
    const isNear = nearest !== undefined && editsBetween(name, nearest) <= 2;
    if (!isNear && !namespaces.has(namespaceOf(name))) return [];
    return [`${name} is not a setting${nearest === undefined ? '' : `: did you mean ${nearest}?`}`];
  });
}

/** Reads DeliverySettings where people type them. Absent and empty names get their defaults. Throws MalformedSettings. */
export function readDeliverySettings(environment: Environment): DeliverySettings {
  return readSettings(withDefaults(environment, defaultsBeside(environment)), deliverySettings);
}

/** A schedule that is known by its name brings its number of attempts. */
function defaultsBeside(environment: Environment): Readonly<Record<string, string>> {
  if (!isStandardWebhooks(environment['WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS'] ?? '')) return DELIVERY_DEFAULTS;
  return { ...DELIVERY_DEFAULTS, WEBHOOK_DELIVERY_MAX_ATTEMPTS: String(STANDARD_WEBHOOKS_SCHEDULE.length + 1) };
}

/** How often a delivery is tried and for how long, in words. */
export function retriesInWords({ retry, maxAttempts }: DeliverySettings): string {
  return describeRetries(retry, maxAttempts);
}

/** Gives each name that is absent or empty its default, as text. */
export function withDefaults(environment: Environment, defaults: Readonly<Record<string, string>>): Environment {
  const given = Object.entries(environment).filter(([, text]) => text?.trim());
  return { ...defaults, ...Object.fromEntries(given) };
}

/** Reads settings, and throws one MalformedSettings with the faults of all of them. */
export function readSettings<T>(environment: Environment, read: (reader: SettingsReader) => T): T {
  const reader = new SettingsReader(environment);
  const settings = read(reader);
  if (reader.faults.length > 0) throw new MalformedSettings(reader.faults);
  return settings;
}

export function deliverySettings(reader: SettingsReader): DeliverySettings {
  return {
    maxAttempts: readMaxAttempts(reader),
    retry: readRetryPolicy(reader),
    retryStatuses: readRetryStatuses(reader),
    endpoints: readEndpointPolicy(reader),
    attemptTimeoutSeconds: readAttemptTimeoutSeconds(reader),
    enqueueTimeoutSeconds: readEnqueueTimeoutSeconds(reader),
    headerPrefix: readHeaderPrefix(reader),
    egressAllowCidrs: readEgressAllowCidrs(reader),
    credentialPrefix: readCredentialPrefix(reader),
    ...readSchemas(reader),
    alongside: readAlongside(reader),
    registerUnknownRuns: readRegisterUnknownRuns(reader),
    logPayload: readLogPayload(reader),
    ...readRetention(reader),
    outcomes: readOutcomes(reader),
  };
}

// One reader per setting, so that a function reads those it uses and no others.

export function readMaxAttempts(reader: SettingsReader): number {
  return reader.integer('WEBHOOK_DELIVERY_MAX_ATTEMPTS', { min: 1, max: MAX_ATTEMPTS_LIMIT });
}

export function readRetryPolicy(reader: SettingsReader): RetryPolicy {
  return {
    baseDelaySeconds: reader.integer('WEBHOOK_DELIVERY_BASE_DELAY_SECONDS', { min: 1, max: DAY_SECONDS }),
    maxDelaySeconds: reader.integer('WEBHOOK_DELIVERY_MAX_DELAY_SECONDS', { min: 1, max: DAY_SECONDS }),
    scheduleSeconds: readRetrySchedule(reader),
  };
}

/** Empty: none. */
export function readRetryStatuses(reader: SettingsReader): number[] {
  const name = 'WEBHOOK_DELIVERY_RETRY_STATUSES';
  const text = reader.maybeEmpty(name);
  if (text === '') return [];
  const statuses = text.split(',').map((entry) => entry.trim());
  if (!statuses.every((status) => /^[34]\d\d$/.test(status))) {
    reader.faults.push(`${name} must be a comma-separated list of statuses from 300 to 499`);
  }
  return [...new Set(statuses.map(Number))];
}

export function readAttemptTimeoutSeconds(reader: SettingsReader): number {
  return reader.integer('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', { min: 1, max: MAX_ATTEMPT_SECONDS });
}

export function readEnqueueTimeoutSeconds(reader: SettingsReader): number {
  return reader.integer('WEBHOOK_ENQUEUE_TIMEOUT_SECONDS', { min: 1, max: MAX_ENQUEUE_WAIT_SECONDS });
}

export function readHeaderPrefix(reader: SettingsReader): string {
  return reader.text('WEBHOOK_HEADER_PREFIX', {
    wanted: 'a header name of at most 64 characters that does not end in a hyphen',
    is: (text) => isHeaderName(text) && text.length <= 64 && !text.endsWith('-'),
  });
}

/** Empty: nothing is allowed. */
export function readEgressAllowCidrs(reader: SettingsReader): string[] {
  const parsed = parseAllowCidrs(reader.maybeEmpty('EGRESS_ALLOW_CIDRS'));
  if (parsed.ok) return parsed.cidrs;
  reader.faults.push(`EGRESS_ALLOW_CIDRS: ${parsed.fault}`);
  return [];
}

export function readCredentialPrefix(reader: SettingsReader): string {
  return reader.text('CREDENTIAL_PREFIX', {
    wanted: 'letters, digits and /_+=.@- of at most 200 characters, with no slash at either end',
    is: (text) => /^[A-Za-z0-9_+=.@-](?:[A-Za-z0-9/_+=.@-]{0,198}[A-Za-z0-9_+=.@-])?$/.test(text),
  });
}

function readSchemas(reader: SettingsReader): Pick<DeliverySettings, 'databaseSchema' | 'applicationSchema'> {
  const rule = { wanted: SCHEMA_NAME, is: isSchemaName };
  return {
    databaseSchema: reader.text('DATABASE_SCHEMA', rule),
    applicationSchema: reader.text('APPLICATION_SCHEMA', rule),
  };
}

/** Empty: there is none. */
export function readAlongside(reader: SettingsReader): ForeignTable | undefined {
  const text = reader.maybeEmpty('ALONGSIDE_TABLE');
  const table = text === '' ? undefined : parseForeignTable(text);
  if (text !== '' && table === undefined) reader.faults.push('ALONGSIDE_TABLE must be <schema>.<table>');
  return table;
}

export function readRegisterUnknownRuns(reader: SettingsReader): boolean {
  return reader.oneOf('REGISTER_UNKNOWN_RUNS', ['true', 'false']) === 'true';
}

export function readRetention(reader: SettingsReader): { retentionDays: number; rowRetentionDays: number } {
  const range = { min: 0, max: MAX_RETENTION_DAYS };
  return {
    retentionDays: reader.integer('WEBHOOK_RETENTION_DAYS', range),
    rowRetentionDays: reader.integer('WEBHOOK_ROW_RETENTION_DAYS', range),
  };
}

export function readLogPayload(reader: SettingsReader): LogPayload {
  return reader.oneOf('WEBHOOK_LOG_PAYLOAD', LOG_PAYLOAD);
}

const SCHEMA_NAME =
  'the name of a schema: letters, digits, _ and -, at most 63 bytes, not beginning with a digit or pg_';
const DAY_SECONDS = 86_400;
/** A week between two attempts. Anything longer would be a different product. */
const MAX_SCHEDULE_ENTRY_SECONDS = 7 * DAY_SECONDS;

/** Empty: there is none. */
function readRetrySchedule(reader: SettingsReader): number[] | undefined {
  const name = 'WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS';
  const text = reader.maybeEmpty(name);
  if (text === '') return undefined;
  if (isStandardWebhooks(text)) return [...STANDARD_WEBHOOKS_SCHEDULE];
  const entries = text.split(',').map((entry) => (/^\s*\d{1,7}\s*$/.test(entry) ? Number(entry) : Number.NaN));
  if (entries.length > MAX_ATTEMPTS_LIMIT || entries.some((s) => !(s >= 1 && s <= MAX_SCHEDULE_ENTRY_SECONDS))) {
    reader.faults.push(
      `${name} must be a comma-separated list of at most ${MAX_ATTEMPTS_LIMIT} whole numbers of seconds, each from 1 to ${MAX_SCHEDULE_ENTRY_SECONDS}, or standard-webhooks`,
    );
  }
  return entries;
}

function isStandardWebhooks(schedule: string): boolean {
  return schedule.trim() === 'standard-webhooks';
}

/** Collects faults instead of throwing at the first. What it returns along with a fault is never used. */
export class SettingsReader {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** A name that must be set and must not be empty. */
  required(name: string): string {
    const text = this.#given(name);
    if (text === undefined || text === '') this.faults.push(`${name} is missing`);
    return text ?? '';
  }

  /** A name that must be set; its text may be empty, which has a meaning of its own. */
  maybeEmpty(name: string): string {
    const text = this.#given(name);
    if (text === undefined) this.faults.push(`${name} is missing`);
    return text ?? '';
  }

  integer(name: string, { min, max }: { min: number; max: number }): number {
    const isInRange = (text: string): boolean => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
    return Number(this.text(name, { wanted: `a whole number from ${min} to ${max}`, is: isInRange }));
  }

  text(name: string, { wanted, is }: { wanted: string; is: (text: string) => boolean }): string {
    const text = this.required(name);
    if (text !== '' && !is(text)) this.faults.push(`${name} must be ${wanted}`);
    return text;
  }

  oneOf<const Known extends string>(name: string, known: readonly [Known, ...Known[]]): Known {
    const wanted = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`;
    const text = this.text(name, { wanted, is: (given) => known.some((one) => one === given) });
    return known.find((one) => one === text) ?? known[0];
  }

  #given(name: string): string | undefined {
    return this.#environment[name]?.trim();
  }
}

/** The cluster that a function queries. */
export type DatabaseSettings = {
  resourceArn: string;
  secretArn: string;
  database: string;
  schemas: DatabaseSchemas;
};

export function databaseSettings(reader: SettingsReader): DatabaseSettings {
  const { databaseSchema, applicationSchema } = readSchemas(reader);
  return {
    resourceArn: reader.required('DATABASE_RESOURCE_ARN'),
    secretArn: reader.required('DATABASE_SECRET_ARN'),
    database: reader.required('DATABASE_NAME'),
    schemas: { surehook: databaseSchema, application: applicationSchema },
  };
}
