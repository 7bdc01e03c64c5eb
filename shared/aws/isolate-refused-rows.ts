import { type Refusal, RowRefused, StatementRefused } from '../delivery/store-answers.ts';
import { sqlStateRule } from './sql-states.ts';

export function isOneRowsFault(fault: unknown): fault is StatementRefused {
  return fault instanceof StatementRefused && sqlStateRule(fault.sqlState).kind === 'row';
}

export function refusalOf({ sqlState, names }: StatementRefused): Refusal {
  return { sqlState, ...names };
}

/**
 * Asks for all at once, and if the database refuses the statement because of a row, for each of them alone: one row's fault
 * does not affect the others. There is no answer for a row that could not be asked for.
 */
export async function aloneWhereRefused<Item, Answer>(
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer[]>,
  { refused }: { refused: (item: Item, refusal: Refusal) => Answer },
): Promise<Answer[]> {
  try {
    return await ask(items);
  } catch (fault) {
    if (!isOneRowsFault(fault)) throw fault;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [refused(only, refusalOf(fault))];
    const alone = await Promise.allSettled(items.map((item) => aloneWhereRefused([item], ask, { refused })));
    return alone.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }
}

/** Runs a statement over a page of rows. If the database refuses it because of one of them, it rejects with RowRefused. */
export async function namingTheRefused<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (fault) {
    throw isOneRowsFault(fault) ? new RowRefused(refusalOf(fault)) : fault;
  }
}
