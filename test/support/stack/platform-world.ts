import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Pool } from 'pg';
import { vi } from 'vitest';
import { createDataApi } from '../../../local/aws/data-api/service.ts';
import { createEventBridge, type KeptEvent } from '../../../local/aws/events/service.ts';
import { createSecretsManager, type SecretsManager } from '../../../local/aws/secrets-manager/service.ts';
import { createSqs } from '../../../local/aws/sqs/service.ts';
import { UNSAFE_VARIABLES } from '../../../shared/runtime/unsafe-environment.ts';
import { DELIVERY_DEFAULTS } from '../../../shared/settings.ts';
import { systemTimers } from '../../../local/timers.ts';
import { createTestDatabase } from '../postgres/test-database.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const RESOURCE_ARN = `arn:aws:rds:${REGION}:${ACCOUNT}:cluster:deliveries`;
const SECRET_ARN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:deliveries-abcdef`;
const BUS_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
const QUEUES = ['delivery', 'delivery-dead-letters', 'intake', 'intake-dead-letters'] as const;

/** What a function finds where it runs: its environment, and AWS at the endpoint named there. */
export type PlatformBench = {
  pool: Pool;
  secrets: SecretsManager;
  /** What was put on the bus, newest first. */
  events(): KeptEvent[];
  /** As a function's configuration sets it. */
  environment: Record<string, string>;
  /** Whatever the functions wrote to stdout and stderr. */
  written: string[];
  /** Takes what can be received. */
  receive(queue: (typeof QUEUES)[number]): Promise<{ body: string; errorType: string | undefined }[]>;
  close(): Promise<void>;
};

/** The environment is this process's from now on, as a function's is, and its output is caught. */
export async function startPlatform(): Promise<PlatformBench> {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-functions-'));
  const database = await createTestDatabase();
  const { hostname, port, username, password } = new URL(database.url);
  const dataApi = createDataApi({
    connection: { host: hostname, port: Number(port), user: username, password, database: database.database },
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
  });
  const timers = systemTimers;
  const place = { timers, accountId: ACCOUNT, region: REGION };
  const sqs = createSqs({ ...place, baseUrl: 'http://127.0.0.1:4566' });
  for (const name of QUEUES) {
    const limits = { delaySeconds: 0, visibilityTimeoutSeconds: 30, retentionSeconds: 3600 };
    sqs.queues.add({ name, ...limits, maximumMessageBytes: 1_048_576 });
  }
  const secrets = createSecretsManager({ ...place, file: join(folder, 'secrets.json') });
  const events = createEventBridge({
    ...place,
    rules: [],
    buses: [{ name: 'default', arn: BUS_ARN }],
    deliver: () => undefined,
  });
  const served = await serveAwsService({
    'rds-data': dataApi.service,
    sqs: sqs.service,
    secretsmanager: secrets.service,
    events: events.service,
  });
  const urlOf = (name: string) => `${served.endpoint}/${ACCOUNT}/${name}`;
  const environment = {
    AWS_ENDPOINT_URL: served.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_LAMBDA_FUNCTION_NAME: 'function',
    DATABASE_RESOURCE_ARN: RESOURCE_ARN,
    DATABASE_SECRET_ARN: SECRET_ARN,
    DATABASE_NAME: database.database,
    DELIVERY_QUEUE_URL: urlOf('delivery'),
    MARKER_QUEUE_URL: '',
    DELIVER_FUNCTION_NAME: 'deliver',
    DELIVERY_DEAD_LETTER_QUEUE_URL: urlOf('delivery-dead-letters'),
    INTAKE_QUEUE_URL: urlOf('intake'),
    INTAKE_DEAD_LETTER_QUEUE_URL: urlOf('intake-dead-letters'),
    OUTCOME_BUS_ARN: BUS_ARN,
    OUTCOME_SERVICE: 'Acme/Webhooks',
    ...DELIVERY_DEFAULTS,
    APPLICATION_TABLES: 'made',
    STACK_ID: 'stack',
    OUTPUT_PREFIX: '',
    DATABASE_MOVED_FROM: '',
    EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    REGISTER_UNKNOWN_RUNS: 'true',
  };
  stubEnvironment(environment);
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  }
  const client = new SQSClient({ endpoint: served.endpoint, region: REGION });
  return {
    pool: database.pool,
    secrets,
    environment,
    events: () => events.events(),
    written,
    async receive(queue) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: urlOf(queue),
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map(({ Body = '', MessageAttributes }) => ({
        body: Body,
        errorType: MessageAttributes?.['ErrorType']?.StringValue,
      }));
    },
    async close() {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
      client.destroy();
      await served.close();
      await dataApi.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a function's configuration sets, in this process; and nothing by which a developer's machine would stop a cold start. */
export function stubEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of [...UNSAFE_VARIABLES.map((variable) => variable.name), 'NODE_OPTIONS'])
    vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

/** The context of an invocation that has this long. */
export function contextOf(seconds: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'function',
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:function`,
    memoryLimitInMB: '256',
    awsRequestId: crypto.randomUUID(),
    logGroupName: 'group',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => seconds * 1000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

/** A batch of a queue's messages as the event source hands it over, called `m-0`, `m-1`, … */
export function sqsEvent(...bodies: string[]): SQSEvent {
  const record = (body: string, index: number): SQSRecord => ({
    messageId: `m-${index}`,
    receiptHandle: `handle-${index}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1795435200000',
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: '1795435200000',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:queue`,
    awsRegion: REGION,
  });
  return { Records: bodies.map(record) };
}
