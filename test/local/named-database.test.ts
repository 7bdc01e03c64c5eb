// Real: the PostgreSQL server of this run of the tests. Doubles: none.
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namedDatabase } from '../../local/postgres/named-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

let first: TestDatabase;
const other = `named_${process.pid}`;

beforeAll(async () => {
  first = await createTestDatabase();
});
afterAll(async () => {
  await first.pool.query(`drop database if exists ${other} with (force)`);
  await first.drop();
});

function serverOf({ url }: TestDatabase): Parameters<typeof namedDatabase>[0] {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const connection = { host, port: Number(port), user, password, database: pathname.slice(1) };
  return { connection, url, exited: new Promise(() => undefined), stop: () => Promise.resolve() };
}

test('a stack whose database has another name finds it on the same server, and finds it again', async () => {
  const server = serverOf(first);
  await namedDatabase(server, other);
  const again = await namedDatabase(server, other);
  const client = new Client({ connectionString: again.url });
  await client.connect();
  const { rows } = await client.query('select current_database() as name');
  await client.end();
  expect([rows[0], again.connection.database]).toEqual([{ name: other }, other]);
});

test('the database that is there already is used as it is', async () => {
  const server = serverOf(first);
  expect(await namedDatabase(server, first.database)).toBe(server);
});
