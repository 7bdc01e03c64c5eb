// Real: the runner, the product's Data API client, the SDK, the local Data API, PostgreSQL, and the migrations themselves.
// Doubles: the clocks, turned by hand. Each test has an empty database of its own.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Migration, type MigrationOrder, parseMigrationOrder } from '../../../shared/operate/migrate-database.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';
import { dumpSchema } from '../../../scripts/dump-schema.ts';
import { failureOf } from './data-api-client-bench.ts';
import { DOWN_TO_NOTHING, type MigrationsBench, startMigrationsBench } from './data-api-migrations-bench.ts';

const NEWEST = migrations.length;
const ALL_UP = { applied: migrations.map((migration) => stepOf('up', migration)), version: NEWEST };
const ALL_DOWN = { applied: migrations.map((migration) => stepOf('down', migration)).toReversed(), version: 0 };
const NOTHING = { applied: [], version: NEWEST };

function stepOf(direction: 'up' | 'down', { version, name }: Migration): string {
  return `${direction} ${String(version).padStart(4, '0')}_${name}`;
}

let bench: MigrationsBench;

beforeEach(async () => {
  bench = await startMigrationsBench();
});
afterEach(() => bench.close());

const PENDING = `insert into webhook_deliveries
  (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
  values (1, 1, 'node', 'https://hooks.example.com/', 'null')`;

/** Deliveries that are over, so many of each status. */
function over(counts: Partial<Record<'succeeded' | 'dead_letter', number>>, firstRun = 1): string {
  const inserts = Object.entries(counts).map(
    ([status, count]) => `insert into webhook_deliveries
      (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, scheduled_for)
      select run, 1, '${status}', 'https://hooks.example.com/', 'null', '${status}', null
      from generate_series(${firstRun}, ${firstRun + count - 1}) as run`,
  );
  return inserts.join(';');
}

async function tables(): Promise<string[]> {
  const { rows } = await bench.pool.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  );
  return rows.map(({ name }) => name);
}

const OURS = [
  'surehook_migrations',
  'webhook_deliveries',
  'webhook_delivery_attempts',
  'webhook_endpoints',
  'webhook_ordering_keys',
  'webhook_ordering_slots',
  'webhook_orders',
  'webhook_outcomes',
  'webhook_redelivery_paces',
];
const RUNS = ['workflow_runs', 'workflows'];

describe('going up', () => {
  test('makes every table, and again changes nothing', async () => {
    expect(await bench.run()).toEqual(ALL_UP);
    expect(await tables()).toEqual([...OURS, ...RUNS]);
    const schema = await dumpSchema(bench.pool);
    expect(await bench.run()).toEqual(NOTHING);
    expect(await dumpSchema(bench.pool)).toBe(schema);
  });

  test.each([2, 5])('%i runners at once apply each migration once, and all succeed', async (runners) => {
    const reports = await Promise.all(Array.from({ length: runners }, () => bench.run()));
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual(ALL_UP.applied);
    expect(reports.every(({ version }) => version === NEWEST)).toBe(true);
    const { rows } = await bench.pool.query('select version, name from surehook_migrations order by version');
    expect(rows).toEqual(migrations.map(({ version, name }) => ({ version, name })));
    expect(rows.slice(0, 2)).toEqual([
      { version: 1, name: 'workflow_runs' },
      { version: 2, name: 'webhook_deliveries' },
    ]);
  });

  test('survives a cluster that is only just waking up', async () => {
    bench.endpoint.simulateResume({ forMs: 20_000 });
    const run = bench.run();
    await bench.clock.timerSet(50);
    await bench.timers.advance(20_000);
    await bench.clock.turn(50);
    expect(await run).toEqual(ALL_UP);
  });

  test('by older code on a newer schema does nothing and succeeds', async () => {
    await bench.run();
    const schema = await dumpSchema(bench.pool);
    expect(await bench.run({ history: migrations.slice(0, 1) })).toEqual(NOTHING);
    expect(await dumpSchema(bench.pool)).toBe(schema);
  });
});

