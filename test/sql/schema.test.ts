// Real: the migrations, run as a deployment runs them, on PostgreSQL; the catalogs; the constraints. No doubles.
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAILURE_CLASSES } from '../../shared/delivery/attempt-outcome.ts';
import { HTTP_METHODS } from '../../shared/delivery/http-method.ts';
import { dumpSchema, migrateDirectly } from '../../scripts/dump-schema.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await migrateDirectly(client);
  await client.end();
});
afterAll(() => database.drop());

/** A sound delivery with these columns changed, as SQL. */
async function insert(change: Record<string, string> = {}): Promise<void> {
  const columns = {
    workflow_run_id: '1',
    organization_id: '1',
    webhook_node_id: 'gen_random_uuid()::text',
    endpoint_url: "'https://hooks.example.com/'",
    payload: "'null'",
    ...change,
  };
  const [names, values] = [Object.keys(columns).join(', '), Object.values(columns).join(', ')];
  await database.pool.query(`insert into webhook_deliveries (${names}) values (${values})`);
}

test('sql/schema.sql is what the migrations come to: `npm run sql` writes it', async () => {
  const written = readFileSync(new URL('../../sql/schema.sql', import.meta.url), 'utf8');
  expect(await dumpSchema(database.pool)).toBe(written);
});

test('two dumps of one schema are the same, and a dump shows a change', async () => {
  const before = await dumpSchema(database.pool);
  expect(await dumpSchema(database.pool)).toBe(before);
  await database.pool.query('create table extra (id integer); create index extra_id on extra (id)');
  expect(await dumpSchema(database.pool)).not.toBe(before);
  await database.pool.query('drop table extra');
  expect(await dumpSchema(database.pool)).toBe(before);
});

describe('a row that no rule allows is refused', () => {
  test.each<[string, Record<string, string>, string]>([
    ['pending without a due time', { scheduled_for: 'null' }, 'pending_is_due'],
    ['over with a due time', { status: "'succeeded'" }, 'terminal_is_over'],
    [
      'over with a lease',
      { status: "'dead_letter'", scheduled_for: 'null', lease_token: 'gen_random_uuid()', lease_expires_at: 'now()' },
      'terminal_is_over',
    ],
    ['more attempts than allowed', { attempt_count: '6' }, 'attempts_bounded'],
    ['less than no attempt', { attempt_count: '-1' }, 'attempts_bounded'],
    ['a lease without a token', { lease_expires_at: 'now()' }, 'lease_has_token'],
    ['a reason without death', { dead_letter_reason: "'status'" }, 'only_dead_have_reason'],
    [
      'an unknown reason',
      { dead_letter_reason: "'boredom'", status: "'dead_letter'", scheduled_for: 'null' },
      '_reason',
    ],
    ['an error text without end', { last_error: "repeat('x', 2001)" }, 'error_bounded'],
    ['an unknown method', { http_method: "'TRACE'" }, '_method'],
  ])('%s', async (_case, change, constraint) => {
    await expect(insert(change)).rejects.toMatchObject({
      code: '23514',
      constraint: expect.stringContaining(constraint),
    });
  });

  test('a second delivery of one run and node', async () => {
    await insert({ webhook_node_id: "'twice'" });
    await expect(insert({ webhook_node_id: "'twice'" })).rejects.toMatchObject({
      constraint: 'webhook_deliveries_once_per_node',
    });
  });

  test('a delivery without a node: half of the key that makes it unique', async () => {
    await expect(insert({ webhook_node_id: 'null' })).rejects.toMatchObject({ code: '23502' });
  });
});

test('the table and the code know the same reasons and methods', async () => {
  for (const reason of FAILURE_CLASSES) {
    await insert({ status: "'dead_letter'", scheduled_for: 'null', dead_letter_reason: `'${reason}'` });
  }
  for (const method of HTTP_METHODS) await insert({ http_method: `'${method}'` });
  const { rows } = await database.pool.query<{ text: string }>(
    "select pg_get_constraintdef(oid) as text from pg_constraint where conname like '%reason' or conname like '%error_class'",
  );
  const listed = rows.map(({ text }) => [...text.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name));
  expect(listed.filter((names) => names.length > 1)).toEqual([[...FAILURE_CLASSES], [...FAILURE_CLASSES]]);
});

test('the sweep finds due deliveries by the partial index, however many are over', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('begin; set local enable_seqscan = off; set local enable_bitmapscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      "explain select id from webhook_deliveries where status = 'pending' and scheduled_for <= now() order by scheduled_for, id limit 500",
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('webhook_deliveries_due');
  } finally {
    await client.query('rollback');
    client.release();
  }
});
