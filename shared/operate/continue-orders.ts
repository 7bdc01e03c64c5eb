import type { OperateParts } from './order-work.ts';
import { workOrder } from './work-order.ts';

/** Orders that one sweep looks at; the others are for the next. */
const ORDERS_A_SWEEP = 100;

/** Goes on with orders whose message to themselves was lost, or that wait for rows which somebody else had locked. */
export async function continueOrders(parts: OperateParts, stopAtMonotonicMs: number): Promise<number> {
  const orderIds = await parts.store.listUnfinishedOrders(ORDERS_A_SWEEP);
  let worked = 0;
  for (const [index, orderId] of orderIds.entries()) {
    const now = parts.clock.monotonicMs();
    if (now >= stopAtMonotonicMs) break;
    // One long order must not keep the others waiting.
    const share = (stopAtMonotonicMs - now) / (orderIds.length - index);
    await workOrder(parts, orderId, now + share);
    worked++;
  }
  return worked;
}
