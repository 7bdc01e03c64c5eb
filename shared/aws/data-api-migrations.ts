import { StatementRefused } from '../delivery/store-answers.ts';
import type { Migration, MigrationTarget } from '../operate/migrate-database.ts';
import { type Losses, MigrationRefused } from '../operate/migration-losses.ts';
import type { DataApi, Row, TransactionExecute, TransactionTime } from './data-api.ts';
import { sqlStateOf } from './data-api-faults.ts';
import { readColumns } from './data-api-rows.ts';
import { splitStatements } from './sql-statements.ts';

/** A table with one of Surehook's names exists, and no migration of Surehook made it: it is somebody else's. */
class ForeignTable extends Error {
  override readonly name = 'ForeignTable';
  readonly code = 'foreign_table';

  constructor(table: string) {
    super(
      `the database already has a table ${table} that is not Surehook's: rename it, or give Surehook another database`,
    );
  }
}

/** Versions that asked the search_path kept everything in `public`: beginning again elsewhere would forget what is pending there. */
class TablesElsewhere extends Error {
  override readonly name = 'TablesElsewhere';
  readonly code = 'tables_elsewhere';

  constructor(elsewhere: string, wanted: string) {
    super(
      `Surehook's tables are in the schema ${elsewhere}, and this stack is set to ${wanted}: set databaseSchema (DATABASE_SCHEMA) to '${elsewhere}'. ` +
        `If they are another stack's, say so: comment on schema ${wanted} is 'begins beside ${elsewhere}'`,
    );
  }
}

/** SQLSTATEs that operators meet: object_in_use and object_not_in_prerequisite_state, as migrations raise them, and lock_not_available. */
const REASONS = new Map([
  ['55000', 'an index that was started by hand is not finished; wait for it, or drop it and build it again'],
  ['55006', 'deliveries are pending and would be lost; let them finish, or stop and settle them'],
  ['55P03', 'another transaction holds a table it needs; run it again when that one has ended'],
]);

/** Any number that other users of advisory locks in the same database are unlikely to choose. */
const ADVISORY_LOCK = 7_215_041_923;
/** If a migration waited longer for a table lock, every claim would queue behind it. */
const LOCK_TIMEOUT_MS = 5_000;
/** Tables that a migration makes and that must not exist before it. */
const OWN_TABLES = new Map([[2, ['webhook_deliveries', 'webhook_delivery_attempts']]]);

const CREATE_HISTORY = `create table if not exists {surehook}.surehook_migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)`;

type Options = TransactionTime & { lockTimeoutMs?: number };

/** The schema's history, in the table surehook_migrations. Rejects with MigrationRefused, ForeignTable or StoreUnavailable. */
export function createDataApiMigrationTarget(
  dataApi: Pick<DataApi, 'transaction'>,
  { lockTimeoutMs = LOCK_TIMEOUT_MS, ...limit }: Options,
): MigrationTarget {
  /** Waits for other runners as long as the limit allows: they hold nothing that a delivery needs. */
  async function locked<T>(work: (execute: TransactionExecute) => Promise<T>): Promise<T> {
    return dataApi.transaction(async (execute) => {
      await execute(`set local lock_timeout = ${lockTimeoutMs}`);
      await execute(`select cast(pg_advisory_xact_lock(${ADVISORY_LOCK}) as text)`);
      await begin(execute);
      return work(execute);
    }, limit);
  }
  return {
    appliedVersions: () => locked(versionsOf),
    apply: (migration) =>
      locked(async (execute) => {
        if ((await versionsOf(execute)).includes(migration.version)) return false;
        await refuseForeignTables(migration, execute);
        await runStep(migration.up, `up ${migration.name}`, execute);
        await execute(recordOf(migration, 'up'));
        return true;
      }),
    takeBack: (plan, judge) =>
      locked(async (execute) => {
        const takenBack = plan(await versionsOf(execute));
        const lost = await countLosses(takenBack, execute);
        judge(lost);
        for (const migration of takenBack) {
          await runStep(migration.down, `down ${migration.name}`, execute);
          await execute(recordOf(migration, 'down'));
        }
        return { takenBack, lost };
      }),
  };
}

