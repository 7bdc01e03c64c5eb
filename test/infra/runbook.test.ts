// The database's password as the runbook changes it. Real: the runbook's own lines in a shell, the templates of a stack with a
// database of its own and with an existing one, their outputs as the twin's reader makes them. Double: the `aws` command, a
// script that knows the outputs and one secret and writes down what it was asked to change.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { DeployedTemplate } from '../support/stack/deployed-template.ts';
import { appWithoutBundles, templateOf } from '../support/stack/synthesized-stack.ts';

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const FIRST_LINES = shellOf(runbook);
const CHANGE_PASSWORD = shellOf(runbook.slice(runbook.indexOf("## The database's password")));

const EXISTING = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;
const NEW_PASSWORD = 'New0Password1Of2Thirty3Letters';
/** As CDK has Secrets Manager generate it, and RDS' attachment completes it. */
const SECRET =
  '{"dbClusterIdentifier":"c","password":"the_old-one.=^","engine":"postgres","port":5432,"username":"surehook"}';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-runbook-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The first block of shell in a text. */
function shellOf(text: string): string {
  return /```sh\n([\s\S]+?)```/.exec(text)?.[1] ?? '';
}

function outputsOf(template: Template): Readonly<Record<string, string>> {
  return new DeployedTemplate(template, { partition: 'aws', region: 'eu-central-1', urlSuffix: 'amazonaws.com' })
    .outputs;
}

function ownStack(database: NonNullable<WebhookDeliveryProps['database']>): Template {
  const stack = new Stack(appWithoutBundles(), 'AcmeWorkflows');
  void new WebhookDelivery(stack, 'Webhooks', { database });
  return Template.fromStack(stack);
}

/** Stands for `aws`: answers look-ups, writes changes down, fails where it is told to. */
const AWS = `#!${process.execPath}
const fs = require('node:fs');
const given = JSON.parse(fs.readFileSync(process.env.GIVEN, 'utf8'));
const [service, action, ...rest] = process.argv.slice(2);
const option = (name) => rest[rest.indexOf('--' + name) + 1];
if (given.failing === action) process.exit(254);
switch (action) {
  case 'describe-stacks':
    console.log(given.outputs[/OutputKey=='(\\w+)'/.exec(option('query'))[1]] ?? '');
    break;
  case 'get-random-password':
    console.log(given.newPassword);
    break;
  case 'get-secret-value':
    console.log(given.secret);
    break;
  case 'modify-db-cluster':
    fs.appendFileSync(process.env.CHANGES, JSON.stringify([action, option('db-cluster-identifier'), option('master-user-password')]) + '\\n');
    break;
  case 'put-secret-value':
    fs.appendFileSync(process.env.CHANGES, JSON.stringify([action, option('secret-id'), fs.readFileSync(0, 'utf8')]) + '\\n');
    break;
  default:
    throw new Error('aws ' + service + ' ' + action);
}
`;

type Given = { template: Template; prefix?: string; secret?: string; failing?: string };

/** Runs the runbook's lines; answers what they changed, in order. */
function changePassword({ template, prefix = '', secret = SECRET, failing = '' }: Given) {
  const outputs = outputsOf(template);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  chmodSync(file('aws', AWS), 0o755);
  const GIVEN = file('given.json', JSON.stringify({ outputs, secret, failing, newPassword: NEW_PASSWORD }));
  const CHANGES = file('changes', '');
  const lines = FIRST_LINES.replace('PREFIX=\n', `PREFIX=${prefix}\n`) + CHANGE_PASSWORD;
  const { status, stderr } = spawnSync('sh', ['-c', lines], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, GIVEN, CHANGES },
  });
  const changes = readFileSync(CHANGES, 'utf8').split('\n').filter(Boolean);
  return { outputs, status, stderr, changes: changes.map((line): unknown => JSON.parse(line)) };
}

describe('the database’s password', () => {
  test.each([
    ['of the ready stack', '', () => templateOf()],
    ['of a construct in a stack of one’s own', 'Webhooks', () => ownStack({ kind: 'new' })],
  ])('%s is changed in its own cluster and then in its own secret', (_whose, prefix, synthesized) => {
    const { outputs, status, changes } = changePassword({ template: synthesized(), prefix });
    const cluster = outputs[`${prefix}DatabaseResourceArn`]?.split(':').at(-1);
    expect(cluster).toMatch(/database/);
    expect(changes).toEqual([
      ['modify-db-cluster', cluster, NEW_PASSWORD],
      ['put-secret-value', outputs[`${prefix}DatabaseSecretArn`], SECRET.replace('the_old-one.=^', NEW_PASSWORD)],
    ]);
    expect(status).toBe(0);
  });

  test.each([
    ['of the ready stack', '', () => templateOf({ database: EXISTING })],
    ['of a construct in a stack of one’s own', 'Webhooks', () => ownStack(EXISTING)],
  ])('%s that is an application’s is refused: nothing is changed anywhere', (_whose, prefix, synthesized) => {
    const { status, stderr, changes } = changePassword({ template: synthesized(), prefix });
    expect(changes).toEqual([]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("Refused: this database is not the stack's own")]);
  });

  test('is refused where the stack cannot be found, or does not say whose database it is', () => {
    expect(changePassword({ template: templateOf(), failing: 'describe-stacks' }).changes).toEqual([]);
    expect(changePassword({ template: templateOf(), prefix: 'Other' })).toMatchObject({ status: 1, changes: [] });
  });

  test('is refused where the secret is not read as expected: it could not be written back', () => {
    for (const secret of ['{"username":"surehook"}', '']) {
      expect(changePassword({ template: templateOf(), secret })).toMatchObject({ status: 1, changes: [] });
    }
    expect(changePassword({ template: templateOf(), failing: 'get-random-password' }).changes).toEqual([]);
  });

  test('is written into no secret that the cluster did not take', () => {
    const { status, changes } = changePassword({ template: templateOf(), failing: 'modify-db-cluster' });
    expect([status === 0, changes]).toEqual([false, []]);
  });
});
