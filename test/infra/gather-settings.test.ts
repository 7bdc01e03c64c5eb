// Real: the rules by which settings are gathered, the props they become, the template of some. No doubles; files are objects.
import { describe, expect, test } from 'vitest';
import { gatherSettings } from '../../infra/gather-settings.ts';
import { InvalidProps, resolveProps } from '../../infra/resolve-props.ts';
import { readSettingsFile } from '../../infra/settings-file.ts';
import { flagNames, SETTINGS, type StackSettings } from '../../infra/stack-settings.ts';
import { MalformedSettings } from '../../shared/settings.ts';
import { resourcesOf, templateOf, theFunction } from '../support/stack/synthesized-stack.ts';

function gathered(sources: { file?: unknown; environment?: Record<string, string>; flags?: Record<string, unknown> }) {
  const { file = {}, environment = {}, flags = {} } = sources;
  return gatherSettings({ file: { name: 'surehook.settings.ts', content: file }, environment, flags });
}

function faultsOf(sources: Parameters<typeof gathered>[0]): readonly string[] {
  try {
    resolveProps(gathered(sources).settings);
  } catch (error) {
    if (error instanceof InvalidProps || error instanceof MalformedSettings) return error.faults;
    throw error;
  }
  return [];
}

const EXISTING = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

describe('settings', () => {
  test('of the file mean the same stack at every deployment', () => {
    const file = {
      database: EXISTING,
      alarmEmail: 'on-call@example.com',
      deliverConcurrency: 80,
    } satisfies StackSettings;
    const [first, second] = [gathered({ file }), gathered({ file })].map(({ settings }) =>
      templateOf(settings).toJSON(),
    );
    expect(second).toEqual(first);
    const template = templateOf(gathered({ file }).settings);
    expect(resourcesOf(template, 'AWS::RDS::DBCluster').size).toBe(0);
    expect(resourcesOf(template, 'AWS::SNS::Topic').size).toBe(1);
  });

  test('of the environment win over the file, flags over both, and each that does is told', () => {
    const { settings, told } = gathered({
      file: { maxAttempts: 3, attemptTimeoutSeconds: 10, database: { kind: 'new', minCapacity: 1, maxCapacity: 4 } },
      environment: { WEBHOOK_DELIVERY_MAX_ATTEMPTS: '7', WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '20' },
      flags: { attemptTimeoutSeconds: '40', 'database.maxCapacity': '16', alarmEmail: 'on-call@example.com' },
    });
    expect(settings).toEqual({
      maxAttempts: 7,
      attemptTimeoutSeconds: 40,
      database: { kind: 'new', minCapacity: 1, maxCapacity: 16 },
      alarmEmail: 'on-call@example.com',
    });
    expect(told).toEqual([
      'setting maxAttempts: 7 from WEBHOOK_DELIVERY_MAX_ATTEMPTS, over surehook.settings.ts',
      'setting attemptTimeoutSeconds: 20 from WEBHOOK_DELIVERY_TIMEOUT_SECONDS, over surehook.settings.ts',
      'setting attemptTimeoutSeconds: 40 from -c attemptTimeoutSeconds, over surehook.settings.ts',
      'setting database.maxCapacity: 16 from -c database.maxCapacity, over surehook.settings.ts',
      'setting alarmEmail: another address from -c alarmEmail, not in surehook.settings.ts',
    ]);
  });

  test('that nobody gives leave everything at its default, and tell nothing', () => {
    expect(gathered({ environment: { PATH: '/usr/bin', WEBHOOK_DELIVERY_MAX_ATTEMPTS: '' } })).toEqual({
      settings: {},
      told: [],
    });
  });

  test.each([
    [
      { file: { alarmMail: 'a@example.com' } },
      'surehook.settings.ts: alarmMail is not a setting: did you mean alarmEmail?',
    ],
    [
      { file: { database: { kind: 'new', maxCapcity: 8 } } },
      'surehook.settings.ts: database.maxCapcity is not a setting: did you mean database.maxCapacity?',
    ],
    [{ file: { maxAttempts: '7' } }, 'surehook.settings.ts: maxAttempts must be a number'],
    [{ file: { tracing: 'on' } }, 'surehook.settings.ts: tracing must be one of active, pass-through, off'],
    [{ file: { logRetention: 31 } }, expect.stringContaining('logRetention must be one of 1, 3, 5')],
    [{ file: { privateReceivers: '10.0.0.0/8' } }, 'surehook.settings.ts: privateReceivers must be a list of texts'],
    [{ file: 'maxAttempts' }, 'surehook.settings.ts: the settings must be an object'],
    [{ flags: { alarmMail: 'a@example.com' } }, 'alarmMail is not a setting: did you mean alarmEmail?'],
    [{ flags: { engineversion: '17.9' } }, 'engineversion is not a setting: did you mean engineVersion?'],
    [{ flags: { colour: 'red' } }, 'colour is not a setting'],
    [{ flags: { maxCapacity: 'many' } }, 'maxCapacity must be a number'],
    [
      { flags: { maxCapacity: '8', 'database.maxCapacity': '9' } },
      'database.maxCapacity is given twice, by two of its names',
    ],
    [
      { flags: { databaseClusterIdentifier: 'app', databaseName: 'app' } },
      expect.stringContaining('database.kind must be new or existing'),
    ],
    [
      { file: { database: EXISTING }, flags: { maxCapacity: '8' } },
      'database.maxCapacity is of a database of kind new, and this one is existing',
    ],
    [
      { environment: { WEBHOOK_DELIVERY_MAX_ATEMPTS: '3' } },
      'WEBHOOK_DELIVERY_MAX_ATEMPTS is not a setting: did you mean WEBHOOK_DELIVERY_MAX_ATTEMPTS?',
    ],
    [
      { environment: { CREDENTIALS_PREFIX: 'x' } },
      'CREDENTIALS_PREFIX is not a setting: did you mean CREDENTIAL_PREFIX?',
    ],
    [
      { environment: { WEBHOOK_DELIVERY_COLOUR: 'red' } },
      expect.stringContaining('WEBHOOK_DELIVERY_COLOUR is not a setting'),
    ],
  ])('%j are refused, with the nearest name', (sources, fault) => {
    expect(faultsOf(sources)).toEqual([fault].flat());
  });

  test('leave other people’s names alone', () => {
    const environment = {
      WEBHOOK_URL: 'https://example.com',
      WEBHOOK_SECRET: 'x',
      AWS_REGION: 'eu-central-1',
      PORT: '4566',
    };
    const flags = {
      '@aws-cdk/core:x': true,
      'aws:cdk:bundling-stacks': [],
      'availability-zones:account=1:region=x': ['a'],
    };
    expect(gathered({ environment, flags }).settings).toEqual({});
  });
});

