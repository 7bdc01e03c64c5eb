import { MAX_RESPONSE_HEADER_BYTES } from '../runtime/limits.ts';

const CR = 0x0d;
const LF = 0x0a;
const START = Buffer.from('HTTP/1.');
/** Most blocks are smaller; for a larger one the buffer doubles. */
const FIRST_BYTES = 2048;

/** `foreign`: it does not start like HTTP/1. `full`: as much was read as ever is, without reaching its end. */
export type Taken = 'open' | 'complete' | 'full' | 'foreign';

/** Collects the bytes of one header block up to its empty line, whichever way its lines end. */
export class HeaderBlock {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #lineIsEmpty = false;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** What was collected, one character for each byte. */
  text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  take(byte: number): Taken {
    // Some old servers send stray line ends after the previous response.
    if (this.#length === 0 && (byte === CR || byte === LF)) return 'open';
    if (this.#length < START.length && byte !== START[this.#length]) return 'foreign';
    this.#add(byte);
    if (byte === LF && this.#lineIsEmpty) return 'complete';
    // Carriage returns alone do not end a line.
    if (byte !== CR) this.#lineIsEmpty = byte === LF;
    return this.#length === MAX_RESPONSE_HEADER_BYTES ? 'full' : 'open';
  }

  #add(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * this.#length);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }
}
