import { type Refusal, RowRefused } from '../delivery/store-answers.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';

/** `naming`: nothing is changed. */
export type PageWork = { pageRows: number; doing: 'changing' | 'naming' };

/**
 * Works on a page, and if the database refuses one of its rows, on the first row alone; if it is that one, it is named and passed over.
 * @param refused is told of the row that was passed over
 */
export async function pagePastRefused<Row>(
  work: (page: PageWork) => Promise<Row[]>,
  refused: (row: Row | undefined, refusal: Refusal) => void,
): Promise<{ rows: Row[]; isFull: boolean }> {
  try {
    const rows = await work({ pageRows: SWEEP_PAGE_ROWS, doing: 'changing' });
    return { rows, isFull: rows.length === SWEEP_PAGE_ROWS };
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
  }
  try {
    return { rows: await work({ pageRows: 1, doing: 'changing' }), isFull: true };
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
    const rows = await work({ pageRows: 1, doing: 'naming' });
    refused(rows[0], fault.refusal);
    return { rows, isFull: rows.length > 0 };
  }
}
