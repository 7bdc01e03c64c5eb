import { UNKNOWN_RUN_PATIENCE_SECONDS } from '../runtime/limits.ts';

/** The first pause. Each further one is as long as the message has waited by then. */
const FIRST_PAUSE_SECONDS = 1;

/**
 * How long to wait before the run of a message is looked up again, whole seconds; undefined once the minute is over. A caller
 * that sends within the transaction that creates the run is moments ahead of its commit. The pauses grow, so that a run that
 * never appears costs eight of a message's receives; the last pause ends with the minute.
 *
 * @param ageSeconds since the message was sent; negative if the clocks disagree
 */
export function pauseForRun(ageSeconds: number): number | undefined {
  const left = UNKNOWN_RUN_PATIENCE_SECONDS - ageSeconds;
  if (!(left > 0)) return undefined;
  return Math.ceil(Math.min(Math.max(ageSeconds, FIRST_PAUSE_SECONDS), left));
}
