import type { Timers } from '../../timers.ts';

/** Tells that a rule is due at its rate, the first time one interval from now. Returns a function that stops it. */
export function startSchedule({
  everyMs,
  due,
  timers,
}: {
  everyMs: number;
  due: () => void;
  timers: Timers;
}): () => void {
  let cancel = (): void => {};
  let dueMs = timers.nowMs();
  const arm = (): void => {
    // From due time to due time, so that a late timer does not delay the following ones; times missed during sleep are
    // skipped.
    dueMs = Math.max(dueMs + everyMs, timers.nowMs());
    cancel = timers.after(dueMs - timers.nowMs(), () => {
      due();
      arm();
    });
  };
  arm();
  return () => cancel();
}