describe('a migration that fails halfway', () => {
  const broken: Migration = {
    version: NEWEST + 1,
    name: 'halfway',
    up: 'create table extra (id integer); insert into extra values (1); select * from nowhere;',
    down: 'drop table extra;',
  };

  test('leaves nothing of itself, keeps what came before it, and says which it was', async () => {
    expect(await failureOf(bench.run({ history: [...migrations, broken] }))).toMatchObject({
      name: 'MigrationRefused',
      message: 'up halfway was refused: the database cannot carry it out (SQLSTATE 42P01)',
    });
    expect(await tables()).toEqual([...OURS, ...RUNS]);
    expect(await bench.run()).toEqual(NOTHING);
  });

  test('succeeds once it is mended', async () => {
    await failureOf(bench.run({ history: [...migrations, broken] }));
    const mended = { ...broken, up: broken.up.replace('nowhere', 'extra') };
    expect(await bench.run({ history: [...migrations, mended] })).toEqual({
      applied: [stepOf('up', mended)],
      version: NEWEST + 1,
    });
    expect(await tables()).toContain('extra');
  });
});

describe('going down', () => {
  beforeEach(() => bench.run());

  test('refuses while deliveries are pending, and keeps everything', async () => {
    await bench.pool.query(PENDING);
    expect(await failureOf(bench.run({ order: DOWN_TO_NOTHING }))).toMatchObject({
      name: 'MigrationRefused',
      message: expect.stringContaining('deliveries are pending'),
    });
    expect(await tables()).toEqual([...OURS, ...RUNS]);
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(1);
    expect(await bench.run()).toEqual(NOTHING);
  });

  test.each([
    ['is accepted', PENDING, 'deliveries are pending'],
    ['has ended', over({ succeeded: 1 }), 'it would lose 1 succeeded'],
  ])('refuses for a delivery that %s in that very moment', async (_what, change, refused) => {
    const changing = await bench.pool.connect();
    await changing.query(`begin; ${change}`);
    const refusal = failureOf(bench.run({ order: DOWN_TO_NOTHING }));
    for (;;) {
      const waiting = await bench.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      if (waiting.rowCount !== 0) break;
    }
    await changing.query('commit');
    changing.release();
    expect(await refusal).toMatchObject({ message: expect.stringContaining(refused) });
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(1);
  });

  test('loses deliveries that are over only where they are named with their number', async () => {
    await bench.pool.query(over({ succeeded: 122, dead_letter: 2 }));
    const refusal =
      'it would lose 2 dead_letter, 122 succeeded, and with the deliveries the memory that they were sent';
    for (const lose of [undefined, { succeeded: 122 }, { succeeded: 121, dead_letter: 2 }]) {
      const order: MigrationOrder = { ...DOWN_TO_NOTHING, ...(lose !== undefined && { lose }) };
      expect(await failureOf(bench.run({ order }))).toMatchObject({
        name: 'MigrationRefused',
        message: expect.stringContaining(refusal),
      });
    }
    expect(await tables()).toEqual([...OURS, ...RUNS]);
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(124);
    const lose = { succeeded: 122, dead_letter: 2 };
    expect(await bench.run({ order: { ...DOWN_TO_NOTHING, lose } })).toEqual({ ...ALL_DOWN, lost: lose });
    expect(await tables()).toEqual(['surehook_migrations', ...RUNS]);
  });

  test('does what the document on deploying shows: it refuses, and then takes back what is named', async () => {
    await bench.pool.query(over({ succeeded: 122, dead_letter: 2 }));
    const text = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
    const payloads = [...text.matchAll(/--payload '(\{"direction".+?)' /g)].map(([, payload = '']) => payload);
    const [first, second, ...more] = payloads.map((payload) => parseMigrationOrder(JSON.parse(payload)));
    if (first === undefined || second === undefined || more.length > 0) throw new Error(`${payloads.length} payloads`);
    const shown = /"errorMessage":"([^…]+)…/.exec(text)?.[1]?.replaceAll('\n', ' ').trim() ?? '?';
    expect(await failureOf(bench.run({ order: first }))).toMatchObject({ message: expect.stringContaining(shown) });
    expect(await bench.run({ order: second })).toEqual({
      applied: ALL_DOWN.applied.slice(0, -1),
      version: 1,
      lost: { succeeded: 122, dead_letter: 2 },
    });
  });

  test('refuses anew when another delivery has ended since it was named', async () => {
    await bench.pool.query(over({ succeeded: 3 }));
    const order: MigrationOrder = { ...DOWN_TO_NOTHING, lose: { succeeded: 3 } };
    await bench.pool.query(over({ succeeded: 1 }, 1_000));
    expect(await failureOf(bench.run({ order }))).toMatchObject({
      message: expect.stringContaining('{"succeeded":4}'),
    });
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(4);
  });

  test('with the same order twice and side by side loses once, and the others find it done', async () => {
    await bench.pool.query(over({ succeeded: 3 }));
    const order: MigrationOrder = { ...DOWN_TO_NOTHING, lose: { succeeded: 3 } };
    const reports = await Promise.all([1, 2, 3].map(() => bench.run({ order })));
    expect(reports.filter(({ lost }) => lost !== undefined)).toEqual([{ ...ALL_DOWN, lost: { succeeded: 3 } }]);
    expect(reports.filter(({ lost }) => lost === undefined)).toEqual([1, 2].map(() => ({ applied: [], version: 0 })));
    expect(await bench.run({ order })).toEqual({ applied: [], version: 0 });
  });

  test('counts what all its steps would lose at once, and takes all of them back or none', async () => {
    const limits: Migration = {
      version: NEWEST + 1,
      name: 'limits',
      up: 'create table limits (id integer); insert into limits values (1), (2);',
      loses: "select 'limits' as lost, count(*) as rows from limits;",
      down: 'drop table limits;',
    };
    const history = [...migrations, limits];
    await bench.run({ history });
    await bench.pool.query(over({ dead_letter: 1 }));
    expect(await failureOf(bench.run({ history, order: DOWN_TO_NOTHING }))).toMatchObject({
      message: expect.stringContaining('"lose":{"dead_letter":1,"limits":2}'),
    });
    const broken = { ...migrations[0], down: 'select * from nowhere;' } as Migration;
    const order: MigrationOrder = { ...DOWN_TO_NOTHING, lose: { dead_letter: 1, limits: 2 } };
    const failure = await failureOf(bench.run({ history: [broken, ...history.slice(1)], order }));
    expect(failure).toMatchObject({ message: expect.stringContaining('down workflow_runs was refused') });
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(1);
    expect(await bench.run({ history })).toEqual({ applied: [], version: NEWEST + 1 });
    expect(await bench.run({ history, order })).toMatchObject({ version: 0, lost: { dead_letter: 1, limits: 2 } });
  });

  test('by its SQL alone, without the runner’s count, still refuses while deliveries are pending', async () => {
    await bench.pool.query(PENDING);
    const history = migrations.map(({ version, name, up, down }) => ({ version, name, up, down }));
    expect(await failureOf(bench.run({ history, order: DOWN_TO_NOTHING }))).toMatchObject({
      message: expect.stringMatching(/deliveries are pending.+SQLSTATE 55006/),
    });
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(1);
  });

  test('never drops runs and their workflows, nor a row of them', async () => {
    await bench.pool.query('insert into workflows values (-7, 7); insert into workflow_runs values (42, -7)');
    expect(await bench.run({ order: DOWN_TO_NOTHING })).toEqual(ALL_DOWN);
    expect(await tables()).toEqual(['surehook_migrations', ...RUNS]);
    expect((await bench.pool.query('select id, workflow_id from workflow_runs')).rows).toEqual([
      { id: '42', workflow_id: '-7' },
    ]);
  });

  test('and up again gives the same schema', async () => {
    const schema = await dumpSchema(bench.pool);
    await bench.run({ order: DOWN_TO_NOTHING });
    expect(await bench.run()).toEqual(ALL_UP);
    expect(await dumpSchema(bench.pool)).toBe(schema);
  });

  test('to a version keeps that version', async () => {
    expect(await bench.run({ order: { direction: 'down', toVersion: 1 } })).toEqual({
      applied: ALL_DOWN.applied.slice(0, -1),
      version: 1,
    });
    expect(ALL_DOWN.applied.slice(-2)).toEqual(['down 0002_webhook_deliveries', 'down 0001_workflow_runs']);
  });

  test('twice changes nothing the second time', async () => {
    await bench.run({ order: DOWN_TO_NOTHING });
    expect(await bench.run({ order: DOWN_TO_NOTHING })).toEqual({ applied: [], version: 0 });
  });

  test('by older code on a newer schema is refused', async () => {
    const failure = await failureOf(bench.run({ history: migrations.slice(0, 1), order: DOWN_TO_NOTHING }));
    expect(failure).toMatchObject({ code: 'schema_too_new' });
    expect(await tables()).toEqual([...OURS, ...RUNS]);
  });
});
