// Real: the template and the bundles that `npm start` runs, the functions in processes of their own, the judge of their
// permissions, PostgreSQL, receivers on loopback. Only the template's text is read for what it grants. Never asserted: how
// often something was asked for.
import { readFileSync } from 'node:fs';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCallers } from '../../local/twin/callers.ts';
import { createIam, loadPolicyEngine } from '../../local/aws/iam/iam.ts';
import type { StackDescription } from '../../local/template/stack-description.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';
import { aDelivery } from '../end-to-end/a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { serveAwsService } from '../local/serve-aws-service.ts';
import { type Assembly, describeStack, JudgedTwin, synthesizedAssembly } from './grants-world.ts';
import { covers, type Right, rightsOf } from './granted-rights.ts';

const ROLES = ['Enqueue', 'Deliver', 'Sweep', 'Migrate', 'Inspect', 'Operate', 'Widget'] as const;
const CREDENTIAL = '3c1f7a52-5f0e-4d5e-9a53-0f4a4f1f3b11';

let assembly: Assembly;
let database: TestDatabase;
let stack: StackDescription;
let twin: JudgedTwin;

beforeAll(async () => {
  [assembly, database] = await Promise.all([synthesizedAssembly(), createTestDatabase()]);
  stack = describeStack(assembly, assembly.template, 'http://127.0.0.1:1');
  twin = await JudgedTwin.build(assembly, database);
  await deployTwice(twin, database);
  twin.begin();
  await liveThrough(twin);
});

afterAll(async () => {
  await twin?.stop();
  await database?.drop();
  assembly?.dispose();
});

/** A foreign table in the way ends a migration, which rolls back; without it the next deployment succeeds. */
async function deployTwice(twin: JudgedTwin, { pool }: TestDatabase): Promise<void> {
  await pool.query('create table webhook_deliveries (foreign_to_us integer)');
  await expect(twin.deploy()).rejects.toThrow('webhook_deliveries');
  await pool.query('drop table webhook_deliveries');
  await twin.deploy();
}

/** Everything that a function does in the life of deliveries, once. */
async function liveThrough(twin: JudgedTwin): Promise<void> {
  await using receiver = await RecordingReceiver.open(({ path }, nth) => {
    if (path === '/later') return nth === 1 ? 503 : 200;
    return path === '/gone' && nth === 1 ? 410 : 200;
  });
  const to = (path: string, fields: object = {}) => aDelivery({ endpoint_url: receiver.url(path), ...fields });
  await twin.secrets.send(
    new CreateSecretCommand({
      Name: `webhook-credentials/7/${CREDENTIAL}`,
      SecretString: JSON.stringify({ credential_type: 'bearer_token', credential_data: { token: 'tok-1' } }),
    }),
  );
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const [dead, retried, secret] = await Promise.all(
    [to('/gone'), to('/later'), to('/', { credential_uuid: CREDENTIAL }), to('/', { scheduled_for: inAnHour })].map(
      (request) => twin.enqueue(request),
    ),
  );
  twin.queue('intake').send({ body: JSON.stringify(to('/queued')) });
  twin.queue('intake').send({ body: 'no JSON' });
  twin.queue('delivery').send({ body: 'no message of ours' });
  for (const { delivery_id } of [dead, retried, secret].filter((accepted) => accepted !== undefined)) {
    await twin.until(delivery_id);
  }
  await twin.answerOf('operate', { action: 'redeliver', delivery_ids: [dead?.delivery_id] });
  await twin.answerOf('inspect', { action: 'show', delivery_id: dead?.delivery_id });
  await twin.answerOf('widget', { widgetContext: {} });
  await twin.until(dead?.delivery_id ?? 0, ({ status }) => status === 'succeeded');
  await receiver.until(({ received }) => received.some(({ path }) => path === '/queued'));
  for (const role of ['intakeDeadLetters', 'deliveryDeadLetters']) await takeOne(twin, role);
  // Nobody but the sweep announces what an operator ends.
  const { delivery_id: unwanted } = await twin.enqueue(to('/', { scheduled_for: inAnHour }));
  await twin.answerOf('operate', { action: 'cancel', delivery_ids: [unwanted] });
  await twin.answerOf('sweep', { messages_lost: true });
}

async function takeOne(twin: JudgedTwin, role: string): Promise<void> {
  const { signal } = new AbortController();
  expect(await twin.queue(role).receive({ max: 1, waitMs: 20_000, signal })).toHaveLength(1);
}

function functionOf(role: string) {
  const found = stack.functions.find(({ name }) => name === stack.outputs[`${role}FunctionName`]);
  if (found === undefined) throw new Error(`there is no function ${role}`);
  return found;
}

