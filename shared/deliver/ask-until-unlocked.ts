import type { Batch } from './batch-context.ts';

type About = { deliveryId: number };

/** Pauses before asking again about rows that somebody else has locked, ms: they double up to the last one. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Waits before the n-th ask again, counted from 0. */
export function pauseBeforeAskingAgain(asks: number, { parts }: Batch): Promise<void> {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** asks, LONGEST_PAUSE_MS);
  return new Promise((resolve) => void parts.clock.after(pauseMs, resolve));
}

/**
 * Asks about all rows, and again about those that somebody else has locked, until that instant. Answers about the other
 * rows are passed on at once. There is no answer about rows that stay locked.
 */
export async function* askUntilUnlocked<Item extends About, Answer extends About>(
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer[]>,
  {
    isLocked,
    batch,
    untilMonotonicMs,
  }: {
    isLocked: (answer: Answer) => boolean;
    batch: Batch;
    untilMonotonicMs: number;
  },
): AsyncGenerator<Answer[]> {
  let left = items;
  for (let asks = 0; left.length > 0; asks++) {
    const answers = await ask(left);
    const locked = new Set(answers.filter(isLocked).map(({ deliveryId }) => deliveryId));
    yield answers.filter((answer) => !isLocked(answer));
    left = left.filter(({ deliveryId }) => locked.has(deliveryId));
    if (left.length > 0) await pauseBeforeAskingAgain(asks, batch);
    if (batch.parts.clock.monotonicMs() >= untilMonotonicMs) return;
  }
}
