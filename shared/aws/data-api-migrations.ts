import type { CallLimit } from '../delivery-store.ts';
import type { Migration, MigrationTarget } from '../migrate-database.ts';
import type { DataApi, TransactionExecute } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { splitStatements } from './sql-statements.ts';

/** A table of ours exists that no migration of ours has made: it is somebody else's. */
export class ForeignTable extends Error {
  override readonly name = 'ForeignTable';
  readonly code = 'foreign_table';

  constructor(table: string) {
    super(
      `the database already has a table ${table} that is not Surehook's: rename it, or give Surehook another database`,
    );
  }
}

/** Any number that no other user of advisory locks in the same database is likely to take. */
const ADVISORY_LOCK = 7_215_041_923;
/** Waiting longer for a table lock would queue every claim behind the migration. */
const LOCK_TIMEOUT = '5s';
/** Tables that a migration makes and that must not be there before it. */
const OWN_TABLES = new Map([[2, ['webhook_deliveries', 'webhook_delivery_attempts']]]);

const CREATE_HISTORY = `create table if not exists surehook_migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)`;

/** The schema's history, in the table surehook_migrations. */
export function createDataApiMigrationTarget(dataApi: DataApi, limit: CallLimit): MigrationTarget {
  async function locked<T>(work: (execute: TransactionExecute) => Promise<T>): Promise<T> {
    return dataApi.transaction(async (execute) => {
      await execute(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      await execute(`select cast(pg_advisory_xact_lock(${ADVISORY_LOCK}) as text)`);
      await execute(CREATE_HISTORY);
      return work(execute);
    }, limit);
  }
  return {
    appliedVersions: () => locked(versionsOf),
    apply: (migration, direction) =>
      locked(async (execute) => {
        const isApplied = (await versionsOf(execute)).includes(migration.version);
        if (isApplied === (direction === 'up')) return false;
        if (direction === 'up') await refuseForeignTables(migration, execute);
        for (const statement of splitStatements(migration[direction])) await execute(statement);
        await execute(recordOf(migration, direction));
        return true;
      }),
  };
}

async function versionsOf(execute: TransactionExecute): Promise<number[]> {
  const rows = await execute('select version from surehook_migrations order by version');
  return rows.map((row) => readColumns(row).integer('version'));
}

async function refuseForeignTables({ version }: Migration, execute: TransactionExecute): Promise<void> {
  for (const table of OWN_TABLES.get(version) ?? []) {
    const [row] = await execute(`select to_regclass('${table}') is not null as present`);
    if (row !== undefined && readColumns(row).boolean('present')) throw new ForeignTable(table);
  }
}

/** Version and name are our own files': digits, and letters with underscores. */
function recordOf({ version, name }: Migration, direction: 'up' | 'down'): string {
  return direction === 'up'
    ? `insert into surehook_migrations (version, name) values (${version}, '${name}')`
    : `delete from surehook_migrations where version = ${version}`;
}
