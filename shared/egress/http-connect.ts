import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import { canonicalAddress, type EgressPolicy, isAllowed, judgePeer } from './egress-guard.ts';
import type { EndpointTarget } from './endpoint-url.ts';
import { classifyFailure, failed, type NoResponse, SendFault, type SendPhase } from './http-failure.ts';

/** All addresses of a name; rejects, or answers none, when it does not resolve. Never asked about address literals. */
export type Resolve = (host: string) => Promise<readonly string[]>;
/** Begins a TCP connection to an address that was judged. */
export type Dial = (address: string, port: number) => Socket;

/** One attempt on its way: its phase, and a signal that aborts when its time is up. */
export type Attempt = { phase: SendPhase; readonly signal: AbortSignal };

export type ConnectOptions = {
  readonly policy: EgressPolicy;
  readonly resolve: Resolve;
  readonly dial: Dial;
  readonly clock: Clock;
};

/** Of any number of answers, all of which are judged, this many are dialled. */
export const MAX_ADDRESSES_TRIED = 4;
/** RFC 8305, section 5: after 250 ms without an answer the next address is tried beside the first. */
export const NEXT_ADDRESS_AFTER_MS = 250;

/** The system's resolver, in the resolver's own order. It runs on libuv's four threads and has time limits of its own. */
export async function systemResolve(host: string): Promise<string[]> {
  const answers = await lookup(host, { all: true, order: 'verbatim' });
  return answers.map((answer) => answer.address);
}

export function dialTcp(address: string, port: number): Socket {
  // A request is written in one piece, so Nagle's algorithm would only hold back its tail.
  return connectTcp({ host: address, port, noDelay: true, autoSelectFamily: false });
}

/**
 * A connection to the endpoint, with TLS where it asks for it, the peer judged and verified. Names are resolved once, and
 * one forbidden answer refuses all. Rejects with a SendFault; after the signal aborts, nothing stays open.
 */
export async function connectTo(target: EndpointTarget, attempt: Attempt, options: ConnectOptions): Promise<Socket> {
  const addresses = judgeAll(target.addresses ?? (await resolveName(target.host, attempt, options)), target, options);
  attempt.phase = 'connect';
  const socket = await dialFirst(spread(addresses), target.port, attempt, options);
  if (!target.tls) return socket;
  attempt.phase = 'tls';
  return await secure(socket, target.host, attempt);
}

async function resolveName(host: string, attempt: Attempt, { resolve }: ConnectOptions): Promise<readonly string[]> {
  attempt.phase = 'dns';
  const answered = resolve(host).catch((error: unknown) => {
    throw new SendFault(classifyFailure(error, 'dns'), { cause: error });
  });
  const answers = await Promise.race([answered, aborted(attempt.signal)]);
  if (answers.length === 0) throw new SendFault(failed('dns', 'the name has no address'));
  return answers;
}

function judgeAll(answers: readonly string[], target: EndpointTarget, { policy }: ConnectOptions): string[] {
  return answers.map((answer) => {
    const verdict = judgePeer(answer, target.port, policy);
    const address = canonicalAddress(answer);
    if (isAllowed(verdict) && address !== undefined) return address;
    // The verdict is a word of ours; the address itself may tell about the inside of a network.
    const detail = `the endpoint's address is not public (${verdict})`;
    throw new SendFault({ kind: 'refused', because: 'blocked_address', detail });
  });
}

/** Families in turn (RFC 8305, section 4), so that one broken family costs one try and not all. */
function spread(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)];
  const first = distinct.filter((address) => isIPv6(address) === isIPv6(distinct[0] ?? ''));
  const second = distinct.filter((address) => !first.includes(address));
  const turns = first.length > second.length ? first : second;
  return turns
    .flatMap((_, turn) => [first[turn], second[turn]])
    .filter((address) => address !== undefined)
    .slice(0, MAX_ADDRESSES_TRIED);
}

/** The first of the addresses that takes a TCP connection; the others are hung up. */
function dialFirst(
  addresses: readonly string[],
  port: number,
  attempt: Attempt,
  { dial, clock }: ConnectOptions,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const dialling = new Set<Socket>();
  const failures: NoResponse[] = [];
  let next = 0;
  let cancelNext = () => {};

  function end(winner?: Socket): void {
    next = addresses.length;
    cancelNext();
    attempt.signal.removeEventListener('abort', hangUp);
    for (const socket of dialling) if (socket !== winner) socket.destroy();
  }
  function hangUp(): void {
    end();
    reject(attempt.signal.reason);
  }
  function fail(address: string, error: unknown): void {
    failures.push(dialFailure(address, error));
    tryNext();
  }
  function tryNext(): void {
    cancelNext();
    const address = addresses[next];
    if (address === undefined) {
      if (dialling.size > 0 || attempt.signal.aborted) return;
      end();
      reject(new SendFault(mostTelling(failures)));
      return;
    }
    next += 1;
    const socket = dial(address, port);
    dialling.add(socket);
    socket.on('error', (error) => {
      if (dialling.delete(socket)) fail(address, error);
    });
    socket.once('connect', () => {
      end(socket);
      dialling.delete(socket);
      if (isPeer(socket, address)) resolve(socket);
      else reject(wrongPeer(socket));
    });
    cancelNext = clock.after(NEXT_ADDRESS_AFTER_MS, tryNext);
  }

  attempt.signal.addEventListener('abort', hangUp, { once: true });
  if (attempt.signal.aborted) hangUp();
  else tryNext();
  return promise;
}

/** The last line of defence: whatever resolved, whatever dialled, the other end is the address that was judged. */
function isPeer(socket: Socket, address: string): boolean {
  return canonicalAddress(socket.remoteAddress ?? '') === address;
}

function wrongPeer(socket: Socket): SendFault {
  const gone = socket.remoteAddress === undefined;
  socket.destroy();
  if (gone) return new SendFault(failed('connection', 'connection reset by the receiver'));
  const detail = 'the connection reached another address than the one judged';
  return new SendFault({ kind: 'refused', because: 'blocked_address', detail });
}

/** On IPv4 EADDRNOTAVAIL means that this process used up its ports; on IPv6, that this machine has no IPv6. */
function dialFailure(address: string, error: unknown): NoResponse {
  const result = classifyFailure(error, 'connect');
  const noIpv6 = isIPv6(address) && error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL';
  return noIpv6 ? failed('connection', 'receiver unreachable') : result;
}

/** Running out of sockets on one address says that the receiver had no fair chance. */
function mostTelling(failures: readonly NoResponse[]): NoResponse {
  return (
    failures.find((failure) => failure.kind === 'exhausted') ??
    failures[0] ??
    failed('connection', 'the connection broke before the response was complete')
  );
}

function secure(socket: Socket, host: string, attempt: Attempt): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const tls = connectTls({
    socket,
    // Against this the certificate is checked; SNI takes names only (RFC 6066).
    host,
    servername: isIP(host) === 0 ? host : '',
    // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS must not be able to switch it off.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  });
  function hangUp(): void {
    tls.destroy();
    reject(attempt.signal.reason);
  }
  const broken = (error?: unknown) => reject(new SendFault(classifyFailure(error, 'tls'), { cause: error }));
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
