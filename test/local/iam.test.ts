// Real: the judge of policies, the reader of templates, the services behind it, and the SDK's clients that call them. The
// functions never run: their credentials are enough. Never asserted: anything about a stack of CDK's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { BeginTransactionCommand, ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AwsService } from '../../local/aws/aws-service.ts';
import { createCallers } from '../../local/twin/callers.ts';
import { enforcePermissions, type JudgedAccess } from '../../local/aws/iam/enforce-permissions.ts';
import { Permissions } from '../../local/aws/iam/permissions.ts';
import { loadPolicyEngine, type PolicyEngine } from '../../local/aws/iam/policy-engine.ts';
import { accessReaders } from '../../local/aws/iam/requested-access.ts';
import { createSecretsManager } from '../../local/aws/secrets-manager/service.ts';
import { createSqs } from '../../local/aws/sqs/service.ts';
import { readPermissions } from '../../local/template/read-permissions.ts';
import { startReading } from '../../local/template/stack-reading.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { serveAwsService } from './serve-aws-service.ts';

const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:orders';
const CLUSTER = 'arn:aws:rds:us-east-1:000000000000:cluster:main';
const PASSWORD = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:password-AbCdEf';
const HOOKS = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:hooks/*';
const OTHER_FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:other';

type Statement = Record<string, unknown>;
const allow = (Action: string | string[], Resource: string | string[], Condition?: object): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

type Part = { Type: string; Properties: Record<string, unknown> };

/** A template with one role, `Worker`, that has these rights; what else a test needs is put beside it. */
function templateWith(statements: readonly Statement[], others: Record<string, Part> = {}): Record<string, unknown> {
  const AssumeRolePolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
  };
  const Policies = [
    { PolicyName: 'Rights', PolicyDocument: { Version: '2012-10-17', Statement: [...statements] } },
  ].filter(() => statements.length > 0);
  return {
    Resources: {
      WorkerRole: {
        Type: 'AWS::IAM::Role',
        Properties: { RoleName: 'worker-role', AssumeRolePolicyDocument, Policies },
      },
      Orders: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders' } },
      ...others,
    },
  };
}

function queuePolicy(statement: Statement): Record<string, Part> {
  const PolicyDocument = { Version: '2012-10-17', Statement: [statement] };
  return {
    OrdersPolicy: { Type: 'AWS::SQS::QueuePolicy', Properties: { Queues: [{ Ref: 'Orders' }], PolicyDocument } },
  };
}

let engine: PolicyEngine;
beforeAll(async () => {
  engine = await loadPolicyEngine(PLACE);
});

function permissionsOf(template: Record<string, unknown>): Permissions {
  const queueUrl = (name: string): string => `http://127.0.0.1:1/000000000000/${name}`;
  const stack = { stackName: 'Stack', template, assets: { files: {} }, assemblyFolder: '.', queueUrl };
  const functions = [
    { name: 'worker', arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker', roleLogicalId: 'WorkerRole' },
  ];
  return new Permissions({ functions, permissions: readPermissions(startReading(stack, template)) }, engine, PLACE);
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** The services of an account behind this template's permissions, and clients with the worker's credentials. */
async function bench(template: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-iam-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const timers = new ManualTimers();
  const { service: sqs, queues } = createSqs({ ...PLACE, timers, baseUrl: 'http://127.0.0.1:1' });
  const queue = queues.add({
    name: 'orders',
    delaySeconds: 0,
    visibilityTimeoutSeconds: 30,
    retentionSeconds: 345_600,
    maximumMessageBytes: 1_048_576,
  });
  const secrets = createSecretsManager({ ...PLACE, file: join(folder, 'secrets.json'), timers });
  const callers = createCallers();
  const judged: JudgedAccess[] = [];
  const reached: string[] = [];
  const done: AwsService = async ({ path }) => {
    reached.push(path);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
  };
  const services = enforcePermissions(
    {
      sqs,
      secretsmanager: secrets.service,
      'rds-data': done,
      lambda: done,
    },
    {
      functionOf: callers.functionOf,
      permissions: permissionsOf(template),
      readers: accessReaders({
        ...PLACE,
        queueArn: (url) => queues.byUrl(url)?.arn,
        secretArn: (id) => secrets.arnOf(id),
      }),
      onAccess: (access) => judged.push(access),
    },
  );
  const { endpoint, close } = await serveAwsService(services);
  cleanUps.push(close);
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = callers.credentialsOf(
    'worker',
    'process',
  );
  const client = { endpoint, region: PLACE.region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } };
  const outside = { ...client, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } };
  return {
    secrets,
    judged,
    reached,
    queueUrl: `${endpoint}/000000000000/orders`,
    waiting: () => queue.depth().visible,
    sqs: new SQSClient(client),
    secretsManager: new SecretsManagerClient(client),
    database: new RDSDataClient(client),
    lambda: new LambdaClient(client),
    outsideSqs: new SQSClient(outside),
  };
}

