// Real: every rule about settings. No doubles: the environment is an argument.
import { platformAuthorities } from '../../shared/egress/platform-authorities.ts';
import { describe, expect, test } from 'vitest';
import {
  databaseSettings,
  DELIVERY_SETTING_NAMES,
  deliverySettings,
  type Environment,
  MalformedSettings,
  readDeliverySettings,
  readSettings,
} from '../../shared/settings.ts';

const DEFAULTS = {
  maxAttempts: 5,
  retry: { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined },
  retryStatuses: [],
  endpoints: {
    downAfterFailures: 5,
    holdSeconds: 259_200,
    exhausted: 'dead_letter',
    maxInFlight: undefined,
    maxPerSecond: undefined,
  },
  attemptTimeoutSeconds: 30,
  enqueueTimeoutSeconds: 20,
  headerPrefix: 'X-Dograh',
  egressAllowCidrs: [],
  credentialPrefix: 'webhook-credentials',
  databaseSchema: 'public',
  applicationSchema: 'public',
  alongside: undefined,
  registerUnknownRuns: false,
  logPayload: 'shape',
  retentionDays: 30,
  rowRetentionDays: 400,
  outcomes: 'failures',
};

/** Fails when the settings are accepted. */
function faultsOf(environment: Environment): readonly string[] {
  try {
    readDeliverySettings(environment);
  } catch (error) {
    if (error instanceof MalformedSettings) return error.faults;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('delivery settings', () => {
  test('have the defaults that other programs know', () => {
    expect(readDeliverySettings({})).toEqual(DEFAULTS);
  });

  test.each(['', '   '])('that are %j count as unset, every one of them', (empty) => {
    expect(readDeliverySettings(Object.fromEntries(DELIVERY_SETTING_NAMES.map((name) => [name, empty])))).toEqual(
      DEFAULTS,
    );
  });

  test('are read, each by its name', () => {
    expect(
      readDeliverySettings({
        WEBHOOK_DELIVERY_MAX_ATTEMPTS: '50',
        WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: ' 1 ',
        WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '86400',
        WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '600',
        WEBHOOK_ENQUEUE_TIMEOUT_SECONDS: '45',
        WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '5, 300,1800',
        WEBHOOK_DELIVERY_RETRY_STATUSES: '401, 404,409,404',
        WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: '3',
        WEBHOOK_ENDPOINT_HOLD_SECONDS: '600',
        WEBHOOK_ENDPOINT_EXHAUSTED: 'hold',
        WEBHOOK_ENDPOINT_MAX_IN_FLIGHT: '3',
        WEBHOOK_ENDPOINT_MAX_PER_SECOND: '0.5',
        WEBHOOK_HEADER_PREFIX: 'X-Acme',
        EGRESS_ALLOW_CIDRS: '127.0.0.0/8, ::1/128',
        CREDENTIAL_PREFIX: 'acme/webhooks',
        DATABASE_SCHEMA: 'surehook',
        APPLICATION_SCHEMA: 'app-1',
        ALONGSIDE_TABLE: 'app-1.webhook_deliveries',
        REGISTER_UNKNOWN_RUNS: 'true',
        WEBHOOK_LOG_PAYLOAD: 'values',
        WEBHOOK_RETENTION_DAYS: '0',
        WEBHOOK_ROW_RETENTION_DAYS: '3650',
        WEBHOOK_OUTCOMES: 'all',
        UNRELATED: 'anything',
      }),
    ).toEqual({
      maxAttempts: 50,
      retry: { baseDelaySeconds: 1, maxDelaySeconds: 86_400, scheduleSeconds: [5, 300, 1800] },
      retryStatuses: [401, 404, 409],
      endpoints: { downAfterFailures: 3, holdSeconds: 600, exhausted: 'hold', maxInFlight: 3, maxPerSecond: 0.5 },
      attemptTimeoutSeconds: 600,
      enqueueTimeoutSeconds: 45,
      headerPrefix: 'X-Acme',
      egressAllowCidrs: ['127.0.0.0/8', '::1/128'],
      credentialPrefix: 'acme/webhooks',
      databaseSchema: 'surehook',
      applicationSchema: 'app-1',
      alongside: { schema: 'app-1', table: 'webhook_deliveries' },
      registerUnknownRuns: true,
      logPayload: 'values',
      retentionDays: 0,
      rowRetentionDays: 3650,
      outcomes: 'all',
    });
  });

  const NUMBERS = [
    ['WEBHOOK_DELIVERY_MAX_ATTEMPTS', 50],
    ['WEBHOOK_DELIVERY_BASE_DELAY_SECONDS', 86_400],
    ['WEBHOOK_DELIVERY_MAX_DELAY_SECONDS', 86_400],
    ['WEBHOOK_DELIVERY_TIMEOUT_SECONDS', 600],
    ['WEBHOOK_ENQUEUE_TIMEOUT_SECONDS', 45],
  ] as const;

  test.each(NUMBERS)('%s is a whole number from 1 to %i', (name, max) => {
    const wanted = `${name} must be a whole number from 1 to ${max}`;
    for (const text of [
      '0',
      '-1',
      '1.5',
      '1e2',
      '0x10',
      'five',
      '١',
      'NaN',
      'Infinity',
      '9'.repeat(30),
      String(max + 1),
    ]) {
      expect(faultsOf({ [name]: text })).toEqual([wanted]);
    }
  });

  test.each(['0', '5,', ',5', '5,,6', '5;6', '1.5', '-5', 'x', '604801', `${'1,'.repeat(50)}1`])(
    'a retry schedule of %s is refused',
    (text) => {
      expect(faultsOf({ WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: text })).toHaveLength(1);
    },
  );

  test('a retry schedule of fifty entries up to a week is taken', () => {
    const text = Array.from({ length: 50 }, () => '604800').join(',');
    const { retry } = readDeliverySettings({ WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: text });
    expect(retry.scheduleSeconds).toHaveLength(50);
  });

  test('the schedule of Standard Webhooks has a name, and brings ten attempts', () => {
    const named = { WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: ' standard-webhooks' };
    expect(readDeliverySettings(named)).toMatchObject({
      maxAttempts: 10,
      retry: { scheduleSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] },
    });
    expect(readDeliverySettings({ ...named, WEBHOOK_DELIVERY_MAX_ATTEMPTS: '4' }).maxAttempts).toBe(4);
  });

  test.each(['200', '299', '500', '4xx', '404,', '404;409', '4040', '-404'])(
    'a list of %s as statuses to try again is refused',
    (text) => {
      expect(faultsOf({ WEBHOOK_DELIVERY_RETRY_STATUSES: text })).toEqual([
        'WEBHOOK_DELIVERY_RETRY_STATUSES must be a comma-separated list of statuses from 300 to 499',
      ]);
    },
  );

  test.each(['X Dograh', 'X-Dograh-', 'X:Y', 'Ünit', 'x'.repeat(65)])('a header prefix of %j is refused', (text) => {
    expect(faultsOf({ WEBHOOK_HEADER_PREFIX: text })).toHaveLength(1);
  });

  test.each(['/a', 'a/', 'a b', 'a*', 'ä', 'a'.repeat(201)])('a credential prefix of %j is refused', (text) => {
    expect(faultsOf({ CREDENTIAL_PREFIX: text })).toHaveLength(1);
  });

  test.each(['a', 'acme/webhooks', 'a'.repeat(200)])('a credential prefix of %j is taken', (text) => {
    expect(readDeliverySettings({ CREDENTIAL_PREFIX: text }).credentialPrefix).toBe(text);
  });

  test.each(['yes', '1', 'TRUE', 'True'])('a flag of %j is refused', (text) => {
    expect(faultsOf({ REGISTER_UNKNOWN_RUNS: text })).toEqual(['REGISTER_UNKNOWN_RUNS must be true or false']);
  });

  test.each(['shape', 'values', 'none'])('%s may be shown of a payload in the log', (text) => {
    expect(readDeliverySettings({ WEBHOOK_LOG_PAYLOAD: text }).logPayload).toBe(text);
  });

  test.each(['Values', 'all', 'true', 'shape,values'])('%s of a payload in the log is refused', (text) => {
    expect(faultsOf({ WEBHOOK_LOG_PAYLOAD: text })).toEqual(['WEBHOOK_LOG_PAYLOAD must be shape, values or none']);
  });
});

test('every malformed and missing name is told at once, and no value', () => {
  const canary = 'canary-5up3r';
  const environment = Object.fromEntries(DELIVERY_SETTING_NAMES.map((name) => [name, `${canary} !`]));
  const everything = () =>
    readSettings({ ...environment, DATABASE_NAME: '  ', CREDENTIAL_PREFIX: `${canary}!` }, (reader) => ({
      delivery: deliverySettings(reader),
      database: databaseSettings(reader),
      queue: reader.required('DELIVERY_QUEUE_URL'),
    }));
  expect(everything).toThrow(MalformedSettings);
  const message = messageOf(everything);
  for (const name of DELIVERY_SETTING_NAMES) expect(message).toContain(name);
  for (const name of ['DATABASE_RESOURCE_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME', 'DELIVERY_QUEUE_URL']) {
    expect(message).toContain(`${name} is missing`);
  }
  expect(message).not.toContain(canary);
});

test('where nobody fills in defaults, each setting must be there', () => {
  expect(
    messageOf(() => readSettings({}, deliverySettings))
      .split(/malformed settings: |; /)
      .slice(1)
      .toSorted(),
  ).toEqual(DELIVERY_SETTING_NAMES.map((name) => `${name} is missing`).toSorted());
});

test('an environment that lacks everything required still has its sound parts judged', () => {
  expect(messageOf(() => readSettings({}, databaseSettings))).toBe(
    'malformed settings: DATABASE_SCHEMA is missing; APPLICATION_SCHEMA is missing; DATABASE_RESOURCE_ARN is missing; DATABASE_SECRET_ARN is missing; DATABASE_NAME is missing',
  );
});

test("the platform's own services are found where the platform names them", () => {
  expect(
    platformAuthorities({
      AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
      AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: '',
    }),
  ).toEqual(['169.254.100.1:9001', '169.254.100.1:2000']);
  expect(platformAuthorities({})).toEqual([]);
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was thrown');
}
