// Migrations in a database where others live: the application's own tables, foreign ones, and transactions at work.
// Real: the runner, the product's Data API client, the SDK, the local Data API, PostgreSQL, and the migrations themselves.
// Doubles: the clocks, turned by hand. Each test has an empty database of its own.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Migration } from '../../../shared/operate/migrate-database.ts';
import { migrations } from '../../../sql/compiled.ts';
import { dumpSchema } from '../../../scripts/dump-schema.ts';
import { failureOf } from './data-api-client-bench.ts';
import { DOWN_TO_NOTHING, type MigrationsBench, startMigrationsBench } from './data-api-migrations-bench.ts';

const NEWEST = migrations.length;

let bench: MigrationsBench;

beforeEach(async () => {
  bench = await startMigrationsBench();
});
afterEach(() => bench.close());

describe("an application's own tables", () => {
  const OWN = `
    create table workflows (id serial primary key, organization_id integer not null, name text, unique (name));
    create table workflow_runs (
      id serial primary key, workflow_id integer references workflows (id) on delete cascade, finished boolean default true
    );
    create index runs_by_workflow on workflow_runs (workflow_id);
    insert into workflows (organization_id, name) values (7, 'own');
    insert into workflow_runs (workflow_id) values (1), (null);`;

  async function rows(): Promise<unknown[]> {
    const runs = await bench.pool.query('select * from workflow_runs order by id');
    const workflows = await bench.pool.query('select * from workflows order by id');
    return [runs.rows, workflows.rows];
  }

  test('are left exactly as they are, going up and down', async () => {
    await bench.pool.query(OWN);
    const [schemaBefore, rowsBefore] = [await dumpSchema(bench.pool), await rows()];
    await bench.run();
    const schemaAfter = await dumpSchema(bench.pool);
    for (const line of schemaBefore.split('\n')) expect(schemaAfter).toContain(line);
    await bench.run({ order: DOWN_TO_NOTHING });
    await bench.pool.query('drop table surehook_migrations');
    expect(await dumpSchema(bench.pool)).toBe(schemaBefore);
    expect(await rows()).toEqual(rowsBefore);
  });

  test('of which only one exists are completed', async () => {
    await bench.pool.query('create table workflows (id integer primary key, organization_id integer)');
    expect(await bench.run()).toMatchObject({ version: NEWEST });
    await bench.pool.query('insert into workflows values (3, 7); insert into workflow_runs values (42, 3)');
    expect((await bench.pool.query('select id from workflow_runs')).rows).toEqual([{ id: '42' }]);
  });

  test('that cannot be referred to stop the migration, and it says at which step', async () => {
    await bench.pool.query('create table workflows (id text primary key, organization_id integer)');
    const failure = await failureOf(bench.run());
    expect(failure).toMatchObject({
      name: 'MigrationRefused',
      message: expect.stringMatching(/^up workflow_runs was/),
    });
  });
});

describe('a foreign table', () => {
  test.each(['webhook_deliveries', 'webhook_delivery_attempts'])('%s stops the migration, and stays', async (name) => {
    await bench.pool.query(`create table ${name} (theirs text); insert into ${name} values ('data')`);
    expect(await failureOf(bench.run())).toMatchObject({
      name: 'ForeignTable',
      message: `the database already has a table ${name} that is not Surehook's: rename it, or give Surehook another database`,
    });
    expect((await bench.pool.query(`select * from ${name}`)).rows).toEqual([{ theirs: 'data' }]);
  });

  test('that is a view stops the migration too', async () => {
    await bench.pool.query('create view webhook_deliveries as select 1 as one');
    expect(await failureOf(bench.run())).toMatchObject({ code: 'foreign_table' });
  });

  test('of another schema is no obstacle', async () => {
    await bench.pool.query('create schema theirs; create table theirs.webhook_deliveries (x text)');
    expect(await bench.run()).toMatchObject({ version: NEWEST });
  });

  test('renamed as advised, lets the migration through', async () => {
    await bench.pool.query('create table webhook_deliveries (theirs text)');
    await failureOf(bench.run());
    await bench.pool.query('alter table webhook_deliveries rename to old_webhook_deliveries');
    expect(await bench.run()).toMatchObject({ version: NEWEST });
  });
});

describe('a transaction at work', () => {
  const ADD_COLUMN: Migration = {
    version: NEWEST + 1,
    name: 'add_column',
    up: 'alter table webhook_deliveries add column extra text;',
    down: 'alter table webhook_deliveries drop column extra;',
  };

  test('on a table that a migration needs fails it within the lock timeout, once, and it says why', async () => {
    await bench.run();
    const busy = await bench.pool.connect();
    await busy.query('begin; select from webhook_deliveries');
    expect(await failureOf(bench.run({ history: [...migrations, ADD_COLUMN], lockTimeoutMs: 200 }))).toMatchObject({
      name: 'MigrationRefused',
      message: expect.stringContaining('another transaction holds a table it needs'),
    });
    // Nothing of the failed one waits in line: others get at the table.
    await bench.pool.query("set statement_timeout = '5s'; select from webhook_deliveries");
    await busy.query('rollback');
    busy.release();
    expect(await bench.run({ history: [...migrations, ADD_COLUMN] })).toEqual({
      applied: [expect.stringMatching(/^up \d{4}_add_column$/)],
      version: NEWEST + 1,
    });
  });

  test('of another runner is waited for, longer than for a table', async () => {
    const runner = bench.runner({ lockTimeoutMs: 200 });
    const slow = await bench.pool.connect();
    // As a runner in the midst of its work holds it.
    await slow.query('begin; select pg_advisory_xact_lock(7215041923)');
    const waiting = runner.appliedVersions();
    // Its first wait is over: it pauses, holding nothing, and asks again.
    await bench.clock.timerSet(50);
    await slow.query('commit');
    slow.release();
    await bench.clock.turn(50);
    expect(await waiting).toEqual([]);
  });
});
