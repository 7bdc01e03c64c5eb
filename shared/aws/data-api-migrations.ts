import type { CallLimit } from '../delivery/delivery-store.ts';
import type { Migration, MigrationTarget } from '../operate/migrate-database.ts';
import { type DataApi, sqlStateOf, StatementRefused, type TransactionExecute } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { splitStatements } from './sql-statements.ts';

/** A table of ours exists that no migration of ours has made: it is somebody else's. */
class ForeignTable extends Error {
  override readonly name = 'ForeignTable';
  readonly code = 'foreign_table';

  constructor(table: string) {
    super(
      `the database already has a table ${table} that is not Surehook's: rename it, or give Surehook another database`,
    );
  }
}

/** A step that the database refused: nothing of it is left, earlier steps stay. */
class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
  readonly code = 'migration_refused';
  readonly sqlState: string;

  constructor(step: string, sqlState: string) {
    super(`${step} was refused: ${REASONS.get(sqlState) ?? 'the database cannot carry it out'} (SQLSTATE ${sqlState})`);
    this.sqlState = sqlState;
  }
}

/** SQLSTATEs that operators meet: object_in_use, as the downs raise it, and lock_not_available. */
const REASONS = new Map([
  ['55006', 'deliveries are pending and would be lost; let them finish, or stop and settle them'],
  ['55P03', 'another transaction holds a table it needs; run it again when that one has ended'],
]);

/** Any number that no other user of advisory locks in the same database is likely to take. */
const ADVISORY_LOCK = 7_215_041_923;
/** Waiting longer for a table lock would queue every claim behind the migration. */
const LOCK_TIMEOUT_MS = 5_000;
/** Tables that a migration makes and that must not be there before it. */
const OWN_TABLES = new Map([[2, ['webhook_deliveries', 'webhook_delivery_attempts']]]);

const CREATE_HISTORY = `create table if not exists surehook_migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)`;

type Options = CallLimit & { lockTimeoutMs?: number };

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
        const step = `${direction} ${migration.name}`;
        for (const statement of splitStatements(migration[direction])) {
          await execute(statement).catch((fault: unknown) => {
            throw refusalOf(fault, step);
          });
        }
        await execute(recordOf(migration, direction));
        return true;
      }),
  };
}

/** A lock that did not come in time is not waited for again: each wait queues the claims behind it. */
function refusalOf(fault: unknown, step: string): unknown {
  const sqlState = sqlStateOf(fault);
  if (sqlState === '55P03') return new MigrationRefused(step, sqlState);
  return fault instanceof StatementRefused ? new MigrationRefused(step, fault.sqlState) : fault;
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
