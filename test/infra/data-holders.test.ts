// Real: the templates CDK makes of the stack. A changed id or type here puts an empty resource in the place of one with data:
// never accept a change of these lists without a way for what is deployed.
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { appWithoutBundles, templateOf } from '../support/stack/synthesized-stack.ts';

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

/** What holds deliveries, requests or secrets, and what a cluster cannot be without. */
const HOLDS_DATA = /^AWS::(?:RDS|SQS::Queue$|SecretsManager|EC2::(?:VPC|Subnet|SecurityGroup|EIP)$)/;

function holdersOf(template: Template): string[] {
  const resources = Object.entries(template.toJSON()['Resources'] as Record<string, { Type: string }>);
  return resources
    .filter(([, { Type }]) => HOLDS_DATA.test(Type))
    .map(([id, { Type }]) => `${Type.slice(5)} ${id}`)
    .toSorted();
}

const QUEUES = [
  'SQS::Queue SurehookDeliveryDeadLetterQueueAFFAA228',
  'SQS::Queue SurehookDeliveryQueue8A42B73E',
  'SQS::Queue SurehookIntakeDeadLetterQueue5EC45148',
  'SQS::Queue SurehookIntakeQueueEC28DAF4',
];
const DATABASE = [
  'EC2::SecurityGroup SurehookDatabaseSecurityGroup875381FB',
  'EC2::Subnet SurehookNetworkdatabaseSubnet1SubnetD48863BF',
  'EC2::Subnet SurehookNetworkdatabaseSubnet2SubnetB742DE00',
  'EC2::VPC SurehookNetworkD86FEA68',
  'RDS::DBCluster DatabaseD4AF121A',
  'RDS::DBInstance SurehookDatabaseWriterA2107DDF',
  'RDS::DBSubnetGroup SurehookDatabaseSubnets539743BB',
  'SecretsManager::Secret SecretD4AF121A',
  'SecretsManager::SecretTargetAttachment SurehookDatabaseSecretAttachment9B54BF29',
];

describe('what holds data keeps its logical id and type', () => {
  test('with a new database', () => {
    expect(holdersOf(templateOf())).toEqual([...DATABASE, ...QUEUES].toSorted());
  });

  test('with an existing one', () => {
    expect(holdersOf(templateOf({ database: existing }))).toEqual(QUEUES);
  });

  test('whatever else the props say', () => {
    const many = templateOf({
      alarmEmail: 'on-call@example.com',
      staticEgress: {},
      privateReceivers: ['10.20.0.0/16'],
      tracing: 'active',
      deliverConcurrency: 200,
      encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555',
      attemptTimeoutSeconds: 10,
    });
    expect(holdersOf(many)).toEqual(expect.arrayContaining(holdersOf(templateOf())));
  });
});

describe('another partition', () => {
  test.each([
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-northwest-1', 'aws-cn'],
  ])('%s gets no ARN of the commercial one', (region) => {
    const stack = new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', {
      env: { region },
      delivery: { alarmEmail: 'on-call@example.com', staticEgress: {}, tracing: 'active' },
    });
    const text = JSON.stringify(Template.fromStack(stack).toJSON());
    expect(text).not.toMatch(/"arn:aws:/);
    expect(text).not.toContain('amazonaws.com/');
  });
});

test('two of the construct in one stack hold nothing in common', () => {
  const stack = new Stack(appWithoutBundles(), 'Acme');
  for (const id of ['Orders', 'Billing']) new WebhookDelivery(stack, id);
  const ids = holdersOf(Template.fromStack(stack));
  expect(ids.length).toBe(2 * holdersOf(templateOf()).length);
});
