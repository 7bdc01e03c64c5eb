import { UNKNOWN_RUN_PATIENCE_SECONDS } from '../runtime/limits.ts';

/** The first pause; each further one is as long as the message has waited by then. */
const FIRST_PAUSE_SECONDS = 1;

/**
 * How long to wait before the run of a message is asked for again, whole seconds; undefined once its minute is over. Whoever
 * sends within the transaction that makes the run is ahead of its commit by moments. The pauses grow, so that a run that
 * never comes costs eight of the 60 receives that a message has, and the last one ends the minute.
 *
 * @param ageSeconds since the message was sent; clocks may disagree, so it may be less than nothing
 */
export function pauseForRun(ageSeconds: number): number | undefined {
  const left = UNKNOWN_RUN_PATIENCE_SECONDS - ageSeconds;
  if (!(left > 0)) return undefined;
  return Math.ceil(Math.min(Math.max(ageSeconds, FIRST_PAUSE_SECONDS), left));
}
