import { giveOrder } from '../../../shared/operate/give-order.ts';
import type { OperateParts } from '../../../shared/operate/order-work.ts';
import { workOrder } from '../../../shared/operate/work-order.ts';

/** What a redelivery allows each delivery. */
const MORE_ATTEMPTS = 2;

type Order = { action: 'redeliver' | 'cancel' | 'expunge'; deliveryIds: number[]; perSecond: number };

/**
 * Gives an order about these deliveries. What it leaves unfinished the sweep does; if nobody knows whether it was given, the operator
 * asks again, and it is the same. Where there is nothing yet the operator comes again, too.
 */
export async function orderAll(
  parts: OperateParts,
  { action, deliveryIds, perSecond }: Order,
  stopAtMonotonicMs: number,
): Promise<void> {
  if (deliveryIds.length === 0) throw new Error('there is nothing yet');
  const orderKey = `${action} ${deliveryIds.join()}`;
  const order = {
    action,
    selection: { deliveryIds },
    request: { delivery_ids: deliveryIds },
    note: undefined,
    by: undefined,
    orderKey,
    dryRun: false,
    perSecond,
    moreAttempts: MORE_ATTEMPTS,
  };
  await giveOrder(parts, order, { stopAtMonotonicMs, orderKey, moreAttempts: MORE_ATTEMPTS });
}

/** Stops every redelivery that there is, as `operate` does it. */
export async function stopRedeliveries(parts: OperateParts, stopAtMonotonicMs: number): Promise<void> {
  const orders = await parts.store.findOrders({ pageRows: 10, namedRows: 0 });
  for (const { orderId } of orders.filter(({ action }) => action === 'redeliver')) {
    await parts.store.changeOrder(orderId, 'stop');
    await workOrder(parts, orderId, stopAtMonotonicMs);
  }
}
