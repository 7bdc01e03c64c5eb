// What the database itself refuses. Real: enqueue by invoke and by queue, the store, the SDK, the local Data API, PostgreSQL 17
// with its rights, constraints, sequences and triggers, and the statements of the runbook that mend them. Doubles: the queues,
// log and metrics, which record.
import { createDataApiCalls } from '../../../shared/aws/clients.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import { readFileSync } from 'node:fs';
import { escapeLiteral } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDataApi as createDataApiEndpoint } from '../../../local/aws/data-api/service.ts';
import { createDataApi } from '../../../shared/aws/data-api.ts';
import { createDataApiAcceptStore } from '../../../shared/aws/data-api-accept-store.ts';
import type { AcceptStore } from '../../../shared/enqueue/accept-store.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { enqueueFromIntake } from '../../../shared/enqueue/enqueue-from-intake.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { EnqueueBench, request, requests } from './enqueue-deliveries-world.ts';
import { PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';

const RUNBOOK = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');

let rows: PostgresStoreBench;
let bench: EnqueueBench;
let statements = 0;

beforeAll(async () => {
  rows = await openPostgresStore({
    intercept: () => {
      statements++;
      return { kind: 'proceed' };
    },
  });
});

beforeEach(async () => {
  await rows.reset();
  bench = new EnqueueBench();
  bench.parts.store = rows.store;
  bench.parts.clock = { ...systemClock, uuid: () => systemClock.uuid() };
});

afterAll(() => rows.close());

const limit = () => ({ untilMonotonicMs: systemClock.monotonicMs() + 30_000 });
const enqueue = (event: unknown) => enqueueByInvoke(event, bench.parts, limit());
const refusalOf = (event: unknown) => enqueue(event).catch((error: unknown) => error);

/** Runs a statement of the runbook, with what stands there for a name replaced. */
const SCHEMAS: Record<string, string> = { schema: 'public', application: 'public' };

async function mend(statement: string, names: Record<string, string> = {}): Promise<void> {
  if (!RUNBOOK.includes(statement)) throw new Error(`the runbook does not say: ${statement}`);
  await rows.pool.query(statement.replaceAll(/<(\w+)>/g, (_, name: string) => ({ ...SCHEMAS, ...names })[name] ?? ''));
}

async function comeAgainOf(...bodies: unknown[]): Promise<string[]> {
  const messages = bodies.map((body, index) => ({
    messageId: `m-${index}`,
    receiptHandle: `handle-${index}`,
    body: JSON.stringify(body),
    sentAtMs: systemClock.nowMs() - 3_600_000,
    receives: 1,
  }));
  return (await enqueueFromIntake(messages, bench.parts, limit())).comeAgain;
}

describe('a sequence beyond 2^53', () => {
  const AT_THE_END = "select setval(pg_get_serial_sequence('webhook_deliveries', 'id'), 9007199254740991)";
  const uuids = async () =>
    (
      await rows.pool.query<{ uuid: string }>('select delivery_uuid as uuid from webhook_deliveries order by id')
    ).rows.map(({ uuid }) => uuid);

  test('is DatabaseRefused, which names the row that was stored by its UUID, now and when the request is repeated', async () => {
    await rows.pool.query(AT_THE_END);
    const refusals = [await refusalOf(request()), await refusalOf(request())];
    const [uuid = ''] = await uuids();
    expect(refusals).toMatchObject(
      [1, 2].map(() => ({ name: 'DatabaseRefused', message: expect.stringContaining(`the delivery ${uuid} `) })),
    );
    expect(await uuids()).toEqual([uuid]);
    expect(bench.lines).toContainEqual(
      expect.objectContaining({
        event: 'enqueue_failed',
        fields: expect.objectContaining({ column: 'id', delivery_uuid: uuid }),
      }),
    );
    expect(bench.sent).toEqual([]);
  });

  test('costs the neighbours of a batch nothing, and is fixed by following the runbook', async () => {
    const [first, ...others] = requests(3);
    await enqueue({ deliveries: [first] });
    await rows.pool.query(AT_THE_END);
    const { results } = (await enqueue({ deliveries: [first, ...others] })) as { results: object[] };
    expect(results).toMatchObject([{ created: false }, { error: { errorType: 'DatabaseRefused' } }, { error: {} }]);
    await mend(
      "select setval(pg_get_serial_sequence('<schema>.webhook_deliveries', 'id'), (select max(id) from <schema>.webhook_deliveries where id <= 9007199254740991))",
    );
    await rows.pool.query('delete from webhook_deliveries where id > 9007199254740991');
    expect(await enqueue({ deliveries: others })).toMatchObject({ results: [{ created: true }, { created: true }] });
  });
});

describe('a sequence behind its rows', () => {
  async function setBehind(): Promise<void> {
    await enqueue({ deliveries: requests(20) });
    await rows.pool.query("select setval(pg_get_serial_sequence('webhook_deliveries', 'id'), 1, false)");
  }

  test('is DatabaseRefused by name, counted as an internal fault, and fixed by following the runbook', async () => {
    await setBehind();
    expect(await refusalOf(request())).toMatchObject({
      name: 'DatabaseRefused',
      message: expect.stringContaining('SQLSTATE 23505'),
    });
    expect(bench.lines).toContainEqual({
      level: 'error',
      event: 'enqueue_failed',
      fields: expect.objectContaining({ fault: 'DatabaseRefused', sql_state: '23505' }),
    });
    expect(bench.counts.get('InternalFaults')).toBe(1);
    expect(bench.counts.get('EnqueueMistakes')).toBeUndefined();
    await mend(
      "select setval(pg_get_serial_sequence('<schema>.webhook_deliveries', 'id'), (select max(id) from <schema>.webhook_deliveries))",
    );
    expect(await enqueue(request())).toMatchObject({ created: true, delivery_id: 21 });
  });

  test('leaves requests of the past answered all the same', async () => {
    await setBehind();
    expect(await enqueue({ deliveries: requests(20) })).toMatchObject({
      results: Array.from({ length: 20 }, () => ({ created: false })),
    });
  });
});

test('a column that somebody has made required is DatabaseRefused, and mended by the runbook', async () => {
  await rows.pool.query('alter table webhook_deliveries add column tenant text not null');
  expect(await refusalOf(request())).toMatchObject({
    name: 'DatabaseRefused',
    message: expect.stringContaining('SQLSTATE 23502'),
  });
  await mend('alter table <schema>.webhook_deliveries alter column <column> drop not null', { column: 'tenant' });
  expect(await enqueue(request())).toMatchObject({ created: true });
  await rows.pool.query('alter table webhook_deliveries drop column tenant');
});

test('what is refused for every row is not asked row by row', async () => {
  await rows.pool.query('alter table webhook_deliveries add column tenant text not null');
  statements = 0;
  expect(await refusalOf({ deliveries: requests(100) })).toMatchObject({ name: 'DatabaseRefused' });
  expect(statements).toBeLessThan(40);
  expect(bench.counts.get('InternalFaults')).toBe(1);
  await rows.pool.query('alter table webhook_deliveries drop column tenant');
});

describe('a right that is missing', () => {
  test('is DatabaseRefused after one look and one at the rights, named in the log, and mended by the runbook', async () => {
    await using limited = await storeOfLimitedRole();
    bench.parts.store = limited.store;
    await rows.addRun(9001, 7);
    bench.parts.unknownRuns = 'refuse';
    expect(await refusalOf({ deliveries: requests(10) })).toMatchObject({
      name: 'DatabaseRefused',
      message: expect.stringContaining('SQLSTATE 42501'),
    });
    expect(limited.statements()).toBe(2);
    expect(bench.lines).toContainEqual({
      level: 'error',
      event: 'enqueue_failed',
      fields: expect.objectContaining({ sql_state: '42501', relation: expect.any(String), right: expect.any(String) }),
    });
    await mend(
      'grant select, insert, update, delete on <schema>.webhook_deliveries, <schema>.webhook_delivery_attempts, <schema>.webhook_endpoints, <schema>.webhook_ordering_keys, <schema>.webhook_ordering_slots, <schema>.webhook_orders, <schema>.webhook_outcomes, <schema>.webhook_redelivery_paces to <role>',
      {
        role: limited.role,
      },
    );
    await mend('grant select on <application>.workflow_runs, <application>.workflows to <role>', {
      role: limited.role,
    });
    expect(await enqueue(request())).toMatchObject({ created: true });
  });
});

describe('one delivery that a trigger refuses', () => {
  test('by invoke is told in its place, and the others are stored', async () => {
    await rows.refuseToStore('node 3');
    const answer = await enqueue({ deliveries: requests(5) });
    expect(answer).toMatchObject({
      results: [
        { created: true },
        { created: true },
        { created: true },
        {
          error: {
            errorType: 'DatabaseRefused',
            errorMessage: expect.stringMatching(
              /^deliveries\[3\]: the database refused to store it \(SQLSTATE P0001\)/,
            ),
          },
        },
        { created: true },
      ],
    });
    expect(bench.sent).toHaveLength(4);
    expect(JSON.stringify(bench.lines)).not.toContain('the application does not want this');
  });

  test('by queue comes again in the queue’s own time, moves nowhere, and is taken once the trigger is gone', async () => {
    await rows.refuseToStore('refused');
    const bodies = [
      request({ webhook_node_id: 'a' }),
      request({ webhook_node_id: 'refused' }),
      request({ webhook_node_id: 'b' }),
    ];
    expect(await comeAgainOf(...bodies)).toEqual(['m-1']);
    expect(bench.rejected).toEqual([]);
    expect(bench.postponed).toEqual([]);
    expect(bench.counts.get('InternalFaults')).toBe(1);
    await rows.refuseNothing();
    expect(await comeAgainOf(...bodies)).toEqual([]);
    expect(bench.sent).toHaveLength(3);
  });
});

/** A role of its own that may only look, as an application's administrator may have made it. */
async function storeOfLimitedRole(): Promise<
  { role: string; store: AcceptStore; statements(): number } & AsyncDisposable
> {
  const { hostname: host, port, password, pathname } = new URL(rows.url);
  const database = pathname.slice(1);
  const role = `limited_${database}`;
  await rows.pool.query(`create role ${role} login password ${escapeLiteral(password)}`);
  await rows.pool.query(`grant select on webhook_deliveries, workflow_runs to ${role}`);
  let asked = 0;
  const endpoint = createDataApiEndpoint({
    connection: { host, port: Number(port), user: role, password, database },
    resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries',
    secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef',
    intercept: () => {
      asked++;
      return { kind: 'proceed' };
    },
  });
  const served = await serveAwsService({ 'rds-data': endpoint.service });
  const client = createDataApiCalls(localSurroundings(served.endpoint), { maxTries: 1 });
  const target = {
    resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries',
    secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef',
    database,
    schemas: PUBLIC_SCHEMAS,
  };
  return {
    role,
    store: createDataApiAcceptStore(createDataApi(client, target, systemClock)),
    statements: () => asked,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await served.close();
      await endpoint.close();
      await rows.pool.query(`revoke all on all tables in schema public from ${role}`);
      await rows.pool.query(`drop role ${role}`);
    },
  };
}
