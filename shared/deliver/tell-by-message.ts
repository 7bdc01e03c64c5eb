import { messageGroupOf } from '../delivery/delivery-message.ts';
import type { SettledAttempt } from '../delivery/store-answers.ts';
import type { WrittenOutcome } from '../delivery/outcome-message.ts';
import type { Batch } from './batch-context.ts';

/** An outcome that the database does not have, and whose it is. */
export type Unrecorded = { organizationId: number; settled: SettledAttempt };

/** A written outcome is tried again after this time: with the usual settings, well before its claim's lease ends. */
const WRITTEN_DELAY_SECONDS = 15;

/**
 * Sends outcomes that could not be recorded to a later worker. Returns the deliveries whose outcome is now in a message, which
 * replaces the one that asked for the attempt.
 */
export async function writeDown(unrecorded: readonly Unrecorded[], { parts }: Batch): Promise<Set<number>> {
  if (unrecorded.length === 0) return new Set();
  const { queue, clock } = parts;
  const messages = unrecorded.map(({ organizationId, settled }) => {
    const { deliveryId, attempt, token, durationMs, startedMsAgo, evidence, exchange } = settled;
    const startedAtMs = clock.nowMs() - startedMsAgo;
    const outcome: WrittenOutcome = {
      token,
      organizationId,
      startedAtMs,
      durationMs,
      settlement: settled.settlement,
      ...(evidence && { evidence }),
      ...(exchange && { exchange }),
    };
    const messageGroup = messageGroupOf(organizationId);
    return { deliveryId, attempt, delaySeconds: WRITTEN_DELAY_SECONDS, messageGroup, outcome };
  });
  const { unsent } = await queue.send(messages);
  const sent = messages.filter((message) => !unsent.includes(message));
  return new Set(sent.map(({ deliveryId }) => deliveryId));
}
