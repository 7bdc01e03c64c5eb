import type { Clock } from '../runtime/clock.ts';

/** A try of a call got no answer in time. Nobody knows whether it took effect. */
export class NoAnswer extends Error {
  static override readonly name = 'NoAnswer';
  override readonly name = 'NoAnswer';
  readonly code = 'no_answer';

  constructor() {
    super('no answer came in time');
  }
}

/**
 * One try of an SDK call. It may be several requests, because the SDK repeats them after resets and answers of 500 and above.
 * When the time is over, it rejects with NoAnswer: the current request and the SDK's pauses end, and the connection is
 * destroyed, so that the next try gets another. What was asked may still happen, concurrently with the next try.
 */
export async function timedTry<T>(
  clock: Clock,
  timeMs: number,
  call: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const cancel = clock.after(timeMs, () => abort.abort());
  try {
    return await call(abort.signal);
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? new NoAnswer() : error;
  } finally {
    cancel();
  }
}
