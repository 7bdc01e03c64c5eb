import type { DueDelivery } from '../delivery/announce.ts';
import type { SettledAttempt } from '../delivery/store-answers.ts';
import type { Spoken } from './settle-outcomes.ts';

/** The message that follows a recorded outcome: one for the next attempt, if there is one. */
export function dueAfter(
  { deliveryId, attempt, settlement }: SettledAttempt,
  verdict: Spoken['verdict'],
  { organizationId }: { organizationId: number },
): DueDelivery[] {
  if (settlement.kind !== 'retry' || (verdict !== 'recorded' && verdict !== 'already_recorded')) return [];
  return [{ deliveryId, organizationId, attempt: attempt + 1, delaySeconds: settlement.delaySeconds }];
}