const WORKER = 'User: arn:aws:sts::000000000000:assumed-role/worker-role/worker';

describe('a function without the right', () => {
  test('to send is refused as SQS refuses, and nothing is sent', async () => {
    const { sqs, queueUrl, waiting } = await bench(templateWith([]));

    const sent = sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }));

    await expect(sent).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `${WORKER} is not authorized to perform: sqs:sendmessage on resource: ${QUEUE} because no identity-based policy allows the sqs:sendmessage action`,
      $metadata: { httpStatusCode: 403 },
    });
    expect(waiting()).toBe(0);
  });

  test('to read a secret is refused as Secrets Manager refuses', async () => {
    const { secretsManager, secrets } = await bench(templateWith([]));
    const arn = secrets.ensure({ name: 'hooks/1', secretString: 'x' });

    await expect(secretsManager.send(new GetSecretValueCommand({ SecretId: 'hooks/1' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `${WORKER} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${arn} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    });
  });

  test('to read a secret is not told whether there is one', async () => {
    const { secretsManager } = await bench(templateWith([]));

    await expect(secretsManager.send(new GetSecretValueCommand({ SecretId: 'hooks/2' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('on resource: hooks/2 because') as string,
    });
  });

  test('to run statements is refused as the Data API refuses', async () => {
    const { database, reached } = await bench(templateWith([allow('secretsmanager:GetSecretValue', PASSWORD)]));
    const command = new ExecuteStatementCommand({ resourceArn: CLUSTER, secretArn: PASSWORD, sql: 'select 1' });

    await expect(database.send(command)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `${WORKER} is not authorized to perform: rds-data:ExecuteStatement on resource: ${CLUSTER} because no identity-based policy allows the rds-data:ExecuteStatement action`,
    });
    expect(reached).toEqual([]);
  });

  test('to read the database’s secret runs no statement: the Data API reads it in its name', async () => {
    const { database, reached } = await bench(templateWith([allow('rds-data:ExecuteStatement', CLUSTER)]));
    const command = new ExecuteStatementCommand({ resourceArn: CLUSTER, secretArn: PASSWORD, sql: 'select 1' });

    await expect(database.send(command)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`secretsmanager:GetSecretValue on resource: ${PASSWORD}`) as string,
    });
    expect(reached).toEqual([]);
  });

  test('to invoke a function is refused as Lambda refuses', async () => {
    const { lambda, reached } = await bench(templateWith([]));

    await expect(lambda.send(new InvokeCommand({ FunctionName: 'other' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`lambda:InvokeFunction on resource: ${OTHER_FUNCTION}`) as string,
      $metadata: { httpStatusCode: 403 },
    });
    expect(reached).toEqual([]);
  });
});

describe('a function with the right', () => {
  test('sends, a batch with the right to the single operation', async () => {
    const { sqs, queueUrl, waiting } = await bench(templateWith([allow('sqs:SendMessage', QUEUE)]));

    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }));
    const Entries = [{ Id: 'a', MessageBody: 'x' }];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));

    expect(waiting()).toBe(2);
  });

  test('may do this one thing', async () => {
    const { sqs, queueUrl } = await bench(templateWith([allow('sqs:SendMessage', QUEUE)]));

    await expect(sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }))).rejects.toThrow('sqs:purgequeue');
  });

  test('runs statements, and no transactions', async () => {
    const rights = [allow('rds-data:ExecuteStatement', CLUSTER), allow('secretsmanager:GetSecretValue', PASSWORD)];
    const { database, reached } = await bench(templateWith(rights));
    const target = { resourceArn: CLUSTER, secretArn: PASSWORD };

    await database.send(new ExecuteStatementCommand({ ...target, sql: 'select 1' }));
    await expect(database.send(new BeginTransactionCommand(target))).rejects.toThrow('rds-data:BeginTransaction');

    expect(reached).toEqual(['/Execute']);
  });

  test.each(['hooks/1', 'hooks/1/2'])('to a prefix reads %s, by name and by ARN', async (name) => {
    const { secretsManager, secrets } = await bench(templateWith([allow('secretsmanager:GetSecretValue', HOOKS)]));
    const arn = secrets.ensure({ name, secretString: 'x' });

    for (const SecretId of [name, arn]) {
      const read = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
      expect(read.SecretString).toBe('x');
    }
  });

  test.each(['hook', 'hooks2/1', 'other/hooks/1'])('to a prefix does not read %s beside it', async (name) => {
    const { secretsManager, secrets } = await bench(templateWith([allow('secretsmanager:GetSecretValue', HOOKS)]));
    const arn = secrets.ensure({ name, secretString: 'x' });

    for (const SecretId of [name, arn]) {
      const read = secretsManager.send(new GetSecretValueCommand({ SecretId }));
      await expect(read).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
  });

  test.each([HOOKS, HOOKS.replace('*', 'new-??????')])('to %s is told that a secret is missing', async (resource) => {
    const { secretsManager } = await bench(templateWith([allow('secretsmanager:GetSecretValue', resource)]));

    const read = secretsManager.send(new GetSecretValueCommand({ SecretId: 'hooks/new' }));

    await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('invokes the version it may invoke, and not the function itself', async () => {
    const { lambda } = await bench(templateWith([allow('lambda:InvokeFunction', `${OTHER_FUNCTION}:*`)]));

    await lambda.send(new InvokeCommand({ FunctionName: 'other', Qualifier: '1' }));
    const unqualified = lambda.send(new InvokeCommand({ FunctionName: 'other' }));

    await expect(unqualified).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('any other credentials are an administrator’s', async () => {
  const { outsideSqs, queueUrl, waiting, judged } = await bench(templateWith([]));

  await outsideSqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }));

  expect(waiting()).toBe(1);
  expect(judged).toEqual([]);
});

test('an operation that nobody judges is refused, whatever the role says', async () => {
  const { secretsManager } = await bench(templateWith([allow('*', '*')]));

  await expect(secretsManager.send(new ListSecretsCommand({}))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('cannot judge secretsmanager.ListSecrets') as string,
  });
});

test('a judgement is made once', async () => {
  const permissions = permissionsOf(templateWith([allow('sqs:SendMessage', QUEUE)]));
  const access = { action: 'sqs:SendMessage', resource: QUEUE };

  const first = permissions.judgeFunction('worker', access);
  const verdict = await first;

  expect(first).toBeInstanceOf(Promise);
  expect(permissions.judgeFunction('worker', access)).toBe(verdict);
});

describe('the policy of a queue', () => {
  const send = { action: 'sqs:SendMessage', resource: QUEUE };
  const everybody = { AWS: '*' };

  test('that denies what is not encrypted denies nothing here: AWS is reached by TLS alone', async () => {
    const condition = { Bool: { 'aws:SecureTransport': 'false' } };
    const tlsOnly = { Effect: 'Deny', Principal: everybody, Action: 'sqs:*', Resource: QUEUE, Condition: condition };
    const template = templateWith([allow('sqs:SendMessage', QUEUE)], queuePolicy(tlsOnly));

    expect(await permissionsOf(template).judgeFunction('worker', send)).toEqual({ kind: 'allowed' });
  });

  test('that denies outweighs the role’s right', async () => {
    const deny = { Effect: 'Deny', Principal: everybody, Action: 'sqs:*', Resource: QUEUE };
    const { sqs, queueUrl } = await bench(templateWith([allow('sqs:SendMessage', QUEUE)], queuePolicy(deny)));

    await expect(sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }))).rejects.toThrow(
      'with an explicit deny in a resource-based policy',
    );
  });

  test.each([
    ['arn:aws:iam::000000000000:role/worker-role', 'allowed'],
    ['arn:aws:iam::000000000000:role/another', 'denied'],
  ])('that allows %s leaves the function %s', async (principal, kind) => {
    const grant = { Effect: 'Allow', Principal: { AWS: principal }, Action: 'sqs:SendMessage', Resource: QUEUE };

    const verdict = await permissionsOf(templateWith([], queuePolicy(grant))).judgeFunction('worker', send);

    expect(verdict.kind).toBe(kind);
  });
});

describe('a condition', () => {
  const send = { action: 'sqs:SendMessage', resource: QUEUE };
  const judge = (condition: object) =>
    permissionsOf(templateWith([allow('sqs:SendMessage', QUEUE, condition)])).judgeFunction('worker', send);

  test.each([
    ['worker', 'allowed'],
    ['another', 'denied'],
  ])('on the function %s leaves the worker %s', async (name, kind) => {
    const condition = {
      ArnEquals: { 'lambda:SourceFunctionArn': `arn:aws:lambda:us-east-1:000000000000:function:${name}` },
    };
    expect(await judge(condition)).toMatchObject({ kind });
  });

  test('on what the local twin does not know is an error, not a silent no', async () => {
    await expect(judge({ StringEquals: { 'aws:PrincipalTag/team': 'a' } })).rejects.toThrow(
      'policy Rights: the local twin does not know the condition key aws:PrincipalTag/team',
    );
  });
});

test('an explicit deny in the role outweighs its right', async () => {
  const deny = { ...allow('sqs:SendMessage', QUEUE), Effect: 'Deny' };
  const { sqs, queueUrl } = await bench(templateWith([allow('sqs:*', '*'), deny]));

  await expect(sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }))).rejects.toThrow(
    'with an explicit deny in an identity-based policy',
  );
});

test('a malformed policy is an error', async () => {
  const permissions = permissionsOf(templateWith([{ Effect: 'Perhaps', Action: 'sqs:SendMessage', Resource: QUEUE }]));

  const judged = permissions.judgeFunction('worker', { action: 'sqs:SendMessage', resource: QUEUE });

  await expect(judged).rejects.toMatchObject({ code: 'UnjudgeableAccess' });
});

describe('a template', () => {
  const role = (properties: Record<string, unknown>): Record<string, Part> => ({
    Other: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {}, ...properties } },
  });
  const policy = { PolicyDocument: { Version: '2012-10-17', Statement: [allow('sqs:SendMessage', QUEUE)] } };

  test.each([
    ['a managed policy of its own', 'AWS::IAM::ManagedPolicy', { Roles: [{ Ref: 'WorkerRole' }] }],
    ['a policy beside the role', 'AWS::IAM::RolePolicy', { RoleName: { Ref: 'WorkerRole' }, PolicyName: 'beside' }],
  ])('with %s gives what it says', async (_what, Type, properties) => {
    const permissions = permissionsOf(templateWith([], { Own: { Type, Properties: { ...policy, ...properties } } }));
    const judged = await permissions.judgeFunction('worker', { action: 'sqs:SendMessage', resource: QUEUE });
    expect(judged).toEqual({ kind: 'allowed' });
  });

  test('with the basic policy for functions gives rights to logs alone', async () => {
    const arn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    const permissions = permissionsOf(templateWith([], role({ ManagedPolicyArns: [arn] })));
    const group = 'arn:aws:logs:us-east-1:000000000000:log-group:any:log-stream:any';

    expect(await permissions.judgeRole('Other', { action: 'logs:PutLogEvents', resource: group })).toEqual({
      kind: 'allowed',
    });
    expect(await permissions.judgeRole('Other', { action: 'sqs:SendMessage', resource: QUEUE })).toMatchObject({
      kind: 'denied',
    });
  });
});
