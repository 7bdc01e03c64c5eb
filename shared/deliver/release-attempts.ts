import { announce } from '../delivery/announce.ts';
import type { Release } from '../delivery/delivery-store.ts';
import { SETTLE_SECONDS } from '../runtime/limits.ts';
import { type Batch, callLimit } from './batch.ts';

/**
 * Gives attempts back and sends the messages that ask for them again. Answers the deliveries that were held and no longer
 * are; rejects when the database could not be asked.
 */
export async function releaseAttempts(releases: readonly Release[], batch: Batch): Promise<Set<number>> {
  if (releases.length === 0) return new Set();
  const { store, metrics } = batch.parts;
  const answers = await store.releaseDeliveries(releases, callLimit(batch, SETTLE_SECONDS));
  const released = answers.filter((answer) => answer.kind === 'released');
  metrics.count('Released', released.length);
  for (const answer of answers) if (answer.kind === 'buried') metrics.deadLetters(answer.reason);
  await announce(released, batch.parts);
  return new Set(answers.filter(({ kind }) => kind !== 'not_held').map(({ deliveryId }) => deliveryId));
}
