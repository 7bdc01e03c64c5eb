import type { AccessTokens, TokenKey } from '../credentials/access-tokens.ts';
import { clientCertificateFault } from '../credentials/client-certificate.ts';
import type { CredentialCache } from '../credentials/credential-cache.ts';
import type { Credential } from '../credentials/credentials.ts';
import { clientKey } from '../credentials/oauth-client.ts';
import type { AttemptOutcome } from '../delivery/attempt-outcome.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import type { SendLimits } from '../egress/http-sender.ts';
import type { Clock } from '../runtime/clock.ts';
import { type AskingParts, askForToken } from './ask-for-token.ts';

export type FindingParts = Omit<AskingParts, 'timeoutMs' | 'mustStartByMonotonicMs'> & {
  credentials: Pick<CredentialCache, 'resolve' | 'resolvePast'>;
  tokens: Pick<AccessTokens, 'resolve' | 'refuse'>;
  clock: Pick<Clock, 'monotonicMs' | 'nowMs'>;
  attemptTimeoutSeconds: number;
};

/** A token and what it was fetched for: whoever is refused with it gives it up. */
export type UsedToken = { key: TokenKey; accessToken: string };

/** What a request is sent with, and what of the attempt's time is left for it. */
export type Found = {
  /** With the token among the values that are cut out of what is kept. */
  credential: Credential | undefined;
  token?: UsedToken;
} & Pick<SendLimits, 'timeoutMs' | 'mustStartByMonotonicMs'>;

/** A token endpoint may use up to half of the attempt's time, so that the receiver has the other half, and no more than this. */
const MAX_TOKEN_MS = 10_000;

/**
 * The credential of a delivery, and where it asks for one its access token, which is fetched within the attempt's time: the attempt
 * begins with it.
 * @param mustStartByMonotonicMs after this an attempt must not begin
 */
export async function findCredential(
  delivery: ClaimedDelivery,
  parts: FindingParts,
  mustStartByMonotonicMs: number,
): Promise<Found | { outcome: AttemptOutcome }> {
  const read = await readCredential(delivery, parts);
  if ('outcome' in read) return read;
  const { credential, name } = read;
  const beganAtMonotonicMs = parts.clock.monotonicMs();
  if (beganAtMonotonicMs > mustStartByMonotonicMs) return released(NO_TIME);
  const timeoutMs = parts.attemptTimeoutSeconds * 1000;
  if (credential?.oauthClient === undefined) return { credential, timeoutMs, mustStartByMonotonicMs };
  const used = await tokenFor({ delivery, credential, name }, parts, mustStartByMonotonicMs);
  if ('outcome' in used) return used;
  // What is over by the attempt's end is in time, whenever it begins.
  const spentMs = parts.clock.monotonicMs() - beganAtMonotonicMs;
  return {
    credential: { ...credential, secretValues: [...credential.secretValues, used.accessToken] },
    token: used,
    timeoutMs: Math.max(timeoutMs - spentMs, 0),
    mustStartByMonotonicMs: mustStartByMonotonicMs + spentMs,
  };
}

/** Of one client of an organization. */
export function tokenKeyOf(organizationId: number, credential: Credential): TokenKey | undefined {
  const { oauthClient, clientCertificate } = credential;
  return oauthClient && { organizationId, client: clientKey(oauthClient, clientCertificate?.id) };
}

const NO_TIME = 'no time was left in this invocation for a whole attempt';

type Read = { credential: Credential | undefined; name: string };

async function readCredential(
  { credentialUuid, organizationId, endpointUrl }: ClaimedDelivery,
  { credentials, clock }: FindingParts,
): Promise<Read | { outcome: AttemptOutcome }> {
  if (credentialUuid === undefined) return { credential: undefined, name: '' };
  const answer = await credentials.resolve(organizationId, credentialUuid);
  switch (answer.kind) {
    case 'resolved': {
      const fault = certificateFault(answer.credential, endpointUrl, clock.nowMs());
      if (fault !== undefined) return failed('credential_invalid', `the secret ${answer.name} ${fault}`);
      return answer;
    }
    // Whoever writes the secret or mends it meanwhile has lost nothing.
    case 'missing':
    case 'invalid':
      return failed(`credential_${answer.kind}`, answer.detail);
    case 'unavailable':
      return released(answer.detail);
  }
}

/** Without TLS nobody would see the certificate, and the request would go out as anybody's. */
export function certificateFault(
  { clientCertificate }: Credential,
  endpointUrl: string,
  nowMs: number,
): string | undefined {
  if (clientCertificate === undefined) return undefined;
  if (/^http:/i.test(endpointUrl)) {
    return 'holds a client_certificate, which can be shown to an https:// URL only, and endpoint_url begins with http://';
  }
  return clientCertificateFault(clientCertificate, nowMs);
}

type Asking = { delivery: ClaimedDelivery; credential: Credential; name: string };

async function tokenFor(
  { delivery: { organizationId, afterRotation }, credential, name }: Asking,
  parts: FindingParts,
  mustStartByMonotonicMs: number,
): Promise<UsedToken | { outcome: AttemptOutcome }> {
  const key = tokenKeyOf(organizationId, credential);
  if (key === undefined) return released('the credential names no token endpoint');
  const timeoutMs = Math.min((parts.attemptTimeoutSeconds * 1000) / 2, MAX_TOKEN_MS);
  const ask = () => askForToken({ organizationId, credential }, { ...parts, timeoutMs, mustStartByMonotonicMs });
  const answer = await parts.tokens.resolve(key, ask, afterRotation === undefined ? 'any' : 'renewed');
  switch (answer.kind) {
    case 'issued':
      return { key, accessToken: answer.accessToken };
    case 'unavailable':
      return released(answer.detail);
    case 'failed': {
      const { outcome } = failed(answer.because, `the secret ${name}: ${answer.detail}`);
      const { waitSeconds } = answer;
      return { outcome: { ...outcome, ...(waitSeconds !== undefined && { retryAfterSeconds: waitSeconds }) } };
    }
  }
}

function failed(because: 'credential_missing' | 'credential_invalid', detail: string) {
  return { outcome: { kind: 'failed', because, detail: `${because}: ${detail}` } as const };
}

function released(detail: string): { outcome: AttemptOutcome } {
  return { outcome: { kind: 'released', detail } };
}
