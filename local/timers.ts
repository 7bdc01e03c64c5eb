/** Time as the local endpoints see it, so that their tests turn the clock instead of sleeping. */
export type Timers = {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Runs `fire` once, `delayMs` from now; the answer cancels it. A pending timer does not keep the process alive. */
  after(delayMs: number, fire: () => void): () => void;
};

export const systemTimers: Timers = {
  nowMs: () => Date.now(),
  after(delayMs, fire) {
    // setTimeout overflows at 2^31-1 ms and would fire at once.
    const timer = setTimeout(fire, Math.min(delayMs, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