/** Why a right that no function is seen to use is granted all the same. */
const UNSEEN: { action: string; because: string }[] = [
  { action: 'lambda:InvokeFunction', because: 'operate hands itself what is left of an order that takes longer' },
  { action: 'sqs:ChangeMessageVisibility', because: 'enqueue puts off what an outage of the database kept waiting' },
  { action: 'logs:CreateLogStream', because: 'Lambda writes a function’s log in its name' },
  { action: 'logs:PutLogEvents', because: 'Lambda writes a function’s log in its name' },
  { action: 'sqs:ReceiveMessage', because: 'Lambda’s poller of the event source; checked before it begins' },
  { action: 'sqs:DeleteMessage', because: 'Lambda’s poller of the event source; checked before it begins' },
  { action: 'sqs:GetQueueAttributes', because: 'Lambda’s poller of the event source; checked before it begins' },
];

describe('in the whole life of deliveries', () => {
  test('nothing that a function asks for is refused', () => {
    expect(twin.judged.filter(({ verdict }) => verdict.kind === 'denied')).toEqual([]);
  });

  test.each(ROLES)('%s uses every right it has', (role) => {
    const { name, roleLogicalId } = functionOf(role);
    const used = twin.judged.filter(({ functionName }) => functionName === name);
    const unused = rightsIn(roleLogicalId).filter((right) => !used.some((access) => covers(right, access)));

    const unexplained = unused.filter(({ action }) => !UNSEEN.some((other) => other.action === action));
    expect(unexplained).toEqual([]);
  });

  test('no explanation has outlived its right', () => {
    const granted = new Set(
      ROLES.flatMap((role) => rightsIn(functionOf(role).roleLogicalId)).map(({ action }) => action),
    );
    expect(UNSEEN.filter(({ action }) => !granted.has(action))).toEqual([]);
  });
});

function rightsIn(roleLogicalId: string | undefined): Right[] {
  const role = stack.permissions.roles.find(({ logicalId }) => logicalId === roleLogicalId);
  if (role === undefined) throw new Error(`there is no role ${roleLogicalId}`);
  return rightsOf(role);
}

/** Each with where it is granted, and words of the explanation that stands beside it there. */
const WILDCARDS: { right: RegExp; in: string; says: string }[] = [
  {
    right: /^secretsmanager:GetSecretValue on arn:aws:.*:secret:webhook-credentials\/\*$/,
    in: 'infra/functions.ts',
    says: 'Every secret below the prefix and no others',
  },
  {
    right: /^lambda:InvokeFunction on arn:aws:lambda:.*Migrate.*:\*$/,
    in: 'infra/migration.ts',
    says: 'invoke `<migrate>:*`, since each deployment invokes a version',
  },
  {
    right: /^logs:(?:CreateLogGroup|CreateLogStream|PutLogEvents) on \*$/,
    in: 'infra/migration.ts',
    says: "keeps to CDK's role: the managed policy for logs",
  },
];

describe('a wildcard', () => {
  const wild = (): string[] =>
    stack.permissions.roles
      .flatMap(rightsOf)
      .map(({ action, resource }) => `${action} on ${resource}`)
      .filter((right) => /[*?]/.test(right));

  test('stands nowhere without an explanation', () => {
    expect(wild().filter((right) => !WILDCARDS.some((explained) => explained.right.test(right)))).toEqual([]);
  });

  test.each(WILDCARDS)('is explained in $in: $says', ({ right, in: file, says }) => {
    expect(wild().some((granted) => right.test(granted))).toBe(true);
    expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toContain(says);
  });
});

describe('the secret of a credential', () => {
  const NAME = `webhook-credentials/7/${CREDENTIAL}`;

  test.each([
    ['Deliver', NAME, 'ResourceNotFoundException'],
    ['Deliver', `webhook-credentials-of-others/7/${CREDENTIAL}`, 'AccessDeniedException'],
    ['Deliver', `others/webhook-credentials/7/${CREDENTIAL}`, 'AccessDeniedException'],
    ['Enqueue', NAME, 'AccessDeniedException'],
    ['Sweep', NAME, 'AccessDeniedException'],
    ['Migrate', NAME, 'AccessDeniedException'],
    ['Inspect', NAME, 'AccessDeniedException'],
    ['Operate', NAME, 'AccessDeniedException'],
    ['Widget', NAME, 'AccessDeniedException'],
  ])('%s asks for %s: %s', async (role, SecretId, errorName) => {
    const callers = createCallers();
    const place = { region: 'us-east-1', accountId: '000000000000' };
    const nothing = { queueArn: () => undefined, secretArn: () => undefined };
    const missing = JSON.stringify({ __type: 'ResourceNotFoundException' });
    const iam = createIam(stack, { ...place, engine: await loadPolicyEngine(place) });
    const { endpoint, close } = await serveAwsService(
      iam.guarded(
        { secretsmanager: async () => ({ status: 400, headers: {}, body: missing }) },
        { functionOf: callers.functionOf, ...nothing },
      ),
    );
    const { AWS_ACCESS_KEY_ID: accessKeyId = '' } = callers.credentialsOf(functionOf(role).name, 'process');
    const client = new SecretsManagerClient({
      endpoint,
      region: place.region,
      credentials: { accessKeyId, secretAccessKey: 'any' },
    });

    const read = client.send(new GetSecretValueCommand({ SecretId }));

    await expect(read).rejects.toMatchObject({ name: errorName });
    client.destroy();
    await close();
  });
});
