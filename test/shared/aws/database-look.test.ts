// What the migration looks at before it changes anything, for a role of its own beside an application's tables. Real: the look, the
// runner, the SDK, the local Data API, PostgreSQL 17 with its rights, and every statement of the product, explained as that role.
// Doubles: the clocks. The rights are those that are read from the statements, so a new statement is tested without a word here.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../../../sql/compiled-migrations.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { createDataApiInspectStore } from '../../../shared/aws/data-api-inspect-store.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { examineDatabase } from '../../../shared/operate/examine-database.ts';
import { nameSchemas } from '../../../shared/runtime/database-schemas.ts';
import type { DatabaseNotReady } from '../../../shared/operate/database-look.ts';
import { usedRights } from '../../../shared/operate/used-rights.ts';
import { asForeign, FOREIGN_TABLE } from '../../support/postgres/application-tables.ts';
import { failureOf } from './data-api-client-bench.ts';
import { type MigrationsBench, startMigrationsBench } from './data-api-migrations-bench.ts';

const SCHEMAS = { surehook: 'hooks', application: 'app' };
const FOUND = { applicationTables: 'found' } as const;
const ROLE = 'mover';
const NEWEST = migrations.length;
const RIGHTS = usedRights(Object.values(queries).map(({ sql }) => sql)).flatMap(({ place, relation, rights }) =>
  [...rights]
    // Unknown runs are registered only where the two tables are Surehook's own.
    .filter((right) => place === 'surehook' || right === 'select')
    .map((right) => ({ right, relation: `${SCHEMAS[place]}.${relation}` })),
);

let bench: MigrationsBench;

beforeEach(async () => {
  bench = await startMigrationsBench(SCHEMAS, ROLE);
  await bench.pool.query(`
    create schema app;
    create table app.workflows (id serial primary key, organization_id integer);
    create table app.workflow_runs (id serial primary key, workflow_id integer references app.workflows (id));
    create table app.webhook_deliveries (theirs text);
    create type app.webhook_delivery_status as enum ('theirs');
    ${FOREIGN_TABLE}
    grant usage on schema theirs to public; grant all on theirs.webhook_deliveries to public`);
});
afterEach(() => bench.close());

/** The mending statements of what the migration refuses; nothing may have changed. */
async function mendsOf(options = FOUND): Promise<string[]> {
  const before = await inventory();
  const failure = (await failureOf(bench.run(options))) as DatabaseNotReady;
  expect(failure.name).toBe('DatabaseNotReady');
  expect(await inventory()).toEqual(before);
  for (const { mend = '' } of failure.faults) expect(failure.message).toContain(mend);
  return failure.faults.map(({ fault, mend }) => mend ?? fault);
}

async function inventory(): Promise<unknown[]> {
  const { rows } = await bench.pool.query(
    "select relnamespace::regnamespace::text, relname, relacl::text from pg_class where relnamespace::regnamespace::text in ('app', 'hooks') order by 1, 2",
  );
  return [rows, (await bench.pool.query("select nspname from pg_namespace where nspname !~ '^pg_' order by 1")).rows];
}

async function mend(statements: readonly string[]): Promise<void> {
  for (const statement of statements) await bench.pool.query(statement);
}

const everythingThere = async () => {
  await mend(await mendsOf());
  expect(await bench.run(FOUND)).toMatchObject({ version: NEWEST });
};

test('a role that may do nothing is told of everything at once, and with just those statements all is well', async () => {
  expect(await mendsOf()).toEqual([
    'create schema "hooks"; grant usage, create on schema "hooks" to mover',
    'grant usage on schema "app" to mover',
    'grant select on "app".workflows to mover',
    'grant select on "app".workflows to mover',
    'grant select on "app".workflow_runs to mover',
    'grant select on "app".workflow_runs to mover',
  ]);
  await everythingThere();
  expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
});

test('nothing of the application is made or changed, though its tables and types have our names', async () => {
  await everythingThere();
  const { rows } = await bench.pool.query(
    "select relname from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r' order by 1",
  );
  expect(rows.map(({ relname }) => relname)).toEqual(['webhook_deliveries', 'workflow_runs', 'workflows']);
});

test('every statement of the product runs with the rights read from the statements, and with nothing else', async () => {
  await everythingThere();
  await bench.pool.query(`
    create role exactly; grant exactly to current_user; grant usage on schema hooks, app to exactly; grant usage on type hooks.webhook_delivery_status to exactly;
    ${usedRights(Object.values(queries).map(({ sql }) => sql))
      .map(
        ({ place, relation, rights }) => `grant ${[...rights].join(', ')} on ${SCHEMAS[place]}.${relation} to exactly;`,
      )
      .join(' ')}`);
  const client = await bench.pool.connect();
  try {
    await client.query('set role exactly');
    const plans = [];
    for (const { sql, parameters } of Object.values(queries))
      plans.push(await client.query(explained(sql, parameters)));
    expect(plans).toHaveLength(Object.keys(queries).length);
    await client.query('reset role; drop owned by exactly; drop role exactly');
  } finally {
    client.release(true);
  }
});

