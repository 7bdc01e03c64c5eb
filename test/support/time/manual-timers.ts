import type { Timers } from '../../../local/timers.ts';

/** A clock that stands still until the test turns it. Timers fire in due order, also those set while it turns. */
export class ManualTimers implements Timers {
  #nowMs: number;
  #pending: { dueMs: number; fire: () => void }[] = [];

  constructor(start = Date.parse('2026-11-23T12:00:00.000Z')) {
    this.#nowMs = start;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), fire };
    this.#pending.push(timer);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== timer);
    };
  }

  /** Time passes while the process stands still: no timer fires before the clock is turned. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** Turns the clock and lets promises settle between the timers that fire. */
  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    await settlePromises();
    for (;;) {
      const next = this.#pending.filter((timer) => timer.dueMs <= until).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#pending = this.#pending.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
      await settlePromises();
    }
    this.#nowMs = until;
    await settlePromises();
  }
}

async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