/** Makes the schema and the history where they are absent. A role that owns the schema needs no right to make one. */
async function begin(execute: TransactionExecute): Promise<void> {
  const [row = {}] = await execute(LOOK);
  const { boolean, string, optionalString } = readColumns(row);
  const elsewhere = optionalString('elsewhere');
  if (!boolean('begun') && elsewhere !== undefined) throw new TablesElsewhere(elsewhere, string('schema'));
  if (!boolean('exists')) await execute('create schema {surehook}');
  await execute(CREATE_HISTORY);
}

/** Earlier versions took the first schema of the search_path, which is `public` unless somebody has set it. */
const LOOK = `select
  '{surehook}' as schema,
  to_regnamespace('{surehook}') is not null as exists,
  to_regclass('{surehook}.surehook_migrations') is not null as begun,
  (
    select cast(c.relnamespace as regnamespace)::text
    from pg_class c
    where c.oid in (to_regclass('surehook_migrations'), to_regclass('public.surehook_migrations'))
      and obj_description(to_regnamespace('{surehook}'), 'pg_namespace')
        is distinct from 'begins beside ' || cast(c.relnamespace as regnamespace)::text
    limit 1
  ) as elsewhere`;

/** Answers the rows of its last statement. */
async function runStep(sql: string, step: string, execute: TransactionExecute): Promise<Row[]> {
  let rows: Row[] = [];
  for (const statement of splitStatements(sql)) {
    rows = await execute(statement).catch((fault: unknown) => {
      throw refusalOf(fault, step);
    });
  }
  return rows;
}

/** Locks first, so that what is counted stays as it is until the transaction ends. */
async function countLosses(migrations: readonly Migration[], execute: TransactionExecute): Promise<Losses> {
  const losses = new Map<string, number>();
  for (const { name, loses = '' } of migrations) {
    for (const row of await runStep(loses, `down ${name}`, execute)) {
      const { string, integer } = readColumns(row);
      if (integer('rows') > 0) losses.set(string('lost'), (losses.get(string('lost')) ?? 0) + integer('rows'));
    }
  }
  return Object.fromEntries(losses);
}

/** A lock that was not granted in time is not waited for again: during each wait claims queue behind it. */
function refusalOf(fault: unknown, step: string): unknown {
  const sqlState = sqlStateOf(fault);
  if (sqlState === '55P03') return refusedBy(sqlState, step);
  return fault instanceof StatementRefused ? refusedBy(fault.sqlState, step) : fault;
}

function refusedBy(sqlState: string, step: string): MigrationRefused {
  const because = REASONS.get(sqlState) ?? 'the database cannot carry it out';
  return new MigrationRefused(step, `${because} (SQLSTATE ${sqlState})`);
}

async function versionsOf(execute: TransactionExecute): Promise<number[]> {
  const rows = await execute('select version from {surehook}.surehook_migrations order by version');
  return rows.map((row) => readColumns(row).integer('version'));
}

async function refuseForeignTables({ version }: Migration, execute: TransactionExecute): Promise<void> {
  for (const table of OWN_TABLES.get(version) ?? []) {
    const [row] = await execute(`select to_regclass('{surehook}.${table}') is not null as present`);
    if (row !== undefined && readColumns(row).boolean('present')) throw new ForeignTable(table);
  }
}

/** Version and name are our own files': digits, and letters with underscores. */
function recordOf({ version, name }: Migration, direction: 'up' | 'down'): string {
  return direction === 'up'
    ? `insert into {surehook}.surehook_migrations (version, name) values (${version}, '${name}')`
    : `delete from {surehook}.surehook_migrations where version = ${version}`;
}
