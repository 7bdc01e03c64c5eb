// Every setting as a flag of `cdk deploy -c name=value`, and what shows it in the template. Real: the flags, the template. The
// functions' code is left out. Three stacks for all of them: a new database, a new one in a given network, an existing one.
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { gatherSettings } from '../../infra/gather-settings.ts';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import { ALARM_NAMES, flagNames } from '../../infra/stack-settings.ts';
import { appWithoutBundles } from '../support/stack/synthesized-stack.ts';

/** A flag's text, and a text of the template that stands there with it alone; where it stands tells how. */
type Shown = { text: string; shows: RegExp } | { text: string; hides: RegExp };

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:on-call';

const literally = (text: string): RegExp => new RegExp(RegExp.escape(text));
const variable = (name: string, value: string): RegExp => literally(`"${name}":"${value}"`);
const policy = (type: string, value: string): RegExp =>
  new RegExp(`"Type":"${type}"(?:(?!"Type":"AWS::).)*"DeletionPolicy":"${value}"`);

const NEW: Record<string, Shown> = {
  stackName: { text: 'AcmeHooks', shows: /AcmeHooks\/Surehook/ },
  'database.kind': { text: 'new', shows: /AWS::RDS::DBCluster/ },
  'database.clusterIdentifier': { text: 'acme-hooks', shows: /"DBClusterIdentifier":"acme-hooks"/ },
  'database.databaseName': { text: 'acmedb', shows: /"DatabaseName":"acmedb"/ },
  'database.engineVersion': { text: '17.9', shows: /"EngineVersion":"17.9"/ },
  'database.minCapacity': { text: '1.5', shows: /"MinCapacity":1.5/ },
  'database.maxCapacity': { text: '33.5', shows: /"MaxCapacity":33.5/ },
  'database.readers': { text: '3', shows: /DatabaseReader3/ },
  'database.backupRetentionDays': { text: '13', shows: /"BackupRetentionPeriod":13/ },
  'database.backupWindow': { text: '02:00-02:30', shows: /"PreferredBackupWindow":"02:00-02:30"/ },
  'database.maintenanceWindow': {
    text: 'sun:03:00-sun:04:00',
    shows: /"PreferredMaintenanceWindow":"sun:03:00-sun:04:00"/,
  },
  'database.deletionProtection': { text: 'false', shows: /"DeletionProtection":false/ },
  databaseSchema: { text: 'hooks_x', shows: variable('DATABASE_SCHEMA', 'hooks_x') },
  applicationSchema: { text: 'app_x', shows: variable('APPLICATION_SCHEMA', 'app_x') },
  databaseMovedFrom: { text: 'old/db', shows: variable('DATABASE_MOVED_FROM', 'old/db') },
  alongside: { text: 'app_x.webhook_old', shows: variable('ALONGSIDE_TABLE', 'app_x.webhook_old') },
  outcomes: { text: 'all', shows: /"WEBHOOK_OUTCOMES":"all"/ },
  outcomeBus: { text: 'shop', shows: /event-bus\/shop"/ },
  maxAttempts: { text: '17', shows: variable('WEBHOOK_DELIVERY_MAX_ATTEMPTS', '17') },
  baseDelaySeconds: { text: '31', shows: variable('WEBHOOK_DELIVERY_BASE_DELAY_SECONDS', '31') },
  maxDelaySeconds: { text: '601', shows: variable('WEBHOOK_DELIVERY_MAX_DELAY_SECONDS', '601') },
  retryScheduleSeconds: { text: '7,77', shows: variable('WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS', '7,77') },
  retryStatuses: { text: '404,409', shows: variable('WEBHOOK_DELIVERY_RETRY_STATUSES', '404,409') },
  endpointDownAfterFailures: { text: '6', shows: variable('WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES', '6') },
  endpointHoldSeconds: { text: '3601', shows: variable('WEBHOOK_ENDPOINT_HOLD_SECONDS', '3601') },
  endpointExhausted: { text: 'hold', shows: variable('WEBHOOK_ENDPOINT_EXHAUSTED', 'hold') },
  endpointMaxInFlight: { text: '8', shows: variable('WEBHOOK_ENDPOINT_MAX_IN_FLIGHT', '8') },
  endpointMaxPerSecond: { text: '2.5', shows: variable('WEBHOOK_ENDPOINT_MAX_PER_SECOND', '2.5') },
  attemptTimeoutSeconds: { text: '41', shows: variable('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', '41') },
  enqueueTimeoutSeconds: { text: '21', shows: variable('WEBHOOK_ENQUEUE_TIMEOUT_SECONDS', '21') },
  headerPrefix: { text: 'X-Acme', shows: variable('WEBHOOK_HEADER_PREFIX', 'X-Acme') },
  credentialPrefix: { text: 'acme/hooks', shows: /:secret:acme\/hooks\/\*/ },
  registerUnknownRuns: { text: 'false', shows: variable('REGISTER_UNKNOWN_RUNS', 'false') },
  'staticEgress.natGateways': { text: '2', shows: /nat\w*Subnet2NATGateway/ },
  'staticEgress.elasticIpAllocationIds': {
    text: 'eipalloc-0a1b2c3d,eipalloc-0a1b2c3e',
    shows: /"AllocationId":"eipalloc-0a1b2c3e"/,
  },
  'staticEgress.securityGroupIds': { text: 'sg-0a1b2c3d', shows: /"sg-0a1b2c3d"/ },
  privateReceivers: { text: '10.20.0.0/16', shows: variable('EGRESS_ALLOW_CIDRS', '10.20.0.0/16') },
  deliverConcurrency: { text: '123', shows: /"MaximumConcurrency":123/ },
  intakeConcurrency: { text: '124', shows: /"MaximumConcurrency":124/ },
  logPayload: { text: 'values', shows: variable('WEBHOOK_LOG_PAYLOAD', 'values') },
  retentionDays: { text: '29', shows: variable('WEBHOOK_RETENTION_DAYS', '29') },
  rowRetentionDays: { text: '399', shows: variable('WEBHOOK_ROW_RETENTION_DAYS', '399') },
  encryptionKeyArn: { text: KEY, shows: literally(`"KmsMasterKeyId":"${KEY}"`) },
  logRetention: { text: '7', shows: /"RetentionInDays":7[,}]/ },
  tracing: { text: 'active', shows: /"Mode":"Active"/ },
  alarmTopicArn: { text: TOPIC, shows: literally(`"AlarmActions":["${TOPIC}"]`) },
  runbookUrl: { text: 'https://wiki.example.com/hooks', shows: /https:\/\/wiki.example.com\/hooks#dead-letters/ },
  'alarmThresholds.deadLetters': { text: '26', shows: /"Threshold":26[,}]/ },
  'alarmThresholds.oldestDueAgeSeconds': { text: '901', shows: /FILL\(age, 901\)/ },
  'alarmThresholds.databaseCapacityPercent': { text: '91', shows: /"Threshold":91[,}]/ },
  'alarmThresholds.endpointDownSeconds': { text: '3602', shows: /"Threshold":3602[,}]/ },
  'removalPolicies.database': { text: 'snapshot', shows: policy('AWS::RDS::DBCluster', 'Snapshot') },
  'removalPolicies.queues': { text: 'retain', shows: policy('AWS::SQS::Queue', 'Retain') },
  'removalPolicies.logs': { text: 'destroy', shows: policy('AWS::Logs::LogGroup', 'Delete') },
};

