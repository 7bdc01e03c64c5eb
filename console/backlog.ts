import { type ConsoleDatabase, readDatabase } from './console-database.ts';
import { numberOf, optionalInstant, type Row } from './row-values.ts';

/** Deliveries by state. A count that reached its bound says "at least". */
export type Backlog = {
  due: Count;
  later: Count;
  inFlight: Count;
  succeededLastHour: Count;
  deadLetters: Count;
  /** Due time of the oldest delivery that is due and not in flight. */
  oldestDueAt: Date | undefined;
};

export type Count = { count: number; orMore: boolean };

/** Rows that one count examines: five counts over a big backlog take less than about 20 ms. */
const MAX_COUNTED = 10_000;
/** Several open pages share one reading. */
const FRESH_MS = 1000;

// Succeeded rows have no index of their own, so they are counted among the newest deliveries only. A leased delivery keeps
// its due time, so deliveries in flight are found among the due ones.
const BACKLOG = `
  with pending_due as materialized (
    select scheduled_for, coalesce(lease_expires_at > now(), false) as leased
    from {surehook}.webhook_deliveries
    where status = 'pending' and scheduled_for <= now()
    order by scheduled_for, id limit ${MAX_COUNTED}
  ), newest as materialized (
    select status, updated_at from {surehook}.webhook_deliveries order by id desc limit ${MAX_COUNTED}
  )
  select
    (select count(*)::int from pending_due) as examined_due,
    (select count(*)::int from pending_due where not leased) as due,
    (select count(*)::int from pending_due where leased) as in_flight,
    (select min(scheduled_for) from pending_due where not leased) as oldest_due_at,
    (select count(*)::int from (
      select from {surehook}.webhook_deliveries
      where status = 'pending' and scheduled_for > now() order by scheduled_for, id limit ${MAX_COUNTED}
    ) l) as later,
    (select count(*)::int from (
      select from {surehook}.webhook_deliveries
      where status = 'dead_letter' order by updated_at desc, id limit ${MAX_COUNTED}
    ) d) as dead_letters,
    (select count(*)::int from newest) as examined_newest,
    (select count(*)::int from newest where status = 'succeeded' and updated_at > now() - interval '1 hour')
      as succeeded_last_hour`;

/** Reads the backlog at most once a second, however many requests come. */
export function createBacklogReader(database: ConsoleDatabase, nowMs: () => number): () => Promise<Backlog> {
  let last: { atMs: number; backlog: Promise<Backlog> } | undefined;
  return () => {
    if (last !== undefined && Math.abs(nowMs() - last.atMs) < FRESH_MS) return last.backlog;
    const reading = { atMs: nowMs(), backlog: readBacklog(database) };
    last = reading;
    reading.backlog.catch(() => {
      if (last === reading) last = undefined;
    });
    return reading.backlog;
  };
}

async function readBacklog(database: ConsoleDatabase): Promise<Backlog> {
  const found = await readDatabase(database, (client) => client.query<Row>(BACKLOG));
  const row = found.rows[0] ?? {};
  const moreDue = numberOf(row, 'examined_due') >= MAX_COUNTED;
  const bounded = (column: string): Count => {
    const count = numberOf(row, column);
    return { count, orMore: count >= MAX_COUNTED };
  };
  return {
    due: { count: numberOf(row, 'due'), orMore: moreDue },
    inFlight: { count: numberOf(row, 'in_flight'), orMore: moreDue },
    later: bounded('later'),
    deadLetters: bounded('dead_letters'),
    succeededLastHour: {
      count: numberOf(row, 'succeeded_last_hour'),
      orMore: numberOf(row, 'examined_newest') >= MAX_COUNTED && numberOf(row, 'succeeded_last_hour') > 0,
    },
    oldestDueAt: optionalInstant(row, 'oldest_due_at'),
  };
}
