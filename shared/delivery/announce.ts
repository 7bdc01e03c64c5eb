import { isWithinChain, messageGroupOf } from './delivery-message.ts';
import type { DeliveryQueue } from './delivery-queue.ts';

/** A row that is due in `delaySeconds`, as returned by the statement that set its due time. */
export type DueDelivery = { deliveryId: number; organizationId: number; attempt: number; delaySeconds: number };

type AnnounceParts = {
  queue: DeliveryQueue;
  metrics: { count(name: 'MessagesUnsent', amount: number): void };
};

/**
 * Sends the messages for rows. Call it only after the rows are committed. A row that is due further ahead than messages reach
 * gets no message: the sweep hands it out. A message that could not be sent is counted and left to the sweep.
 * @returns how many could not be sent
 */
export async function announce(due: readonly DueDelivery[], parts: AnnounceParts): Promise<number> {
  return (await announceEach(due, parts)).length;
}

/** As `announce`; returns the ids of those whose message could not be sent. */
export async function announceEach(due: readonly DueDelivery[], { queue, metrics }: AnnounceParts): Promise<number[]> {
  const messages = due
    .filter(({ delaySeconds }) => isWithinChain(delaySeconds))
    .map(({ deliveryId, organizationId, attempt, delaySeconds }) => ({
      deliveryId,
      attempt,
      delaySeconds,
      messageGroup: messageGroupOf(organizationId),
    }));
  if (messages.length === 0) return [];
  const { unsent } = await queue.send(messages);
  metrics.count('MessagesUnsent', unsent.length);
  return unsent.map(({ deliveryId }) => deliveryId);
}
