import { randomUUID } from 'node:crypto';

/**
 * The only place in `shared/` that reads time and randomness. A worker's clock measures durations and stamps signatures. Only
 * the database's clock decides whether a delivery is due and who holds its lease.
 */
export type Clock = {
  /** Milliseconds since the Unix epoch: for `webhook-timestamp`, `Retry-After` dates and `{{current_time}}`. */
  nowMs(): number;
  /** Milliseconds from an arbitrary instant; never steps back. */
  monotonicMs(): number;
  /** In [0, 1). */
  random(): number;
  /** A fresh UUID (version 4), lower case. */
  uuid(): string;
  /** Runs `fire` once, `delayMs` from now. The returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void;
};

/**
 * Settles once everything that had reached this process's sockets before the call has been told to their listeners: after one
 * whole turn of the event loop. The first half is the rest of a turn whose sockets were asked before.
 */
export async function arrivalsTold(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
