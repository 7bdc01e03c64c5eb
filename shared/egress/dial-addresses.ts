import { isIPv6, type Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';
import { canonicalAddress, isTranslated } from './egress-guard.ts';
import { classifyFailure, codeOf, failed, type NoResponse, SendFault } from './http-failure.ts';

/** Begins a TCP connection to an address that has been judged. */
export type Dial = (address: string, port: number) => Socket;

type DialOptions = { readonly dial: Dial; readonly clock: Clock; readonly signal: AbortSignal };

/** RFC 8305, section 5: after 250 ms without an answer the next address is tried in parallel. */
export const NEXT_ADDRESS_AFTER_MS = 250;
/** Addresses of one endpoint dialled at the same time: enough to get past silent ones, yet few for whoever owns them all. */
const MAX_DIALLED_AT_ONCE = 4;
/** However many answers there are (all are judged), only this many are dialled; more would be a scan. */
export const MAX_ADDRESSES_TRIED = 32;

/** The errors this machine reports for an address that it has no route to. */
const NO_ROUTE: ReadonlySet<string> = new Set(['ENETUNREACH', 'EAFNOSUPPORT']);
/**
 * The same, but only for IPv6: on IPv4 the first means that a router tried, the second that this process used up its ports.
 */
const NO_ROUTE_BY_IPV6: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'EADDRNOTAVAIL']);

/**
 * The first address that accepts a TCP connection, with its peer verified; the other connections are closed. An address that
 * fails makes room for the next, until all were tried or the signal aborts. Rejects with a SendFault, or with the signal's
 * reason.
 */
export function dialFirst(addresses: readonly string[], port: number, options: DialOptions): Promise<Socket> {
  return new Dialling(inTurn(addresses), port, options).start();
}

/**
 * Families alternate (RFC 8305, section 4), so that a broken one delays nobody. Addresses for a translator (NAT64) come last,
 * because there may be no translator. Each family is limited on its own: a thousand addresses of one must not push the other
 * out.
 */
function inTurn(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)];
  const translated = new Set(distinct.filter(isTranslated));
  const native = distinct.filter((address) => !translated.has(address));
  const startsWithIpv6 = isIPv6(native[0] ?? '');
  const first = native.filter((address) => isIPv6(address) === startsWithIpv6);
  const second = native.filter((address) => isIPv6(address) !== startsWithIpv6);
  const turns = first.length > second.length ? first : second;
  return [
    ...turns.slice(0, MAX_ADDRESSES_TRIED).flatMap((_, turn) => [first[turn], second[turn]]),
    ...[...translated].slice(0, MAX_ADDRESSES_TRIED),
  ].filter((address) => address !== undefined);
}

class Dialling {
  readonly #waiting: string[];
  readonly #port: number;
  readonly #options: DialOptions;
  readonly #underWay = new Set<Socket>();
  readonly #failures: NoResponse[] = [];
  readonly #withoutRoute: NoResponse[] = [];
  readonly #connected = Promise.withResolvers<Socket>();
  #cancelNext = () => {};

  constructor(addresses: string[], port: number, options: DialOptions) {
    this.#waiting = addresses;
    this.#port = port;
    this.#options = options;
  }

  start(): Promise<Socket> {
    const { signal } = this.#options;
    signal.addEventListener('abort', this.#hangUp, { once: true });
    if (signal.aborted) this.#hangUp();
    else this.#dialNext();
    return this.#connected.promise;
  }

  #dialNext(): void {
    this.#cancelNext();
    if (this.#underWay.size >= MAX_DIALLED_AT_ONCE) return;
    const tried = this.#underWay.size + this.#failures.length;
    const address = tried < MAX_ADDRESSES_TRIED ? this.#waiting.shift() : undefined;
    if (address !== undefined) {
      this.#dial(address);
      this.#cancelNext = this.#options.clock.after(NEXT_ADDRESS_AFTER_MS, () => this.#dialNext());
    } else if (this.#underWay.size === 0) {
      this.#end();
      this.#connected.reject(new SendFault(mostTelling([...this.#failures, ...this.#withoutRoute])));
    }
  }

  #dial(address: string): void {
    const socket = this.#options.dial(address, this.#port);
    this.#underWay.add(socket);
    socket.on('error', (error) => {
      if (this.#underWay.delete(socket)) this.#failed(address, error);
    });
    socket.once('connect', () => {
      this.#underWay.delete(socket);
      this.#end();
      if (isPeer(socket, address)) this.#connected.resolve(socket);
      else this.#connected.reject(wrongPeer(socket));
    });
  }

  /** An address without a route from here costs nothing and says nothing about the receiver, so it takes no place. */
  #failed(address: string, error: unknown): void {
    const failures = hasNoRoute(address, error) ? this.#withoutRoute : this.#failures;
    failures.push(dialFailure(address, error));
    this.#dialNext();
  }

  readonly #hangUp = (): void => {
    this.#end();
    this.#connected.reject(this.#options.signal.reason);
  };

  #end(): void {
    this.#cancelNext();
    this.#options.signal.removeEventListener('abort', this.#hangUp);
    const losers = [...this.#underWay];
    this.#underWay.clear();
    for (const socket of losers) socket.destroy();
  }
}

/** The last line of defence: whatever was resolved or dialled, the other end must be the address that was judged. */
function isPeer(socket: Socket, address: string): boolean {
  return canonicalAddress(socket.remoteAddress ?? '') === address;
}

function wrongPeer(socket: Socket): SendFault {
  const gone = socket.remoteAddress === undefined;
  socket.destroy();
  if (gone) return new SendFault(failed('connection', 'connection reset by the receiver'));
  return new SendFault(failed('blocked_address', 'the connection reached another address than the one judged'));
}

function hasNoRoute(address: string, error: unknown): boolean {
  const code = codeOf(error);
  return NO_ROUTE.has(code) || (isIPv6(address) && NO_ROUTE_BY_IPV6.has(code));
}

function dialFailure(address: string, error: unknown): NoResponse {
  return hasNoRoute(address, error) ? failed('connection', 'receiver unreachable') : classifyFailure(error, 'connect');
}

/** Running out of sockets on one address means that the receiver had no fair chance. */
function mostTelling(failures: readonly NoResponse[]): NoResponse {
  return (
    failures.find((failure) => failure.kind === 'exhausted') ??
    failures[0] ??
    failed('connection', 'the connection broke before the response was complete')
  );
}
