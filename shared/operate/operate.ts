import { isJsonObject } from '../runtime/json-object.ts';
import { OPERATE_ANSWER_SECONDS } from '../runtime/limits.ts';
import { changeEndpoint, type ChangeEndpointParts } from './change-endpoint.ts';
import { answerOf, giveOrder, type OrderAnswer, OperateRefused } from './give-order.ts';
import { type OperateRequest, parseOperateRequest } from './operate-request.ts';
import { orderFields } from './order-fields.ts';
import { goOnLater, type OrderRelay, workHandedOver } from './order-relay.ts';
import type { OperateParts } from './order-work.ts';
import { workOrder } from './work-order.ts';

type Parts = OperateParts & ChangeEndpointParts & { relay: OrderRelay; moreAttempts: number };

/** `id` is the same when the platform repeats an invocation. */
type Invocation = { id: string; stopAtMonotonicMs: number };

/** Answers one event of the operate function, in JSON's names. Throws OperateRefused. */
export async function operate(event: unknown, parts: Parts, invocation: Invocation) {
  const handedOver = orderToWorkOn(event);
  if (handedOver !== undefined) {
    return { progressed: await workHandedOver(parts, handedOver, invocation.stopAtMonotonicMs) };
  }
  const parsed = parseOperateRequest(event);
  if (!parsed.ok) throw new OperateRefused('InvalidRequest', parsed.errorMessage);
  const answer = await answered(parsed.request, parts, invocation);
  await goOnLater(parts, answer);
  return answerFields(answer);
}

/** Somebody waits for this: it takes a share of the time, and the rest goes on later. */
async function answered(request: OperateRequest, parts: Parts, invocation: Invocation): Promise<OrderAnswer> {
  const answerBy = parts.clock.monotonicMs() + OPERATE_ANSWER_SECONDS * 1000;
  const stopAtMonotonicMs = Math.min(answerBy, invocation.stopAtMonotonicMs);
  if (request.kind === 'order') {
    const { id: orderKey } = invocation;
    return giveOrder(parts, request.order, { stopAtMonotonicMs, orderKey, moreAttempts: parts.moreAttempts });
  }
  if (request.kind === 'endpoint') return changeEndpoint(parts, request.order, invocation.id);
  const changed = await parts.store.changeOrder(request.orderId, request.verb);
  parts.log.info('order_changed', { order_id: request.orderId, verb: request.verb, state: changed?.state });
  if (changed !== undefined) await workOrder(parts, request.orderId, stopAtMonotonicMs);
  const answer = await answerOf(parts, request.orderId);
  return { ...answer, isUnchanged: changed?.before === changed?.state };
}

function answerFields({
  order,
  matched,
  changed,
  refused,
  complete,
  dealtWith,
  isUnchanged,
}: OrderAnswer): Readonly<Record<string, unknown>> {
  const common = { matched, changed, refused, complete };
  if (order === undefined) return { dry_run: true, ...common, ...dealtWith };
  const { order_id, state, last_due_at } = orderFields(order);
  const verb = isUnchanged === undefined ? {} : { nothing_done: isUnchanged };
  return { order_id, state, ...verb, ...common, refused_count: order.refused, last_due_at };
}

/** What the function says to itself. */
function orderToWorkOn(event: unknown): number | undefined {
  const orderId = isJsonObject(event) ? event['order_to_work_on'] : undefined;
  return typeof orderId === 'number' && Number.isSafeInteger(orderId) ? orderId : undefined;
}
