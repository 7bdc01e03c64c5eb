import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiCalls, createApiCalls } from './api-calls.ts';
import type { AwsService } from '../aws/aws-service.ts';
import { createCallers } from './callers.ts';
import { cloudFormationInQueryProtocol, createCloudFormation } from '../aws/cloudformation/service.ts';
import { type ClusterState, createDataApi } from '../aws/data-api/service.ts';
import { createEventBridge, type KeptEvent } from '../aws/events/service.ts';
import { createIam, type JudgedAccess, type PolicyEngine } from '../aws/iam/iam.ts';
import { createLambda, type FunctionLogLine, type Lambda, type ObservedInvocation } from '../aws/lambda/service.ts';
import { createLogs } from '../aws/logs/service.ts';
import { alarmsInEveryProtocol, createAlarmsApi } from '../aws/metrics/alarms-api.ts';
import type { AlarmReport } from '../aws/metrics/stack-metrics.ts';
import { startLastingPostgres } from '../postgres/lasting-postgres.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { createSecretsManager } from '../aws/secrets-manager/service.ts';
import { inQueryProtocolToo } from '../aws/query-protocol.ts';
import { createSqs, type Queues, sqsQueryApi } from '../aws/sqs/service.ts';
import { createSts, stsInQueryProtocol } from '../aws/sts/service.ts';
import { StartError } from '../start-error.ts';
import type { StackDatabase, StackDescription, StackQueue } from '../template/stack-description.ts';
import { systemTimers } from '../timers.ts';

export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';

export type Twin = {
  services: Readonly<Record<string, AwsService>>;
  lambda: Lambda;
  queues: Queues;
  apiCalls: ApiCalls;
  /** Whether the database sleeps. */
  database(): { state: ClusterState['state']; since: string; woken: number };
  /** What EventBridge was given, newest first. */
  events(): KeptEvent[];
  /** Runs what a deployment runs, including the migration. Throws StartError if that fails. */
  deploy(): Promise<void>;
  /** Lets messages and time reach the functions. */
  begin(): void;
  stop(): Promise<void>;
};

export type TwinOptions = {
  /** When the database pauses, if not as the template says, and how long it takes to wake. Default: by the template, 15 s. */
  databasePause?: { afterSeconds: number | undefined; wakeSeconds: number };
  stack: StackDescription;
  postgres: Postgres;
  policyEngine: PolicyEngine;
  dataDir: string;
  /** `http://127.0.0.1:<port>` */
  endpoint: string;
  /** Where functions call AWS, if a proxy stands in between. */
  functionsEndpoint?: string | undefined;
  log: (line: FunctionLogLine) => void;
  observe: (observed: ObservedInvocation) => void;
  /** Outputs of the version that was deployed before; undefined: none was. */
  deployedBefore?: Readonly<Record<string, string>> | undefined;
  /** The states that DescribeAlarms answers. */
  alarms?: () => readonly AlarmReport[];
  say: (line: string) => void;
  /** Called with every judgement of a function's request. */
  onAccess?: (judged: JudgedAccess) => void;
};

/** The database server, which takes the longest to start and needs only a name from the template. */
export function startDatabase(dataDir: string, say: (line: string) => void): Promise<Postgres> {
  const folder = join(dataDir, 'postgres');
  mkdirSync(folder, { recursive: true });
  return startLastingPostgres({ folder, database: 'surehook', log: say });
}

