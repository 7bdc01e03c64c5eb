import { OUTAGE_PAUSE_SPREAD, shortestOutagePauseSeconds } from '../runtime/limits.ts';

/**
 * How long a message waits that the database gave no answer for, whole seconds. The queue's own visibility timeout, six minutes, is
 * for a worker that died: after a failover of 30 s it would be most of the delay. The pauses grow, so that a database that
 * stays away is asked less and less, and a day of it uses up none of the message's receives that count.
 *
 * @param receives of the message so far, 1 or more
 * @param random in [0, 1)
 */
export function pauseInOutage(receives: number, random: number): number {
  return Math.ceil(shortestOutagePauseSeconds(receives) * (1 + OUTAGE_PAUSE_SPREAD * random));
}
