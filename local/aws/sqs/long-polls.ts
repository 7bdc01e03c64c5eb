import type { Timers } from '../../timers.ts';
import type { ReceivedMessage } from './message.ts';

export type LongPoll = { max: number; visibilityTimeoutMs: number };
type Waiting = LongPoll & { finish: (messages: ReceivedMessage[]) => void };

/** Receives that found a queue empty, longest waiting first. */
export class LongPolls {
  readonly #timers: Timers;
  #waiting = new Set<Waiting>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves with the messages it is served, or with none when the time is up or `signal` aborts. */
  wait(poll: LongPoll, waitMs: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    return new Promise((resolve) => {
      const giveUp = (): void => waiting.finish([]);
      const cancelDeadline = this.#timers.after(waitMs, giveUp);
      const waiting: Waiting = {
        ...poll,
        finish: (messages) => {
          cancelDeadline();
          signal.removeEventListener('abort', giveUp);
          this.#waiting.delete(waiting);
          resolve(messages);
        },
      };
      signal.addEventListener('abort', giveUp);
      this.#waiting.add(waiting);
    });
  }

  /** Hands each poll in turn what `take` finds for it, until it finds nothing. */
  serve(take: (poll: LongPoll) => ReceivedMessage[]): void {
    for (const waiting of this.#waiting) {
      const messages = take(waiting);
      if (messages.length === 0) return;
      waiting.finish(messages);
    }
  }
}
