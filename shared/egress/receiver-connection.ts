import type { Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';
import type { EndpointTarget } from './endpoint-url.ts';
import { type ClientCertificate, connectTo, type ConnectOptions, type OfferedSession, peerOf } from './http-connect.ts';
import type { Peer, SendAttempt } from './send-attempt.ts';

/** Whoever awaits an answer hears of everything that comes, and then of one end. */
export type Listener = {
  data(bytes: Buffer): void;
  /** The receiver has hung up. */
  end(): void;
  /** The connection broke; undefined: without an error. */
  broken(error: unknown): void;
};

/** An instant by both clocks: one may stand still while the process is frozen, the other may be set. */
type Instant = { monotonicMs: number; wallMs: number };

/**
 * Even if it says nothing, a receiver keeps an idle connection for 2 s (gunicorn; 5 s are usual), and its hanging up is on its
 * way for a while.
 */
const KEPT_MS = 1500;
/** Used no more so long before a receiver that says how long it waits hangs up. */
const MARGIN_MS = 1000;
const MAX_KEPT_MS = 4000;
/** As often the name is looked up and its addresses are judged again. */
const MAX_AGE_MS = 60_000;

/**
 * At most one socket to one origin for one organization, for one request at a time. Between requests it is watched: whatever comes
 * then, bytes nobody asked for included, ends it.
 */
export class ReceiverConnection {
  /** The organization, a blank, the origin; behind another blank, which client certificate it was opened with. */
  readonly key: string;
  readonly #clock: Clock;
  #socket: Socket | undefined;
  #peer: Peer | undefined;
  #listener: Listener | undefined;
  #openedAt: Instant | undefined;
  #idleSince: Instant | undefined;
  #keptMs = 0;

  constructor(key: string, clock: Clock) {
    this.key = key;
    this.#clock = clock;
  }

  /** It has carried a request before. */
  get isKept(): boolean {
    return this.#idleSince !== undefined;
  }

  /** It is still open, as far as this process has been told, and so young that the receiver will not have hung up. */
  get isFresh(): boolean {
    const { monotonicMs, wallMs } = this.#now();
    const isWithin = (since: Instant | undefined, ms: number) =>
      since !== undefined &&
      monotonicMs - since.monotonicMs < ms &&
      wallMs - since.wallMs < ms &&
      wallMs >= since.wallMs;
    return this.#isOpen && isWithin(this.#idleSince, this.#keptMs) && isWithin(this.#openedAt, MAX_AGE_MS);
  }

  /** It leads to an address that a setting allows. */
  get isPrivate(): boolean {
    return this.#peer?.reach === 'private';
  }

  /** More of a request is on its way to the kernel. */
  get isUploading(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0;
  }

  /** Rejects as `connectTo` does. */
  async open(
    target: EndpointTarget,
    attempt: SendAttempt,
    options: ConnectOptions & { session: OfferedSession; clientCertificate: ClientCertificate | undefined },
  ): Promise<void> {
    const socket = await connectTo(target, attempt, options);
    this.#socket = socket;
    this.#openedAt = this.#now();
    this.#peer = peerOf(socket, target, options);
    socket.on('data', (bytes: Buffer) => {
      if (this.#listener === undefined) socket.destroy();
      else this.#listener.data(bytes);
    });
    socket.on('end', () => {
      if (this.#listener === undefined) socket.destroy();
      else this.#listener.end();
    });
    socket.on('error', (error) => this.#listener?.broken(error));
    socket.on('close', () => this.#listener?.broken(undefined));
  }

  /** Whether a request can be written now: nothing of it has been. */
  get isWritable(): boolean {
    return this.#isOpen && this.#socket?.writable === true;
  }

  /** Sends a request whose answer the listener hears. */
  write(parts: readonly Buffer[], attempt: SendAttempt, listener: Listener): void {
    this.#listener = listener;
    attempt.isUploading = () => this.isUploading;
    if (this.#peer !== undefined) attempt.connection = { ...this.#peer, isKept: this.isKept };
    this.#socket?.cork();
    for (const part of parts) this.#socket?.write(part);
    this.#socket?.uncork();
  }

  /**
   * The answer has come as a whole.
   * @param saidMs how long the receiver says it waits for another request
   */
  rest(saidMs: number | undefined): void {
    this.#listener = undefined;
    this.#idleSince = this.#now();
    this.#keptMs = saidMs === undefined ? KEPT_MS : Math.min(saidMs - MARGIN_MS, MAX_KEPT_MS);
  }

  /** Nobody listens any more; settles when the socket is closed. */
  async close(): Promise<void> {
    this.#listener = undefined;
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.destroy();
    });
  }

  get #isOpen(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  #now(): Instant {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() };
  }
}
