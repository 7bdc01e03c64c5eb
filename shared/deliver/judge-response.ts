import type { AccessTokens } from '../credentials/access-tokens.ts';
import type { CredentialCache } from '../credentials/credential-cache.ts';
import type { Credential } from '../credentials/credentials.ts';
import { asksToAbort, type CountedOutcome, judgeStatus } from '../delivery/attempt-outcome.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { describeRedirect } from '../delivery/redirect-target.ts';
import { waitAskedFor } from '../delivery/retry-after.ts';
import type { SendResult } from '../egress/send-result.ts';
import { scrub } from '../observe/scrub-excerpt.ts';
import type { Clock } from '../runtime/clock.ts';
import type { UsedToken } from './find-credential.ts';
import { judgeRefusedToken, judgeUnauthorized } from './judge-unauthorized.ts';

type JudgingParts = {
  credentials: Pick<CredentialCache, 'resolvePast'>;
  tokens: Pick<AccessTokens, 'refuse'>;
  clock: Pick<Clock, 'nowMs'>;
  retryStatuses: readonly number[];
};

/** After these statuses the secret is read again: it may have been rotated between our reading it and the receiver's check. */
const UNAUTHORIZED = new Set([401, 403]);

/** What a response means for its attempt; its excerpt is added by the caller. */
export async function judgeResponse(
  delivery: ClaimedDelivery,
  { status, webhookDelivery, location, ...headers }: Extract<SendResult, { kind: 'response' }>,
  {
    credential,
    token,
    parts,
  }: { credential: Credential | undefined; token?: UsedToken | undefined; parts: JudgingParts },
): Promise<CountedOutcome> {
  const { organizationId, credentialUuid, endpointUrl } = delivery;
  const verdict = judgeStatus(status, parts.retryStatuses);
  if (verdict === 'accepted') return { kind: 'accepted', status, excerpt: '' };
  if (asksToAbort(webhookDelivery)) {
    const detail = `status ${status}; the receiver wants no further attempt (webhook-delivery: abort-message)`;
    return { kind: 'refused', because: 'status', detail, status };
  }
  if (UNAUTHORIZED.has(status) && credential !== undefined && credentialUuid !== undefined) {
    const isTokenRefused = status === 401 && token !== undefined;
    if (isTokenRefused) parts.tokens.refuse(token.key, token.accessToken);
    const reread = await parts.credentials.resolvePast(organizationId, credentialUuid, credential.fingerprint);
    const rotated = judgeUnauthorized(status, reread, delivery);
    if (rotated !== undefined) return rotated;
    const renewed = isTokenRefused ? judgeRefusedToken(status, delivery) : undefined;
    if (renewed !== undefined) return renewed;
  }
  const redirect = describeRedirect(status, endpointUrl, location);
  // The receiver chose the name, and may have put into it what it was sent.
  const detail =
    redirect === undefined
      ? `status ${status}`
      : scrub(`status ${status}: ${redirect}`, credential?.secretValues ?? []);
  if (verdict === 'permanent') return { kind: 'refused', because: 'status', detail, status };
  const wish = waitAskedFor(status, headers, parts.clock.nowMs());
  const wait = wish === undefined ? {} : { retryAfterSeconds: wish };
  return { kind: 'failed', because: 'status', detail, status, ...wait };
}
