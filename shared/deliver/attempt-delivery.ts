import type { AttemptOutcome } from '../delivery/attempt-outcome.ts';
import { judgeResponse } from './judge-response.ts';
import { exchangeOf } from './exchange-of.ts';
import { type MergedHeader, mergeHeaders } from './merge-headers.ts';
import type { Exchange } from '../delivery/exchange.ts';
import { idHeaderNames, type HeaderPair } from '../delivery/headers.ts';
import { isTraceHeader, type TraceContext } from '../delivery/trace-context.ts';
import { sendsBody } from '../delivery/http-method.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { type FindingParts, findCredential, type Found } from './find-credential.ts';
import type { SendLimits, WireFacts } from '../egress/http-sender.ts';
import { scrub, signatureValues } from '../observe/scrub-excerpt.ts';
import { signStandardWebhook } from '../credentials/signature.ts';

export type AttemptParts = FindingParts & {
  clock: Clock;
  /** Statuses that count as transient although they are 3xx or 4xx. */
  retryStatuses: readonly number[];
  headerPrefix: string;
};

/** One attempt, as it is settled and logged. */
export type AttemptReport = {
  outcome: AttemptOutcome;
  startedMonotonicMs: number;
  durationMs: number;
  /** As sent. Credential headers are among them, so only their names are logged. */
  headers: readonly HeaderPair[];
  /** Custom headers of an old row that were left out because today's rules refuse them. */
  skippedHeaders: number;
  /** Undefined where no request was made up. */
  exchange?: Exchange;
};

/**
 * Makes one attempt of a claimed delivery, or none if an internal fault has left no time for it. Never rejects: an exception
 * would be a bug in Surehook, and a bug may delay a delivery but must not bury it.
 * @param mustStartByMonotonicMs after this the request must not be sent: it could outlive the invocation or the lease
 */
export async function attemptDelivery(
  delivery: ClaimedDelivery,
  parts: AttemptParts,
  mustStartByMonotonicMs: number,
): Promise<AttemptReport> {
  const startedMonotonicMs = parts.clock.monotonicMs();
  const sent: Pick<AttemptReport, 'headers' | 'skippedHeaders' | 'exchange'> = { headers: [], skippedHeaders: 0 };
  let outcome: AttemptOutcome;
  try {
    const found = await findCredential(delivery, parts, mustStartByMonotonicMs);
    if ('outcome' in found) {
      outcome = found.outcome;
    } else {
      const request = buildRequest(delivery, found, parts);
      sent.headers = request.headers;
      sent.skippedHeaders = request.skippedHeaders;
      const tell = (wired: WireFacts) => (sent.exchange = exchangeOf(delivery, { ...found, ...request }, wired));
      outcome = await sendAndJudge(delivery, { ...found, ...request, tell }, parts);
    }
  } catch {
    outcome = { kind: 'failed', because: 'internal', detail: 'internal: an unexpected fault of the sender' };
  }
  return { outcome, startedMonotonicMs, durationMs: parts.clock.monotonicMs() - startedMonotonicMs, ...sent };
}

type BuiltRequest = { headers: MergedHeader[]; skippedHeaders: number; signature: string | undefined };

function buildRequest(delivery: ClaimedDelivery, { credential, token }: Found, parts: AttemptParts): BuiltRequest {
  const ids = idHeaderNames(parts.headerPrefix);
  const own: HeaderPair[] = [
    // What comes encoded has to be decoded before anybody can read it.
    { key: 'Accept-Encoding', value: 'identity' },
    { key: ids.deliveryId, value: delivery.deliveryUuid },
    { key: ids.workflowRunId, value: String(delivery.workflowRunId) },
    { key: ids.attempt, value: String(delivery.attempt) },
  ];
  const secrets = credential?.signingSecrets ?? [];
  let signature: string | undefined;
  if (secrets.length > 0) {
    const timestampSeconds = Math.floor(parts.clock.nowMs() / 1000);
    const body = delivery.body ?? new Uint8Array();
    signature = signStandardWebhook({ secrets, id: delivery.deliveryUuid, timestampSeconds, body });
    own.push(
      { key: 'webhook-id', value: delivery.deliveryUuid },
      { key: 'webhook-timestamp', value: String(timestampSeconds) },
      { key: 'webhook-signature', value: signature },
    );
  }
  const { custom, givenWay } = customHeaders(delivery);
  const { headers, skipped } = mergeHeaders({
    own: [...own, ...traceparentOf(delivery.trace)],
    credential: [
      ...(credential?.headers ?? []),
      ...(token === undefined ? [] : [{ key: 'Authorization', value: `Bearer ${token.accessToken}` }]),
    ],
    requested: tracestateOf(delivery.trace),
    custom,
    defaults: defaultHeaders(delivery, parts),
    method: delivery.httpMethod,
    headerPrefix: parts.headerPrefix,
  });
  return { headers, skippedHeaders: skipped.length + givenWay, signature };
}

