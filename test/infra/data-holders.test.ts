// Real: the templates CDK makes of the stack. A changed id, type or property in data-holders.json puts an empty resource in the place
// of one with data: never accept a change of what stands there without a way for what is deployed. What is new may be added (`-u`).
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { type DataHolders, dataHolders, replacements } from '../../scripts/data-holders.ts';
import { appWithoutBundles, templateOf } from '../support/stack/synthesized-stack.ts';

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

const holdersOf = (template: Template): DataHolders =>
  dataHolders(template.toJSON() as Parameters<typeof dataHolders>[0]);
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';
const network = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] };

/** Each form of the stack that somebody may have deployed. */
const FORMS: Record<string, WebhookDeliveryProps> = {
  'a new database': {},
  'a new database with readers, a key, and addresses that stay': {
    database: { kind: 'new', readers: 2, clusterIdentifier: 'acme-webhooks', databaseName: 'webhooks' },
    encryptionKeyArn: KEY,
    staticEgress: { natGateways: 2 },
  },
  'a new database in a given network': { database: { kind: 'new', network } },
  'an existing database': { database: existing },
};

describe('a deployment of this version over any before', () => {
  // The release compares this file with the one of the release before, and refuses what would be lost.
  test('leaves what holds data where it is, and what would replace it as it is', async () => {
    const forms = Object.entries(FORMS).map(([form, props]) => [form, holdersOf(templateOf(props))]);
    const text = `${JSON.stringify(Object.fromEntries(forms), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('data-holders.json');
  });

  test('whatever else the props say', () => {
    const many = templateOf({
      alarmEmail: 'on-call@example.com',
      staticEgress: {},
      privateReceivers: ['10.20.0.0/16'],
      tracing: 'active',
      deliverConcurrency: 200,
      attemptTimeoutSeconds: 10,
      database: { kind: 'new', readers: 1, maxCapacity: 64, backupWindow: '02:00-02:30', backupRetentionDays: 35 },
      alarms: { oldestDue: false },
    });
    expect(replacements(holdersOf(templateOf()), holdersOf(many))).toEqual([]);
  });

  test.each<[string, WebhookDeliveryProps, string]>([
    [
      'another key',
      { encryptionKeyArn: KEY },
      'AWS::RDS::DBCluster DatabaseD4AF121A would be replaced: its KmsKeyId changes',
    ],
    [
      'another name',
      { database: { kind: 'new', clusterIdentifier: 'acme' } },
      'AWS::RDS::DBCluster DatabaseD4AF121A would be replaced: its DBClusterIdentifier changes',
    ],
    ['an existing database', { database: existing }, 'AWS::RDS::DBCluster DatabaseD4AF121A would be gone'],
  ])('would lose its cluster by %s, and that is seen', (_what, props, fault) => {
    expect(replacements(holdersOf(templateOf()), holdersOf(templateOf(props)))).toContain(fault);
  });
});

test('a template names no region: the same one deploys in another', () => {
  const text = JSON.stringify(templateOf({ alarmEmail: 'on-call@example.com', staticEgress: {} }).toJSON());
  expect(text.match(/\b(?:us|eu|ap|sa|ca|me|af|il)(?:-gov)?-(?:north|south|east|west|central)\w*-\d\b/g)).toBeNull();
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
  const ids = Object.keys(holdersOf(Template.fromStack(stack)));
  expect(ids).toHaveLength(2 * Object.keys(holdersOf(templateOf())).length);
});
