// What an app around the construct does to all that is in it. Real: the CDK, cdk-nag. The functions' code is left out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Tags, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, onTestFinished, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';

const TESTING = { context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false };

test('two constructs in a stack, and two stacks in an app, have no name in common that must be unique', () => {
  const app = new App(TESTING);
  const stack = new Stack(app, 'Mine');
  new WebhookDelivery(stack, 'First');
  new WebhookDelivery(stack, 'Second');
  const another = new WebhookDeliveryStack(app, 'Another');
  const [mine, other] = [Template.fromStack(stack), Template.fromStack(another)];
  mine.resourceCountIs('AWS::RDS::DBCluster', 2);
  other.resourceCountIs('AWS::RDS::DBCluster', 1);
  // Whatever has a name of its own would collide with its sibling.
  const named = Object.values(mine.toJSON()['Resources'] as Record<string, { Properties?: Record<string, unknown> }>);
  const names = named.flatMap(({ Properties = {} }) =>
    ['FunctionName', 'QueueName', 'RoleName', 'AlarmName', 'DBClusterIdentifier', 'LogGroupName'].flatMap(
      (property) => JSON.stringify(Properties[property]) ?? [],
    ),
  );
  expect(names).toEqual([...new Set(names)]);
});

test('tags and a permissions boundary of the app reach every role', () => {
  const app = new App(TESTING);
  const stack = new Stack(app, 'Mine');
  new WebhookDelivery(stack, 'Webhooks');
  Tags.of(app).add('team', 'integrations');
  PermissionsBoundary.of(app).apply(ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'developers'));
  const template = Template.fromStack(stack);
  const roles = Object.keys(template.findResources('AWS::IAM::Role'));
  const having = (Properties: object): string[] =>
    Object.keys(template.findResources('AWS::IAM::Role', { Properties }));
  expect(roles.length).toBeGreaterThan(4);
  expect(having({ PermissionsBoundary: Match.anyValue() })).toEqual(roles);
  // The CDK makes one of these itself, for its trigger at deploy, which no tag reaches.
  const own = roles.filter((name) => !name.startsWith('AWSCDK'));
  expect(having({ Tags: Match.arrayWith([{ Key: 'team', Value: 'integrations' }]) })).toEqual(own);
});

test('cdk-nag in the app finds nothing in the construct', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'surehook-app-'));
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  const app = new App({ ...TESTING, outdir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new Stack(app, 'Mine');
  new WebhookDelivery(stack, 'First', { alarmEmail: 'on-call@example.com' });
  new WebhookDelivery(stack, 'Second', { alarmEmail: 'on-call@example.com' });
  app.synth();
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as {
    pluginReports: { violations: unknown[] }[];
  };
  expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
});
