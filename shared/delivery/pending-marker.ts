import type { Clock } from '../runtime/clock.ts';
import { MARKER_FRESH_SECONDS, MARKER_LATE_SECONDS } from '../runtime/limits.ts';

/** Where markers are put: messages that say that something may be pending. */
export type MarkerQueue = {
  /** Puts one. Never rejects: false if it could not be put, within 2 s (and may have been put after all). */
  put(): Promise<boolean>;
};

/**
 * What a process that makes deliveries pending owes to a sweep that lets the database sleep: a marker before the row, once in four
 * minutes. A marker that could not be put keeps no row from being written, because the row and its message are worth more
 * than the sweep: it is tried again behind the row, and before the next one.
 */
export class PendingMarker {
  readonly #queue: MarkerQueue;
  readonly #clock: Clock;
  readonly #unput: () => void;
  /** When the last one that is known to be there was about to be put. */
  #putAt: Instant | undefined;
  #underWay: Promise<void> | undefined;

  /** @param unput told each time that one could not be put */
  constructor(queue: MarkerQueue, clock: Clock, unput: () => void) {
    this.#queue = queue;
    this.#clock = clock;
    this.#unput = unput;
  }

  /** Runs a statement that may make something pending, not before a marker is there if one can be put at all. */
  async around<Answer>(statement: () => Promise<Answer>): Promise<Answer> {
    if (!this.#isYounger(MARKER_FRESH_SECONDS)) await this.put();
    try {
      return await statement();
    } finally {
      // Nobody knows what a statement did that failed.
      if (!this.#isYounger(MARKER_LATE_SECONDS)) await this.put();
    }
  }

  /** Puts one now. Those who ask while one is on its way share it. */
  put(): Promise<void> {
    this.#underWay ??= this.#put().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #put(): Promise<void> {
    const at = instantOf(this.#clock);
    if (await this.#queue.put()) this.#putAt = at;
    else this.#unput();
  }

  #isYounger(seconds: number): boolean {
    return this.#putAt !== undefined && secondsSince(this.#putAt, this.#clock) < seconds;
  }
}

type Instant = { monotonicMs: number; wallMs: number };

function instantOf(clock: Clock): Instant {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
}

/** By the clock that counts more: a monotonic one may stand still in a frozen machine, and the other one may be set back. */
function secondsSince({ monotonicMs, wallMs }: Instant, clock: Clock): number {
  return Math.max(clock.monotonicMs() - monotonicMs, clock.nowMs() - wallMs) / 1000;
}
