import { cpus } from 'node:os';

/** Readings closer together than this give the same answer: the system counts in ticks of 10 ms. */
const WINDOW_MS = 100;

/** Below this share the processors have no time to spare. */
export const SPARE_SHARE = 0.15;

/** Returns the unused share of this machine's processor time (0–1) since the last reading. */
export type IdleShare = () => number;

export function watchIdleShare(
  read: () => ProcessorTimes = processorTimes,
  nowMs = () => performance.now(),
): IdleShare {
  let last = { ...read(), atMs: nowMs() };
  let share = 1;
  return () => {
    const atMs = nowMs();
    if (atMs - last.atMs < WINDOW_MS) return share;
    const times = read();
    const totalMs = times.totalMs - last.totalMs;
    // Some containers hide the counters: the processors are then assumed to be idle.
    share = totalMs > 0 ? (times.idleMs - last.idleMs) / totalMs : 1;
    last = { ...times, atMs };
    return share;
  };
}

/** Since the machine started, over all processors. */
type ProcessorTimes = { idleMs: number; totalMs: number };

function processorTimes(): ProcessorTimes {
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    totalMs += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idleMs, totalMs };
}
