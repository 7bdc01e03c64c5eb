// Real: the examples in TypeScript, each in a process of its own, against a whole stack on this machine; the app's template, and a
// database of the application's own. No
// doubles. Those in other languages: npm run test:clients.
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorkflowStack } from '../../examples/cdk-app/workflow-stack.ts';
import { ExampleProcess, exported, typescript } from '../support/stack/example-process.ts';
import type { ApiCallsReport } from '../../local/twin/api-calls.ts';
import { createTestDatabase } from '../support/postgres/test-database.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { applicationUrl } from './application-role.ts';
import { describeReceiverExample } from './receiver-example-suite.ts';

let stack: RunningStack;
beforeAll(async () => {
  stack = await RunningStack.start({});
});
afterAll(() => stack.dispose());

/** With the tables of the fan-out, and nothing of Surehook's. */
async function applicationDatabase() {
  const { url, pool, drop } = await createTestDatabase();
  await pool.query(readFileSync(new URL('../../examples/fan-out/customer-endpoints.sql', import.meta.url), 'utf8'));
  const query = async (sql: string): Promise<unknown[]> => (await pool.query<Record<string, unknown>>(sql)).rows;
  return { url, query, [Symbol.asyncDispose]: () => drop() };
}

/** How often whoever is outside of the stack has invoked a function. */
async function invocations(): Promise<number> {
  const answer = await fetch(`${stack.endpoints.aws}/console/api-calls.json`);
  const { calls } = (await answer.json()) as ApiCallsReport;
  const invoked = calls.filter(({ operation, caller }) => operation === 'Invoke' && caller === 'outside');
  return invoked.reduce((sum, one) => sum + one.calls, 0);
}

describeReceiverExample(() => stack, {
  what: 'TypeScript',
  receiver: typescript('receiver/receiver.ts'),
  caller: (...given) => typescript('caller/hand-over.ts', ...given),
});

test('the caller says why a webhook was not taken', async () => {
  await using calling = new ExampleProcess(typescript('caller/hand-over.ts', 'ftp://a'), exported(stack.endpoints));
  expect(await calling.ended()).toEqual({ code: 1, said: expect.stringMatching(/^InvalidRequest: endpoint_url: /) });
});

test('a webhook that the application inserts in its own transaction is announced after the commit, and goes at once', async () => {
  await using receiver = await RecordingReceiver.open();
  await using inserting = new ExampleProcess(typescript('caller/insert.ts', receiver.url(), '76'), {
    ...exported(stack.endpoints),
    DATABASE_URL: await applicationUrl(stack),
    OUTBOX_SCHEMA: 'public',
  });
  expect(await inserting.ended()).toEqual({ code: 0, said: '' });
  const [inserted, announced] = inserting.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(announced).toMatchObject({ delivery_uuid: inserted?.['delivery_uuid'], result: 'sent' });
  await receiver.until(({ received }) => received.length === 1);
  expect(receiver.received[0]?.body.toString()).toBe('{"greeting":"Hello TypeScript"}');
  const rows = await stack.rows('select put_back_at from webhook_deliveries where workflow_run_id = 76');
  expect(rows).toEqual([{ put_back_at: null }]);
});

test('the app’s own function hands over what a run has to, and nothing twice', async () => {
  const url = `${stack.endpoints.aws}/demo/ok`;
  const run = {
    runId: 77,
    organizationId: 1,
    webhooks: [
      { nodeId: 'a', url },
      { nodeId: 'b', url },
      { nodeId: 'c', url: 'ftp://a' },
    ],
    result: { outcome: 'done' },
  };
  // As Lambda calls it, and once more, as Lambda does after a failure.
  const call = `
    const { handler } = await import('./cdk-app/workflow-finished.ts');
    for (const _ of [1, 2]) console.log(JSON.stringify(await handler(${JSON.stringify(run)})));
  `;
  const words = [...typescript('--input-type=module'), '--eval', call];
  await using calling = new ExampleProcess(words, exported(stack.endpoints));
  expect(await calling.ended()).toMatchObject({ code: 0, said: expect.stringContaining('InvalidRequest') });
  expect(calling.lines).toEqual(['{"handedOver":2}', '{"handedOver":2}']);
  const rows = await stack.rows('select id from webhook_deliveries where workflow_run_id = 77');
  expect(rows).toHaveLength(2);
});

