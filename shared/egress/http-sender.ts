import { foldedName, isFramingHeader, isHeaderName } from '../delivery/headers.ts';
import { arrivalsTold } from '../runtime/clock.ts';
import type { SendResult } from './send-result.ts';
import { type EndpointTarget, judgeEndpoint } from './endpoint-url.ts';
import type { Reaching } from './examine-endpoint.ts';
import { type ClientCertificate, type ConnectOptions, dialTcp } from './http-connect.ts';
import { ConnectionPool } from './http-connections.ts';
import { exchange } from './http-exchange.ts';
import { classifyFailure, closedFailure, deadlineFailure, SendFault, TOO_LATE } from './http-failure.ts';
import type { ReceiverConnection } from './receiver-connection.ts';
import { originOf, requestBytes } from './request-bytes.ts';
import { SendAttempt, type WireFacts } from './send-attempt.ts';
import { TlsSessions } from './tls-sessions.ts';

export type { WireFacts } from './send-attempt.ts';

export type OutgoingRequest = {
  /** As `parseEndpointUrl` returned it; it is judged again. */
  url: string;
  method: string;
  headers: readonly (readonly [name: string, value: string])[];
  /** Left out for GET and DELETE, whatever it holds. */
  body: Uint8Array | undefined;
  /** Shown to a receiver that asks for one in its handshake. A connection and a session that it was shown on serve no other. */
  clientCertificate?: ClientCertificate | undefined;
  /** Of a URL that is in no row: what holds it, for the words of a refusal. */
  urlName?: string;
  /** It holds a secret that must not cross the Internet in the clear: plain HTTP goes only where a setting names the address. */
  isConfidential?: true;
};

export type SendLimits = {
  /** Limits everything from the call on: waiting, DNS, connecting, TLS, the upload and the response. */
  timeoutMs: number;
  /** A send that begins later puts nothing on the wire; one that begins in time is over `timeoutMs` after it at the latest. */
  mustStartByMonotonicMs: number;
  /** Told once, before the result, unless nothing was even tried. */
  tell?: (facts: WireFacts) => void;
  /**
   * What of the answer's body is wanted. `excerpt`, the default: 1 KiB, and nothing that takes longer than 2 s. `body`: 64 KiB, for
   * as long as there is time; whether it is all of it is told with the facts.
   */
  wanted?: 'excerpt' | 'body';
};

/** Sends of one invocation. */
export type Connections = {
  /**
   * Sends at most one request and follows no redirect. Both limits are checked against the clock just before the first byte
   * is written: past them the result is `exhausted`, and the receiver has seen nothing. Only a process that is stopped
   * between that check and the kernel's write can still send late. Never rejects.
   */
  send(organizationId: number, request: OutgoingRequest, limits: SendLimits): Promise<SendResult>;
  /** Ends sends under way, and settles when no socket is open but those that rest, with their answers complete. */
  close(): Promise<void>;
};

/** Connections that outlive an invocation, while they are fresh. */
export type KeptConnections = {
  begin(): Connections;
  /** Closes those that rest, too. */
  close(): Promise<void>;
};

/** Opens nothing yet. Except in tests, `resolve` is a `NameResolver`'s and `connect` is `dialTcp`. */
export function keepConnections(options: Reaching): KeptConnections {
  const { connect = dialTcp, ...rest } = options;
  const parts: SendingParts = {
    ...rest,
    dial: connect,
    pool: new ConnectionPool(options.clock),
    sessions: new TlsSessions(options.clock),
  };
  return { begin: () => new InvocationConnections(parts), close: () => parts.pool.destroy() };
}

type Sending = { organizationId: number; target: EndpointTarget; request: OutgoingRequest };

type SendingParts = ConnectOptions & { pool: ConnectionPool; sessions: TlsSessions };

/** RFC 9110's field-vchar, space and tab. Receivers do not agree on the meaning of anything beyond ASCII. */
const VALUE = /^[\t\x20-\x7e]*$/;

const IN_THE_CLEAR: SendResult & { kind: 'refused' } = {
  kind: 'refused',
  because: 'invalid_row',
  detail: 'its URL must begin with https://: http:// is for addresses that a setting allows',
};