describe('flags', () => {
  const SAMPLES: Record<string, string> = {
    text: 'text',
    number: '2',
    boolean: 'true',
    texts: 'a,b',
    numbers: '404,409',
    schedule: '5,300',
  };

  test('give every setting, by each of its names', () => {
    for (const { path, kind, names } of flagNames()) {
      for (const name of names) {
        // With its kind, so that a database's name alone is no fault.
        const kindOfDatabase = path[0] === 'database' && path[1] !== 'kind' ? { 'database.kind': 'new' } : {};
        const value = typeof kind === 'string' ? SAMPLES[kind] : String(kind[0]);
        const { settings } = gathered({ flags: { ...kindOfDatabase, [name]: value } });
        const found = path.reduce<unknown>((inner, member) => (inner as Record<string, unknown>)[member], settings);
        expect([name, found]).toEqual([name, expect.anything()]);
      }
    }
    expect(new Set(flagNames().map(({ path }) => path[0]))).toEqual(new Set(Object.keys(SETTINGS)));
  });

  test('synthesize what they say', () => {
    const { settings } = gathered({
      flags: {
        engineVersion: '17.9',
        deliverConcurrency: '200',
        maxCapacity: '16',
        'removalPolicies.database': 'snapshot',
        deletionProtection: 'false',
        logRetention: '7',
        retryScheduleSeconds: '5,300',
        alarmEmail: '',
        clusterIdentifier: 'acme-webhooks',
        'database.kind': 'new',
      },
    });
    const template = templateOf(settings);
    const [[, cluster] = []] = resourcesOf(template, 'AWS::RDS::DBCluster');
    expect(cluster).toMatchObject({
      DeletionPolicy: 'Snapshot',
      Properties: {
        EngineVersion: '17.9',
        DBClusterIdentifier: 'acme-webhooks',
        DeletionProtection: false,
        ServerlessV2ScalingConfiguration: { MaxCapacity: 16 },
      },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 200 } });
    expect(JSON.stringify(theFunction(template, 'Deliver').properties)).toContain('"5,300"');
    for (const { Properties } of resourcesOf(template, 'AWS::Logs::LogGroup').values()) {
      expect(Properties['RetentionInDays']).toBe(7);
    }
  });

  test('take the names that earlier versions had for an existing database', () => {
    const { kind: _, clusterIdentifier, secretArn, databaseName } = EXISTING;
    const flags = { databaseClusterIdentifier: clusterIdentifier, databaseSecretArn: secretArn, databaseName };
    expect(gathered({ flags }).settings).toEqual({ database: EXISTING });
  });
});

test('a mistyped name of the settings file’s own variable is refused: staging would deploy as production', async () => {
  await expect(readSettingsFile({ SUREHOOK_SETTING: 'staging.settings.ts' })).rejects.toThrow(
    'SUREHOOK_SETTING is not a setting: did you mean SUREHOOK_SETTINGS?',
  );
});
