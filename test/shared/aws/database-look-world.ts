import { expect } from 'vitest';
import type { DatabaseNotReady } from '../../../shared/operate/database-look.ts';
import { usedRights } from '../../../shared/operate/used-rights.ts';
import { nameSchemas } from '../../../shared/runtime/database-schemas.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { asForeign, FOREIGN_TABLE } from '../../support/postgres/application-tables.ts';
import { failureOf } from './data-api-client-bench.ts';
import { type MigrationsBench, startMigrationsBench } from './data-api-migrations-bench.ts';

const SCHEMAS = { surehook: 'hooks', application: 'app' };
export const FOUND = { applicationTables: 'found' } as const;
export const ROLE = 'mover';
export const NEWEST = migrations.length;
/** What the statements use; of another pipeline's table nothing. */
export const USED = usedRights(Object.values(queries).map(({ sql }) => sql)).flatMap(({ place, relation, rights }) =>
  place === 'foreign' ? [] : [{ place, relation: `${SCHEMAS[place]}.${relation}`, rights: [...rights] }],
);

/** As `grant` writes the object of a right. */
export function objectOf(relation: string, right: string | undefined): string {
  return right === 'execute' ? `function ${relation}` : relation;
}

type RunOptions = Parameters<MigrationsBench['run']>[0];

/** A database with an application's tables, and a role of ours that may do nothing yet. */
export type LookBench = MigrationsBench & {
  /** The mending statements of what the migration refuses; nothing may have changed. */
  mendsOf(options?: RunOptions): Promise<string[]>;
  mend(statements: readonly string[]): Promise<void>;
  /** Grants what the migration asks for, and migrates. */
  everythingThere(): Promise<void>;
};

export async function startLookBench(role = ROLE): Promise<LookBench> {
  const bench = await startMigrationsBench(SCHEMAS, role);
  await bench.pool.query(`
    create schema app;
    create table app.workflows (id serial primary key, organization_id integer);
    create table app.workflow_runs (id serial primary key, workflow_id integer references app.workflows (id));
    create table app.webhook_deliveries (theirs text);
    create type app.webhook_delivery_status as enum ('theirs');
    ${FOREIGN_TABLE}
    grant usage on schema theirs to public; grant all on theirs.webhook_deliveries to public`);

  async function inventory(): Promise<unknown[]> {
    const { rows } = await bench.pool.query(
      "select relnamespace::regnamespace::text, relname, relacl::text from pg_class where relnamespace::regnamespace::text in ('app', 'hooks') order by 1, 2",
    );
    return [rows, (await bench.pool.query("select nspname from pg_namespace where nspname !~ '^pg_' order by 1")).rows];
  }

  async function mendsOf(options: RunOptions = FOUND): Promise<string[]> {
    const before = await inventory();
    const failure = (await failureOf(bench.run(options))) as DatabaseNotReady;
    expect(failure.name).toBe('DatabaseNotReady');
    expect(await inventory()).toEqual(before);
    for (const { mend: statement = '' } of failure.faults) expect(failure.message).toContain(statement);
    return failure.faults.map(({ fault, mend: statement }) => statement ?? fault);
  }

  async function mend(statements: readonly string[]): Promise<void> {
    for (const statement of statements) await bench.pool.query(statement);
  }

  async function everythingThere(): Promise<void> {
    await mend(await mendsOf());
    expect(await bench.run(FOUND)).toMatchObject({ version: NEWEST });
  }

  return { ...bench, mendsOf, mend, everythingThere };
}

/** PostgreSQL checks every right before it begins, so the plan is enough. */
export function explained(sql: string, parameters: readonly string[]): string {
  const values = (text: string) => asForeign(text).replaceAll(/(?<!:):[a-z]\w*/g, 'null');
  return `explain ${parameters.length === 0 ? nameSchemas(sql, SCHEMAS) : values(nameSchemas(sql, SCHEMAS))}`;
}
