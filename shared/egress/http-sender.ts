import { foldedName, isFramingHeader, isHeaderName } from '../delivery/headers.ts';
import { sendsBody } from '../delivery/http-method.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SendResult } from './send-result.ts';
import type { EgressPolicy } from './egress-guard.ts';
import { type EndpointTarget, judgeEndpoint } from './endpoint-url.ts';
import type { Dial } from './dial-addresses.ts';
import { dialTcp, type Resolve } from './http-connect.ts';
import { type Connection, ConnectionPool } from './http-connections.ts';
import { exchange } from './http-exchange.ts';
import { classifyFailure, closedFailure, deadlineFailure, TOO_LATE } from './http-failure.ts';
import { SendAttempt, type WireFacts } from './send-attempt.ts';

export type { WireFacts } from './send-attempt.ts';

export type OutgoingRequest = {
  /** As `parseEndpointUrl` returned it; it is judged again. */
  url: string;
  method: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** Left out for GET and DELETE, whatever it holds. */
  body: Uint8Array | undefined;
};

export type SendLimits = {
  /** Limits everything from the call on: waiting, DNS, connecting, TLS, the upload and the response. */
  timeoutMs: number;
  /** A send that begins later puts nothing on the wire; one that begins in time is over `timeoutMs` after it at the latest. */
  mustStartByMonotonicMs: number;
  /** Told once, before the result, unless nothing was even tried. */
  tell?: (facts: WireFacts) => void;
};

/** The connections of one invocation. All are closed once `close` has settled. */
export type Connections = {
  /**
   * Sends at most one request and follows no redirect. Both limits are checked against the clock just before the first byte
   * is written: past them the result is `exhausted`, and the receiver has seen nothing. Only a process that is stopped
   * between that check and the kernel's write can still send late. Never rejects.
   */
  send(organizationId: number, request: OutgoingRequest, limits: SendLimits): Promise<SendResult>;
  /** Ends sends under way, and settles when every socket is closed. */
  close(): Promise<void>;
};

/** Opens nothing yet. Except in tests, `resolve` is a `NameResolver`'s and `connect` is `dialTcp`. */
export function openConnections(options: {
  policy: EgressPolicy;
  resolve: Resolve;
  connect?: Dial;
  clock: Clock;
}): Connections {
  return new InvocationConnections(options);
}

/** RFC 9110's field-vchar, space and tab. Receivers do not agree on the meaning of anything beyond ASCII. */
const VALUE = /^[\t\x20-\x7e]*$/;

class InvocationConnections implements Connections {
  readonly #policy: EgressPolicy;
  readonly #clock: Clock;
  readonly #pool: ConnectionPool;
  readonly #closing = new AbortController();

  constructor(options: { policy: EgressPolicy; resolve: Resolve; connect?: Dial; clock: Clock }) {
    const { policy, resolve, connect = dialTcp, clock } = options;
    this.#policy = policy;
    this.#clock = clock;
    this.#pool = new ConnectionPool({ policy, resolve, dial: connect, clock });
  }

  async send(organizationId: number, request: OutgoingRequest, limits: SendLimits): Promise<SendResult> {
    const { timeoutMs, mustStartByMonotonicMs, tell } = limits;
    const endpoint = judgeEndpoint(request.url, this.#policy);
    if (!endpoint.ok) {
      // What somebody has to correct in a row is named as its column.
      const name = endpoint.because === 'invalid_row' ? 'endpoint_url' : "the endpoint's URL";
      return { kind: 'refused', because: endpoint.because, detail: `${name} ${endpoint.fault}` };
    }
    const fault = headerFault(request);
    if (fault !== undefined) return { kind: 'refused', because: 'header', detail: fault };
    if (this.#closing.signal.aborted) return closedFailure('queue');
    const startedAt = this.#clock.monotonicMs();
    if (startedAt > mustStartByMonotonicMs) return TOO_LATE;

    const deadline = new AbortController();
    const cancelDeadline = this.#clock.after(timeoutMs, () => deadline.abort());
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal]);
    const attempt = new SendAttempt({ clock: this.#clock, signal, endsAtMonotonicMs: startedAt + timeoutMs });
    try {
      const connection = await this.#pool.acquire(organizationId, endpoint.target, signal);
      attempt.late = this.#clock.monotonicMs() - startedAt > timeoutMs / 2;
      return connection === undefined
        ? this.#abortFailure(attempt)
        : await this.#sendOver(connection, attempt, { target: endpoint.target, request });
    } catch (error) {
      return classifyFailure(error, attempt.phase);
    } finally {
      cancelDeadline();
      tell?.(attempt.facts());
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#pool.destroy();
  }

  async #sendOver(
    connection: Connection,
    attempt: SendAttempt,
    { target, request }: { target: EndpointTarget; request: OutgoingRequest },
  ): Promise<SendResult> {
    const { result, reusable } = await exchange(connection, attempt, {
      clock: this.#clock,
      whenAborted: () => this.#abortFailure(attempt),
      request: {
        path: `${target.url.pathname}${target.url.search}`,
        method: request.method,
        headers: request.headers.flat(),
        // Whoever calls this: a GET or DELETE is sent without a body.
        body: sendsBody(request.method) ? (request.body ?? null) : null,
      },
    });
    if (reusable) this.#pool.release(connection);
    else this.#pool.discard(connection);
    return result;
  }

  #abortFailure({ phase, late }: SendAttempt): SendResult {
    if (this.#closing.signal.aborted) return closedFailure(phase);
    // A request that got its turn too late had no fair chance; once it is sent, any delay is the receiver's.
    return deadlineFailure(late && phase !== 'exchange' ? 'queue' : phase);
  }
}

/**
 * Fixed words about what HTTP cannot carry; neither a name nor a value is repeated. The code that builds a request judges its
 * names too, row by row and secret by secret; this checks what must be true of every request sent, even if that code forgets.
 * Names that a CGI receiver cannot tell apart count as one here: `content_length` is a length to it.
 */
function headerFault({ method, headers }: OutgoingRequest): string | undefined {
  const names = headers.map(([name]) => foldedName(name));
  // A method is a token, as a name is.
  if (!isHeaderName(method) || !headers.every(([name]) => isHeaderName(name))) return 'a header name is not a token';
  if (!headers.every(([, value]) => VALUE.test(value))) return 'a header value holds something but visible ASCII';
  if (headers.some(([name]) => isFramingHeader(name))) return 'a header belongs to the connection itself';
  if (new Set(names).size !== names.length) return 'a header occurs twice';
  return undefined;
}
