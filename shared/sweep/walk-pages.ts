import {
  type CallLimit,
  RowRefused,
  StoreUnavailable,
  type SweepPage,
  type SweepPosition,
} from '../delivery/store-answers.ts';
import type { Log } from '../observe/log.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import type { Clock } from '../runtime/clock.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';

type WalkParts = {
  store: { listDueDeliveries(page: Omit<SweepPage, 'only'>): Promise<SweepPosition[]> };
  clock: Clock;
  log: Log;
};
type DoPage = (page: SweepPage, limit?: CallLimit) => Promise<readonly { position: SweepPosition }[]>;

export type Walked = {
  /** Rows that the database refused to change. */
  refused: number;
  /** False if time ran out before the end. */
  complete: boolean;
};

/** A statement that takes too long for a whole page is tried once more with only this many rows… */
const SMALLEST_PAGE_ROWS = 10;
/** …for this long. If that is not answered either, the database is unavailable, and this is not tried again. */
const PROBE_MS = 5_000;
/** How many rows are gone through around a row that was refused. */
const ROUND_ROWS = 50;
/** If more rows than this are refused, it is no longer the fault of single rows, and the sweep reports this by failing. */
const MOST_REFUSED = 100;

/**
 * Does page after page, oldest due first, until a page is not full or time runs out. If a page is refused for one of its rows,
 * it is done without that row.
 */
export async function walkPages(
  parts: WalkParts,
  { stopAtMonotonicMs }: { stopAtMonotonicMs: number },
  doPage: DoPage,
): Promise<Walked> {
  const { clock, store } = parts;
  let pageRows = SWEEP_PAGE_ROWS;
  let probe: CallLimit | undefined;
  let after: SweepPosition | undefined;
  let refused = 0;
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    try {
      const done = await doPage({ after, pageRows }, probe);
      probe = undefined;
      if (done.length < pageRows) return { refused, complete: true };
      after = done.at(-1)?.position ?? after;
    } catch (fault) {
      if (fault instanceof StoreUnavailable && pageRows > SMALLEST_PAGE_ROWS) {
        pageRows = SMALLEST_PAGE_ROWS;
        probe = { untilMonotonicMs: clock.monotonicMs() + PROBE_MS };
        continue;
      }
      if (!(fault instanceof RowRefused) || refused >= MOST_REFUSED) throw fault;
      const around = await store.listDueDeliveries({ after, pageRows: ROUND_ROWS });
      refused += await doAround(around, { parts, doPage });
      if (around.length < ROUND_ROWS) return { refused, complete: true };
      after = around.at(-1) ?? after;
    }
  }
  return { refused, complete: false };
}

/** Does these rows in halves, down to the one that the database refuses. Returns how many it refused. */
async function doAround(
  rows: readonly SweepPosition[],
  { parts, doPage }: { parts: WalkParts; doPage: DoPage },
): Promise<number> {
  if (rows.length === 0) return 0;
  try {
    await doPage({ after: undefined, pageRows: rows.length, only: rows });
    return 0;
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
    const [only] = rows;
    if (rows.length === 1) {
      parts.log.error('sweep_refused', { delivery_id: only?.id, ...refusalFields(fault.refusal) });
      return 1;
    }
    const half = Math.ceil(rows.length / 2);
    const first = await doAround(rows.slice(0, half), { parts, doPage });
    return first + (await doAround(rows.slice(half), { parts, doPage }));
  }
}
