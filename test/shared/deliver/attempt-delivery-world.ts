import { attemptDelivery, type AttemptParts, type AttemptReport } from '../../../shared/deliver/attempt-delivery.ts';
import type { WaitHeaders } from '../../../shared/delivery/retry-after.ts';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import { AccessTokens } from '../../../shared/credentials/access-tokens.ts';
import { CredentialCache } from '../../../shared/credentials/credential-cache.ts';
import type { SecretRead } from '../../../shared/credentials/credentials.ts';
import type { ClaimedDelivery } from '../../../shared/delivery/delivery.ts';
import type { OutgoingRequest, SendLimits, WireFacts } from '../../../shared/egress/http-sender.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

export const DELIVERY_UUID = '0d5b3a52-6f0e-4a53-9f0c-3b8a6f1d2c4e';
export const CREDENTIAL_UUID = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';

type Sent = { organizationId: number; request: OutgoingRequest } & SendLimits;

/** Attempts through the real credential cache; the wire and Secrets Manager say what the test has them say. */
export class AttemptBench {
  readonly clock = new TurnedClock();
  /** Every request that went out, in order. */
  readonly sent: Sent[] = [];
  /** What the receiver answers; a function may also turn the clock, or throw. */
  answer: SendResult | ((sent: Sent) => SendResult | Promise<SendResult>) = response(200);
  /** What the connections tell of the wire; undefined: nothing was tried. */
  wire: WireFacts | undefined;
  /** What Secrets Manager answers to each read, the last one again and again. */
  secrets: SecretRead[] = [{ kind: 'missing' }];
  /** The real ones: what they ask goes the way of every request. */
  readonly tokens = new AccessTokens({ clock: this.clock });
  /** The names that were read. */
  readonly read: string[] = [];
  readonly #cache = new CredentialCache({
    source: {
      fetch: async (name) => {
        this.read.push(name);
        const [next, ...later] = this.secrets;
        if (later.length > 0) this.secrets = later;
        return next ?? { kind: 'missing' };
      },
    },
    clock: this.clock,
    prefix: 'webhook-credentials',
    headerPrefix: 'X-Dograh',
  });

  /** @param mustStartInMs how long the request may still go out */
  attempt(
    change: Partial<ClaimedDelivery> = {},
    options: { mustStartInMs?: number; parts?: Partial<AttemptParts> } = {},
  ): Promise<AttemptReport> {
    const { mustStartInMs = 10_000, parts = {} } = options;
    return attemptDelivery(delivery(change), { ...this.parts, ...parts }, this.clock.monotonicMs() + mustStartInMs);
  }

  /** Of one worker process. */
  get parts(): AttemptParts {
    return {
      connections: { send: (...args) => this.#send(...args), close: async () => undefined },
      credentials: this.#cache,
      tokens: this.tokens,
      clock: this.clock,
      attemptTimeoutSeconds: 30,
      retryStatuses: [],
      headerPrefix: 'X-Dograh',
      userAgent: 'surehook/1.2.3',
    };
  }

  /** The headers of the last request, as sent. */
  sentHeaders(): Record<string, string> {
    return Object.fromEntries(this.sent.at(-1)?.request.headers ?? []);
  }

  async #send(organizationId: number, request: OutgoingRequest, limits: SendLimits): Promise<SendResult> {
    const sent = { organizationId, request, ...limits };
    this.sent.push(sent);
    if (this.wire !== undefined) limits.tell?.(this.wire);
    return typeof this.answer === 'function' ? this.answer(sent) : this.answer;
  }
}

export function response(
  status: number,
  more: { excerpt?: string | Uint8Array; webhookDelivery?: string; location?: string } & Partial<WaitHeaders> = {},
): SendResult {
  const { excerpt = '', retryAfter, date, ...limits } = more;
  const bytes = typeof excerpt === 'string' ? Buffer.from(excerpt) : excerpt;
  return { kind: 'response', status, retryAfter, date, ...limits, excerpt: bytes };
}

/** A secret as it stands in Secrets Manager. */
export function secret(
  credential_type: string,
  credential_data: Record<string, string>,
  signing_secrets?: readonly string[],
): SecretRead {
  return { kind: 'found', secretString: JSON.stringify({ credential_type, credential_data, signing_secrets }) };
}

/** A delivery that is sound in every way, without a credential, in its first attempt of five. */
function delivery(change: Partial<ClaimedDelivery>): ClaimedDelivery {
  return {
    deliveryId: 42,
    deliveryUuid: DELIVERY_UUID,
    workflowRunId: 9001,
    organizationId: 7,
    webhookName: undefined,
    endpointUrl: 'https://hooks.example.com/in?key=1',
    httpMethod: 'POST',
    customHeaders: [],
    credentialUuid: undefined,
    body: Buffer.from('{"ok":true}'),
    attempt: 1,
    maxAttempts: 5,
    token: '11111111-2222-4333-8444-555555555555',
    ...change,
  };
}
