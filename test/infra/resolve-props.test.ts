// Real: the rules of shared/settings.ts and of the props. No doubles.
import { describe, expect, test } from 'vitest';
import { propsFromEnvironment } from '../../infra/props-from-environment.ts';
import { InvalidProps, resolveProps } from '../../infra/resolve-props.ts';
import { DELIVERY_SETTING_NAMES, readDeliverySettings } from '../../shared/settings.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';

function faultsOf(props: WebhookDeliveryProps): readonly string[] {
  try {
    resolveProps(props);
  } catch (error) {
    if (error instanceof InvalidProps) return error.faults;
    throw error;
  }
  return [];
}

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

describe('props', () => {
  test('have the documented defaults', () => {
    expect(resolveProps({}).settings).toEqual({
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
      registerUnknownRuns: true,
      logPayload: 'shape',
      retentionDays: 30,
      rowRetentionDays: 400,
      outcomes: 'failures',
    });
  });

  test('name every fault at once, in terms of props', () => {
    const faults = faultsOf({
      maxAttempts: 51,
      retryScheduleSeconds: [5, 0],
      retryStatuses: [404, 503],
      attemptTimeoutSeconds: 0.5,
      enqueueTimeoutSeconds: 46,
      headerPrefix: 'X Dograh',
      credentialPrefix: '/webhooks',
      logPayload: 'all' as 'values',
      retentionDays: -1,
      rowRetentionDays: 3651,
      deliverConcurrency: 1,
      alarmEmail: 'nobody',
      runbookUrl: 'docs/runbook.md',
      alarmThresholds: { databaseCapacityPercent: 101 },
      database: { kind: 'new', engineVersion: '16.4', minCapacity: 0.7, maxCapacity: 0.5, backupRetentionDays: 0 },
    });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'database.engineVersion',
      'database.minCapacity',
      'database.maxCapacity',
      'database.maxCapacity',
      'maxAttempts',
      'retryScheduleSeconds',
      'retryStatuses',
      'attemptTimeoutSeconds',
      'enqueueTimeoutSeconds',
      'headerPrefix',
      'credentialPrefix',
      'logPayload',
      'retentionDays',
      'rowRetentionDays',
      'deliverConcurrency',
      'alarmThresholds.databaseCapacityPercent',
      'database.backupRetentionDays',
      'alarmEmail',
      'runbookUrl',
    ]);
  });

  test.each<[WebhookDeliveryProps, string]>([
    [{ database: { kind: 'new', readers: 16 } }, 'database.readers must be a whole number from 0 to 15'],
    [{ database: { kind: 'new', readers: 0.5 } }, 'database.readers must be a whole number from 0 to 15'],
    [
      { alarmTopicArn: 'on-call' },
      'alarmTopicArn must be the ARN of a standard topic, such as arn:aws:sns:eu-central-1:111122223333:on-call',
    ],
    [
      { alarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call.fifo' },
      'alarmTopicArn must be the ARN of a standard topic, such as arn:aws:sns:eu-central-1:111122223333:on-call',
    ],
    [
      { alarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call', alarmEmail: 'on-call@example.com' },
      'alarmTopicArn and alarmEmail cannot be set together: subscribe the address to the one topic instead',
    ],
    [
      { encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:alias/acme' },
      'encryptionKeyArn must be the ARN of a key, such as arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    ],
  ])('refuse %j', (props, fault) => {
    expect(faultsOf(props)).toEqual([fault]);
  });

  test('refuse an alarm that there is not: somebody would believe it to be off', () => {
    expect(faultsOf({ alarms: { deadLeters: false } as object })).toEqual([
      expect.stringMatching(/^alarms\.deadLeters is no alarm: they are deadLetters, /),
    ]);
  });

  test.each(['readers', 'backupWindow', 'maintenanceWindow'])('refuse %s for an existing database', (name) => {
    expect(faultsOf({ database: { ...existing, [name]: 1 } })).toEqual([
      `database.${name} is of a database of kind new, and this one is existing`,
    ]);
  });

  test.each([
    'https://wiki.example.com/runbook#dead-letters',
    'wiki.example.com/runbook',
    'ftp://wiki.example.com/',
    'https://wiki.example.com/a runbook',
    `https://wiki.example.com/${'r'.repeat(232)}`,
  ])('refuse %s as the page of a runbook', (runbookUrl) => {
    expect(faultsOf({ runbookUrl })).toEqual([
      'runbookUrl must be an absolute http(s) URL of at most 256 characters, without a fragment',
    ]);
    expect(faultsOf({ runbookUrl: `https://wiki.example.com/${'r'.repeat(231)}` })).toEqual([]);
  });

  test('demand the complete ARN of an existing database’s secret', () => {
    const incomplete = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app';
    expect(faultsOf({ database: existing })).toEqual([]);
    expect(faultsOf({ database: { ...existing, secretArn: incomplete, databaseName: '' } })).toEqual([
      'database.databaseName is missing',
      'database.secretArn must be the complete ARN of a secret, with the six characters at its end',
    ]);
  });

  test('name what is missing of an existing database, as JavaScript may leave it out', () => {
    expect(faultsOf({ database: { kind: 'existing' } as unknown as typeof existing })).toEqual([
      'database.clusterIdentifier is missing',
      'database.databaseName is missing',
      'database.secretArn is missing',
    ]);
    const { kind: _, ...kindless } = existing;
    expect(faultsOf({ database: kindless as typeof existing })).toEqual(['database.kind must be new or existing']);
  });

  test('take the long ARN of a secret that RDS manages, and no other', () => {
    const ofRds = `arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:rds!cluster-11111111-2222-3333-4444-555555555555-AbCdEf`;
    expect(ofRds.length).toBeGreaterThan(100);
    expect(faultsOf({ database: { ...existing, secretArn: ofRds } })).toEqual([]);
    expect(faultsOf({ database: { ...existing, secretArn: ofRds.replace('rds!cluster', 'app-cluster') } })).toEqual([
      'database.secretArn must have at most 100 characters, the limit of the Data API',
    ]);
  });

  test.each(['Webhooks', '1webhooks', 'web--hooks', 'webhooks-', 'web_hooks', 'w'.repeat(64), ''])(
    'refuse %j as a new cluster’s name: RDS would',
    (clusterIdentifier) => {
      expect(faultsOf({ database: { kind: 'new', clusterIdentifier } })).toEqual([
        expect.stringContaining('database.clusterIdentifier must be lower-case letters'),
      ]);
      expect(faultsOf({ database: { kind: 'new', clusterIdentifier: 'acme-web-hooks-2' } })).toEqual([]);
    },
  );

  test('take the schedule of Standard Webhooks by its name, with its number of attempts', () => {
    const { retry, maxAttempts } = resolveProps({ retryScheduleSeconds: 'standard-webhooks' }).settings;
    expect([maxAttempts, retry.scheduleSeconds?.length, retry.scheduleSeconds?.at(-1)]).toEqual([10, 9, 86_400]);
  });

  test('register unknown runs in a database of their own, and not in an existing one', () => {
    expect(resolveProps({}).settings.registerUnknownRuns).toBe(true);
    expect(resolveProps({ database: existing }).settings.registerUnknownRuns).toBe(false);
    expect(faultsOf({ database: existing, registerUnknownRuns: true })).toEqual([
      expect.stringMatching(/^registerUnknownRuns cannot be true with an existing database/),
    ]);
  });

  test('believe an application without tables of its own, and keep its runs beside ours', () => {
    const resolved = resolveProps({ database: existing, applicationSchema: 'none' });
    expect(resolved.settings).toMatchObject({
      databaseSchema: 'surehook',
      applicationSchema: 'surehook',
      registerUnknownRuns: true,
    });
    expect(resolved.applicationTables).toBe('made');
    expect(faultsOf({ applicationSchema: 'none', registerUnknownRuns: false })).toHaveLength(1);
  });

  test('find what a stack made for itself, once its database is an existing one, as docs/regions.md has it', () => {
    const made = resolveProps({});
    const restored = resolveProps({ database: existing, databaseSchema: 'public', applicationSchema: 'none' });
    expect(restored.settings).toEqual(made.settings);
    expect(restored.applicationTables).toBe(made.applicationTables);
  });

  test('have the migration make the two tables in a new database, and find them in an existing one', () => {
    expect(resolveProps({}).applicationTables).toBe('made');
    expect(resolveProps({ database: existing }).applicationTables).toBe('found');
  });
});

describe('schemas', () => {
  const schemasOf = (props: WebhookDeliveryProps) => {
    const { databaseSchema, applicationSchema } = resolveProps(props).settings;
    return [databaseSchema, applicationSchema];
  };

  test('follow the kind of database where nothing is said', () => {
    expect(schemasOf({})).toEqual(['public', 'public']);
    expect(schemasOf({ database: existing })).toEqual(['surehook', 'public']);
  });

  test('hold what the application has in a new database too, unless it has a schema of its own', () => {
    expect(schemasOf({ databaseSchema: 'hooks' })).toEqual(['hooks', 'hooks']);
    expect(schemasOf({ databaseSchema: 'hooks', applicationSchema: 'app' })).toEqual(['hooks', 'app']);
    expect(schemasOf({ database: existing, databaseSchema: 'public' })).toEqual(['public', 'public']);
  });

  test.each(['a"b', 'a.b', "a'b", '1a', 'pg_temp', 'information_schema', 'a'.repeat(64), 'ü'.repeat(32), '$a'])(
    'of the name %j are refused in terms of props',
    (name) => {
      expect(faultsOf({ databaseSchema: name }).map((fault) => fault.split(' ')[0])).toContain('databaseSchema');
    },
  );
});

describe('props from an environment', () => {
  test('carry every setting but the addresses that are let through', () => {
    const environment = {
      WEBHOOK_DELIVERY_MAX_ATTEMPTS: '7',
      WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
      WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '60',
      WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '5',
      WEBHOOK_ENQUEUE_TIMEOUT_SECONDS: '10',
      WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '5,300',
      WEBHOOK_DELIVERY_RETRY_STATUSES: '401,404',
      WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: '3',
      WEBHOOK_ENDPOINT_HOLD_SECONDS: '600',
      WEBHOOK_ENDPOINT_EXHAUSTED: 'hold',
      WEBHOOK_ENDPOINT_MAX_IN_FLIGHT: '3',
      WEBHOOK_ENDPOINT_MAX_PER_SECOND: '0.5',
      WEBHOOK_HEADER_PREFIX: 'X-Acme',
      CREDENTIAL_PREFIX: 'acme/webhooks',
      DATABASE_SCHEMA: 'hooks',
      APPLICATION_SCHEMA: 'app',
      ALONGSIDE_TABLE: 'app.webhook_deliveries',
      REGISTER_UNKNOWN_RUNS: 'false',
      EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      WEBHOOK_LOG_PAYLOAD: 'values',
      WEBHOOK_RETENTION_DAYS: '7',
      WEBHOOK_ROW_RETENTION_DAYS: '0',
      WEBHOOK_OUTCOMES: 'all',
    };
    const props = propsFromEnvironment(environment);
    expect(props).toEqual({
      maxAttempts: 7,
      baseDelaySeconds: 1,
      maxDelaySeconds: 60,
      attemptTimeoutSeconds: 5,
      enqueueTimeoutSeconds: 10,
      retryScheduleSeconds: [5, 300],
      retryStatuses: [401, 404],
      endpointDownAfterFailures: 3,
      endpointHoldSeconds: 600,
      endpointExhausted: 'hold',
      endpointMaxInFlight: 3,
      endpointMaxPerSecond: 0.5,
      headerPrefix: 'X-Acme',
      credentialPrefix: 'acme/webhooks',
      databaseSchema: 'hooks',
      applicationSchema: 'app',
      alongside: 'app.webhook_deliveries',
      registerUnknownRuns: false,
      logPayload: 'values',
      retentionDays: 7,
      rowRetentionDays: 0,
      outcomes: 'all',
    });
    expect(Object.keys(environment).toSorted()).toEqual(DELIVERY_SETTING_NAMES.toSorted());
    // And the props resolve to what the environment says.
    const settings = readDeliverySettings(environment);
    expect(resolveProps(props).settings).toEqual({ ...settings, egressAllowCidrs: [] });
  });

  test('leave unknown runs to the kind of database where nothing is said', () => {
    expect(propsFromEnvironment({})).not.toHaveProperty('registerUnknownRuns');
  });
});
