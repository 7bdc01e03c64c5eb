// Migrations in a database where others live: the application's own tables, foreign ones, and transactions at work.
// Real: the runner, the product's Data API client, the SDK, the local Data API, PostgreSQL, and the migrations themselves.
// Doubles: the clocks, turned by hand. Each test has an empty database of its own.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDataApiMigrationTarget } from '../../../shared/aws/data-api-migrations.ts';
import type { Migration } from '../../../shared/operate/migrate-database.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';
import { dumpSchema } from '../../../scripts/dump-schema.ts';
import { PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';
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

  test('whose ids are no integers stop the migration, which says so', async () => {
    await bench.pool.query('create table workflows (id text primary key, organization_id integer)');
    const failure = await failureOf(bench.run());
    expect(failure).toMatchObject({
      name: 'DatabaseNotReady',
      message: expect.stringContaining('"public".workflows.id is text, and must be smallint, integer or bigint'),
    });
  });
});

describe('a foreign table', () => {
  test.each(['webhook_deliveries', 'webhook_delivery_attempts', 'webhook_outbox'])(
    '%s stops the migration, and stays',
    async (name) => {
      await bench.pool.query(`create table ${name} (theirs text); insert into ${name} values ('data')`);
      expect(await failureOf(bench.run())).toMatchObject({
        name: 'DatabaseNotReady',
        message: expect.stringContaining(
          `already has a relation ${name} that is not Surehook's: give Surehook a schema of its own`,
        ),
      });
      expect((await bench.pool.query(`select * from ${name}`)).rows).toEqual([{ theirs: 'data' }]);
    },
  );

  test('that is a view stops the migration too', async () => {
    await bench.pool.query('create view webhook_deliveries as select 1 as one');
    expect(await failureOf(bench.run())).toMatchObject({ name: 'DatabaseNotReady' });
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

describe("Surehook's tables in another schema", () => {
  const SCHEMAS = { surehook: 'surehook', application: 'public' };
  let later: MigrationsBench;

  beforeEach(async () => {
    later = await startMigrationsBench(SCHEMAS);
  });
  afterEach(() => later.close());

  async function inPublic(): Promise<MigrationsBench['pool']> {
    await later.pool.query('create table public.surehook_migrations (version integer primary key, name text not null)');
    return later.pool;
  }

  test('than the one set, where earlier versions made them, stop the migration, which names the setting and changes nothing', async () => {
    const pool = await inPublic();
    expect(await failureOf(later.run())).toMatchObject({
      name: 'DatabaseNotReady',
      message: expect.stringContaining("set databaseSchema (DATABASE_SCHEMA) to 'public'"),
    });
    expect((await pool.query("select to_regnamespace('surehook') as schema")).rows).toEqual([{ schema: null }]);
  });

  test('are passed over once the schema says that it begins beside them', async () => {
    const pool = await inPublic();
    const { message = '' } = (await failureOf(later.run())) as Error;
    const [, statement = ''] = /(create schema .+)$/.exec(message) ?? [];
    await pool.query(statement);
    expect(await later.run()).toMatchObject({ version: NEWEST });
    expect((await pool.query("select to_regclass('surehook.webhook_deliveries') is not null as made")).rows).toEqual([
      { made: true },
    ]);
  });

  test('and not in the one set is made there, beside tables and types of the same names', async () => {
    await later.pool.query(`create type public.webhook_delivery_status as enum ('theirs');
      create table public.webhook_deliveries (status public.webhook_delivery_status);
      insert into public.webhook_deliveries values ('theirs')`);
    expect(await later.run()).toMatchObject({ version: NEWEST });
    expect((await later.pool.query('select status from public.webhook_deliveries')).rows).toEqual([
      { status: 'theirs' },
    ]);
    expect(await later.run({ order: DOWN_TO_NOTHING })).toMatchObject({ version: 0 });
    expect((await later.pool.query('select status from public.webhook_deliveries')).rows).toEqual([
      { status: 'theirs' },
    ]);
  });
});

describe('indexes on a large table, built before as docs/deploy.md says', () => {
  const deploy = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
  const BUILT_BEFORE = [...deploy.matchAll(/^build "(create index concurrently [^"]+)"$/gm)].map(([, sql = '']) =>
    sql.replace('$schema', 'public'),
  );
  /** The columns that some of them are about: adding one takes no time. */
  const COLUMNS = (/^build "(alter table [^"]+)"$/m.exec(deploy)?.[1] ?? '').replace('$schema', 'public');
  const BEFORE = migrations.filter(({ version }) => version < 4);

  test('are those that the migrations make', () => {
    const ups = migrations.map(({ up }) => up.replaceAll('{surehook}', 'public')).join('\n');
    expect(BUILT_BEFORE).toHaveLength(11);
    for (const sql of BUILT_BEFORE) expect(ups).toContain(`${sql.replace(' concurrently', '')};`);
  });

  test('are found by the migration, and not built again', async () => {
    await bench.run({ history: BEFORE });
    for (const sql of [COLUMNS, ...BUILT_BEFORE]) await bench.pool.query(sql);
    const indexes = `select indexrelid from pg_index where indrelid = 'webhook_deliveries'::regclass order by 1`;
    const before = await bench.pool.query(indexes);
    // Later ones index a column that they add themselves, which holds nothing yet.
    expect(await bench.run({ history: migrations.filter(({ version }) => version <= 5) })).toMatchObject({
      version: 5,
    });
    expect((await bench.pool.query(indexes)).rows).toEqual(before.rows);
  });

  test('one of which was left unfinished stop the migration, which says so', async () => {
    await bench.run({ history: BEFORE });
    const busy = await bench.pool.connect();
    await busy.query(`begin; insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
      values (1, 1, 'node', 'https://receiver.example/', '{}')`);
    const builder = await bench.pool.connect();
    await builder.query("set lock_timeout = '50ms'");
    const [sql = ''] = BUILT_BEFORE;
    await expect(builder.query(sql)).rejects.toMatchObject({ code: '55P03' });
    builder.release(true);
    await busy.query('rollback');
    busy.release();
    expect(await failureOf(bench.run())).toMatchObject({
      name: 'MigrationRefused',
      message: expect.stringContaining('drop it and build it again'),
    });
    await bench.pool.query('drop index concurrently webhook_deliveries_dead_by_time');
    for (const again of [COLUMNS, ...BUILT_BEFORE]) await bench.pool.query(again);
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

  test('is waited for 5 s at the most: every claim would queue behind whoever waits', async () => {
    const asked: string[] = [];
    const execute = async (sql: string) => {
      asked.push(sql);
      return [];
    };
    const place = { schemas: PUBLIC_SCHEMAS, applicationTables: 'made', untilMonotonicMs: Infinity } as const;
    await createDataApiMigrationTarget({ transaction: (work) => work(execute) }, place).appliedVersions();
    expect(asked[0]).toBe('set local lock_timeout = 5000');
  });

  test('of another runner is waited for, longer than for a table', async () => {
    const runner = bench.runner({ lockTimeoutMs: 200 });
    const slow = await bench.pool.connect();
    // As a runner in the midst of its work holds it.
    await slow.query('begin; select pg_advisory_xact_lock(7215041923)');
    const waiting = runner.prepare(migrations);
    // Its first wait is over: it pauses, holding nothing, and asks again.
    await bench.clock.timerSet(50);
    await slow.query('commit');
    slow.release();
    await bench.clock.turn(50);
    expect(await waiting).toEqual([]);
  });
});
