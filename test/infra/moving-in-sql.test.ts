// The statements and requests of docs/moving-in.md, in their order, on the tables of an application. Real: the page's own lines, the
// migration and the orders as the role that they make, the local Data API, PostgreSQL 17. Doubles: the clocks; queue, log and metrics.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../../sql/compiled-migrations.ts';
import { applicationTables } from '../support/postgres/application-tables.ts';
import { createDataApiEndpoints } from '../../shared/aws/data-api-endpoints.ts';
import { createDataApiOrderStore } from '../../shared/aws/data-api-order-store.ts';
import type { EnqueueErrorType } from '../../shared/enqueue/enqueue-items.ts';
import { operate } from '../../shared/operate/operate.ts';
import { adoptingParts } from '../shared/operate/adoption-world.ts';
import { RULES } from '../support/store/store-world.ts';
import { type MigrationsBench, startMigrationsBench } from '../shared/aws/data-api-migrations-bench.ts';

const page = readFileSync(new URL('../../docs/moving-in.md', import.meta.url), 'utf8');
const [RIGHTS = '', LEFT = '', REVOKED = ''] = [...page.matchAll(/```sql\n([\s\S]+?)```/g)].map(([, sql = '']) => sql);
const [REHEARSE = '', MOVE = ''] = /```json\n([\s\S]+?)```/.exec(page)?.[1]?.trim().split('\n') ?? [];
const [, BACK = ''] = /`(\{ "action": "adopt"[^`]+"back": true \})`/.exec(page) ?? [];
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

let orders = 0;
function order(request: string): Promise<Readonly<Record<string, unknown>>> {
  const { dataApi, clock } = bench;
  const store = { ...createDataApiOrderStore(dataApi), ...createDataApiEndpoints(dataApi, RULES) };
  const parts = adoptingParts({ store, dataApi, clock });
  const stopAtMonotonicMs = clock.monotonicMs() + 600_000;
  return operate(JSON.parse(request), parts, { id: `order ${++orders}`, stopAtMonotonicMs });
}

const left = async () => Number((await bench.pool.query<{ count: string }>(LEFT)).rows[0]?.count);

test('the first request changes nothing and says what would move, the second moves it, the third moves it back', async () => {
  await bench.pool.query("update app.webhook_deliveries set updated_at = now() - interval '3 minutes'");
  expect(await order(REHEARSE)).toMatchObject({ dry_run: true, matched: 500, changed: 0, complete: true });
  expect(await left()).toBe(500);
  expect(await order(MOVE)).toMatchObject({ state: 'done', changed: 500, refused_count: 0 });
  expect(await left()).toBe(0);
  expect(await order(BACK)).toMatchObject({ state: 'done', changed: 500, refused_count: 0 });
  expect(await left()).toBe(500);
});

test('without the rights that the page grants for it, an order begins with what is missing, and changes nothing', async () => {
  await bench.pool.query(`revoke update on app.webhook_deliveries from ${ROLE}`);
  await expect(order(MOVE)).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining("the functions' role lacks update on it"),
  });
  await bench.pool.query(`grant update on app.webhook_deliveries to ${ROLE}; revoke usage on schema app from ${ROLE}`);
  await expect(order(MOVE)).rejects.toMatchObject({
    message: expect.stringContaining("SQLSTATE 42501, the functions' role lacks usage on app"),
  });
  await bench.pool.query(`grant usage on schema app to ${ROLE}`);
  expect(await left()).toBe(500);
});

test('what is left is counted, and the rights on the old table can be taken away again', async () => {
  await bench.pool.query(ofTheRole(REVOKED));
  expect(await bench.run({ applicationTables: 'found' })).toEqual({ applied: [], version: migrations.length });
});

test('the page for Python callers knows every name of an error, and whether it stays', () => {
  const STAYS: Record<EnqueueErrorType, boolean> = {
    InvalidRequest: true,
    PayloadTooLarge: true,
    WorkflowRunNotFound: true,
    WorkflowRunHasNoOrganization: true,
    OrganizationMismatch: true,
    DatabaseRefused: true,
    TemporaryFailure: false,
  };
  const python = readFileSync(new URL('../../docs/callers-in-python.md', import.meta.url), 'utf8');
  const [, FINAL = ''] = /FINAL = \{([^}]+)\}/.exec(python) ?? [];
  const final = [...FINAL.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(final).toEqual(Object.keys(STAYS).filter((name) => STAYS[name as EnqueueErrorType]));
  const rows = [...python.matchAll(/^\| (`.+?) \| (yes|no)/gm)];
  const told = rows.flatMap(([, names = '', again]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, again === 'no']),
  );
  expect(Object.fromEntries(told)).toEqual(STAYS);
});
