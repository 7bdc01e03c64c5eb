// What the migration looks at before it changes anything, for a role of its own beside an application's tables. Real: the look, the
// runner, the SDK, the local Data API, PostgreSQL 17 with its rights. Doubles: the clocks.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../../../sql/compiled-migrations.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { createDataApiInspectStore } from '../../../shared/aws/data-api-inspect-store.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { examineDatabase } from '../../../shared/operate/examine-database.ts';
import { explained, FOUND, type LookBench, NEWEST, ROLE, startLookBench } from './database-look-world.ts';

let bench: LookBench;

beforeEach(async () => {
  bench = await startLookBench();
});
afterEach(() => bench.close());

test('a role that may do nothing is told of everything at once, and with just those statements all is well', async () => {
  expect(await bench.mendsOf()).toEqual([
    'create schema "hooks"; grant usage, create on schema "hooks" to mover',
    'grant usage on schema "app" to mover',
    'grant select on "app".workflows to mover',
    'grant select on "app".workflows to mover',
    'grant select on "app".workflow_runs to mover',
    'grant select on "app".workflow_runs to mover',
  ]);
  await bench.everythingThere();
  expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
});

test('nothing of the application is made or changed, though its tables and types have our names', async () => {
  await bench.everythingThere();
  const { rows } = await bench.pool.query(
    "select relname from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r' order by 1",
  );
  expect(rows.map(({ relname }) => relname)).toEqual(['webhook_deliveries', 'workflow_runs', 'workflows']);
});

describe('a table alongside', () => {
  const ALONGSIDE = { ...FOUND, alongside: { schema: 'theirs', table: 'webhook_deliveries' } };
  const NAME = '"theirs"."webhook_deliveries"';

  test('needs the rights that enqueue uses there, and no others', async () => {
    await bench.everythingThere();
    expect(await bench.run(ALONGSIDE)).toMatchObject({ version: NEWEST });
    await bench.pool.query(
      'revoke all on theirs.webhook_deliveries from public; revoke all on schema theirs from public',
    );
    const mends = await bench.mendsOf(ALONGSIDE);
    expect(mends).toEqual([`grant usage on schema "theirs" to ${ROLE}`, `grant select on ${NAME} to ${ROLE}`]);
    await bench.mend(mends);
    expect(await bench.run(ALONGSIDE)).toMatchObject({ version: NEWEST });
    const client = await bench.pool.connect();
    await client.query(`set role ${ROLE}`);
    await client.query(explained(queries.findAlongside.sql, queries.findAlongside.parameters));
    client.release(true);
  });

  test.each([
    ['is missing', 'alter table theirs.webhook_deliveries rename to gone', `there is no table ${NAME}`],
    ['lacks a column', 'alter table theirs.webhook_deliveries drop last_error', `${NAME}: it has no column last_error`],
    [
      'hides rows',
      'alter table theirs.webhook_deliveries enable row level security',
      `create policy surehook_sees_all on ${NAME}`,
    ],
  ])('that %s stops the migration', async (_, change, says) => {
    await bench.everythingThere();
    await bench.pool.query(change);
    expect(await bench.mendsOf(ALONGSIDE)).toEqual([expect.stringContaining(says)]);
    expect(await bench.run(FOUND)).toMatchObject({ version: NEWEST });
  });
});

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
  expect(await bench.mendsOf()).toEqual(mends);
  await bench.everythingThere();
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
  await bench.mend(await bench.mendsOf());
  await bench.pool.query(change);
  expect(await bench.mendsOf()).toEqual([expect.stringContaining(says)]);
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
      await bench.everythingThere();
      await bench.pool.query(`alter table ${relation} enable row level security`);
      const quoted = relation.replace(/^\w+/, '"$&"');
      const mends = await bench.mendsOf();
      expect(mends).toEqual([
        `create policy surehook_sees_all on ${quoted} for all to mover using (true) with check (true)`,
      ]);
      await bench.mend(mends);
      expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
      await bench.pool.query(`create policy only_some on ${relation} as restrictive using (id > 0)`);
      expect(await bench.mendsOf()).toHaveLength(1);
    },
  );

  test('is told by doctor while the functions run, and so is a database that does not answer', async () => {
    await bench.everythingThere();
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
    await bench.everythingThere();
    await bench.pool.query('alter table hooks.webhook_deliveries enable row level security');
    expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
    await bench.pool.query('alter table hooks.webhook_deliveries force row level security');
    expect(await bench.mendsOf()).toEqual([expect.stringMatching(/^create policy .+ on "hooks".webhook_deliveries /)]);
  });
});

test('a table that a migration changes and another role owns is named', async () => {
  await bench.mend(await bench.mendsOf());
  await bench.run({ ...FOUND, history: migrations.slice(0, 3) });
  await bench.pool.query(`alter table hooks.webhook_deliveries owner to current_user;
    grant select, insert, update, delete on hooks.webhook_deliveries to mover`);
  expect(await bench.mendsOf()).toEqual(['alter table "hooks".webhook_deliveries owner to mover']);
  await bench.everythingThere();
});
