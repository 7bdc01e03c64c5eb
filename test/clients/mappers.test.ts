// Real: SQLAlchemy with each of its drivers, in a process of its own, as the role of docs/outbox.md; PostgreSQL 17. No doubles.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExampleProcess } from '../support/stack/example-process.ts';
import { migrateUp } from '../support/postgres/public-schemas.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3';
const ROLE = `mapper_${process.pid}`;

let database: TestDatabase;

beforeAll(async () => {
  if (spawnSync(PYTHON, ['-c', 'import sqlalchemy, asyncpg, psycopg, psycopg2']).status !== 0) {
    throw new Error(
      `${PYTHON} lacks SQLAlchemy 2 or a driver: apt-get install python3-sqlalchemy python3-asyncpg python3-psycopg python3-psycopg2, or name another with PYTHON=…`,
    );
  }
  database = await createTestDatabase();
  await migrateUp(database.pool);
  await database.pool.query(`create role ${ROLE} login password 'maps'; grant usage on schema public to ${ROLE};
    grant insert on webhook_outbox to ${ROLE}; grant select (id, delivery_uuid) on webhook_outbox to ${ROLE}`);
});
afterAll(() => database?.drop(ROLE));

function program(driver: string, ...args: string[]): ExampleProcess {
  const { host, pathname } = new URL(database.url);
  const environment = {
    DATABASE_URL: `postgresql+${driver}://${ROLE}:maps@${host}${pathname}`,
    OUTBOX_SCHEMA: 'public',
    PYTHONPATH: process.env['PYTHONPATH'],
  };
  return new ExampleProcess([PYTHON, 'caller/insert.py', ...args], environment);
}

describe.each([
  ['asyncpg', 1],
  ['psycopg', 2],
  ['psycopg2', 3],
])('by %s', (driver, runId) => {
  test('a model of the application’s own table is inserted, once', async () => {
    for (const _ of [1, 2]) {
      await using inserting = program(driver, 'https://receiver.example/', String(runId));
      expect(await inserting.ended()).toEqual({ code: 0, said: '' });
    }
    const { rows } = await database.pool.query('select * from webhook_deliveries where workflow_run_id = $1', [runId]);
    expect(rows).toMatchObject([
      { payload: '{"greeting": "Hello Python"}', custom_headers: [], http_method: 'POST', max_attempts: 5 },
    ]);
  });

  test('what is wrong is said by column', async () => {
    await using refused = program(driver, 'ftp://a');
    expect(await refused.ended()).toMatchObject({ code: 1, said: expect.stringContaining('endpoint_url: must be') });
  });
});
