import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A request as it came over the wire. */
export type ReceivedRequest = { head: string; method: string; path: string; body: Buffer };

export type Behaviour = {
  /** A connection is there, nothing was read yet. */
  connected?: (socket: Socket) => void;
  /** The header of a request is complete, its body need not be. */
  begun?: (socket: Socket, request: ReceivedRequest) => void;
  /** A request is complete. */
  received?: (socket: Socket, request: ReceivedRequest) => void;
};

/**
 * A receiver that does what a test tells it, byte by byte, on a real loopback socket. It counts whatever reaches it, so
 * that a test can say how many requests one send put on the wire.
 */
export class HostileReceiver implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  readonly begun: string[] = [];
  readonly port: number;
  connections = 0;
  /** All that was read of all connections; of TLS what was in it. */
  bytes = 0;
  /** Sockets the sender has closed or that broke. */
  hungUp = 0;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();
  #awaited: { reached: () => boolean; resolve: () => void }[] = [];

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    const address = server.address() as AddressInfo;
    this.port = address.port;
  }

  static async open(behaviour: Behaviour, tls?: TlsOptions, host = '127.0.0.1'): Promise<HostileReceiver> {
    const server = tls === undefined ? createServer({ noDelay: true }) : createTlsServer(tls);
    server.listen(0, host);
    await once(server, 'listening');
    const receiver = new HostileReceiver(server);
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      receiver.#serve(socket, behaviour);
    });
    server.on('tlsClientError', () => receiver.#changed());
    return receiver;
  }

  /** Settles once the receiver has seen what the test waits for. */
  until(reached: (receiver: this) => boolean): Promise<void> {
    if (reached(this)) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.push({ reached: () => reached(this), resolve }));
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, behaviour: Behaviour): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (this.bytes += chunk.length));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.hungUp += 1;
      this.#changed();
    });
    readRequests(socket, {
      begun: (request) => {
        this.begun.push(request.head);
        behaviour.begun?.(socket, request);
        this.#changed();
      },
      received: (request) => {
        this.requests.push(request);
        behaviour.received?.(socket, request);
        this.#changed();
      },
    });
    behaviour.connected?.(socket);
    this.#changed();
  }

  #changed(): void {
    for (const { resolve } of this.#awaited.filter(({ reached }) => reached())) resolve();
    this.#awaited = this.#awaited.filter(({ reached }) => !reached());
  }
}

/** Answers every request with these bytes and keeps the connection open. */
export function answering(...chunks: (string | Buffer)[]): Behaviour {
  return { received: (socket) => void chunks.forEach((chunk) => socket.write(chunk)) };
}

/** Answers every request with these bytes and ends the stream (FIN). */
export function answeringAndEnding(answer: string | Buffer): Behaviour {
  return { received: (socket) => void socket.end(answer) };
}

/**
 * A key and certificate of `test/data/tls`, made by one of `authorities`; `chained` by way of `intermediate`. `weak`, with an RSA key of 1024 bits, and `ed25519` vouch for themselves. All but `expired`
 * run for a century.
 */
export function certificate(
  name: 'good' | 'expired' | 'wrong-name' | 'self-signed' | 'client-only' | 'chained' | 'weak' | 'ed25519',
): {
  key: string;
  cert: string;
} {
  return { key: fixture(`${name}.key`), cert: fixture(`${name}.pem`) };
}

export const authorities: readonly string[] = [fixture('ca.pem'), fixture('chain-root.pem')];
export const intermediate = fixture('chain-intermediate.pem');

function fixture(name: string): string {
  return readFileSync(new URL(`../../data/tls/${name}`, import.meta.url), 'utf8');
}

function readRequests(
  socket: Socket,
  heard: { begun: (request: ReceivedRequest) => void; received: (request: ReceivedRequest) => void },
): void {
  let bytes = Buffer.alloc(0);
  let current: { request: ReceivedRequest; length: number } | undefined;
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      if (current === undefined) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end === -1) return;
        const head = bytes.subarray(0, end).toString('latin1');
        const [method = '', path = ''] = head.split(' ');
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        current = { request: { head, method, path, body: Buffer.alloc(0) }, length };
        bytes = bytes.subarray(end + 4);
        heard.begun(current.request);
      }
      if (bytes.length < current.length) return;
      const request = { ...current.request, body: bytes.subarray(0, current.length) };
      bytes = bytes.subarray(current.length);
      current = undefined;
      heard.received(request);
    }
  });
}
