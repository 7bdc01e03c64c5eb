import { announce } from './announce.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { NextDelivery, OrderingKey } from './ordering-key.ts';
import type { CallLimit } from './store-answers.ts';

export type OrderingStore = {
  /** The next delivery of each key; none where it is in flight, held by its endpoint, or a dead letter that holds its key. */
  callNextDeliveries(keys: readonly OrderingKey[], limit?: CallLimit): Promise<NextDelivery[]>;
};

type CallNextParts = {
  store: OrderingStore;
  queue: DeliveryQueue;
  metrics: { count(name: 'MessagesUnsent', amount: number): void };
};

/**
 * Sends a message for whoever comes next in these keys, after a delivery of theirs has ended: its own message may have come, and gone,
 * while it had to wait. Call it only after that end is committed. Where this fails, the sweep finds the delivery.
 */
export async function callNext(keys: readonly OrderingKey[], parts: CallNextParts, limit?: CallLimit): Promise<void> {
  if (keys.length === 0) return;
  await announce(await parts.store.callNextDeliveries(keys, limit), parts);
}