const IN_A_NETWORK: Record<string, Shown> = {
  'database.network.vpcId': { text: 'vpc-0a1b2c3d', shows: /"VpcId":"vpc-0a1b2c3d"/ },
  'database.network.subnetIds': {
    text: 'subnet-0a1b2c3d,subnet-0a1b2c3e',
    shows: /"SubnetIds":\["subnet-0a1b2c3d","subnet-0a1b2c3e"\]/,
  },
  'database.trueIdle': { text: 'true', shows: /SurehookMarkerQueue/ },
  dashboardWidget: { text: 'false', hides: /SurehookWidget/ },
  // With an address that is made; the two kinds of addresses exclude each other.
  'removalPolicies.addresses': { text: 'destroy', shows: policy('AWS::EC2::EIP', 'Delete') },
  ...Object.fromEntries(
    ALARM_NAMES.map((name) => [
      `alarms.${name}`,
      { text: 'false', hides: new RegExp(`Surehook${name.charAt(0).toUpperCase()}${name.slice(1)}Alarm`) },
    ]),
  ),
};

const EXISTING: Record<string, Shown> = {
  'database.secretArn': { text: SECRET, shows: literally(`"DATABASE_SECRET_ARN":"${SECRET}"`) },
  'database.secretKeyArn': { text: KEY, shows: literally(`"Resource":"${KEY}"`) },
  'staticEgress.network.vpcId': { text: 'vpc-0f1b2c3d', shows: /"VpcId":"vpc-0f1b2c3d"/ },
  'staticEgress.network.subnetIds': { text: 'subnet-0f1b2c3d', shows: /"SubnetIds":\["subnet-0f1b2c3d"\]/ },
  alarmEmail: { text: 'on-call@example.com', shows: /"Endpoint":"on-call@example.com"/ },
};

/** What else has to be said for them. */
const COMPANIONS = {
  NEW: {},
  IN_A_NETWORK: { 'database.kind': 'new', 'database.minCapacity': '0', 'staticEgress.natGateways': '1' },
  EXISTING: { 'database.clusterIdentifier': 'app', 'database.databaseName': 'app' },
};

function templateOf(flags: Record<string, string>): string {
  const file = { name: 'surehook.settings.ts', content: {} };
  const { stackName, ...delivery } = gatherSettings({ file, environment: {}, flags }).settings;
  const stack = new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', {
    ...(stackName !== undefined && { stackName }),
    delivery,
  });
  return JSON.stringify(Template.fromStack(stack).toJSON());
}

let plain: string;
beforeAll(() => {
  plain = templateOf({});
});

describe.each([
  ['NEW', NEW],
  ['IN_A_NETWORK', IN_A_NETWORK],
  ['EXISTING', EXISTING],
] as const)('flags of one deployment (%s)', (which, flags) => {
  let template: string;
  beforeAll(() => {
    const given = Object.entries(flags).map(([name, { text }]) => [name, text]);
    template = templateOf({ ...COMPANIONS[which], ...Object.fromEntries(given) });
  });

  test.each(Object.entries(flags))('-c %s stands in the template', (name, flag) => {
    const pattern = 'shows' in flag ? flag.shows : flag.hides;
    // And it is the flag that makes it so; but a new database is what nobody has to ask for.
    const there = { with: 'shows' in flag, without: 'hides' in flag || name === 'database.kind' };
    expect({ with: pattern.test(template), without: pattern.test(plain) }).toEqual(there);
  });
});

test('no setting is left out', () => {
  const shown = Object.keys({ ...NEW, ...IN_A_NETWORK, ...EXISTING });
  expect(shown.toSorted()).toEqual(
    flagNames()
      .map(({ path }) => path.join('.'))
      .toSorted(),
  );
});
