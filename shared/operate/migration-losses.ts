/** What going down loses: rows by what they are, deliveries by their status. Kinds with no rows are absent. */
export type Losses = Readonly<Record<string, number>>;

/** A step that was refused and left nothing behind. Earlier steps up stay. */
export class MigrationRefused extends Error {
  static override readonly name = 'MigrationRefused';
  override readonly name = 'MigrationRefused';
  readonly code = 'migration_refused';

  constructor(step: string, because: string) {
    super(`${step} was refused: ${because}`);
  }
}

/** Statuses of a delivery whose row is the only record that it was accepted, and of what became of it. */
const OVER = ['succeeded', 'dead_letter'];

/**
 * Throws MigrationRefused if going down would lose pending deliveries, which is never allowed, or anything else that was not
 * named with exactly its number: if the number has changed since, it must be named again.
 *
 * @param step for its words, for example `down to version 1`
 */
export function refuseLosses(losses: Losses, agreed: Losses, step: string): void {
  const pending = losses['pending'] ?? 0;
  const named = Object.entries(losses).sort(([one], [other]) => one.localeCompare(other));
  if (pending > 0) {
    throw new MigrationRefused(
      step,
      `deliveries are pending and would be lost; let them finish, or stop and settle them (it would lose ${listed(named)})`,
    );
  }
  if (named.every(([what, rows]) => agreed[what] === rows) && !hasMore(agreed, losses)) return;
  const memory = OVER.some((status) => status in losses)
    ? ', and with the deliveries the memory that they were sent: the same run and node would be sent again'
    : '';
  throw new MigrationRefused(
    step,
    `it would lose ${listed(named)}${memory}. Nothing was changed. To lose exactly this, add "lose":${JSON.stringify(Object.fromEntries(named))}`,
  );
}

/** Whether the order agrees to lose more than there is; if there is nothing, that does not matter. */
function hasMore(agreed: Losses, losses: Losses): boolean {
  if (Object.keys(losses).length === 0) return false;
  return Object.entries(agreed).some(([what, rows]) => rows > (losses[what] ?? 0));
}

function listed(losses: readonly (readonly [what: string, rows: number])[]): string {
  return losses.map(([what, rows]) => `${rows} ${what}`).join(', ');
}

/** Reads `"lose"` of an order; throws RangeError. */
export function parseLosses(value: unknown): Losses {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || !Object.values(value).every((rows) => Number.isSafeInteger(rows) && rows >= 0)) {
    throw new RangeError('lose must name what is lost with its number, as the refusal does');
  }
  return { ...value };
}
