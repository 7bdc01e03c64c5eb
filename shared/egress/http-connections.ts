import Client from 'undici/lib/dispatcher/client.js';
import type { Dispatcher } from 'undici';
import type { EndpointTarget } from './endpoint-url.ts';
import { connectTo, type ConnectOptions, peerOf } from './http-connect.ts';
import { MAX_RESPONSE_HEADER_BYTES, QUEUE_BATCH_ENTRIES } from '../runtime/limits.ts';
import { ReceiverSocket } from './receiver-socket.ts';
import type { Peer, SendAttempt } from './send-attempt.ts';

/** A whole batch for one endpoint goes out at once: with fewer, deliveries would spend their time waiting for each other. */
export const MAX_CONNECTIONS_PER_ORIGIN = QUEUE_BATCH_ENTRIES;
/** Room for several batches in one process, far below Lambda's 1,024 file descriptors: each takes up to four while it dials. */
export const MAX_CONNECTIONS = 10 * QUEUE_BATCH_ENTRIES;
/** However many names and receivers of one organization never answer, room remains for the other organizations. */
export const MAX_CONNECTIONS_PER_ORGANIZATION = MAX_CONNECTIONS / 2;

/**
 * At most one socket to one origin for one organization, using undici's Client. It carries one request at a time and is told
 * of each attempt, so that a request causes at most one connection and is written at most once: undici reconnects by itself
 * only for a request of which nothing was written.
 */
export class Connection {
  /** The organization, a blank, the origin. */
  readonly key: string;
  readonly #client: Client;
  #attempt: SendAttempt | undefined;
  #socket: ReceiverSocket | undefined;
  #peer: Peer | undefined;

  constructor(key: string, target: EndpointTarget, options: ConnectOptions) {
    this.key = key;
    this.#client = new Client(originOf(target), {
      pipelining: 1,
      allowH2: false,
      // Explicit: an environment variable could switch undici to its experimental parser.
      useMilo: false,
      // Never reached: the socket passes no larger block, and adds a few bytes at most.
      maxHeaderSize: 2 * MAX_RESPONSE_HEADER_BYTES,
      // The attempt's own deadline limits everything; these would limit single phases.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_, connected) => {
        this.#open(target, options)
          .then(
            (socket) => connected(null, socket),
            (error: Error) => connected(error, null),
          )
          // If undici fails inside its own callback, the request must still be told.
          .catch(() => this.destroy());
      },
    });
  }

  /** Sends one request; the handler is told of the response or the failure, but of nothing before this returns. */
  dispatch(attempt: SendAttempt, request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#attempt = attempt;
    attempt.isUploading = () => this.uploading;
    if (this.#peer !== undefined) attempt.connection = { ...this.#peer, isKept: true };
    this.#client.dispatch(request, handler);
  }

  /** Announces a request; `begin` says whether its first byte may be written. */
  expectResponse(begin: () => boolean): void {
    this.#socket?.expectResponse(begin);
  }

  get uploading(): boolean {
    return this.#socket?.uploading ?? false;
  }

  /** Ends whatever is in progress; settles when the socket is closed. */
  async destroy(): Promise<void> {
    await this.#client.destroy();
  }

  async #open(target: EndpointTarget, options: ConnectOptions): Promise<ReceiverSocket> {
    const attempt = this.#attempt;
    if (attempt === undefined) throw new TypeError('a connection opens only for an attempt');
    // A kept one that has closed since is opened again.
    attempt.connection = undefined;
    const socket = await connectTo(target, attempt, options);
    this.#peer = peerOf(socket, target, options);
    attempt.connection = { ...this.#peer, isKept: false };
    this.#socket = new ReceiverSocket(socket);
    return this.#socket;
  }
}

/** The connections of one invocation: reused within an organization and origin only, bounded for each and in total. */
export class ConnectionPool {
  readonly #options: ConnectOptions;
  readonly #busy = new Set<Connection>();
  readonly #idle = new Set<Connection>();
  readonly #ending = new Set<Promise<void>>();
  #waiting: { key: string; open: () => Connection; give: (connection: Connection) => void }[] = [];

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** Waits its turn when all places are taken; undefined when the signal aborted first. */
  acquire(organizationId: number, target: EndpointTarget, signal: AbortSignal): Promise<Connection | undefined> {
    const key = `${organizationId} ${originOf(target)}`;
    const open = () => new Connection(key, target, this.#options);
    const { promise, resolve } = Promise.withResolvers<Connection | undefined>();
    const waiter = { key, open, give: resolve };
    signal.addEventListener(
      'abort',
      () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        resolve(undefined);
      },
      { once: true },
    );
    this.#waiting.push(waiter);
    this.#serve();
    return promise;
  }

  /** Gives a connection back for the next request. */
  release(connection: Connection): void {
    this.#busy.delete(connection);
    this.#idle.add(connection);
    this.#serve();
  }

  /** Removes a connection that must not be used again. */
  discard(connection: Connection): void {
    this.#end(connection);
    this.#serve();
  }

  /** Settles when every socket is closed. */
  async destroy(): Promise<void> {
    for (const connection of [...this.#busy, ...this.#idle]) this.#end(connection);
    await Promise.all(this.#ending);
  }

  #end(connection: Connection): void {
    this.#busy.delete(connection);
    this.#idle.delete(connection);
    const ended = connection.destroy().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #serve(): void {
    this.#waiting = this.#waiting.filter(({ key, open, give }) => {
      const connection = this.#idleFor(key) ?? (this.#hasRoom(key) ? open() : undefined);
      if (connection === undefined) return true;
      this.#idle.delete(connection);
      this.#busy.add(connection);
      give(connection);
      return false;
    });
  }

  #idleFor(key: string): Connection | undefined {
    return [...this.#idle].find((connection) => connection.key === key);
  }

  #hasRoom(key: string): boolean {
    const sameKey = [...this.#busy].filter((connection) => connection.key === key).length;
    if (sameKey >= MAX_CONNECTIONS_PER_ORIGIN) return false;
    const organization = key.slice(0, key.indexOf(' ') + 1);
    const sameOrganization = [...this.#busy].filter((connection) => connection.key.startsWith(organization)).length;
    if (sameOrganization >= MAX_CONNECTIONS_PER_ORGANIZATION) return false;
    if (this.#busy.size + this.#idle.size < MAX_CONNECTIONS) return true;
    const [leastRecent] = this.#idle;
    if (leastRecent === undefined) return false;
    this.#end(leastRecent);
    return true;
  }
}

/** Without a name's trailing dot, because undici makes the `Host` header from it. */
function originOf({ url, host, tls, port }: EndpointTarget): string {
  const authority = host.includes(':') ? `[${host}]` : host;
  return `${url.protocol}//${authority}${port === (tls ? 443 : 80) ? '' : `:${port}`}`;
}
