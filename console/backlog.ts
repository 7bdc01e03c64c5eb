import { numberAt, objectOf } from './answer-values.ts';

/** Deliveries by where they are. A count that reached its bound says "at least". */
export type Backlog = {
  due: Count;
  inFlight: Count;
  later: Count;
  /** Behind another one of their ordering key. */
  behind: Count;
  held: Count;
  /** Of the deliveries of the last hour. */
  succeededLastHour: Count;
  /** Dead letters that nobody has dealt with. */
  standing: Count;
  /** How long the oldest that is due has been so; undefined when none is. */
  oldestDueSeconds: number | undefined;
};

export type Count = { count: number; orMore: boolean };

/** Reads the answer to `backlog`. */
export function readBacklog(answer: unknown): Backlog {
  const answered = objectOf(answer);
  const figure = (name: string): number => numberAt(answered, name) ?? 0;
  const most = numberAt(answered, 'counted_up_to') ?? Infinity;
  const bounded = (name: string): Count => ({ count: figure(name), orMore: figure(name) >= most });
  // What is due and what is in flight are counted together.
  const moreDue = figure('due') + figure('in_flight') >= most;
  const oldest = figure('oldest_due_seconds');
  return {
    due: { count: figure('due'), orMore: moreDue },
    inFlight: { count: figure('in_flight'), orMore: moreDue },
    later: bounded('later'),
    behind: bounded('behind'),
    held: bounded('held'),
    succeededLastHour: { count: figure('succeeded_last_hour'), orMore: figure('looked_last_hour') >= most },
    standing: bounded('standing_dead_letters'),
    oldestDueSeconds: figure('due') === 0 ? undefined : oldest,
  };
}
