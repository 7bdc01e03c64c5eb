// The statements of docs/moving-in.md, in their order, on the tables of an application. Real: the page's own lines, the migration as
// the role that they make, orders, the local Data API, PostgreSQL 17. Doubles: the clocks.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../../sql/compiled-migrations.ts';
import { applicationTables } from '../support/postgres/application-tables.ts';
import { type MigrationsBench, startMigrationsBench } from '../shared/aws/data-api-migrations-bench.ts';

const page = readFileSync(new URL('../../docs/moving-in.md', import.meta.url), 'utf8');
const [RIGHTS = '', LEFT = '', REVOKED = ''] = [...page.matchAll(/```sql\n([\s\S]+?)```/g)].map(([, sql = '']) => sql);
const ROLE = 'moving_in';
/** The role is made before, because the one who migrates logs in with it. */
const ofTheRole = (sql: string) =>
  sql.replace(/^create role .*$/m, '').replaceAll(/\b(to|from) surehook;/g, `$1 ${ROLE};`);

let bench: MigrationsBench;

beforeAll(async () => {
  bench = await startMigrationsBench({ surehook: 'surehook', application: 'app' }, ROLE);
  await bench.pool.query(applicationTables('rows'));
});
afterAll(() => bench.close());

async function application(): Promise<unknown[]> {
  const { rows } = await bench.pool.query(
    `select c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) as type
     from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'app'::regnamespace order by 1, 2, a.attnum`,
  );
  return rows;
}

test('the rights are those that the migration needs, and it leaves the tables of the application as they are', async () => {
  const before = await application();
  await bench.pool.query(ofTheRole(RIGHTS));
  expect(await bench.run({ applicationTables: 'found' })).toMatchObject({ version: migrations.length });
  expect(await application()).toEqual(before);
});

test('what is left is counted, and the rights on the old table can be taken away again', async () => {
  expect((await bench.pool.query(LEFT)).rows).toEqual([{ count: '500' }]);
  await bench.pool.query(ofTheRole(REVOKED));
  expect(await bench.run({ applicationTables: 'found' })).toEqual({ applied: [], version: migrations.length });
});
