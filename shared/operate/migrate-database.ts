import { isJsonObject } from '../runtime/json-object.ts';
import { type Losses, parseLosses, refuseLosses } from './migration-losses.ts';

/** One numbered step of the schema's history. */
export type Migration = {
  version: number;
  name: string;
  up: string;
  down: string;
  /** Locks and counts what going down loses: rows of `lost` (what) and `rows`. Absent: it loses nothing. */
  loses?: string;
};

/** The schema's history in the database. */
export type MigrationTarget = {
  /**
   * Looks at everything that the migrations and the functions need, and makes ready for the first step. Throws DatabaseNotReady
   * with every fault, having changed nothing. Returns the versions applied, ascending.
   */
  prepare(migrations: readonly Migration[]): Promise<number[]>;
  /** Versions applied, ascending. */
  appliedVersions(): Promise<number[]>;
  /**
   * Runs one migration up and records it, completely or not at all; returns false, having changed nothing, if another runner
   * was faster.
   */
  apply(migration: Migration): Promise<boolean>;
  /**
   * Takes back what `plan` returns for the versions applied, in its order, all or nothing. `judge` sees what would be lost,
   * at a time when nobody can add to it; if it throws, everything stays as it was.
   */
  takeBack(
    plan: (applied: readonly number[]) => Migration[],
    judge: (losses: Losses) => void,
  ): Promise<{ takenBack: Migration[]; lost: Losses }>;
};

export type MigrationOrder = { direction: 'up' } | { direction: 'down'; toVersion: number; lose?: Losses };

/**
 * Reads an order: `{"direction":"down","to_version":n}` goes down, and with `"lose":{"succeeded":n,…}` also if exactly these
 * are lost; anything else that calls the function, such as the trigger of a deploy, means up.
 */
export function parseMigrationOrder(event: unknown): MigrationOrder {
  if (!isJsonObject(event) || event['direction'] !== 'down') return { direction: 'up' };
  const toVersion = event['to_version'];
  if (typeof toVersion !== 'number' || !Number.isInteger(toVersion) || toVersion < 0) {
    throw new RangeError('to_version must be a whole number, 0 or more');
  }
  return { direction: 'down', toVersion, ...('lose' in event && { lose: parseLosses(event.lose) }) };
}

export type MigrationReport = {
  applied: string[];
  version: number;
  /** Present if going down lost something. */
  lost?: Losses;
};

/**
 * Brings the schema up to the newest migration known here, or down to a version. Safe to run twice or in parallel. A schema
 * newer than this code knows is left alone: a rolled-back stack runs old code on it. Going down throws MigrationRefused
 * rather than lose anything that the order does not name.
 */
export async function migrateDatabase(
  target: MigrationTarget,
  migrations: readonly Migration[],
  order: MigrationOrder,
): Promise<MigrationReport> {
  return order.direction === 'up' ? goUp(target, migrations) : goDown(target, migrations, order);
}

/** One transaction per step: if a step fails, the earlier ones stay, and the next run starts with it. */
async function goUp(target: MigrationTarget, migrations: readonly Migration[]): Promise<MigrationReport> {
  const applied: Migration[] = [];
  const before = await target.prepare(migrations);
  for (const migration of planMigrations(migrations, before, { direction: 'up' })) {
    if (await target.apply(migration)) applied.push(migration);
  }
  return { applied: applied.map((migration) => nameOf('up', migration)), version: await newestOf(target) };
}

/** All steps in one transaction: a refusal changes nothing, however many steps there are. */
async function goDown(
  target: MigrationTarget,
  migrations: readonly Migration[],
  order: MigrationOrder & { direction: 'down' },
): Promise<MigrationReport> {
  const { takenBack, lost } = await target.takeBack(
    (applied) => planMigrations(migrations, applied, order),
    (losses) => refuseLosses(losses, order.lose ?? {}, `down to version ${order.toVersion}`),
  );
  return {
    applied: takenBack.map((migration) => nameOf('down', migration)),
    version: await newestOf(target),
    ...(Object.keys(lost).length > 0 && { lost }),
  };
}

function nameOf(direction: 'up' | 'down', { version, name }: Migration): string {
  return `${direction} ${String(version).padStart(4, '0')}_${name}`;
}

async function newestOf(target: MigrationTarget): Promise<number> {
  return (await target.appliedVersions()).at(-1) ?? 0;
}

/** The remaining steps, in order. */
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
  static override readonly name = 'SchemaTooNew';
  override readonly name = 'SchemaTooNew';
  readonly code = 'schema_too_new';

  constructor(applied: number, known: number) {
    super(`the schema is at version ${applied}, this code knows ${known}: go down with the newer code`);
  }
}
