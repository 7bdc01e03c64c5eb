import type { TokenAnswer } from '../credentials/access-tokens.ts';
import type { Credential } from '../credentials/credentials.ts';
import { tokenRequest } from '../credentials/oauth-client.ts';
import { readTokenAnswer, readTokenError } from '../credentials/token-answer.ts';
import { judgeStatus } from '../delivery/attempt-outcome.ts';
import { waitAskedFor } from '../delivery/retry-after.ts';
import type { Connections, SendLimits } from '../egress/http-sender.ts';
import type { SendResult } from '../egress/send-result.ts';
import type { Clock } from '../runtime/clock.ts';

export type AskingParts = Pick<SendLimits, 'timeoutMs' | 'mustStartByMonotonicMs'> & {
  connections: Connections;
  clock: Pick<Clock, 'nowMs'>;
  /** `surehook/<version>`. */
  userAgent: string;
};

type Asking = { organizationId: number; credential: Credential };

/**
 * Asks the token endpoint of a credential for a token, over the way and by the rules of every webhook: its URL and addresses are
 * judged, its certificate is verified, no redirect is followed, and of its answer 64 KiB are read. Never rejects. What it answers is in
 * no detail but for its status and, where everybody knows it, its error code.
 */
export async function askForToken(
  { organizationId, credential }: Asking,
  { connections, clock, userAgent, timeoutMs, mustStartByMonotonicMs }: AskingParts,
): Promise<TokenAnswer> {
  const { oauthClient: client, clientCertificate } = credential;
  if (client === undefined) return { kind: 'unavailable', detail: 'the credential names no token endpoint' };
  const { url, headers, body } = tokenRequest(client, userAgent);
  const { origin, protocol } = new URL(url);
  let isWhole = false;
  const result = await connections.send(
    organizationId,
    {
      url,
      method: 'POST',
      headers,
      body,
      urlName: 'credential_data.token_url',
      isConfidential: true,
      // Some bind the token to it, and some know the client by it (RFC 8705).
      ...(protocol === 'https:' && { clientCertificate }),
    },
    {
      timeoutMs,
      mustStartByMonotonicMs,
      wanted: 'body',
      tell: ({ response }) => (isWhole = response?.isComplete === true),
    },
  );
  switch (result.kind) {
    case 'exhausted':
      return { kind: 'unavailable', detail: `asking ${origin} for an access token: ${result.detail}` };
    case 'refused':
      return none('credential_invalid', `${origin} cannot be asked for an access token: ${result.detail}`);
    case 'failed':
      return none('credential_missing', `no access token from ${origin}: ${result.because}: ${result.detail}`);
    case 'response':
      return judgeAnswer(result, { origin, isWhole, nowMs: clock.nowMs() });
  }
}

/** Read no further, or never sent. */
const CUT = 'an answer that broke off, or is longer than 64 KiB';

type Judging = { origin: string; isWhole: boolean; nowMs: number };

function judgeAnswer(
  { status, excerpt, ...headers }: SendResult & { kind: 'response' },
  { origin, isWhole, nowMs }: Judging,
): TokenAnswer {
  const verdict = judgeStatus(status, []);
  const body = new TextDecoder().decode(excerpt);
  if (verdict === 'accepted') {
    if (!isWhole) return none('credential_missing', `no access token from ${origin}: ${CUT}`);
    const read = readTokenAnswer(body);
    return read.kind === 'issued' ? read : none('credential_missing', `no access token from ${origin}: ${read.fault}`);
  }
  const code = readTokenError(body);
  const words = `status ${status}${code === undefined ? '' : `, ${code}`}`;
  if (verdict === 'transient') {
    const waitSeconds = waitAskedFor(status, headers, nowMs);
    const answer = none('credential_missing', `no access token from ${origin}: ${words}`);
    return { ...answer, ...(waitSeconds !== undefined && { waitSeconds }) };
  }
  const isRedirect = status < 400;
  return none(
    'credential_invalid',
    isRedirect
      ? `credential_data.token_url, at ${origin}, points elsewhere (${words}), and redirects are not followed`
      : `${origin} issues no access token for it: ${words}`,
  );
}

function none(because: 'credential_missing' | 'credential_invalid', detail: string): TokenAnswer & { kind: 'failed' } {
  return { kind: 'failed', because, detail };
}
