import { isJsonObject } from '../runtime/json-object.ts';

/** One numbered pair of the schema's history. */
export type Migration = { version: number; name: string; up: string; down: string };

/** The schema's history in the database, one transaction a step. */
export type MigrationTarget = {
  /** Versions applied, ascending; made ready to be asked when there are none. */
  appliedVersions(): Promise<number[]>;
  /**
   * Runs one direction of a migration and records it, whole or not at all; answers false, having changed nothing, when
   * another runner was faster.
   */
  apply(migration: Migration, direction: 'up' | 'down'): Promise<boolean>;
};

export type MigrationOrder = { direction: 'up' } | { direction: 'down'; toVersion: number };

/**
 * Reads an order: `{"direction":"down","to_version":n}` goes down; whatever else calls the function, a deploy's trigger
 * among them, means up.
 */
export function parseMigrationOrder(event: unknown): MigrationOrder {
  if (!isJsonObject(event) || event['direction'] !== 'down') return { direction: 'up' };
  const toVersion = event['to_version'];
  if (typeof toVersion !== 'number' || !Number.isInteger(toVersion) || toVersion < 0) {
    throw new RangeError('to_version must be a whole number, 0 or more');
  }
  return { direction: 'down', toVersion };
}

export type MigrationReport = { applied: string[]; version: number };

/**
 * Brings the schema up to the newest migration known here, or down to a version. Safe twice and side by side. A schema
 * newer than this code knows is left alone: a rolled-back stack runs old code on it.
 */
export async function migrateDatabase(
  target: MigrationTarget,
  migrations: readonly Migration[],
  order: MigrationOrder,
): Promise<MigrationReport> {
  const before = await target.appliedVersions();
  const applied: string[] = [];
  for (const migration of planMigrations(migrations, before, order)) {
    if (await target.apply(migration, order.direction)) {
      applied.push(`${order.direction} ${String(migration.version).padStart(4, '0')}_${migration.name}`);
    }
  }
  const after = await target.appliedVersions();
  return { applied, version: after.at(-1) ?? 0 };
}

/** The steps still to be made, in order. */
export function planMigrations(
  migrations: readonly Migration[],
  applied: readonly number[],
  order: MigrationOrder,
): Migration[] {
  const newestKnown = Math.max(0, ...migrations.map(({ version }) => version));
  const newestApplied = Math.max(0, ...applied);
  switch (order.direction) {
    case 'up':
      if (newestApplied > newestKnown) return [];
      return migrations.filter(({ version }) => !applied.includes(version)).sort((a, b) => a.version - b.version);
    case 'down':
      if (newestApplied > newestKnown) throw new SchemaTooNew(newestApplied, newestKnown);
      return migrations
        .filter(({ version }) => applied.includes(version) && version > order.toVersion)
        .sort((a, b) => b.version - a.version);
  }
}

/** A down that would skip migrations this code does not know. */
class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
  readonly code = 'schema_too_new';

  constructor(applied: number, known: number) {
    super(`the schema is at version ${applied}, this code knows ${known}: go down with the newer code`);
  }
}
