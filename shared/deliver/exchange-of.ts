import type { Credential } from '../credentials/credentials.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { type Exchange, keptReceivedNames, keptSentHeaders, type SentHeader } from '../delivery/exchange.ts';
import { sendsBody } from '../delivery/http-method.ts';
import type { WireFacts } from '../egress/http-sender.ts';
import { signatureValues } from '../observe/scrub-excerpt.ts';
import type { MergedHeader } from './merge-headers.ts';

type SentParts = {
  headers: readonly MergedHeader[];
  credential: Credential | undefined;
  signature: string | undefined;
};

/** A shorter value is in too many words to say anything of a secret. */
const FEWEST_CHARACTERS = 4;
const REDACTED = 'redacted';

/** What is kept of a request and its answer: values of our own headers only, and of an answer's headers the names. */
export function exchangeOf(
  { httpMethod, body }: Pick<ClaimedDelivery, 'httpMethod' | 'body'>,
  { headers, credential, signature }: SentParts,
  { response, ...wire }: WireFacts,
): Exchange {
  const secrets = [
    ...(credential?.secretValues ?? []),
    ...(signature === undefined ? [] : signatureValues(signature)),
  ].filter(({ length }) => length >= FEWEST_CHARACTERS);
  return {
    request: {
      method: httpMethod,
      ...keptSentHeaders(headers.map(sentHeader)),
      bodyBytes: sendsBody(httpMethod) ? (body?.length ?? 0) : 0,
      written: wire.written,
    },
    phasesMs: wire.phasesMs,
    ...(wire.connection && { connection: wire.connection }),
    ...(response && {
      response: {
        ...keptReceivedNames(response.headerNames.map((name) => (holdsAny(name, secrets) ? REDACTED : name))),
        bodyBytes: response.bodyBytes,
        isComplete: response.isComplete,
      },
    }),
  };
}

function sentHeader({ key: name, value, of }: MergedHeader): SentHeader {
  if (of !== 'surehook') return { name, of };
  return name.toLowerCase() === 'webhook-signature' ? { name, of: 'signature' } : { name, value };
}

/** A receiver that hands back what it was given may do so in a name, too, which has lost its case by then. */
function holdsAny(name: string, secrets: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return secrets.some((secret) => lower.includes(secret.toLowerCase()));
}
