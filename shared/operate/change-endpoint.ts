import { announce } from '../delivery/announce.ts';
import { answerOf, type OrderAnswer, OperateRefused } from './give-order.ts';
import type { GivenEndpointOrder } from './operate-request.ts';
import type { EndpointStore } from './order-store.ts';
import type { OperateParts } from './order-work.ts';

export type ChangeEndpointParts = { store: EndpointStore };

/**
 * Holds, resumes or limits, and lets go on at once what has room now. `matched` and `changed` count what was otherwise before. An
 * order that comes again changes nothing, but asks again for what is held: whoever gave it first may have died before.
 * Throws OperateRefused if an earlier order with its key asked for something else.
 * @param orderKey the key of an order that was given none
 */
export async function changeEndpoint(
  parts: OperateParts & ChangeEndpointParts,
  { change, request, note, by, ...given }: GivenEndpointOrder,
  orderKey: string,
): Promise<OrderAnswer> {
  const { store, log } = parts;
  const order = { orderKey: given.orderKey ?? orderKey, request, note, by, change, dryRun: given.dryRun };
  const changed = await store.changeEndpoint(order);
  if (changed === undefined) throw new OperateRefused('InvalidRequest', 'endpoint_key: no endpoint has it any more');
  const { orderId, isSame, differs, key } = changed;
  if (orderId === undefined) {
    return { order: undefined, matched: differs ? 1 : 0, changed: 0, refused: [], complete: true };
  }
  if (!isSame) {
    throw new OperateRefused('InvalidRequest', `order_key: order ${orderId} has it, and asked for something else`);
  }
  log.info('endpoint_changed', { order_id: orderId, action: change.action, scope: change.scope });
  if (change.action !== 'hold') {
    // The first of many: each that goes out calls others, and the sweep what nobody called.
    const { called } = await store.callHeldDeliveries({ afterKey: undefined, firstKey: key, pageKeys: 1 });
    await announce(called, parts);
  }
  return answerOf(parts, orderId);
}
