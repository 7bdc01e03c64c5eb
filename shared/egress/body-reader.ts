import type { BodyFraming } from './response-head.ts';

/** Longer than any size of a chunk with its extensions. */
const MAX_LINE_BYTES = 1024;
/** Sizes of chunks and trailers, together: a body that is mostly these is not read on. */
const MAX_LINES_BYTES = 64 * 1024;
/** No more digits than a double holds. */
const CHUNK_SIZE = /^([0-9a-f]{1,13})[ \t]*(;.*)?$/i;

/**
 * Finds the end of a body in what comes over a connection. Lenient, because the status has decided already; whatever every
 * reader would not understand in the same way is remembered, so that its connection carries nothing else.
 */
export class BodyReader {
  readonly #framing: BodyFraming;
  #expects: 'data' | 'size' | 'end of data' | 'trailer' | 'nothing';
  /** Bytes of data that are expected. */
  #left: number;
  #line = '';
  #linesBytes = 0;
  #isComplete = false;
  #isExact = true;

  constructor(framing: BodyFraming) {
    this.#framing = framing;
    this.#left = framing.kind === 'length' ? framing.bytes : Infinity;
    this.#expects = framing.kind === 'chunked' ? 'size' : 'data';
    if (this.#left === 0) this.#end();
  }

  /** Nothing more is expected, whether or not the body has come as a whole. */
  get isOver(): boolean {
    return this.#expects === 'nothing';
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** It is complete, nothing has come behind it, and nobody could see its end elsewhere. */
  get isExact(): boolean {
    return this.#isComplete && this.#isExact;
  }

  /** Gives on the parts of the body in what has come. */
  take(bytes: Buffer, give: (part: Buffer) => void): void {
    let offset = 0;
    while (offset < bytes.length && !this.isOver) {
      if (this.#expects === 'data') {
        const part = bytes.subarray(offset, Math.min(offset + this.#left, bytes.length));
        offset += part.length;
        this.#left -= part.length;
        give(part);
        if (this.#left === 0) this.#afterData();
      } else {
        const lineEnd = bytes.indexOf(0x0a, offset);
        const next = lineEnd === -1 ? bytes.length : lineEnd + 1;
        this.#takeOfLine(bytes.toString('latin1', offset, next));
        offset = next;
      }
    }
    if (offset < bytes.length) this.#isExact = false;
  }

  /** The receiver sends no more. */
  hungUp(): void {
    if (this.isOver) return;
    this.#isExact = false;
    if (this.#framing.kind === 'close') this.#end();
    else this.#expects = 'nothing';
  }

  #takeOfLine(part: string): void {
    this.#line += part;
    this.#linesBytes += part.length;
    if (this.#line.length > MAX_LINE_BYTES || this.#linesBytes > MAX_LINES_BYTES) return this.#giveUp();
    if (!part.endsWith('\n')) return;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) this.#isExact = false;
    this.#takeLine(line.replace(/\r?\n$/, ''));
  }

  #takeLine(line: string): void {
    if (this.#expects === 'size') return this.#takeSize(line);
    if (this.#expects === 'trailer') {
      if (line === '') this.#end();
      else this.#isExact = false;
    } else if (line === '') this.#expects = 'size';
    else this.#giveUp();
  }

  #takeSize(line: string): void {
    const [, digits, extension] = CHUNK_SIZE.exec(line) ?? [];
    if (digits === undefined) return this.#giveUp();
    if (extension !== undefined) this.#isExact = false;
    this.#left = Number.parseInt(digits, 16);
    this.#expects = this.#left === 0 ? 'trailer' : 'data';
  }

  #afterData(): void {
    if (this.#framing.kind === 'chunked') this.#expects = 'end of data';
    else this.#end();
  }

  #end(): void {
    this.#isComplete = true;
    this.#expects = 'nothing';
  }

  #giveUp(): void {
    this.#isExact = false;
    this.#expects = 'nothing';
  }
}
