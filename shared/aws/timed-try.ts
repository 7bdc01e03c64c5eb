import type { Clock } from '../runtime/clock.ts';

/** A try of a call got no answer in its time. Nobody knows whether it took effect. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code = 'no_answer';

  constructor() {
    super('no answer came in time');
  }
}

/**
 * One try of a call of the SDK, which may be several requests: it repeats after resets and answers of 500 and more. When
 * the time is over, the request under way and the SDK's pauses end, and the connection is destroyed: the next try gets
 * another. What was asked may still happen, at the same time as what the next try asks. Rejects with NoAnswer then.
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
