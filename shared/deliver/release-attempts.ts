import { announce } from '../delivery/announce.ts';
import type { Release, ReleaseAnswer } from '../delivery/store-answers.ts';
import { CLAIM_SECONDS, SETTLE_SECONDS } from '../runtime/limits.ts';
import { askUntilUnlocked } from './ask-until-unlocked.ts';
import { type Asked, type Batch, callLimit } from './batch-context.ts';
import { findNext } from './find-next.ts';

/**
 * Gives attempts back and sends the messages that ask for them again. Returns the deliveries that were held and no longer
 * are. Rejects when the database is unavailable.
 */
export async function releaseAttempts(releases: readonly Release[], batch: Batch): Promise<Set<number>> {
  const { store, metrics } = batch.parts;
  const limit = callLimit(batch, SETTLE_SECONDS);
  const rounds = askUntilUnlocked(releases, (some) => store.releaseDeliveries(some, limit), {
    isLocked: ({ kind }) => kind === 'locked',
    batch,
    untilMonotonicMs: limit.untilMonotonicMs,
  });
  const over = new Set<number>();
  for await (const answers of rounds) {
    const released = answers.filter((answer) => answer.kind === 'released');
    metrics.count('Released', released.length);
    await announce(released, batch.parts);
    await callOthers(answers, batch);
    for (const { kind, deliveryId } of answers) if (kind !== 'not_held') over.add(deliveryId);
  }
  return over;
}

/** One that comes before may have been redelivered, and refused, while these were in flight; and what is buried lets the next go. */
async function callOthers(answers: readonly ReleaseAnswer[], batch: Batch): Promise<void> {
  const ended = answers.flatMap((answer) => ('ordering' in answer && answer.ordering ? [answer.ordering] : []));
  const found = await findNext({ next: [], ended }, batch);
  const others = found.filter((next) => answers.every(({ deliveryId }) => deliveryId !== next.deliveryId));
  await announce(others, batch.parts);
}

/**
 * Gives back what is held by claims that were never answered and whose workers made no attempt: their statements may have run,
 * perhaps only after the database came back. The deliveries are due at once and are claimed next. What cannot be given back is
 * held until the end of its lease.
 */
export async function giveBackLost(asked: readonly Asked[], batch: Batch): Promise<void> {
  const releases = asked.flatMap(({ deliveryId, lostTokens = [] }) =>
    lostTokens.map((token) => ({ deliveryId, token, error: 'the claim was not answered', dueAtOnce: true })),
  );
  if (releases.length === 0) return;
  await batch.parts.store.releaseDeliveries(releases, callLimit(batch, CLAIM_SECONDS)).catch(() => undefined);
}
