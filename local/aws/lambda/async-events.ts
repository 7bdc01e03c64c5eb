import type { Timers } from '../../timers.ts';
import type { InvocationResult } from './invocation.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** Waits before the second and the third attempt after a function error (AWS manual, asynchronous invocation). */
const RETRY_DELAYS_MS = [60_000, 120_000];
/** After a throttle the wait doubles from one second to five minutes (AWS manual). */
const FIRST_THROTTLE_DELAY_MS = 1_000;
const LAST_THROTTLE_DELAY_MS = 300_000;

export type AsyncEvent = {
  requestId: string;
  traceId: string;
  payload: Buffer;
};

export type GivenUp = {
  event: AsyncEvent;
  condition: 'RetriesExhausted' | 'EventAgeExceeded';
  /** Attempts that ran. */
  attempts: number;
  /** Of the last attempt; undefined when none was ever made. */
  last: InvocationResult | undefined;
};

export type AsyncEventsSettings = {
  lambdaFunction: LambdaFunction;
  timers: Timers;
  /** How many events run at once, now; the others wait. */
  concurrency: () => number;
  invoke: (event: AsyncEvent) => Promise<InvocationResult>;
  giveUp: (given: GivenUp) => void;
};

type Queued = AsyncEvent & { acceptedAtMs: number; attempts: number; throttles: number };

/** The queue between an `Event` invoke and its function: in memory, retried as Lambda retries, then given up. */
export class AsyncEvents {
  readonly #settings: AsyncEventsSettings;
  readonly #queue: Queued[] = [];
  #running = 0;
  #stopped = false;

  constructor(settings: AsyncEventsSettings) {
    this.#settings = settings;
  }

  accept(event: AsyncEvent): void {
    this.#queue.push({ ...event, acceptedAtMs: this.#settings.timers.nowMs(), attempts: 0, throttles: 0 });
    this.#runMore();
  }

  /** Drops all waiting events. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
  }

  #runMore(): void {
    while (!this.#stopped && this.#running < Math.max(1, this.#settings.concurrency())) {
      const event = this.#queue.shift();
      if (event === undefined) return;
      this.#running += 1;
      void this.#attempt(event).finally(() => {
        this.#running -= 1;
        this.#runMore();
      });
    }
  }

  async #attempt(event: Queued): Promise<void> {
    const result = await this.#settings.invoke(event);
    switch (result.kind) {
      case 'returned':
      case 'stopped':
        return;
      case 'throttled':
        return this.#afterThrottle(event, result);
      case 'failed':
        return this.#afterError(event, result);
    }
  }

  #afterThrottle(event: Queued, last: InvocationResult): void {
    // With a reservation of zero the event would never run: Lambda gives it up without a retry.
    if (this.#settings.concurrency() === 0) return this.#giveUp(event, 'RetriesExhausted', last);
    const delayMs = Math.min(FIRST_THROTTLE_DELAY_MS * 2 ** event.throttles, LAST_THROTTLE_DELAY_MS);
    this.#retry({ ...event, throttles: event.throttles + 1 }, delayMs, last);
  }

  #afterError(failed: Queued, last: InvocationResult): void {
    const event = { ...failed, attempts: failed.attempts + 1, throttles: 0 };
    const delayMs = RETRY_DELAYS_MS[event.attempts - 1];
    if (event.attempts > this.#settings.lambdaFunction.asynchronous.maximumRetryAttempts || delayMs === undefined) {
      return this.#giveUp(event, 'RetriesExhausted', last);
    }
    this.#retry(event, delayMs, last);
  }

  #retry(event: Queued, delayMs: number, last: InvocationResult): void {
    const { timers, lambdaFunction } = this.#settings;
    const expiresAtMs = event.acceptedAtMs + lambdaFunction.asynchronous.maximumEventAgeSeconds * 1000;
    if (timers.nowMs() + delayMs > expiresAtMs) return this.#giveUp(event, 'EventAgeExceeded', last);
    timers.after(delayMs, () => {
      if (this.#stopped) return;
      this.#queue.push(event);
      this.#runMore();
    });
  }

  #giveUp(event: Queued, condition: GivenUp['condition'], last: InvocationResult): void {
    this.#settings.giveUp({ event, condition, attempts: event.attempts, last });
  }
}
