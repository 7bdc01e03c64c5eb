import type { CredentialReread } from '../credentials/credentials.ts';
import type { CountedOutcome } from '../delivery/attempt-outcome.ts';

/**
 * How a 401 or 403 counts. If the credential has changed since, it is transient and tried again at once; if the credential
 * is still the current one, it is permanent. If the second look failed, that is an internal fault and must not end the delivery.
 */
export function judgeUnauthorized(status: number, reread: CredentialReread): CountedOutcome {
  switch (reread.kind) {
    case 'changed':
      return {
        kind: 'failed',
        because: 'credential_rotated',
        detail: `status ${status}; the credential has changed since it was read`,
        status,
        retryNow: true,
      };
    case 'unchanged':
      return { kind: 'refused', because: 'status', detail: `status ${status}`, status };
    case 'unavailable':
      return {
        kind: 'failed',
        because: 'status',
        detail: `status ${status}; whether the credential has changed is unknown: ${reread.detail}`,
        status,
      };
  }
}
