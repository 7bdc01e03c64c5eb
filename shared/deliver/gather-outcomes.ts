import type { Clock } from '../runtime/clock.ts';

/**
 * How long a finished outcome waits for others while attempts of its batch are still running. Quick receivers of one batch
 * answer within this time of each other; next to the Data API's ~17 ms a call, nobody notices the delay.
 */
const COMPANY_MS = 25;

/**
 * Records together the outcomes that come together: a batch of quick receivers costs one statement, and a slow receiver does
 * not hold up the others. `recordAll` gets every waiting outcome and returns one result per outcome, in order.
 */
export function createOutcomeRecorder<Outcome, Result>(
  recordAll: (outcomes: readonly Outcome[]) => Promise<readonly Result[]>,
  clock: Clock,
) {
  type Waiting = { outcome: Outcome; resolve: (result: Result) => void; reject: (fault: unknown) => void };
  let waiting: Waiting[] = [];
  let cancelTimer: (() => void) | undefined;
  let underWay = 0;

  function flush(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const together = waiting;
    waiting = [];
    if (together.length === 0) return;
    recordAll(together.map(({ outcome }) => outcome)).then(
      (results) =>
        together.forEach(({ resolve, reject }, index) => {
          const result = results[index];
          if (result === undefined) reject(new Error('an outcome was recorded without an answer'));
          else resolve(result);
        }),
      (fault: unknown) => together.forEach(({ reject }) => reject(fault)),
    );
  }

  return {
    /** Runs one attempt and records its outcome. The promise settles when the outcome is recorded. */
    async record(attempt: () => Promise<Outcome>): Promise<Result> {
      underWay++;
      let outcome: Outcome;
      try {
        outcome = await attempt();
      } finally {
        underWay--;
      }
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ outcome, resolve, reject });
        if (underWay === 0) flush();
        else cancelTimer ??= clock.after(COMPANY_MS, flush);
      });
    },
  };
}
