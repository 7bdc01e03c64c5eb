/**
 * Time that jumps from timer to timer. Between two timers every promise settles, so that a run depends on nothing but its
 * plan; work outside this process (a database) is waited for without time passing.
 */
export class VirtualTime {
  readonly #startMs: number;
  #elapsedMs = 0;
  #timers: { dueMs: number; order: number; fire: () => void }[] = [];
  #order = 0;
  #working = 0;

  constructor(startIso: string) {
    this.#startMs = Date.parse(startIso);
  }

  /** Since the start. */
  elapsedMs(): number {
    return this.#elapsedMs;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, fire };
    // Kept in the order of their firing; few are pending at a time.
    const place = this.#timers.findLastIndex((other) => other.dueMs <= timer.dueMs);
    this.#timers.splice(place + 1, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Time stands still until this settles. */
  async outside<Result>(work: Promise<Result>): Promise<Result> {
    this.#working++;
    try {
      return await work;
    } finally {
      this.#working--;
    }
  }

  /** Within such work: time goes on until this settles. */
  async inside<Result>(wait: Promise<Result>): Promise<Result> {
    this.#working--;
    try {
      return await wait;
    } finally {
      this.#working++;
    }
  }

  /** Fires timers until `done`, or until `untilMs` have passed since the start. */
  async run(done: () => boolean, untilMs: number): Promise<void> {
    await this.#settle();
    while (!done()) {
      const next = this.#timers[0];
      if (next === undefined || next.dueMs > untilMs) {
        this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
        return;
      }
      this.#timers.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.fire();
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#working > 0);
  }
}

/** Small, fast, and the same on every machine: mulberry32. Answers numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