function traceparentOf(trace: TraceContext | undefined): HeaderPair[] {
  return trace === undefined ? [] : [{ key: 'traceparent', value: trace.traceparent }];
}

/** Whoever enqueued it chose its text: like a custom header's, it is not kept with the attempt. */
function tracestateOf(trace: TraceContext | undefined): HeaderPair[] {
  return trace?.tracestate === undefined ? [] : [{ key: 'tracestate', value: trace.tracestate }];
}

/** A state belongs to its trace: beside the delivery's own, neither header of another is sent. `givenWay`: how many were left out. */
function customHeaders({ trace, customHeaders: given }: ClaimedDelivery): {
  custom: readonly HeaderPair[];
  givenWay: number;
} {
  if (trace === undefined) return { custom: given, givenWay: 0 };
  const others = given.filter(({ key }) => !isTraceHeader(key));
  return { custom: others, givenWay: given.length - others.length };
}

/** What a custom header may say differently. */
function defaultHeaders({ httpMethod }: ClaimedDelivery, { userAgent }: AttemptParts): HeaderPair[] {
  return [
    // A type of no body makes strict servers answer 400.
    ...(sendsBody(httpMethod) ? [{ key: 'Content-Type', value: 'application/json' }] : []),
    // Firewalls refuse requests without one (rule 920300 of the OWASP core rule set).
    { key: 'Accept', value: '*/*' },
    { key: 'User-Agent', value: userAgent },
  ];
}

async function sendAndJudge(
  delivery: ClaimedDelivery,
  {
    headers,
    credential,
    token,
    signature,
    ...limits
  }: Omit<BuiltRequest, 'skippedHeaders'> & Found & Pick<SendLimits, 'tell'>,
  parts: AttemptParts,
): Promise<AttemptOutcome> {
  const result = await parts.connections.send(
    delivery.organizationId,
    {
      url: delivery.endpointUrl,
      method: delivery.httpMethod,
      headers: headers.map(({ key, value }) => [key, value] as const),
      body: delivery.body,
      clientCertificate: credential?.clientCertificate,
    },
    limits,
  );
  switch (result.kind) {
    case 'refused':
      return { kind: 'refused', because: result.because, detail: `${result.because}: ${result.detail}` };
    case 'failed':
      return {
        kind: 'failed',
        because: result.because,
        detail: `${result.because}: ${result.detail}`,
        ...(result.isUnconnected === true && { isUnconnected: true }),
      };
    case 'exhausted':
      return { kind: 'released', detail: result.detail };
    case 'response': {
      const excerpt = excerptOf(result.excerpt, { credential, signature });
      return { ...(await judgeResponse(delivery, result, { credential, token, parts })), excerpt };
    }
  }
}

/** What the receiver said, without secrets. If it cannot be read, the text is lost but not the outcome: a 2xx is a fact. */
function excerptOf(
  body: Uint8Array,
  { credential, signature }: Pick<Found, 'credential'> & Pick<BuiltRequest, 'signature'>,
): string {
  try {
    const signatures = signature === undefined ? [] : signatureValues(signature);
    return scrub(body, [...(credential?.secretValues ?? []), ...signatures]);
  } catch {
    return '';
  }
}
