import type { OrderAnswer } from './give-order.ts';
import type { OperateParts, OrderProgressed } from './order-work.ts';
import { workOrder } from './work-order.ts';

/** Hands the rest of an order to another invocation. Rejects if that cannot be asked for: then the sweep does it. */
export type OrderRelay = { handOver(orderId: number): Promise<void> };

type RelayParts = OperateParts & { relay: OrderRelay };

/** After an answer: what is left goes on by itself. */
export async function goOnLater(parts: RelayParts, { order, complete }: OrderAnswer): Promise<void> {
  if (order !== undefined && !complete) await handOver(parts, order.orderId);
}

/** Works on an order that an earlier invocation handed over, and hands on what it leaves. */
export async function workHandedOver(
  parts: RelayParts,
  orderId: number,
  stopAtMonotonicMs: number,
): Promise<OrderProgressed> {
  const progressed = await workOrder(parts, orderId, stopAtMonotonicMs);
  if (progressed === 'left') await handOver(parts, orderId);
  return progressed;
}

async function handOver({ relay, log, metrics }: RelayParts, orderId: number): Promise<void> {
  try {
    await relay.handOver(orderId);
  } catch (fault) {
    metrics.count('InternalFaults', 1);
    log.warn('order_not_handed_over', { order_id: orderId, fault: fault instanceof Error ? fault.name : 'unknown' });
  }
}