/** Everything the template describes, running on this machine. Throws StartError for a stack that AWS would refuse. */
export async function buildTwin(options: TwinOptions): Promise<Twin> {
  const { stack, postgres, endpoint, functionsEndpoint, dataDir } = options;
  const timers = systemTimers;
  const database = databaseOf(stack);
  const pause = databasePauseOf(database, options.databasePause);
  let deployed = options.deployedBefore;
  const place = { region: REGION, accountId: ACCOUNT_ID };
  const iam = createIam(stack, { ...place, engine: options.policyEngine });
  await iam.checkDeployment();
  const { service: sqs, queues } = createSqs({ ...place, timers, baseUrl: endpoint });
  for (const queue of stack.queues) {
    queues.add({ ...queue, retentionSeconds: queue.messageRetentionSeconds, inert: inertAttributes(queue, stack) });
  }
  const secrets = createSecretsManager({ ...place, file: join(dataDir, 'secrets.json'), timers });
  secrets.ensure({
    name: database.secretName,
    arn: database.secretArn,
    secretString: JSON.stringify({ username: database.username, password: 'not-used-locally' }),
  });
  const dataApi = createDataApi({
    connection: postgres.connection,
    resourceArn: database.resourceArn,
    secretArn: database.secretArn,
    timers,
    ...(pause && { pause: { afterIdleMs: pause.afterSeconds * 1000, resumeMs: pause.wakeSeconds * 1000 } }),
  });
  const logs = createLogs({ ...place, functions: stack.functions, timers });
  const callers = createCallers();
  const apiCalls = createApiCalls(callers.functionOf, timers.nowMs);
  const lambda = createLambda({
    ...place,
    functions: stack.functions,
    environmentFor: (lambdaFunction, processId) => ({
      ...callers.credentialsOf(lambdaFunction.name, processId),
      AWS_ENDPOINT_URL: functionsEndpoint ?? endpoint,
      // As on AWS, there is no user configuration for the SDK to read; and this user may have no home folder.
      HOME: '/nonexistent',
    }),
    processEnded: callers.processEnded,
    log: (line) => {
      logs.record(line);
      options.log(line);
    },
    observe: options.observe,
    sendToQueue: async (arn, message) => {
      const queue = queues.byArn(arn);
      if (queue === undefined) throw new Error(`no queue ${arn}`);
      queue.send(message);
    },
    timers,
  });
  const eventBridge = createEventBridge({
    ...place,
    rules: stack.rules,
    buses: stack.eventBuses,
    timers,
    deliver({ arn, to }, text) {
      if (to.kind === 'function') lambda.invokeEvent(to.functionName, text);
      else queues.byArn(arn)?.send({ body: text });
    },
  });
  const services = {
    sqs,
    lambda: lambda.service,
    'rds-data': dataApi.service,
    secretsmanager: secrets.service,
    events: eventBridge.service,
    logs: logs.service,
    monitoring: createAlarmsApi(options.alarms ?? (() => [])),
    cloudformation: createCloudFormation({ ...place, stack, outputs: () => deployed, createdAtMs: timers.nowMs() }),
    sts: createSts({ ...place, sessionArn: (accessKeyId) => iam.sessionArn(callers.functionOf(accessKeyId)) }),
  };
  const guarded = iam.guarded(services, {
    functionOf: callers.functionOf,
    queueArn: (url) => queues.byUrl(url)?.arn,
    secretArn: secrets.arnOf,
    onAccess: options.onAccess,
  });
  const counted = apiCalls.counted(guarded);
  return {
    services: {
      ...counted,
      sqs: inQueryProtocolToo(counted.sqs, sqsQueryApi),
      monitoring: alarmsInEveryProtocol(counted.monitoring),
      cloudformation: cloudFormationInQueryProtocol(counted.cloudformation),
      sts: stsInQueryProtocol(counted.sts),
    },
    database() {
      const { state, sinceMs, woken } = dataApi.cluster();
      return { state, since: new Date(sinceMs).toISOString(), woken };
    },
    events: () => eventBridge.events(),
    apiCalls,
    lambda,
    queues,
    async deploy() {
      for (const trigger of stack.triggers) {
        const result = await lambda.invoke(trigger.functionName, '{}');
        if (result.kind === 'returned') continue;
        const why = result.kind === 'failed' ? `${result.errorType}: ${result.errorMessage}` : result.kind;
        throw new StartError(`${trigger.functionName} failed at deploy: ${why}`);
      }
      deployed = stack.outputs;
    },
    begin() {
      for (const mapping of stack.eventSourceMappings) {
        const queue = queues.byArn(mapping.queueArn);
        if (queue === undefined)
          throw new StartError(`the template maps a queue that it does not create: ${mapping.queueArn}`);
        lambda.poll(mapping, apiCalls.countedQueue(queue), options.say);
      }
      eventBridge.begin();
    },
    async stop() {
      eventBridge.stop();
      await lambda.stop();
      await dataApi.close();
      await postgres.stop();
    },
  };
}

/**
 * After how long without a call the database pauses, and how long it takes to wake; undefined: it never does. After no seconds at all it
 * would never answer: that is how somebody says that it is not to pause.
 */
export function databasePauseOf(
  { pausesAfterSeconds }: StackDatabase,
  { afterSeconds = pausesAfterSeconds ?? 0, wakeSeconds }: NonNullable<TwinOptions['databasePause']> = {
    afterSeconds: pausesAfterSeconds,
    wakeSeconds: 15,
  },
): { afterSeconds: number; wakeSeconds: number } | undefined {
  return afterSeconds === 0 ? undefined : { afterSeconds, wakeSeconds };
}

/** What the template says about a queue's access and encryption, as SQS would answer it. */
function inertAttributes({ arn, properties }: StackQueue, { permissions }: StackDescription): Record<string, string> {
  const policy = permissions.resourcePolicies.find(({ resourceArn }) => resourceArn === arn);
  const written = ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'].flatMap((name) =>
    properties[name] === undefined ? [] : [[name, String(properties[name])] as const],
  );
  return { ...Object.fromEntries(written), ...(policy !== undefined && { Policy: JSON.stringify(policy.document) }) };
}

export function databaseOf(stack: StackDescription): StackDatabase {
  if (stack.database === undefined)
    throw new StartError('the template creates no database: npm start needs one of its own');
  return stack.database;
}
