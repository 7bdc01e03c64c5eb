// Real: the CDK, its template and asset manifest, the reader. Bundling is replaced by a folder that is already code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Vpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Trigger } from 'aws-cdk-lib/triggers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadStack } from '../../local/template/load-stack.ts';
import type { StackDescription } from '../../local/template/stack-description.ts';

const folder = mkdtempSync(join(tmpdir(), 'template-'));
afterAll(() => rmSync(folder, { recursive: true }));

let stack: StackDescription;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => {};');
  synthesize(join(folder, 'cdk.out'));
  stack = await loadStack({
    stackName: 'WebhookDelivery',
    assemblyFolder: join(folder, 'cdk.out'),
    queueUrl: (name) => `http://127.0.0.1:4566/000000000000/${name}`,
  });
});

function synthesize(outdir: string): void {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'WebhookDelivery');
  const database = new DatabaseCluster(stack, 'Database', {
    engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.of('17.5', '17') }),
    writer: ClusterInstance.serverlessV2('Writer'),
    vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      isolatedSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    }),
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    enableDataApi: true,
    defaultDatabaseName: 'surehook',
  });
  const deadLetters = new Queue(stack, 'DeadLetters', { retentionPeriod: Duration.days(14) });
  const deadLetterQueue = { queue: deadLetters, maxReceiveCount: 10 };
  const queue = new Queue(stack, 'Delivery', { visibilityTimeout: Duration.seconds(360), deadLetterQueue });
  const deliver = new LambdaFunction(stack, 'Deliver', {
    code: Code.fromAsset(folder, { exclude: ['cdk.out'] }),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(60),
    memorySize: 512,
    reservedConcurrentExecutions: 70,
    loggingFormat: LoggingFormat.JSON,
    deadLetterQueue: deadLetters,
    retryAttempts: 1,
    environment: {
      QUEUE_URL: queue.queueUrl,
      DATABASE_ARN: database.clusterArn,
      SECRET_ARN: database.secret?.secretArn ?? '',
    },
  });
  deliver.addEventSource(
    new SqsEventSource(queue, { batchSize: 10, maxConcurrency: 60, reportBatchItemFailures: true }),
  );
  const rule = new Rule(stack, 'EveryFiveMinutes', { schedule: Schedule.rate(Duration.minutes(5)) });
  rule.addTarget(new LambdaTarget(deliver));
  const migrate = new Trigger(stack, 'Migrate', { handler: deliver, timeout: Duration.minutes(5) });
  migrate.executeAfter(database);
  const dashboard = new Dashboard(stack, 'Dashboard');
  dashboard.addWidgets(new GraphWidget({ left: [deliver.metricErrors()] }));
  output(stack, 'DeliverFunctionName', deliver.functionName);
  output(stack, 'DeliveryQueueUrl', queue.queueUrl);
  app.synth();
}

function output(stack: Stack, name: string, value: string): void {
  const made = new CfnOutput(stack, `${name}Output`, { value });
  made.overrideLogicalId(name);
}

test('reads the one function that is not there for CloudFormation, with its asset and references', () => {
  const [deadLetters, queue] = stack.queues;
  expect(stack.functions).toHaveLength(1);
  expect(stack.functions[0]).toMatchObject({
    name: expect.stringMatching(/^WebhookDelivery-Deliver[\dA-F]{8}-[A-Z\d]{12}$/),
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    memoryMb: 512,
    timeoutSeconds: 60,
    codeFolder: expect.stringMatching(/cdk\.out\/asset\.[\da-f]{64}$/),
    reservedConcurrency: 70,
    deadLetterTargetArn: deadLetters?.arn,
    roleLogicalId: expect.stringMatching(/^DeliverServiceRole/),
    logFormat: 'JSON',
    asynchronous: { maximumRetryAttempts: 1 },
    environment: {
      QUEUE_URL: queue?.url,
      DATABASE_ARN: stack.database?.resourceArn,
      SECRET_ARN: stack.database?.secretArn,
    },
  });
});

test('reads the queues with their redrive policy', () => {
  const [deadLetters, queue] = stack.queues;
  expect(deadLetters).toMatchObject({ messageRetentionSeconds: 14 * 86_400, redrive: undefined });
  expect(queue).toMatchObject({
    visibilityTimeoutSeconds: 360,
    redrive: { deadLetterTargetArn: deadLetters?.arn, maxReceiveCount: 10 },
  });
});

test('reads what invokes the function: the queue, the schedule, the deployment', () => {
  const functionName = stack.functions[0]?.name;
  expect(stack.eventSourceMappings).toMatchObject([
    {
      queueArn: stack.queues[1]?.arn,
      functionName,
      batchSize: 10,
      reportsBatchItemFailures: true,
      maximumConcurrency: 60,
      enabled: true,
    },
  ]);
  expect(stack.rules).toMatchObject([
    {
      everyMs: 300_000,
      enabled: true,
      pattern: undefined,
      targets: [{ to: { kind: 'function', functionName }, input: { kind: 'event' } }],
    },
  ]);
  expect(stack.triggers).toMatchObject([{ functionName, invocationType: 'RequestResponse', timeoutMs: 300_000 }]);
});

test('reads the database with its generated secret', () => {
  expect(stack.database).toMatchObject({
    resourceArn: expect.stringMatching(
      /^arn:aws:rds:us-east-1:000000000000:cluster:webhookdelivery-database[\da-z-]+$/,
    ),
    secretArn: expect.stringMatching(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:DatabaseSecret[\dA-Z-]+$/),
    databaseName: 'surehook',
    pausesAfterSeconds: undefined,
    username: 'postgres',
    port: 5432,
  });
  expect(stack.database?.secretArn).toMatch(new RegExp(`:${stack.database?.secretName}-.{6}$`));
});

test('reads the dashboard and the outputs with their references followed', () => {
  const functionName = stack.functions[0]?.name;
  expect(stack.outputs).toMatchObject({ DeliverFunctionName: functionName, DeliveryQueueUrl: stack.queues[1]?.url });
  expect(stack.dashboards).toMatchObject([
    {
      body: {
        widgets: [
          { properties: { metrics: [['AWS/Lambda', 'Errors', 'FunctionName', functionName, { stat: 'Sum' }]] } },
        ],
      },
    },
  ]);
});

test('says what to do when the folder holds no synthesized stack', async () => {
  const nowhere = { stackName: 'WebhookDelivery', assemblyFolder: folder, queueUrl: String };
  await expect(loadStack(nowhere)).rejects.toThrow('npm run synth');
});

test('leaves nothing of the stack out', () => {
  expect(stack.notices).toEqual([]);
});
