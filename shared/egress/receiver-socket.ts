import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { failed, SendFault, TOO_LATE } from './http-failure.ts';
import { MAX_RESPONSE_HEADER_BYTES } from '../runtime/limits.ts';

const CR = 0x0d;
const LF = 0x0a;
const START = Buffer.from('HTTP/1.');
/** `HTTP/1.1 200` and then a space with the reason, or the end of the line. */
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})[ \r]/;

type Written = { chunk: Buffer | string; encoding: BufferEncoding };

const NOT_EXPECTED = (): boolean => false;

/**
 * The receiver's socket as undici sees it, with a gate before undici's parser: a response passes once its header block is
 * complete, at most 16 KiB as it came over the wire, and starts with a status line of HTTP/1. undici alone counts neither
 * the reason phrase nor separators, fails a request on an unasked `100 Continue`, which RFC 9110 lets any receiver send,
 * and asserts on status 000.
 */
export class ReceiverSocket extends Duplex {
  readonly #socket: Socket;
  readonly #block = Buffer.allocUnsafe(MAX_RESPONSE_HEADER_BYTES);
  #length = 0;
  #awaitsHeader = false;
  #writing = false;
  #requests = 0;
  /** Set from when a request is expected until its first byte is written. */
  #begin: (() => boolean) | undefined = NOT_EXPECTED;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** To be called before each request is written; `begin` is asked at its first byte, and nothing is written where it says no. */
  expectResponse(begin: () => boolean): void {
    this.#begin = begin;
    this.#awaitsHeader = true;
    this.#length = 0;
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
      this.#writing = false;
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
    // Stray line ends after the response before are older than some servers.
    if (this.#length === 0 && (byte === CR || byte === LF)) return;
    if (this.#length < START.length && byte !== START[this.#length]) {
      this.#refuse('the answer does not start like an HTTP/1 response');
    } else if (this.#length === MAX_RESPONSE_HEADER_BYTES) {
      this.#refuse(`the response header is larger than ${MAX_RESPONSE_HEADER_BYTES} bytes`);
    } else if (byte === LF && this.#block[this.#length - 1] !== CR) {
      this.#refuse('the response header has a bare line feed');
    } else {
      this.#block[this.#length] = byte;
      this.#length += 1;
      if (byte === LF && this.#block[this.#length - 3] === LF) this.#blockComplete();
    }
  }

  #blockComplete(): void {
    const block = Buffer.from(this.#block.subarray(0, this.#length));
    const status = Number(STATUS_LINE.exec(block.toString('latin1'))?.[1] ?? Number.NaN);
    this.#length = 0;
    if (!(status >= 100) || status === 101) {
      this.#refuse('the response has no status that can be understood');
    } else if (status >= 200) {
      this.#awaitsHeader = false;
      this.push(block);
    }
    // Any other is interim: dropped, and the block after it is awaited until the attempt's time is up.
  }

  /** A receiver that hangs up on a used connection may just have closed it when idle, before the request arrived. */
  #end(): void {
    if (!this.#awaitsHeader) this.push(null);
    else if (this.#length === 0 && this.#requests > 1) this.#break();
    else this.#refuse('the receiver hung up before the response header was complete');
  }

  #break(): void {
    this.destroy(new SendFault(failed('connection', 'the receiver closed the connection before answering')));
  }

  #refuse(detail: string): void {
    this.destroy(new SendFault(failed('protocol', detail)));
  }
}
