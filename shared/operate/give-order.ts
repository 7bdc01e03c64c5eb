import { adoptionOf, lookAtTable, rehearseAdoption } from './adopt-deliveries.ts';
import { nameIds } from './name-ids.ts';
import type { GivenOrder } from './operate-request.ts';
import { firstLook, isPaced } from './order-rules.ts';
import type { DealtWith, MatchLook, OrderRecord, OrderStore, RefusedDelivery } from './order-store.ts';
import type { OperateParts } from './order-work.ts';
import type { Selection } from './selection.ts';
import { workOrder } from './work-order.ts';

/** What an order has come to by now. `complete` false: it goes on by itself. */
export type OrderAnswer = {
  /** Undefined for a dry run. */
  order: OrderRecord | undefined;
  /** If `complete` is false, perhaps a lower bound. */
  matched: number;
  changed: number;
  refused: readonly RefusedDelivery[];
  complete: boolean;
  /** Of those that match; of a dry run only. */
  dealtWith?: DealtWith;
  /** Of a verb: whether the order was left in the state that it had. */
  isUnchanged?: boolean;
};

/** Its name is the `errorType` of the invocation. */
export class OperateRefused extends Error {
  static override readonly name = 'OperateRefused';
  override readonly name: 'InvalidRequest' | 'OrderNotFound';
  /** For the log: Lambda's own client writes there the name of the class, unless a field says otherwise. */
  readonly errorType: 'InvalidRequest' | 'OrderNotFound';
  readonly code = 'operate_refused';

  constructor(errorType: 'InvalidRequest' | 'OrderNotFound', errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
    this.errorType = errorType;
  }
}

/**
 * Share of the time for counting. A count that takes longer becomes a lower bound, so that every order gets something done,
 * however much there is.
 */
const MOST_OF_TIME_COUNTING = 1 / 4;

/**
 * Gives an order and works on it until it is done or time is up; what is left goes on by itself. A request with the key of an
 * earlier order is that order, and only answers how it stands. Throws OperateRefused if the earlier one asked for something else.
 * @param fallback.orderKey the key of an order that was given none: the same when the platform repeats an invocation
 * @param fallback.moreAttempts attempts of a new delivery
 */
export async function giveOrder(
  parts: OperateParts,
  given: GivenOrder,
  { stopAtMonotonicMs, ...fallback }: { stopAtMonotonicMs: number; orderKey: string; moreAttempts: number },
): Promise<OrderAnswer> {
  const { store, clock } = parts;
  if (given.action === 'adopt') return giveAdoption(parts, given, { stopAtMonotonicMs, ...fallback });
  const { action } = given;
  const named = await nameIds(store, given.selection);
  const look = firstLook(action, named.selection, undefined);
  const beganAt = clock.monotonicMs();
  const share = given.dryRun ? 1 : MOST_OF_TIME_COUNTING;
  const tells = given.dryRun ? 'dealt with' : 'matched';
  const stopCounting = beganAt + (stopAtMonotonicMs - beganAt) * share;
  const counted = await countAll(parts, look, { tells, stopAtMonotonicMs: stopCounting });
  const refused = [...named.unknown, ...(await notMatched(store, named.selection, look))];
  if (given.dryRun) {
    return { order: undefined, changed: 0, refused, ...counted };
  }
  const paced = isPaced(given.action);
  const { orderId, isSame } = await store.openOrder({
    orderKey: given.orderKey ?? fallback.orderKey,
    action: given.action,
    request: given.request,
    note: given.note,
    by: given.by,
    matched: counted.matched,
    refused,
    perSecond: paced ? given.perSecond : undefined,
    moreAttempts: paced ? (given.moreAttempts ?? fallback.moreAttempts) : undefined,
  });
  if (!isSame) {
    throw otherOrder(orderId);
  }
  await workOrder(parts, orderId, stopAtMonotonicMs);
  return answerOf(parts, orderId);
}

/** The table is looked at first: an order that cannot begin is none. */
async function giveAdoption(
  parts: OperateParts,
  given: GivenOrder,
  { stopAtMonotonicMs, orderKey }: { stopAtMonotonicMs: number; orderKey: string },
): Promise<OrderAnswer> {
  const adoption = adoptionOf(given.request);
  const look = await lookAtTable(parts.adoption, adoption);
  if (!look.ok) throw new OperateRefused('InvalidRequest', `table: ${look.because}`);
  if (given.dryRun) {
    const { clock, adoption: store } = parts;
    const rehearsed = await rehearseAdoption({ store, adoption, clock }, stopAtMonotonicMs);
    return { order: undefined, changed: 0, ...rehearsed };
  }
  const { orderId, isSame } = await parts.store.openOrder({
    orderKey: given.orderKey ?? orderKey,
    action: given.action,
    request: given.request,
    note: given.note,
    by: given.by,
    matched: adoption.direction === 'here' ? look.pending : 0,
    refused: [],
    perSecond: undefined,
    moreAttempts: undefined,
  });
  if (!isSame) throw otherOrder(orderId);
  await workOrder(parts, orderId, stopAtMonotonicMs);
  return answerOf(parts, orderId);
}

function otherOrder(orderId: number): OperateRefused {
  return new OperateRefused('InvalidRequest', `order_key: order ${orderId} has it, and asked for something else`);
}

/** How an order stands. Throws OperateRefused if there is none of that id. */
export async function answerOf({ store }: Pick<OperateParts, 'store'>, orderId: number): Promise<OrderAnswer> {
  const [order] = await store.findOrders({ orderId, pageRows: 1, namedRows: NAMED_IN_AN_ANSWER });
  if (order === undefined) throw new OperateRefused('OrderNotFound', `there is no order ${orderId}`);
  return {
    order,
    matched: Math.max(order.matched, order.done),
    changed: order.done,
    refused: order.refusedNamed,
    complete: order.state !== 'running' && !order.unwinds,
  };
}

/** Refused deliveries that an answer names. */
const NAMED_IN_AN_ANSWER = 1000;

async function countAll(
  { store, clock }: OperateParts,
  first: MatchLook | undefined,
  { tells, stopAtMonotonicMs }: { tells: 'matched' | 'dealt with'; stopAtMonotonicMs: number },
) {
  let matched = 0;
  const dealtWith = { dismissed: 0, expunged: 0 };
  let look = first;
  while (look !== undefined) {
    const found = await store.countMatches(look, { tells });
    matched += found.matched;
    dealtWith.dismissed += found.dismissed;
    dealtWith.expunged += found.expunged;
    look = found.next && { ...look, after: found.next };
    if (clock.monotonicMs() >= stopAtMonotonicMs) break;
  }
  return { matched, dealtWith, complete: look === undefined };
}

/** Of deliveries that were named one by one each that is not worked on is told, with what it is. */
async function notMatched(store: OrderStore, { deliveryIds }: Selection, look: MatchLook | undefined) {
  if (deliveryIds === undefined || deliveryIds.length === 0) return [];
  const matched = new Set<number>();
  let next = look;
  while (next !== undefined) {
    const found = await store.findMatches(next);
    for (const id of found.deliveryIds) matched.add(id);
    next = found.next && { ...next, after: found.next };
  }
  const left = deliveryIds.filter((id) => !matched.has(id));
  if (left.length === 0) return [];
  const found = await store.findNamed({ deliveryIds: left, deliveryUuids: [] });
  return found.map(({ deliveryId, status }) => ({
    delivery_id: deliveryId,
    because: look?.statuses.includes(status) === true ? 'not_selected' : status,
  }));
}