class InvocationConnections implements Connections {
  readonly #parts: SendingParts;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<SendResult>>();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  async send(organizationId: number, request: OutgoingRequest, limits: SendLimits): Promise<SendResult> {
    const endpoint = judgeEndpoint(request.url, this.#parts.policy);
    if (!endpoint.ok) {
      // What somebody has to correct in a row is named as its column.
      const name = request.urlName ?? (endpoint.because === 'invalid_row' ? 'endpoint_url' : "the endpoint's URL");
      return { kind: 'refused', because: endpoint.because, detail: `${name} ${endpoint.fault}` };
    }
    const fault = headerFault(request);
    if (fault !== undefined) return { kind: 'refused', because: 'header', detail: fault };
    if (this.#closing.signal.aborted) return closedFailure('queue');
    if (this.#parts.clock.monotonicMs() > limits.mustStartByMonotonicMs) return TOO_LATE;
    const sent = this.#sendWithin({ organizationId, target: endpoint.target, request }, limits).finally(() =>
      this.#underWay.delete(sent),
    );
    this.#underWay.add(sent);
    return await sent;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
    await this.#parts.pool.settled();
  }

  async #sendWithin(sending: Sending, { timeoutMs, tell, wanted = 'excerpt' }: SendLimits): Promise<SendResult> {
    const { clock } = this.#parts;
    const deadline = new AbortController();
    const cancelDeadline = clock.after(timeoutMs, () => deadline.abort());
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal]);
    const startedAt = clock.monotonicMs();
    const attempt = new SendAttempt({ clock, signal, endsAtMonotonicMs: startedAt + timeoutMs });
    try {
      const connection = await this.#connectionFor(sending, attempt, startedAt + timeoutMs / 2);
      return connection === undefined
        ? this.#abortFailure(attempt)
        : await this.#sendOver(connection, attempt, { ...sending, wanted });
    } catch (error) {
      // Nothing was written yet: whatever a look-up or a dialling makes of its end, its time was up.
      if (signal.aborted) return this.#abortFailure(attempt);
      const failure = classifyFailure(error, attempt.phase);
      return attempt.phase === 'tls' ? suspecting(failure, sending.request) : failure;
    } finally {
      cancelDeadline();
      tell?.(attempt.facts());
    }
  }

  /**
   * One that rests, if the receiver has not hung up on it, or a new one. What arrived while this process was frozen is heard
   * first, so that nothing is written where nobody listens any more.
   */
  async #connectionFor(
    { organizationId, target, request }: Sending,
    attempt: SendAttempt,
    lateAtMonotonicMs: number,
  ): Promise<ReceiverConnection | undefined> {
    const { pool, clock } = this.#parts;
    for (;;) {
      const connection = await pool.acquire(connectionKey(organizationId, target, request), attempt.signal);
      attempt.late = clock.monotonicMs() > lateAtMonotonicMs;
      if (connection === undefined || !connection.isKept) return connection;
      await arrivalsTold();
      if (connection.isFresh && connection.isWritable) return connection;
      pool.discard(connection);
      if (clock.monotonicMs() >= attempt.endsAtMonotonicMs) throw new SendFault(TOO_LATE);
    }
  }

  async #sendOver(
    connection: ReceiverConnection,
    attempt: SendAttempt,
    { target, request, wanted }: Sending & { wanted: 'excerpt' | 'body' },
  ): Promise<SendResult> {
    const { pool, sessions, clock } = this.#parts;
    const isFirst = !connection.isKept;
    let isKept = false;
    try {
      if (isFirst) {
        const { clientCertificate } = request;
        const session = sessions.offer(connection.key);
        await connection.open(target, attempt, { ...this.#parts, session, clientCertificate });
      }
      if (request.isConfidential === true && !target.tls && !connection.isPrivate) throw new SendFault(IN_THE_CLEAR);
      const exchanged = await exchange(connection, {
        attempt,
        clock,
        whenAborted: () => this.#abortFailure(attempt),
        request: requestBytes(target, request),
        wanted,
      });
      isKept = exchanged.isKept;
      return isFirst && target.tls ? suspecting(exchanged.result, request) : exchanged.result;
    } finally {
      if (isKept) pool.release(connection);
      else pool.discard(connection);
    }
  }

  #abortFailure({ phase, late }: SendAttempt): SendResult {
    if (this.#closing.signal.aborted) return closedFailure(phase);
    // A request that got its turn too late had no fair chance; once it is sent, any delay is the receiver's.
    return deadlineFailure(late && phase !== 'exchange' ? 'queue' : phase);
  }
}

/**
 * Many receivers that refuse a client certificate just hang up, in TLS 1.3 when the handshake is over for us: then nobody knows, and
 * the words say so.
 */
function suspecting(result: SendResult, { clientCertificate }: OutgoingRequest): SendResult {
  if (result.kind !== 'failed' || clientCertificate === undefined) return result;
  if (result.because !== 'connection' && result.because !== 'protocol') return result;
  return { ...result, detail: `${result.detail}; it may have refused the client certificate` };
}

/** What a connection may be used again for: requests of one organization to one origin, with one certificate or without. */
function connectionKey(organizationId: number, target: EndpointTarget, { clientCertificate }: OutgoingRequest): string {
  const shown = clientCertificate === undefined ? '' : ` ${clientCertificate.id}`;
  return `${organizationId} ${originOf(target)}${shown}`;
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
