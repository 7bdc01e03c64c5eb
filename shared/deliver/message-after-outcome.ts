import type { DueDelivery } from '../delivery/announce.ts';
import type { SettledAttempt } from '../delivery/store-answers.ts';
import type { Spoken } from './settle-outcomes.ts';

/** The message that follows a recorded outcome: one for the next attempt, if there is one. */
export function dueAfter(
  { deliveryId, attempt, settlement }: SettledAttempt,
  { verdict, isHeld }: Pick<Spoken, 'verdict' | 'isHeld'>,
  { organizationId }: { organizationId: number },
): DueDelivery[] {
  // What is held is asked for when its endpoint has room.
  if (isHeld === true || settlement.kind !== 'retry' || (verdict !== 'recorded' && verdict !== 'already_recorded'))
    return [];
  return [{ deliveryId, organizationId, attempt: attempt + 1, delaySeconds: settlement.delaySeconds }];
}
