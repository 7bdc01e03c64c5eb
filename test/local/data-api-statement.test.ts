// Real: the statement runner, pg, PostgreSQL. No doubles.
import { Client, type Connection } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runStatement } from '../../local/aws/data-api/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

let database: TestDatabase;
let client: Client;
let order: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  order = [];
  connection().on('readyForQuery', () => order.push('rolled back'));
});
afterAll(() => database.drop());

function connection(): Connection {
  return (client as Client & { connection: Connection }).connection;
}

async function run(text: string): Promise<void> {
  const statement = { text, parameters: [], maxResultCharacters: 1000 };
  await runStatement(client, statement).catch((error: unknown) => order.push(`told ${String(error)}`));
}

test('an error is told when its transaction is rolled back: locks of the failed statement are gone then', async () => {
  const listeners = connection().listenerCount('end');
  await run('select 1 / 0');
  await run('select 1 / 0');
  expect(order).toEqual(['rolled back', 'told error: division by zero', 'rolled back', 'told error: division by zero']);
  expect(connection().listenerCount('end')).toBe(listeners);
  await client.end();
});

test('an error that ends the connection is told, though nothing follows it', async () => {
  await run('select pg_terminate_backend(pg_backend_pid())');
  expect(order).toEqual(['told error: terminating connection due to administrator command']);
});

test('so is a connection that ends without a word', async () => {
  connection().stream.destroy();
  await run('select 1');
  expect(order).toEqual([expect.stringContaining('told Error: ')]);
});
