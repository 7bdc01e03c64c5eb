import type { OrderRecord } from '../../../shared/operate/order-store.ts';
import type { FakeRow } from './fake-delivery-rules.ts';

/** What a page of an order says of one row. */
export function orderVerdict(order: OrderRecord, row: FakeRow | undefined): string {
  if (row === undefined) return 'unknown';
  const isErased = row.expungedMs !== undefined;
  switch (order.action) {
    case 'redeliver':
      if (row.status !== 'dead_letter') return row.status;
      if (isErased) return 'expunged';
      if (row.updatedMs > order.givenAtMs) return 'died_since';
      if (row.deadLetterReason === 'cancelled' && order.request['reason'] !== 'cancelled') return 'cancelled';
      return 'changed';
    case 'replay':
      if (row.status === 'pending') return 'pending';
      if (isErased) return 'expunged';
      return row.createdMs > order.givenAtMs ? 'created_since' : 'changed';
    case 'dismiss':
      if (row.status !== 'dead_letter') return row.status;
      if (row.dismissedBy !== undefined) return 'dismissed';
      if (isErased) return 'expunged';
      return row.updatedMs > order.givenAtMs ? 'died_since' : 'changed';
    case 'cancel':
      if (row.status !== 'pending') return row.status;
      return row.cancelledBy === undefined ? 'changed' : 'cancelled';
    case 'expunge':
      return isErased || row.expungeAtEnd ? 'expunged' : 'changed';
    default:
      throw new Error(`there is no order to ${order.action}`);
  }
}

export function isOver({ state, unwinds }: OrderRecord): boolean {
  return state !== 'running' && !unwinds;
}

/** An order without what only its worker sees. */
export function newestFields(order: OrderRecord): OrderRecord {
  const { orderId, action, request, orderKey, note, by, givenAtMs, state, matched, done, refused } = order;
  const { refusedNamed, perSecond, lastDueAtMs, finishedAtMs, unwinds } = order;
  return {
    orderId,
    action,
    request,
    orderKey,
    note,
    by,
    givenAtMs,
    state,
    matched,
    done,
    refused,
    refusedNamed,
    perSecond,
    lastDueAtMs,
    finishedAtMs,
    unwinds,
  };
}

/** Nobody has dealt with it. */
export function isStanding({ status, dismissedBy, expungedMs, deadLetterReason }: FakeRow): boolean {
  const isDealtWith = dismissedBy !== undefined || expungedMs !== undefined || deadLetterReason === 'cancelled';
  return status === 'dead_letter' && !isDealtWith;
}
