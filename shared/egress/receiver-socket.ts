import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MAX_RESPONSE_HEADER_BYTES } from '../runtime/limits.ts';
import { HeaderBlock } from './header-block.ts';
import { failed, SendFault, TOO_LATE } from './http-failure.ts';
import { plainBlock, readHead } from './response-head.ts';

type Written = { chunk: Buffer | string; encoding: BufferEncoding };

const NOT_EXPECTED = (): boolean => false;

/**
 * The receiver's socket as undici sees it, with a gate before undici's parser: a response passes once its header block is
 * complete, or its first 64 KiB are read, and it has a status. A block that undici would refuse or misread passes as a plain
 * one with the same meaning that ends the connection, because a receiver that has answered is not asked again. undici itself
 * also fails a request on an unexpected `100 Continue`, which RFC 9110 lets any receiver send, and asserts on status 000.
 */
export class ReceiverSocket extends Duplex {
  readonly #socket: Socket;
  readonly #block = new HeaderBlock();
  #awaitsHeader = false;
  /** Nothing unexpected has arrived since the request. */
  #isClean = true;
  #writing = false;
  #requests = 0;
  /** Set from the moment a request is expected until its first byte is written. */
  #begin: (() => boolean) | undefined = NOT_EXPECTED;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Call this before each request is written; `begin` is asked at its first byte, and nothing is written if it says no. */
  expectResponse(begin: () => boolean): void {
    this.#begin = begin;
    this.#awaitsHeader = true;
    this.#isClean = true;
    this.#block.clear();
    this.#requests += 1;
  }

  /** A request, or what is left of it, has not reached the kernel yet. */
  get uploading(): boolean {
    return this.#writing;
  }

  ref(): this {
    this.#socket.ref();
    return this;
  }

  /** An idle connection does not keep the process alive. */
  unref(): this {
    this.#socket.unref();
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#writeAll([{ chunk, encoding }], callback);
  }

  override _writev(chunks: readonly Written[], callback: (error?: Error | null) => void): void {
    this.#writeAll(chunks, callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#socket.closed) callback(error);
    else this.#socket.once('close', () => callback(error));
    this.#socket.destroy();
  }

  #writeAll(chunks: readonly Written[], callback: (error?: Error | null) => void): void {
    if (this.#begin?.() === false) return callback(new SendFault(TOO_LATE));
    this.#begin = undefined;
    this.#writing = true;
    this.#socket.cork();
    for (const { chunk, encoding } of chunks.slice(0, -1)) this.#socket.write(chunk, encoding);
    const last = chunks.at(-1);
    this.#socket.write(last?.chunk ?? '', last?.encoding, (error) => {
      this.#writing = error !== undefined && error !== null;
      callback(error);
    });
    this.#socket.uncork();
  }

  #take(chunk: Buffer): void {
    let offset = 0;
    while (this.#awaitsHeader && offset < chunk.length && !this.destroyed) {
      this.#takeByte(chunk.readUInt8(offset));
      offset += 1;
    }
    const rest = chunk.subarray(offset);
    if (rest.length > 0 && !this.destroyed && !this.push(rest)) this.#socket.pause();
  }

  #takeByte(byte: number): void {
    switch (this.#block.take(byte)) {
      case 'open':
        return;
      case 'foreign':
        return this.#refuse('the answer does not start like an HTTP/1 response');
      case 'complete':
        return this.#answered(true);
      case 'full':
        return this.#answered(false);
    }
  }

  #answered(isComplete: boolean): void {
    const block = this.#block.text();
    const head = readHead(block);
    this.#block.clear();
    if (head === undefined || head.status < 100 || head.status === 101) {
      return this.#refuse('the response has no status that can be understood');
    }
    this.#isClean &&= head.isClean;
    if (head.status >= 200) {
      this.#awaitsHeader = false;
      this.push(Buffer.from(this.#isClean ? block : plainBlock(head, isComplete), 'latin1'));
    } else if (!isComplete) {
      this.#refuse(`an interim response is larger than ${MAX_RESPONSE_HEADER_BYTES} bytes`);
    }
    // Any other is interim: dropped, and the block after it is awaited until the attempt's time is up.
  }

  /** A receiver that hangs up on a used connection may just have closed it when idle, before the request arrived. */
  #end(): void {
    if (!this.#awaitsHeader) this.push(null);
    else if (this.#block.isEmpty && this.#requests > 1) this.#break();
    else this.#refuse('the receiver hung up before the response header was complete');
  }

  #break(): void {
    this.destroy(new SendFault(failed('connection', 'the receiver closed the connection before answering')));
  }

  #refuse(detail: string): void {
    this.destroy(new SendFault(failed('protocol', detail)));
  }
}
