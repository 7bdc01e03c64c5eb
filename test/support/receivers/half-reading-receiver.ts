import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of a request: whose it was, how long its body should be, and what of it was read. */
export type Upload = { id: string; attempt: number; length: number; got: Buffer };

/** An endpoint on loopback that reads the beginning of the first body and stops, and accepts every request after it. */
export class HalfReadingReceiver implements AsyncDisposable {
  /** The first request, once a part of its body has come. */
  readonly cutOff: Promise<Upload>;
  /** Requests that came whole. */
  readonly whole: Upload[] = [];
  readonly #server: Server;
  #stopped: IncomingMessage | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.cutOff = new Promise((resolve) => {
      server.once('request', (request: IncomingMessage) => {
        this.#stopped = request;
        request.once('data', (chunk: Buffer) => {
          request.pause();
          resolve(uploadOf(request, chunk));
        });
        server.on('request', async (later: IncomingMessage, response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of later) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
          this.whole.push(uploadOf(later, Buffer.concat(chunks)));
          response.writeHead(200).end();
        });
      });
    });
  }

  static async open(): Promise<HalfReadingReceiver> {
    const server = createServer();
    const receiver = new HalfReadingReceiver(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Ends the connection of the request that was not read further. */
  breakOff(): void {
    this.#stopped?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function uploadOf({ headers }: IncomingMessage, got: Buffer): Upload {
  return {
    id: String(headers['x-dograh-delivery-id']),
    attempt: Number(headers['x-dograh-delivery-attempt']),
    length: Number(headers['content-length']),
    got,
  };
}
