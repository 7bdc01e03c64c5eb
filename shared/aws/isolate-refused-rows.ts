import { type Refusal, RowRefused, StatementRefused } from '../delivery/store-answers.ts';
import { sqlStateRule } from './sql-states.ts';

export function isOneRowsFault(fault: unknown): fault is StatementRefused {
  return fault instanceof StatementRefused && sqlStateRule(fault.sqlState).kind === 'row';
}

export function refusalOf({ sqlState, names }: StatementRefused): Refusal {
  return { sqlState, ...names };
}

/**
 * Asks for all at once, and where the database refuses the statement for a row, for each of them alone: one row's fault
 * costs its neighbours nothing. Of one that could not be asked there is no answer.
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

/** Runs a statement over a page of rows: where the database refuses it for one of them, that is what it rejects with. */
export async function namingTheRefused<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (fault) {
    throw isOneRowsFault(fault) ? new RowRefused(refusalOf(fault)) : fault;
  }
}
