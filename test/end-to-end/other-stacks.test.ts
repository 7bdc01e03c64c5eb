// Real: a CDK app as somebody else writes it, with the construct and parts of its own, synthesized, and the stack that runs
// it. No doubles. What the construct itself does is tested elsewhere.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Code, Function as Lambda, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { freePort } from '../../local/free-port.ts';
import type { Endpoints } from '../../local/twin/endpoints-file.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { makeDataDir, removeDataDir, StackProcess } from '../support/stack/stack-process.ts';

/** Hands over a webhook for each message; the SDK is the runtime's, as CDK's own bundling leaves it out. */
const WORKER = `
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
const sqs = new SQSClient({});
exports.handler = async ({ Records }) => {
  for (const { body } of Records) {
    const { order, endpoint_url } = JSON.parse(body);
    const request = { workflow_run_id: order, organization_id: 1, webhook_node_id: 'order', endpoint_url, payload: { order } };
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.INTAKE, MessageBody: JSON.stringify(request) }));
  }
};`;
const INLINE = 'exports.handler = async (event) => console.log("inline got", JSON.stringify(event));';

let folder: string;
let dataDir: string;
let running: StackProcess;
let endpoints: Endpoints;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-app-'));
  synthesizeApp();
  dataDir = makeDataDir();
  const environment = { DATA_DIR: dataDir, PORT: String(await freePort()) };
  running = new StackProcess(environment, [], ['--app', join(folder, 'cdk.out')]);
  const ready = await running.ready(dataDir);
  if (!('aws' in ready)) throw new Error(ready.stderr);
  endpoints = ready;
}, 240_000);

afterAll(async () => {
  await running?.killGroup();
  for (const made of [folder, dataDir]) if (made !== undefined) removeDataDir(made);
});

function synthesizeApp(): void {
  const code = join(folder, 'worker');
  mkdirSync(code);
  writeFileSync(join(code, 'index.js'), WORKER);
  const app = new App({
    outdir: join(folder, 'cdk.out'),
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  const stack = new Stack(app, 'Shop');
  const webhooks = new WebhookDelivery(stack, 'Webhooks', { registerUnknownRuns: true });
  const common = { handler: 'index.handler', timeout: Duration.seconds(10) };

  const orders = new Queue(stack, 'Orders', { visibilityTimeout: Duration.seconds(60) });
  const worker = new Lambda(stack, 'Worker', {
    ...common,
    runtime: Runtime.NODEJS_22_X,
    code: Code.fromAsset(code),
    environment: { INTAKE: webhooks.queues.intake.queueUrl },
  });
  worker.addEventSource(new SqsEventSource(orders));
  webhooks.grantSend(worker);
  new Rule(stack, 'OrderPlaced', {
    eventPattern: { source: ['shop'], detailType: ['Order Placed'], detail: { total: [{ numeric: ['>', 0] }] } },
    targets: [
      new SqsQueue(orders, {
        message: RuleTargetInput.fromObject({
          order: EventField.fromPath('$.detail.order'),
          endpoint_url: EventField.fromPath('$.detail.endpoint'),
        }),
      }),
    ],
  });

  const inline = new Lambda(stack, 'Inline', {
    ...common,
    runtime: Runtime.NODEJS_24_X,
    code: Code.fromInline(INLINE),
  });
  // The CDK's own types do not agree on a role that is left out.
  const live = inline.addAlias('live') as unknown as IFunction;
  new Rule(stack, 'OrderSeen', { eventPattern: { source: ['shop'] }, targets: [new LambdaFunction(live)] });

  const python = { ...common, runtime: Runtime.PYTHON_3_13, code: Code.fromInline('def handler(e, c): pass') };
  new Lambda(stack, 'Report', python);
  new CfnBucket(stack, 'Invoices');
  app.synth();
}

async function putOrder(detail: object): Promise<unknown> {
  const Entries = [{ Source: 'shop', DetailType: 'Order Placed', Detail: JSON.stringify(detail) }];
  const response = await fetch(endpoints.aws, {
    method: 'POST',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=any/20261126/us-east-1/events/aws4_request',
      'x-amz-target': 'AWSEvents.PutEvents',
    },
    body: JSON.stringify({ Entries }),
  });
  return response.json();
}

describe("somebody's own app", () => {
  test('hands over a webhook by a rule, a queue and a function of its own, and it arrives on this machine', async () => {
    await using receiver = await RecordingReceiver.open();
    const put = await putOrder({ order: 17, total: 3, endpoint: receiver.url() });
    expect(put).toMatchObject({ FailedEntryCount: 0 });
    await receiver.until(({ answered }) => answered === 1);
    expect(JSON.parse(receiver.received[0]?.body.toString() ?? '')).toEqual({ order: 17 });
  });

  test('has inline code and targets by alias', async () => {
    const log = join(dataDir, 'functions.log');
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 30_000 }).toContain('inline got {"version":"0"');
  });

  test('is told at the start, once, what does not run here', () => {
    const told = running.output.split('\n').filter((line) => line.startsWith('  not here  '));
    expect(told).toEqual([
      expect.stringMatching(/^ {2}not here {2}Report\w+: a function of python3\.13, not of Node\.js\. /),
      expect.stringMatching(/^ {2}not here {2}Invoices \(AWS::S3::Bucket\): S3 is not here\. /),
    ]);
  });

  test('is found by the names of its outputs, with the prefix of the construct', () => {
    expect(endpoints.functions).toMatchObject({ enqueue: expect.stringContaining('Enqueue') });
    expect(endpoints.queues['intake']).toContain('Intake');
  });
});

test.each([
  [['--app', join(tmpdir(), 'no-such-folder')], 'is no cloud assembly'],
  [['--stack', 'Other'], 'has no stack Other; it has Shop'],
])('%j ends in one line', async (options, sentence) => {
  const elsewhere = makeDataDir();
  try {
    const words = options.includes('--app') ? options : ['--app', join(folder, 'cdk.out'), ...options];
    const environment = { DATA_DIR: elsewhere, PORT: String(await freePort()) };
    const { code, stderr } = await new StackProcess(environment, [], words).ended;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(sentence)]);
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});
