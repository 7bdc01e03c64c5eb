import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../observe/log.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import type { Metrics } from '../observe/metrics.ts';
import { ORDER_RETENTION_DAYS, SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import { type PageWork, pagePastRefused } from './past-refused.ts';

/** A delivery that is over, and since when, as the database writes both; not done: somebody else has it locked. */
type OverDelivery = { id: string; at: string; isDone: boolean };

export type OverPage = PageWork & { days: number; after: OverDelivery | undefined };

/** What is kept of deliveries and orders, and for how long. Locked rows are passed over; a page rejects with RowRefused. */
export type RecordStore = {
  /** Erases what they hold. `days` 0: only of those whose erasure was ordered while they were in flight. */
  eraseOver(page: OverPage): Promise<OverDelivery[]>;
  deleteOver(page: OverPage): Promise<OverDelivery[]>;
  /** Orders given so many days ago, and paces that are over. Returns how many orders. */
  forgetOrders(days: number, pageRows: number): Promise<number>;
  /** Dead letters that nobody has dealt with, up to a bound. */
  countStanding(): Promise<number>;
};

/** 0: for ever. */
export type Retention = { retentionDays: number; rowRetentionDays: number };

type KeepParts = { store: RecordStore; clock: Clock; log: Log; metrics: Metrics };

/** Reports dead letters that stand, as a figure that goes down when somebody deals with them. */
export async function reportStanding({ store, metrics }: KeepParts): Promise<number> {
  const standing = await store.countStanding();
  metrics.standing(standing);
  return standing;
}

/** Erases and deletes what has been over for long enough, page by page, until time is up; the next sweep goes on. */
export async function keepRecords(
  parts: KeepParts,
  { retentionDays, rowRetentionDays }: Retention,
  stopAtMonotonicMs: number,
): Promise<{ erased: number; deleted: number }> {
  const { store, clock } = parts;
  const erased = await pages(parts, (page) => store.eraseOver({ ...page, days: retentionDays }), stopAtMonotonicMs);
  const deleted =
    rowRetentionDays === 0
      ? 0
      : await pages(parts, (page) => store.deleteOver({ ...page, days: rowRetentionDays }), stopAtMonotonicMs);
  if (clock.monotonicMs() < stopAtMonotonicMs) await store.forgetOrders(ORDER_RETENTION_DAYS, SWEEP_PAGE_ROWS);
  return { erased, deleted };
}

async function pages(
  { clock, log, metrics }: KeepParts,
  work: (page: PageWork & { after: OverDelivery | undefined }) => Promise<OverDelivery[]>,
  stopAtMonotonicMs: number,
): Promise<number> {
  let done = 0;
  let after: OverDelivery | undefined;
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await pagePastRefused(
      (asked) => work({ ...asked, after }),
      (row, refusal) => {
        log.error('retention_refused', { delivery_id: row?.id, ...refusalFields(refusal) });
        metrics.count('RowsRefused', 1);
      },
    );
    done += page.rows.filter(({ isDone }) => isDone).length;
    if (!page.isFull) break;
    after = page.rows.at(-1) ?? after;
  }
  return done;
}