test('one event is one call, and goes to each endpoint of its organization that wants it, once (fan-out)', async () => {
  await using application = await applicationDatabase();
  const { query } = application;
  const url = `${stack.endpoints.aws}/demo/ok`;
  await query(`insert into customer_endpoints (organization_id, url, event_types, is_active) values
    (31, '${url}?1', '{order.paid,order.lost}', true), (31, '${url}?2', '{order.paid}', true), (31, 'ftp://a', '{order.paid}', true),
    (31, '${url}?3', '{order.paid}', false), (31, '${url}?4', '{order.sent}', true), (32, '${url}?5', '{order.paid}', true)`);
  // Ids that no other test has as runs.
  await query('alter table customer_events alter column id restart with 3100');
  await query(`insert into customer_events (organization_id, type, data) values
    (31, 'order.paid', '{"order":1}'), (31, 'order.nobody', '{}'), (32, 'order.paid', '{"order":2}')`);
  const handedOver = async (): Promise<void> => {
    const call = `
      const { default: { Pool } } = await import('pg');
      const { handOverEvents } = await import('./fan-out/fan-out.ts');
      const database = new Pool({ connectionString: process.env.DATABASE_URL });
      await handOverEvents(database);
      await database.end();
    `;
    const words = [...typescript('--input-type=module'), '--eval', call];
    const env = { ...exported(stack.endpoints), DATABASE_URL: application.url };
    await using running = new ExampleProcess(words, env);
    expect(await running.ended()).toEqual({ code: 0, said: '' });
  };
  const deliveries = () =>
    stack.rows<Record<string, unknown>>(
      `select workflow_run_id as run, organization_id as organization, webhook_node_id as node, cast(status as text) as status
       from webhook_deliveries where workflow_run_id between 3100 and 3199 order by workflow_run_id, webhook_node_id`,
    );
  const before = await invocations();
  await handedOver();
  expect((await invocations()) - before).toBe(2);
  const expected = [
    { run: 3100, organization: 31, node: 'endpoint-1' },
    { run: 3100, organization: 31, node: 'endpoint-2' },
    { run: 3102, organization: 32, node: 'endpoint-6' },
  ];
  expect(await deliveries()).toMatchObject(expected);
  for (const { id } of await stack.rows<{ id: number }>(
    'select id from webhook_deliveries where workflow_run_id >= 3100',
  ))
    expect(await stack.over(id)).toMatchObject({ status: 'succeeded' });
  const events = await query('select refused, handed_over_at is null as waits from customer_events order by id');
  expect(events).toEqual([
    {
      refused: [{ endpoint: '3', errorType: 'InvalidRequest', errorMessage: expect.stringContaining('endpoint_url') }],
      waits: false,
    },
    { refused: [], waits: false },
    { refused: [], waits: false },
  ]);

  // As if it had died before it noted that; and an endpoint has come meanwhile.
  await query('update customer_events set handed_over_at = null');
  await query(
    `insert into customer_endpoints (organization_id, url, event_types) values (32, '${url}?7', '{order.paid}')`,
  );
  await handedOver();
  expect(await deliveries()).toMatchObject([...expected, { run: 3102, organization: 32, node: 'endpoint-7' }]);
  const bodies = await stack.rows<{ payload: string }>(
    'select payload from webhook_deliveries where workflow_run_id = 3102',
  );
  expect(new Set(bodies.map(({ payload }) => payload)).size).toBe(1);
  expect(JSON.parse(bodies[0]?.payload ?? '')).toEqual({
    id: '3102',
    type: 'order.paid',
    happened_at: expect.stringMatching(/Z$/),
    data: { order: 2 },
  });
});

test('the app lets its function invoke enqueue, and synthesizes', () => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false });
  const template = Template.fromStack(new WorkflowStack(app, 'Workflows'));
  const enqueue = { 'Fn::GetAtt': [Match.stringLikeRegexp('^WebhooksEnqueue'), 'Arn'] };
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: {
      PolicyName: Match.stringLikeRegexp('^WorkflowFinished'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'lambda:InvokeFunction', Resource: Match.arrayWith([enqueue]) }),
        ]),
      },
    },
  });
  expect(Object.keys(policies)).toHaveLength(1);
});
