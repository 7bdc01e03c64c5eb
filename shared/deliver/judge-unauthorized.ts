import type { CredentialReread } from '../credentials/credentials.ts';
import type { CountedOutcome } from '../delivery/attempt-outcome.ts';

/**
 * How a 401 or 403 counts: one that met a credential which has changed since is transient and tried again at once; one
 * that met the current credential is permanent. Where the second look failed, the fault is ours and buries nothing.
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
