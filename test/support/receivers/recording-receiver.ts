import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Received = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** As they came: names and values in turn. */
  rawHeaders: string[];
  body: Buffer;
  deliveryId: string;
  attempt: number;
};

/** A status alone, or with headers and body. */
type Answer = number | { status: number; headers?: Record<string, string>; body?: string };

/** @param nth of this delivery's requests, from 1 */
type Behaviour = (request: Received, nth: number) => Answer | Promise<Answer>;

/** An endpoint on loopback that keeps what reaches it, and how many requests of one delivery were ever open at once. */
export class RecordingReceiver implements AsyncDisposable {
  /** In the order in which they were complete. */
  readonly received: Received[] = [];
  /** Sockets that were ever opened. */
  connections = 0;
  /** The most requests of one delivery that were open at the same time. */
  mostAtOnce = 0;
  answered = 0;
  behaviour: Behaviour;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #open = new Map<string, number>();
  #waiting: { reached: () => boolean; resolve: () => void }[] = [];

  private constructor(server: Server, behaviour: Behaviour) {
    this.#server = server;
    this.behaviour = behaviour;
    server.on('request', (request, response) => void this.#serve(request, response).catch(() => response.destroy()));
    server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#changed();
    });
  }

  static async open(behaviour: Behaviour = () => 200): Promise<RecordingReceiver> {
    const server = createServer();
    const receiver = new RecordingReceiver(server, behaviour);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Requests that are open now. */
  get open(): number {
    return [...this.#open.values()].reduce((sum, count) => sum + count, 0);
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  of(deliveryId: string): Received[] {
    return this.received.filter((request) => request.deliveryId === deliveryId);
  }

  /** Settles once this receiver has seen what the test waits for. */
  until(reached: (receiver: this) => boolean): Promise<void> {
    if (reached(this)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ reached: () => reached(this), resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const deliveryId = headerOf(request, 'x-dograh-delivery-id');
    const nowOpen = (this.#open.get(deliveryId) ?? 0) + 1;
    this.#open.set(deliveryId, nowOpen);
    this.mostAtOnce = Math.max(this.mostAtOnce, nowOpen);
    response.once('close', () => {
      this.#open.set(deliveryId, (this.#open.get(deliveryId) ?? 1) - 1);
      this.#changed();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks),
      deliveryId,
      attempt: Number(headerOf(request, 'x-dograh-delivery-attempt')),
    };
    this.received.push(received);
    const nth = this.of(deliveryId).length;
    this.#changed();
    const answer = await this.behaviour(received, nth);
    if (response.destroyed) return;
    const { status, headers = {}, body } = typeof answer === 'number' ? { status: answer } : answer;
    this.answered += 1;
    response.writeHead(status, headers).end(body);
    this.#changed();
  }

  #changed(): void {
    const settled = this.#waiting.filter(({ reached }) => reached());
    this.#waiting = this.#waiting.filter((waiter) => !settled.includes(waiter));
    for (const { resolve } of settled) resolve();
  }
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
