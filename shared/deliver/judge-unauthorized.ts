import type { CredentialReread } from '../credentials/credentials.ts';
import type { CountedOutcome } from '../delivery/attempt-outcome.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';

/**
 * What a second look at the credential makes of a 401 or 403; undefined if it is still the current one, so that the status
 * counts as it is. If it has changed since, the attempt is transient, and the next is due at once: but not the second time in a
 * row, or a secret that is written anew all the time would use up all attempts within a second. If the second look failed,
 * that is an internal fault and must not end the delivery.
 */
export function judgeUnauthorized(
  status: number,
  reread: CredentialReread,
  { afterRotation }: Pick<ClaimedDelivery, 'afterRotation'>,
): CountedOutcome | undefined {
  switch (reread.kind) {
    case 'changed':
      return {
        kind: 'failed',
        because: 'credential_rotated',
        detail: `status ${status}; the credential has changed since it was read`,
        status,
        ...(afterRotation === undefined && { retryNow: true }),
      };
    case 'unchanged':
      return undefined;
    case 'unavailable':
      return {
        kind: 'failed',
        because: 'status',
        detail: `status ${status}; whether the credential has changed is unknown: ${reread.detail}`,
        status,
      };
  }
}

/**
 * What a 401 to an access token means if its secret is still the current one: the token may have been withdrawn before its end, so
 * the next attempt fetches another, at once. Once in a row: undefined where this attempt had one that was fetched for that reason.
 * After the last attempt allowed the next one is that of a redelivery, which fetches another, too.
 */
export function judgeRefusedToken(
  status: number,
  { afterRotation, attempt, maxAttempts }: Pick<ClaimedDelivery, 'afterRotation' | 'attempt' | 'maxAttempts'>,
): CountedOutcome | undefined {
  if (afterRotation !== undefined) return undefined;
  const next = attempt < maxAttempts ? 'the next attempt' : 'this was the last attempt allowed: a redelivery';
  return {
    kind: 'failed',
    because: 'credential_rotated',
    detail: `status ${status}; the access token was refused, and ${next} fetches another`,
    status,
    retryNow: true,
  };
}
