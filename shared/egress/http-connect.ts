import type { KeyObject } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import { type Dial, dialFirst } from './dial-addresses.ts';
import { canonicalAddress, type EgressPolicy, isAllowed, judgeAnswer, judgePeer } from './egress-guard.ts';
import type { EndpointTarget } from './endpoint-url.ts';
import { classifyFailure, codeOf, failed, SendFault } from './http-failure.ts';
import type { Peer, SendAttempt } from './send-attempt.ts';
import { handshakeDetail } from './tls-failure.ts';

/**
 * All addresses of a name; rejects, or returns none, if it does not resolve. Never called for address literals. When the
 * signal aborts, nobody waits for the answer any more.
 */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;
/** The TLS session of an earlier connection to the same origin for the same organization, and where the next one goes. */
export type OfferedSession = {
  readonly offered: Buffer | undefined;
  remember(session: Buffer): void;
  forget(): void;
};

/** What proves who we are to a receiver that asks for it: judged to be fit for TLS. */
export type ClientCertificate = {
  /** Equal exactly where certificates and key are equal. */
  readonly id: string;
  /** PEM, our own first. */
  readonly certificates: string;
  readonly key: KeyObject;
};

export type ConnectOptions = {
  readonly policy: EgressPolicy;
  readonly resolve: Resolve;
  readonly dial: Dial;
  readonly clock: Clock;
};

export function dialTcp(address: string, port: number): Socket {
  // A request is written in one piece, so Nagle's algorithm would only hold back its tail.
  return connectTcp({ host: address, port, noDelay: true, autoSelectFamily: false });
}

/**
 * A connection to the endpoint, with TLS if its URL asks for it, and with the peer judged and verified. Names are resolved
 * once, and a single forbidden answer fails the attempt, so that an internal address cannot be reached by being one of
 * several. Rejects with a SendFault, or with the signal's reason; after the signal aborts, nothing stays open.
 */
export async function connectTo(
  target: EndpointTarget,
  attempt: SendAttempt,
  options: ConnectOptions & { session?: OfferedSession; clientCertificate?: ClientCertificate | undefined },
): Promise<Socket> {
  const addresses =
    target.addresses === undefined
      ? judgeAnswers(await resolveName(target.host, attempt, options), target, options)
      : judgeLiterals(target.addresses, target, options);
  const connect = async () => {
    attempt.enter('connect');
    return await dialFirst(addresses, target.port, { ...options, signal: attempt.signal });
  };
  const socket = await connect();
  if (!target.tls) return socket;
  const { session, clientCertificate } = options;
  attempt.enter('tls');
  try {
    return await secure(socket, target.host, attempt, { session, clientCertificate });
  } catch (fault) {
    // A receiver that cannot resume what it offered itself is asked anew: that is no failure of the attempt.
    if (session?.offered === undefined || attempt.signal.aborted) throw fault;
    session.forget();
    const again = await connect();
    attempt.enter('tls');
    return await secure(again, target.host, attempt, {
      session: { ...session, offered: undefined },
      clientCertificate,
    });
  }
}

export async function resolveName(
  host: string,
  attempt: SendAttempt,
  { resolve }: ConnectOptions,
): Promise<readonly string[]> {
  attempt.enter('dns');
  const answered = resolve(host, attempt.signal).catch((error: unknown) => {
    throw new SendFault(classifyFailure(error, 'dns'), { cause: error });
  });
  const answers = await Promise.race([answered, aborted(attempt.signal)]);
  if (answers.length === 0) throw new SendFault(failed('dns', 'the name has no address'));
  return answers;
}

/** An address in the URL itself will never change, so it is refused for good. */
export function judgeLiterals(
  literals: readonly string[],
  { port }: EndpointTarget,
  { policy }: ConnectOptions,
): string[] {
  return literals.map((literal) => {
    const verdict = judgePeer(literal, port, policy);
    const address = canonicalAddress(literal);
    if (isAllowed(verdict) && address !== undefined) return address;
    const detail = `the endpoint's address is not public (${verdict})`;
    throw new SendFault({ kind: 'refused', because: 'blocked_address', detail });
  });
}

/** A name may resolve to another address tomorrow: while a resolver filters or fails, no delivery is buried for it. */
export function judgeAnswers(
  answers: readonly string[],
  { port }: EndpointTarget,
  { policy }: ConnectOptions,
): string[] {
  return answers.map((answer) => {
    const { verdict, address } = judgeAnswer(answer, port, policy);
    if (isAllowed(verdict) && address !== undefined) return address;
    // The verdict is a fixed word; the address itself could reveal the inside of a network.
    throw new SendFault(
      failed('blocked_address', `the endpoint's name resolves to an address that is not public (${verdict})`),
    );
  });
}

/** What may be told of the other end: no address, but what it was judged. */
export function peerOf(
  socket: Socket,
  { port }: EndpointTarget,
  { policy, clientCertificate }: ConnectOptions & { clientCertificate?: ClientCertificate | undefined },
): Peer {
  const { verdict } = judgeAnswer(socket.remoteAddress ?? '', port, policy);
  const tls = socket instanceof TLSSocket ? socket.getProtocol() : null;
  return {
    family: socket.remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4',
    reach: verdict === 'public' ? 'public' : 'private',
    ...(tls === null ? {} : { tls }),
    ...(tls !== null && clientCertificate !== undefined && { hasClientCertificate: true as const }),
  };
}

export function secure(
  socket: Socket,
  host: string,
  attempt: SendAttempt,
  {
    session,
    clientCertificate,
  }: { session?: OfferedSession | undefined; clientCertificate?: ClientCertificate | undefined } = {},
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const tls = connectTls({
    socket,
    // The certificate is checked against this; SNI accepts names only (RFC 6066).
    host,
    servername: isIP(host) === 0 ? host : '',
    // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS cannot switch it off.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    ...(session?.offered && { session: session.offered }),
    ...(clientCertificate && {
      cert: clientCertificate.certificates,
      key: clientCertificate.key.export({ type: 'pkcs8', format: 'pem' }),
    }),
  });
  // Node tells it only once the peer is verified, by TLS 1.3 perhaps more than once.
  if (session !== undefined) tls.on('session', session.remember);
  function hangUp(): void {
    tls.destroy();
    reject(attempt.signal.reason);
  }
  function broken(error: unknown): void {
    const shown = clientCertificate === undefined ? 'no certificate' : 'a certificate';
    const detail = handshakeDetail(codeOf(error), socket.bytesRead, shown);
    const fault = detail === undefined ? classifyFailure(error, 'tls') : failed('tls', detail);
    reject(new SendFault(fault, { cause: error }));
  }
  tls.on('error', broken);
  tls.once('close', () => broken({ code: 'ECONNRESET' }));
  tls.once('secureConnect', () => resolve(tls));
  attempt.signal.addEventListener('abort', hangUp, { once: true });
  if (attempt.signal.aborted) hangUp();
  return promise.finally(() => attempt.signal.removeEventListener('abort', hangUp));
}

/** Rejects when the attempt's time is up. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
