/** Where a stack's deliveries are. */
export type DatabaseInUse = { resourceArn: string; secretArn: string; database: string };

/** What the version that is running says of itself. */
export type RunningVersion = {
  /** Undefined where nothing is deployed yet. Rejects where it cannot be found out. */
  databaseInUse(): Promise<DatabaseInUse | undefined>;
  /** Rejects where the database cannot be asked. */
  countPending(database: DatabaseInUse): Promise<number>;
};

/** A deployment would leave its deliveries behind: most often a setting was forgotten. */
export class DatabaseMoved extends Error {
  static override readonly name = 'DatabaseMoved';
  override readonly name = 'DatabaseMoved';
  readonly code = 'database_moved';

  constructor({ from, to, pending }: { from: string; to: string; pending: number | undefined }) {
    const left =
      pending === undefined
        ? 'which cannot be asked what is pending there'
        : `where deliveries are pending: ${pending}`;
    super(
      `this deployment would leave the database ${from}, ${left}, for ${to}. Nothing was changed. If a setting of the database was ` +
        `forgotten, deploy with it. To leave it with all it holds, set databaseMovedFrom to '${from}'`,
    );
  }
}

/** How a database is called in settings and messages: `<cluster>/<database>`. */
function nameOfDatabase({ resourceArn, database }: Pick<DatabaseInUse, 'resourceArn' | 'database'>): string {
  return `${resourceArn.split(':').at(-1) ?? ''}/${database}`;
}

/**
 * Throws DatabaseMoved if the running version keeps its deliveries elsewhere than `next`, unless `movedFrom` names that place. A
 * rollback leads back to what is in use, and passes.
 */
export async function refuseStrayMove(
  running: RunningVersion,
  { next, movedFrom }: { next: DatabaseInUse; movedFrom: string },
): Promise<'looked' | 'could not look'> {
  const looked = await running.databaseInUse().then(
    (inUse) => ({ inUse }),
    () => undefined,
  );
  // A rollback must not fail because nobody answers.
  if (looked === undefined) return 'could not look';
  const { inUse } = looked;
  if (inUse === undefined) return 'looked';
  const from = nameOfDatabase(inUse);
  const to = nameOfDatabase(next);
  if (from === to || from === movedFrom) return 'looked';
  const pending = await running.countPending(inUse).catch(() => undefined);
  throw new DatabaseMoved({ from, to, pending });
}