describe.each(RIGHTS)('without $right on $relation', ({ right, relation }) => {
  test('the migration says so before anything changes, and some statement would have failed', async () => {
    await everythingThere();
    await bench.pool.query(`
      alter table ${relation} owner to current_user;
      grant select, insert, update, delete on ${relation} to ${ROLE}; revoke ${right} on ${relation} from ${ROLE}`);
    const quoted = relation.replace(/^\w+/, '"$&"');
    expect(new Set(await mendsOf())).toEqual(new Set([`grant ${right} on ${quoted} to ${ROLE}`]));
    const client = await bench.pool.connect();
    await client.query(`set role ${ROLE}`);
    const refused: unknown[] = [];
    for (const { sql, parameters } of Object.values(queries)) {
      await client.query(explained(sql, parameters)).catch((fault: { code?: string }) => refused.push(fault.code));
    }
    client.release(true);
    expect(refused).toContain('42501');
    await mend(await mendsOf());
    expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
  });
});

/** PostgreSQL checks every right before it begins, so the plan is enough. */
function explained(sql: string, parameters: readonly string[]): string {
  const values = (text: string) => asForeign(text).replaceAll(/(?<!:):[a-z]\w*/g, 'null');
  return `explain ${parameters.length === 0 ? nameSchemas(sql, SCHEMAS) : values(nameSchemas(sql, SCHEMAS))}`;
}

test.each([
  [
    'usage on our schema',
    'create schema hooks',
    'grant create on schema hooks to mover',
    ['grant usage on schema "hooks" to mover'],
  ],
  [
    'create in our schema',
    'create schema hooks',
    'grant usage on schema hooks to mover',
    ['grant create on schema "hooks" to mover'],
  ],
])('a role without %s is told so', async (_, schema, grant, mends) => {
  await bench.pool.query(`${schema}; ${grant}; grant usage on schema app to mover;
    grant select on app.workflows, app.workflow_runs to mover`);
  expect(await mendsOf()).toEqual(mends);
  await everythingThere();
});

test('select on the columns that are read is enough', async () => {
  await bench.pool.query(`create schema hooks authorization mover; grant usage on schema app to mover;
    grant select (id, organization_id) on app.workflows to mover; grant select (id, workflow_id) on app.workflow_runs to mover`);
  expect(await bench.run(FOUND)).toMatchObject({ version: NEWEST });
});

test.each([
  ['is missing', 'drop table app.workflow_runs', 'there is no "app".workflow_runs'],
  [
    'lacks a column',
    'alter table app.workflows rename organization_id to org',
    '"app".workflows has no column organization_id',
  ],
  [
    'has ids of another type',
    'alter table app.workflows alter organization_id type text',
    '"app".workflows.organization_id is text',
  ],
])('a table of the application that %s stops the migration', async (_, change, says) => {
  await mend(await mendsOf());
  await bench.pool.query(change);
  expect(await mendsOf()).toEqual([expect.stringContaining(says)]);
});

test('views in place of the two tables do', async () => {
  await bench.pool.query(`create schema facade; grant usage on schema app to mover;
    alter table app.workflows rename to flows; create view app.workflows as select id, organization_id from app.flows;
    alter table app.workflow_runs rename to runs; create view app.workflow_runs as select id, workflow_id from app.runs;
    grant select on app.workflows, app.workflow_runs to mover; create schema hooks authorization mover`);
  expect(await bench.run(FOUND)).toMatchObject({ version: NEWEST });
});

describe('row-level security', () => {
  test.each(['app.workflows', 'app.workflow_runs'])(
    'on %s is told before it hides a row, and mended',
    async (relation) => {
      await everythingThere();
      await bench.pool.query(`alter table ${relation} enable row level security`);
      const quoted = relation.replace(/^\w+/, '"$&"');
      const mends = await mendsOf();
      expect(mends).toEqual([
        `create policy surehook_sees_all on ${quoted} for all to mover using (true) with check (true)`,
      ]);
      await mend(mends);
      expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
      await bench.pool.query(`create policy only_some on ${relation} as restrictive using (id > 0)`);
      expect(await mendsOf()).toHaveLength(1);
    },
  );

  test('is told by doctor while the functions run, and so is a database that does not answer', async () => {
    await everythingThere();
    const examined = () => examineDatabase(createDataApiInspectStore(bench.dataApi), bench.clock);
    expect(await examined()).toMatchObject({ step: 'database', ok: true });
    await bench.pool.query('alter table app.workflow_runs enable row level security');
    expect(await examined()).toMatchObject({
      step: 'database',
      ok: false,
      detail: expect.stringContaining('hides rows of workflow_runs from the role mover'),
    });
    const away = { findHiddenRelations: () => Promise.reject(new StoreUnavailable('away')) };
    expect(await examineDatabase(away, bench.clock)).toMatchObject({ ok: false, detail: 'does not answer' });
  });

  test('on our own table does no harm to its owner, unless it is forced', async () => {
    await everythingThere();
    await bench.pool.query('alter table hooks.webhook_deliveries enable row level security');
    expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
    await bench.pool.query('alter table hooks.webhook_deliveries force row level security');
    expect(await mendsOf()).toEqual([expect.stringMatching(/^create policy .+ on "hooks".webhook_deliveries /)]);
  });
});

test('a table that a migration changes and another role owns is named', async () => {
  await mend(await mendsOf());
  await bench.run({ ...FOUND, history: migrations.slice(0, 3) });
  await bench.pool.query(`alter table hooks.webhook_deliveries owner to current_user;
    grant select, insert, update, delete on hooks.webhook_deliveries to mover`);
  expect(await mendsOf()).toEqual(['alter table "hooks".webhook_deliveries owner to mover']);
  await everythingThere();
});
