// Real: cdk-nag's AwsSolutions and Serverless packs over the whole stack. The functions' code is left out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'surehook-nag-'));
});
afterEach(() => rmSync(outdir, { recursive: true }));

/** `rule on construct` for every violation that nobody acknowledged. */
function violationsOf(delivery: WebhookDeliveryProps): string[] {
  const app = new App({
    outdir,
    context: { 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: false,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const stack = new WebhookDeliveryStack(app, 'WebhookDelivery', { delivery });
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationFailed') throw error;
  }
  const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as {
    pluginReports: { violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[] }[];
  };
  return pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(
        ({ constructPath }) => `${ruleName} on ${constructPath.slice(stack.node.path.length + 1)}`,
      ),
    ),
  );
}

test('every rule holds or is acknowledged with a reason', () => {
  expect(violationsOf({ alarmEmail: 'on-call@example.com' })).toEqual([]);
});

test('and so it is of the network that webhooks leave from', () => {
  expect(violationsOf({ staticEgress: {}, privateReceivers: ['10.20.0.0/16'] })).toEqual([]);
});

test('and of a cluster with readers that may sleep, a key of the team’s own and a topic that is there', () => {
  const violations = violationsOf({
    database: {
      kind: 'new',
      minCapacity: 0,
      readers: 1,
      backupWindow: '02:00-02:30',
      maintenanceWindow: 'sun:03:00-sun:04:00',
    },
    encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    alarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call',
    alarms: { inspectErrors: false },
    tracing: 'active',
  });
  expect(violations).toEqual([]);
});

test('a rule that is broken is seen', () => {
  const violations = violationsOf({ database: { kind: 'new', deletionProtection: false } });
  expect(violations).toEqual(['AwsSolutions-RDS10 on Surehook/Database/Resource']);
});
