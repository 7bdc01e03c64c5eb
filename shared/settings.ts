import { parseAllowCidrs } from './egress/egress-guard.ts';
import { isHeaderName } from './delivery/headers.ts';
import { MAX_ATTEMPTS_LIMIT } from './runtime/limits.ts';
import type { RetryPolicy } from './delivery/retry-policy.ts';

/** What a team sets: the stack's props, each function's environment, and the environment of `npm start`. */
export type DeliverySettings = {
  maxAttempts: number;
  retry: RetryPolicy;
  /** Bounds a whole attempt, from DNS to the last byte read. */
  attemptTimeoutSeconds: number;
  /** Id headers are `<prefix>-Delivery-Id` and so on. */
  headerPrefix: string;
  /** Ranges a webhook may reach although they are not public. Always empty where the stack is deployed. */
  egressAllowCidrs: string[];
  /** Secrets are `<prefix>/<organization_id>/<credential_uuid>`. */
  credentialPrefix: string;
  /** Whether the first delivery of an unknown run records whose it is. */
  registerUnknownRuns: boolean;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every missing or malformed name at once, each with what it should be; never a value. */
export class MalformedSettings extends Error {
  override readonly name = 'MalformedSettings';
  readonly code = 'malformed_settings';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`malformed settings: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/** The names of DeliverySettings in an environment. */
export const DELIVERY_SETTING_NAMES = [
  'WEBHOOK_DELIVERY_MAX_ATTEMPTS',
  'WEBHOOK_DELIVERY_BASE_DELAY_SECONDS',
  'WEBHOOK_DELIVERY_MAX_DELAY_SECONDS',
  'WEBHOOK_DELIVERY_TIMEOUT_SECONDS',
  'WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS',
  'WEBHOOK_HEADER_PREFIX',
  'EGRESS_ALLOW_CIDRS',
  'CREDENTIAL_PREFIX',
  'REGISTER_UNKNOWN_RUNS',
] as const;

const DAY_SECONDS = 86_400;
/** A week between two attempts: longer is another product. */
const MAX_SCHEDULE_ENTRY_SECONDS = 7 * DAY_SECONDS;
const MAX_TIMEOUT_SECONDS = 600;

/** Reads DeliverySettings, names that are absent or empty at their defaults; throws MalformedSettings. */
export function readDeliverySettings(environment: Environment): DeliverySettings {
  return readSettings(environment, deliverySettings);
}

/** Reads settings with every fault of all of them in one MalformedSettings. */
export function readSettings<T>(environment: Environment, read: (reader: SettingsReader) => T): T {
  const reader = new SettingsReader(environment);
  const settings = read(reader);
  if (reader.faults.length > 0) throw new MalformedSettings(reader.faults);
  return settings;
}

export function deliverySettings(reader: SettingsReader): DeliverySettings {
  return {
    maxAttempts: reader.integer('WEBHOOK_DELIVERY_MAX_ATTEMPTS', { min: 1, max: MAX_ATTEMPTS_LIMIT, unset: 5 }),
    retry: {
      baseDelaySeconds: reader.integer('WEBHOOK_DELIVERY_BASE_DELAY_SECONDS', { min: 1, max: DAY_SECONDS, unset: 30 }),
      maxDelaySeconds: reader.integer('WEBHOOK_DELIVERY_MAX_DELAY_SECONDS', { min: 1, max: DAY_SECONDS, unset: 600 }),
      scheduleSeconds: reader.schedule('WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS'),
    },
    attemptTimeoutSeconds: reader.integer('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', {
      min: 1,
      max: MAX_TIMEOUT_SECONDS,
      unset: 30,
    }),
    headerPrefix: reader.text('WEBHOOK_HEADER_PREFIX', {
      unset: 'X-Dograh',
      wanted: 'a header name of at most 64 characters that does not end in a hyphen',
      is: (text) => isHeaderName(text) && text.length <= 64 && !text.endsWith('-'),
    }),
    egressAllowCidrs: reader.cidrs('EGRESS_ALLOW_CIDRS'),
    credentialPrefix: reader.text('CREDENTIAL_PREFIX', {
      unset: 'webhook-credentials',
      wanted: 'letters, digits and /_+=.@- of at most 200 characters, with no slash at either end',
      is: (text) => /^[A-Za-z0-9_+=.@-](?:[A-Za-z0-9/_+=.@-]{0,198}[A-Za-z0-9_+=.@-])?$/.test(text),
    }),
    registerUnknownRuns: reader.flag('REGISTER_UNKNOWN_RUNS', { unset: false }),
  };
}

/** Collects faults instead of throwing at the first; what it answers beside a fault is never used. */
export class SettingsReader {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** A name that must be there and not be empty. */
  required(name: string): string {
    const text = this.#given(name);
    if (text === undefined) this.faults.push(`${name} is missing`);
    return text ?? '';
  }

  integer(name: string, { min, max, unset }: { min: number; max: number; unset: number }): number {
    const text = this.#given(name);
    if (text === undefined) return unset;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      this.faults.push(`${name} must be a whole number from ${min} to ${max}`);
      return unset;
    }
    return value;
  }

  schedule(name: string): number[] | undefined {
    const text = this.#given(name);
    if (text === undefined) return undefined;
    const entries = text.split(',').map((entry) => (/^\s*\d{1,7}\s*$/.test(entry) ? Number(entry) : Number.NaN));
    if (entries.length > MAX_ATTEMPTS_LIMIT || entries.some((s) => !(s >= 1 && s <= MAX_SCHEDULE_ENTRY_SECONDS))) {
      this.faults.push(
        `${name} must be up to ${MAX_ATTEMPTS_LIMIT} whole numbers of seconds from 1 to ${MAX_SCHEDULE_ENTRY_SECONDS}, parted by commas`,
      );
      return undefined;
    }
    return entries;
  }

  text(name: string, { unset, wanted, is }: { unset: string; wanted: string; is: (text: string) => boolean }): string {
    const text = this.#given(name) ?? unset;
    if (!is(text)) this.faults.push(`${name} must be ${wanted}`);
    return text;
  }

  cidrs(name: string): string[] {
    const parsed = parseAllowCidrs(this.#environment[name] ?? '');
    if (parsed.ok) return parsed.cidrs;
    this.faults.push(`${name}: ${parsed.fault}`);
    return [];
  }

  flag(name: string, { unset }: { unset: boolean }): boolean {
    const text = this.#given(name);
    if (text !== undefined && text !== 'true' && text !== 'false') this.faults.push(`${name} must be true or false`);
    return text === undefined ? unset : text === 'true';
  }

  #given(name: string): string | undefined {
    const text = this.#environment[name]?.trim();
    return text === '' ? undefined : text;
  }
}

/** The cluster a function asks. */
export type DatabaseSettings = { resourceArn: string; secretArn: string; database: string };

export function databaseSettings(reader: SettingsReader): DatabaseSettings {
  return {
    resourceArn: reader.required('DATABASE_RESOURCE_ARN'),
    secretArn: reader.required('DATABASE_SECRET_ARN'),
    database: reader.required('DATABASE_NAME'),
  };
}

/** Services of the platform that listen where a function runs: no webhook reaches them, whatever ranges are allowed. */
export function platformAuthorities(environment: Environment): string[] {
  const names = ['AWS_LAMBDA_RUNTIME_API', 'AWS_XRAY_DAEMON_ADDRESS', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  return names.flatMap((name) => environment[name] ?? []).filter((text) => text !== '');
}
