import { cpus } from 'node:os';

/** Looks closer together than this answer the same: the system counts in ticks of 10 ms. */
const WINDOW_MS = 100;

/** With less of it than this the processors have no time to spare. */
export const SPARE_SHARE = 0.15;

/** Answers the share of this machine's processor time (0–1) that nobody used since the last look but one window. */
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
    // Some containers hide the counters: then the processors are taken for idle.
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
