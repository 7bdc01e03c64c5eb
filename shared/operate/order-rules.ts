import type { DeliveryStatus } from '../delivery/delivery.ts';
import type { DeliveryAction, OrderAction } from './operate-request.ts';
import type { MatchLook } from './order-store.ts';
import { type Selection, selectsDeadLetters, statusesOf, walkOf } from './selection.ts';

/** What each action works on. What is not among it is refused, and says what it is. */
const WORKS_ON: Readonly<Record<DeliveryAction, readonly DeliveryStatus[]>> = {
  redeliver: ['dead_letter'],
  replay: ['succeeded', 'dead_letter'],
  dismiss: ['dead_letter'],
  cancel: ['pending'],
  expunge: ['pending', 'succeeded', 'dead_letter'],
};

/**
 * How an order looks for its deliveries, from the beginning; undefined if there can be none. What died after the order began is
 * not its own: otherwise a redelivery would never end while its receiver is down.
 * @param givenAt when it began, as the database writes it; undefined: it has not begun
 */
export function firstLook(
  action: DeliveryAction,
  selection: Selection,
  givenAt: string | undefined,
): MatchLook | undefined {
  const statuses = statusesOf(selection, WORKS_ON[action]);
  if (statuses.length === 0) return undefined;
  const isAboutDead = statuses.every((status) => status === 'dead_letter');
  return {
    walk: walkOf(selection, statuses),
    selection,
    statuses,
    // What somebody cancelled stays so, unless it is asked for by name.
    withoutCancelled: action === 'redeliver' && selection.reason !== 'cancelled',
    diedBy: isAboutDead || selectsDeadLetters(selection) ? givenAt : undefined,
    after: undefined,
  };
}

/** Whether an action brings deliveries to their receivers, at a pace. */
export function isPaced(action: OrderAction): boolean {
  return action === 'redeliver' || action === 'replay';
}
