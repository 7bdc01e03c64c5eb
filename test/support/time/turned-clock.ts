import type { Clock } from '../../../shared/runtime/clock.ts';
import { ManualTimers } from './manual-timers.ts';

/** A product clock that stands still until the test turns it, and tells when a timer of a given length has been set. */
export class TurnedClock implements Clock {
  readonly #timers = new ManualTimers();
  readonly #lengths: number[] = [];
  #awaited: { delayMs: number; resolve: () => void }[] = [];

  nowMs(): number {
    return this.#timers.nowMs();
  }

  monotonicMs(): number {
    return this.#timers.nowMs();
  }

  random(): number {
    return 0;
  }

  uuid(): string {
    return '00000000-0000-4000-8000-000000000000';
  }

  after(delayMs: number, fire: () => void): () => void {
    const cancel = this.#timers.after(delayMs, fire);
    this.#lengths.push(delayMs);
    for (const { resolve } of this.#awaited.filter((waiter) => waiter.delayMs === delayMs)) resolve();
    this.#awaited = this.#awaited.filter((waiter) => waiter.delayMs !== delayMs);
    return cancel;
  }

  /** Settles once somebody has set a timer of this length. */
  timerSet(delayMs: number): Promise<void> {
    if (this.#lengths.includes(delayMs)) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.push({ delayMs, resolve }));
  }

  /** Time passes while the process stands still: what a socket brings comes before any timer. */
  stall(ms: number): void {
    this.#timers.stall(ms);
  }

  turn(ms: number): Promise<void> {
    return this.#timers.advance(ms);
  }
}
