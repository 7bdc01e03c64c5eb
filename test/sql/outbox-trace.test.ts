// The trace of a webhook that an application inserts, and the way back from the migration that brought it. Real: PostgreSQL 17 and
// its rights, the migrations, the migration runner, the SDK, the local Data API. No doubles. Never asserted: ids.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpSchema } from '../../scripts/dump-schema.ts';
import { readTracestate, traceparentFault } from '../../shared/delivery/trace-context.ts';
import { migrations } from '../../sql/compiled-migrations.ts';
import { type MigrationsBench, startMigrationsBench } from '../shared/aws/data-api-migrations-bench.ts';
import { insert, MAPPED, type Values, webhook } from './outbox-inserts.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const LATER = `01${TRACE.slice(2)}`;
let bench: MigrationsBench;

beforeAll(async () => {
  bench = await startMigrationsBench();
  await bench.run();
});
afterAll(() => bench.close());

async function traceOf(runId: unknown) {
  const { rows } = await bench.pool.query(
    'select traceparent, tracestate from webhook_deliveries where workflow_run_id = $1',
    [runId],
  );
  return rows[0];
}

describe('the trace of an inserted webhook', () => {
  test.each<[string, Values, object]>([
    ['a trace', { traceparent: TRACE }, { traceparent: TRACE, tracestate: null }],
    [
      'a trace and its state',
      { traceparent: TRACE, tracestate: 'a=1 ,\t,b=2' },
      { traceparent: TRACE, tracestate: 'a=1,b=2' },
    ],
    ['blanks for both', { traceparent: ' ', tracestate: ' ' }, { traceparent: null, tracestate: null }],
    ['neither', {}, { traceparent: null, tracestate: null }],
  ])('is kept, of %s', async (_, values, kept) => {
    const given = webhook(values);
    await insert(bench.pool, given, { types: MAPPED });
    expect(await traceOf(given.workflow_run_id)).toEqual(kept);
  });

  test('without the trace it belongs to, a state is refused', async () => {
    await expect(insert(bench.pool, webhook({ tracestate: 'a=1' }))).rejects.toMatchObject({
      code: '23514',
      column: 'tracestate',
      message: 'this webhook cannot be sent: tracestate: is allowed only with traceparent',
    });
  });

  test.each([
    TRACE,
    TRACE.toUpperCase(),
    `${TRACE}0`,
    `${TRACE}-`,
    TRACE.slice(1),
    TRACE.replace(/^00/, 'ff'),
    TRACE.replace(/4bf9\w+/, '0'.repeat(32)),
    TRACE.replace(/00f0\w+/, '0'.repeat(16)),
    LATER,
    `${LATER}-`,
    `${LATER}-more.of~it`,
    `${LATER}-a b`,
    `${LATER}.`,
    `${LATER}-${'x'.repeat(199)}`,
    `${LATER}-${'x'.repeat(200)}`,
    'secret',
  ])('is judged as enqueue judges it: %s', async (traceparent) => {
    const refusal = await insert(bench.pool, webhook({ traceparent })).then(() => undefined, String);
    const isSound = traceparentFault(traceparent) === undefined;
    expect(refusal ?? 'taken').toMatch(isSound ? /^taken$/ : /: traceparent: must (?!.*secret)/);
  });

  test.each([
    'a=1',
    'a= !"#$%&\'()*+-./09:;<>?@AZ[\\]^_`az{|}~',
    '0a_-*/b@c=x',
    `${'k'.repeat(256)}=${'v'.repeat(256)}`,
    `${'k'.repeat(257)}=v`,
    `k=${'v'.repeat(257)}`,
    'a',
    '=1',
    'a=',
    'A=1',
    'a =1',
    'a=1=2',
    'a=ü',
    'a=1\nb=2',
    'a=1,b=2,a=3',
    Array.from({ length: 32 }, (_, n) => `k${n}=`.padEnd(63, 'v')).join(','),
    Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','),
    Array.from({ length: 9 }, (_, n) => `k${n}=${'v'.repeat(250)}`).join(','),
  ])('has its state judged as enqueue judges it: %j', async (tracestate) => {
    const refusal = await insert(bench.pool, webhook({ traceparent: TRACE, tracestate })).then(() => undefined, String);
    const isSound = 'tracestate' in readTracestate(tracestate);
    expect(refusal ?? 'taken').toMatch(isSound ? /^taken$/ : /: tracestate: /);
  });
});

describe('the way back to the version before', () => {
  const down = (lose?: Record<string, number>) =>
    bench.run({ order: { direction: 'down', toVersion: 10, ...(lose && { lose }) } });

  test('leaves whoever inserts as he is, with the rights that he has, and the way up again gives him the columns', async () => {
    const role = `traces_${process.pid}`;
    await bench.pool.query(`create role ${role}; grant ${role} to current_user; grant usage on schema public to ${role};
      grant insert on webhook_outbox to ${role}; grant select (id, delivery_uuid, traceparent) on webhook_outbox to ${role} with grant option`);
    await bench.pool.query('delete from webhook_deliveries');
    await insert(bench.pool, webhook({ traceparent: TRACE }));
    await expect(down()).rejects.toThrow('it would lose 1 traces');
    await down({ traces: 1 });
    const application = await bench.pool.connect();
    try {
      await application.query(`set role ${role}`);
      const { rows } = await application.query(`
        insert into public.webhook_outbox (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
        values (1, 1, 'node', 'https://receiver.example/', '1') returning id, delivery_uuid`);
      expect(rows).toEqual([{ id: expect.any(String), delivery_uuid: expect.any(String) }]);
      await expect(application.query('select payload from public.webhook_outbox')).rejects.toMatchObject({
        code: '42501',
      });
      await bench.run();
      const traced = webhook({ traceparent: TRACE });
      await insert(application, traced);
      expect(await traceOf(traced.workflow_run_id)).toMatchObject({ traceparent: TRACE });
    } finally {
      await application.query(`reset role; drop owned by ${role}; drop role ${role}`);
      application.release();
    }
  });

  test('is the version before, to a letter', async () => {
    const fresh = await startMigrationsBench();
    try {
      const whole = async () => ({
        schema: await dumpSchema(fresh.pool),
        outbox: (
          await fresh.pool.query(
            "select pg_get_viewdef('webhook_outbox'::regclass) as view, pg_get_functiondef('webhook_outbox_insert'::regproc) as function",
          )
        ).rows,
      });
      await fresh.run({ history: migrations.slice(0, 10) });
      const before = await whole();
      await fresh.run();
      expect(await whole()).not.toEqual(before);
      await fresh.run({ order: { direction: 'down', toVersion: 10 } });
      expect(await whole()).toEqual(before);
    } finally {
      await fresh.close();
    }
  });
});
