import type { CallLimit } from '../delivery/store-answers.ts';
import { MAX_ANNOUNCED } from '../runtime/limits.ts';
import { type Announced, announceDeliveries, type AnnounceParts, inOrder } from './announce-deliveries.ts';
import { ageSecondsOf, failedOutcome, type IntakeMessage, type IntakeOutcome } from './intake-message.ts';
import { pauseForRun } from './run-patience.ts';

/** A sound announcement that came by the intake queue. */
export type AnnouncedMessage = IntakeMessage & { deliveryUuids: readonly string[] };

/**
 * Announces what intake messages name, as many together as one question takes. A delivery that is not found is asked for again
 * for a minute after its message was sent, because its commit may be under way; then what is left unknown moves to the intake
 * dead-letter queue, where it shows that rows and announcements go to different places.
 */
export async function announceFromIntake(
  messages: readonly AnnouncedMessage[],
  parts: AnnounceParts,
  limit: CallLimit,
): Promise<IntakeOutcome[]> {
  const outcomes: IntakeOutcome[] = [];
  for (const share of sharesOf(messages)) {
    const uuids = share.flatMap(({ deliveryUuids }) => deliveryUuids);
    const announced = await announceDeliveries(uuids, parts, limit);
    outcomes.push(...share.map((message) => outcomeOf(message, announced, parts)));
  }
  return outcomes;
}

function outcomeOf(message: AnnouncedMessage, announced: Announced, { clock }: AnnounceParts): IntakeOutcome {
  if (announced.kind === 'failed') return failedOutcome(message, [announced], clock);
  const unknown = inOrder(message.deliveryUuids, announced)
    .filter(({ result }) => result === 'not_found')
    .map(({ delivery_uuid }) => delivery_uuid);
  if (unknown.length === 0) return { kind: 'done' };
  const { messageId, receiptHandle } = message;
  const seconds = pauseForRun(ageSecondsOf(message, clock));
  if (seconds !== undefined) return { kind: 'postponed', message: { messageId, receiptHandle, seconds } };
  return {
    kind: 'rejected',
    message: {
      messageId,
      body: JSON.stringify({ announce: { delivery_uuids: unknown } }),
      errorType: 'DeliveryNotFound',
      errorMessage: `announce.delivery_uuids: no delivery of ${unknown.length} of them is committed`,
    },
  };
}

function sharesOf(messages: readonly AnnouncedMessage[]): AnnouncedMessage[][] {
  const shares: AnnouncedMessage[][] = [];
  let uuids = Infinity;
  for (const message of messages) {
    uuids += message.deliveryUuids.length;
    const share = shares.at(-1);
    if (share !== undefined && uuids <= MAX_ANNOUNCED) {
      share.push(message);
    } else {
      shares.push([message]);
      uuids = message.deliveryUuids.length;
    }
  }
  return shares;
}
