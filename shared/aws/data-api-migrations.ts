import { StatementRefused } from '../delivery/store-answers.ts';
import { type DatabaseFacts, parseDatabaseFacts } from '../operate/database-facts.ts';
import { databaseFaults, type DatabaseNeeds, DatabaseNotReady } from '../operate/database-look.ts';
import { type Migration, type MigrationTarget, planMigrations } from '../operate/migrate-database.ts';
import { type ForeignTable, nameForeignTable } from '../runtime/foreign-table.ts';
import { type Losses, MigrationRefused } from '../operate/migration-losses.ts';
import { usedRights } from '../operate/used-rights.ts';
import * as queries from '../../sql/compiled-queries.ts';
import type { DataApi, Row, TransactionExecute, TransactionTime } from './data-api.ts';
import { sqlStateOf } from './data-api-faults.ts';
import { readColumns } from './data-api-rows.ts';
import { splitStatements } from './sql-statements.ts';

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
const CREATE_HISTORY = `create table if not exists {surehook}.surehook_migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)`;

type Options = TransactionTime &
  Pick<DatabaseNeeds, 'schemas' | 'applicationTables'> & {
    alongside?: ForeignTable | undefined;
    lockTimeoutMs?: number;
  };
type ApplicationTables = DatabaseNeeds['applicationTables'];

/** The schema's history, in the table surehook_migrations. Rejects with MigrationRefused, DatabaseNotReady or StoreUnavailable. */
export function createDataApiMigrationTarget(
  dataApi: Pick<DataApi, 'transaction'>,
  { lockTimeoutMs = LOCK_TIMEOUT_MS, schemas, applicationTables, alongside, ...limit }: Options,
): MigrationTarget {
  const place = {
    schemas: { surehook: `"${schemas.surehook}"`, application: `"${schemas.application}"` },
    applicationTables,
    alongside,
  };
  /** Nothing of the application's is made where it has it: what names its schema is left out. */
  const asFar = (up: string): string =>
    applicationTables === 'made'
      ? up
      : splitStatements(up)
          .filter((statement) => !statement.includes('{application}'))
          .join(';\n');
  /** Waits for other runners as long as the limit allows: they hold nothing that a delivery needs. */
  async function locked<T>(work: (execute: TransactionExecute) => Promise<T>): Promise<T> {
    return dataApi.transaction(async (execute) => {
      await execute(`set local lock_timeout = ${lockTimeoutMs}`);
      await execute(`select cast(pg_advisory_xact_lock(${ADVISORY_LOCK}) as text)`);
      return work(execute);
    }, limit);
  }
  return {
    appliedVersions: () => locked(versionsOf),
    prepare: (migrations) =>
      locked(async (execute) => {
        const facts = await lookAt(execute, alongside);
        const applied = await versionsIn(facts, execute);
        const pending = planMigrations(migrations, applied, { direction: 'up' }).map(({ up }) => asFar(up));
        const faults = databaseFaults(facts, { ...place, rights: RIGHTS, pending });
        if (faults.length > 0) throw new DatabaseNotReady(faults);
        await makeReady(facts, { execute, applicationTables: place.applicationTables });
        return applied;
      }),
    apply: (migration) =>
      locked(async (execute) => {
        if ((await versionsOf(execute)).includes(migration.version)) return false;
        await runStep(asFar(migration.up), `up ${migration.name}`, execute);
        await execute(recordOf(migration, 'up'));
        return true;
      }),
    takeBack: (plan, judge) =>
      locked(async (execute) => {
        await makeReady(await lookAt(execute, alongside), { execute, applicationTables: 'found' });
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

/** What the functions and this file ask of the database: the rights that the role needs. */
const RIGHTS = [
  ...usedRights([
    ...Object.values(queries).map(({ sql }) => sql),
    'select from {surehook}.surehook_migrations',
    'insert into {surehook}.surehook_migrations',
    'delete from {surehook}.surehook_migrations',
  ]).filter(({ place }) => place !== 'foreign'),
  // Of another pipeline's table what is asked at every call. An order that moves deliveries says for itself what it lacks.
  ...usedRights([queries.findAlongside.sql]).filter(({ place }) => place === 'foreign'),
];

async function lookAt(execute: TransactionExecute, alongside: ForeignTable | undefined): Promise<DatabaseFacts> {
  const [row = {}] = await execute(nameForeignTable(queries.lookAtDatabase.sql, alongside));
  return parseDatabaseFacts(readColumns(row).string('facts'));
}

/** The versions in the history, as far as there is one that this role may read. */
async function versionsIn({ relations }: DatabaseFacts, execute: TransactionExecute): Promise<number[]> {
  const history = relations.find(({ place, name }) => place === 'surehook' && name === 'surehook_migrations');
  const isReadable =
    history?.rights.includes('select') === true && history.columns.some(({ name }) => name === 'version');
  return isReadable ? versionsOf(execute) : [];
}

/** Makes what the first migration stands on. A role that is given a schema needs no right to make one. */
async function makeReady(
  { schemas }: DatabaseFacts,
  { execute, applicationTables }: { execute: TransactionExecute; applicationTables: ApplicationTables },
): Promise<void> {
  if (schemas.surehook === undefined) await execute('create schema {surehook}');
  if (schemas.application === undefined && applicationTables === 'made') {
    await execute('create schema if not exists {application}');
  }
  await execute(CREATE_HISTORY);
}

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

/** Version and name are our own files': digits, and letters with underscores. */
function recordOf({ version, name }: Migration, direction: 'up' | 'down'): string {
  return direction === 'up'
    ? `insert into {surehook}.surehook_migrations (version, name) values (${version}, '${name}')`
    : `delete from {surehook}.surehook_migrations where version = ${version}`;
}
