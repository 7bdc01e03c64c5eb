/**
 * Whether a short statement, which does ordinary deliveries alone, is worth asking before the whole one. The database plans every
 * statement anew at each call, and most deliveries need little of what the whole one knows. Where they do not (endpoints in trouble
 * or with limits of their own, a worker that died) the short one would be a call for nothing: it is left out for 1, 2, 4, … calls.
 */
export type ShortStatement = {
  /** Asked once for each call. */
  isWorthAsking(): boolean;
  /** What came of it. */
  did(done: number, asked: number): void;
};

/** So many calls pass at most before it is tried again. */
const LONGEST_PAUSE_CALLS = 16;

export function createShortStatement(): ShortStatement {
  let pause = 0;
  let left = 0;
  return {
    isWorthAsking() {
      if (left === 0) return true;
      left--;
      return false;
    },
    did(done, asked) {
      // At half of them it pays: whole batches cost little more than single deliveries.
      pause = 2 * done >= asked ? 0 : Math.min(Math.max(2 * pause, 1), LONGEST_PAUSE_CALLS);
      left = pause;
    },
  };
}
