import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * A receiver on loopback in a thread of its own: it goes on while this one stands still, as the world does around a process
 * that is frozen. It answers each request with 200 and keeps the connection.
 */
export class ReceiverThread implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;
  /** Counts what the thread has done of what it was told to do. */
  readonly #done: Int32Array;

  private constructor(worker: Worker, done: Int32Array, port: number) {
    this.#worker = worker;
    this.#done = done;
    this.port = port;
  }

  static async open(tls?: { key: string; cert: string }): Promise<ReceiverThread> {
    const shared = new SharedArrayBuffer(4);
    const worker = new Worker(SOURCE, { eval: true, workerData: { shared, tls } });
    const [port] = (await once(worker, 'message')) as [number];
    return new ReceiverThread(worker, new Int32Array(shared), port);
  }

  /** Hangs up, resets or writes to every connection, and returns once it has; this thread does nothing meanwhile. */
  whileFrozen(what: 'end' | 'reset' | 'write'): void {
    const before = Atomics.load(this.#done, 0);
    this.#worker.postMessage(what, []);
    if (Atomics.wait(this.#done, 0, before, 10_000) === 'timed-out') throw new Error('the receiver did nothing');
  }

  /** Of each connection, in their order, the requests that came over it. */
  async requests(): Promise<number[]> {
    this.#worker.postMessage('tell', []);
    const [counts] = (await once(this.#worker, 'message')) as [number[]];
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

const SOURCE = `
const net = require('node:net');
const { createServer: createTlsServer } = require('node:tls');
const { parentPort, workerData } = require('node:worker_threads');
const { shared, tls } = workerData;
const done = new Int32Array(shared);
const sockets = [];
const counts = [];
const told = () => { Atomics.add(done, 0, 1); Atomics.notify(done, 0); };
const serve = (socket) => {
  const index = sockets.push(socket) - 1;
  counts.push(0);
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    if (!/^[A-Z]+ \\/\\S* HTTP/.test(bytes.toString('latin1'))) return;
    counts[index] += 1;
    socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok');
  });
};
const server = tls === undefined ? net.createServer(serve) : createTlsServer(tls, serve);
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', (what) => {
  if (what === 'tell') return parentPort.postMessage(counts);
  const open = sockets.filter((socket) => !socket.destroyed);
  let left = open.length;
  const one = () => { left -= 1; if (left === 0) told(); };
  for (const socket of open) {
    if (what === 'end') socket.end(one);
    else if (what === 'reset') { socket.once('close', one); socket.resetAndDestroy(); }
    else socket.write('HTTP/1.1 299 Poisoned\\r\\nContent-Length: 0\\r\\n\\r\\n', one);
  }
});
`;
