// Real: the PostgreSQL server of this run of the tests. Doubles: none.
import { Client } from 'pg';
import { afterAll, expect, it } from 'vitest';
import { createTestDatabase, prepareTemplate, type TestDatabase } from '../support/postgres/test-database.ts';

const made: TestDatabase[] = [];
afterAll(async () => {
  for (const database of made) await database.drop();
});

it('gives each test file a database of its own', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  made.push(one, other);
  await one.pool.query('create table only_here ()');
  const found = await other.pool.query("select to_regclass('only_here') as found");
  expect(found.rows).toEqual([{ found: null }]);
});

it('fills a template once, however many ask for it at once, and copies what is in it', async () => {
  let fills = 0;
  const fill = async (url: string): Promise<void> => {
    fills++;
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('create table filled as select 1 as one');
    await client.end();
  };
  const name = `suite_${process.pid}`;
  const [template] = await Promise.all([prepareTemplate(name, fill), prepareTemplate(name, fill)]);
  const copy = await createTestDatabase({ template });
  made.push(copy);
  const copied = await copy.pool.query('select one from filled');
  expect({ fills, rows: copied.rows }).toEqual({ fills: 1, rows: [{ one: 1 }] });
});
