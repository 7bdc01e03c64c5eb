import { createHash } from 'node:crypto';
import { canonicalNumber, ExactNumber } from './exact-number.ts';
import { isJsonObject } from '../runtime/json-object.ts';

/** A value whose canonical text is already known. */
export class CanonicalText {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/**
 * SHA-256, in hex, of the canonical JSON text of a request: names sorted, no white space. Two requests that mean the same have
 * the same digest, however their numbers are spelled; undefined fields do not count. The values must not be nested deeper than `json-faults.ts` allows.
 *
 * If the canonical form changes, the only effect is that repeated requests warn of a difference that does not exist.
 */
export function requestDigest(request: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256');
  writeWhole(request, (bytes) => void hash.update(bytes));
  return hash.digest('hex');
}

/** The canonical text of one value of a request. */
export function canonicalText(value: unknown): CanonicalText {
  const parts: Buffer[] = [];
  writeWhole(value, (bytes) => void parts.push(Buffer.from(bytes)));
  return new CanonicalText(Buffer.concat(parts));
}

function writeWhole(value: unknown, write: (bytes: Uint8Array) => void): void {
  const pieces = new Pieces(write);
  writeCanonical(value, pieces);
  pieces.flush();
}

/** Used for one text at a time, because nothing here waits. */
const gathered = Buffer.allocUnsafe(16 * 1024);

/**
 * Gathers pieces as bytes. As strings, every bracket and comma of a large value would be an object of its own, and together
 * they would need many times the memory of the text.
 */
class Pieces {
  readonly #write: (bytes: Uint8Array) => void;
  #used = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  text(text: string): void {
    // A UTF-16 unit has at most three bytes in UTF-8.
    if (3 * text.length > gathered.length) return this.bytes(Buffer.from(text));
    if (this.#used + 3 * text.length > gathered.length) this.flush();
    this.#used += gathered.write(text, this.#used);
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  flush(): void {
    this.#write(gathered.subarray(0, this.#used));
    this.#used = 0;
  }
}

function writeCanonical(value: unknown, pieces: Pieces): void {
  if (value instanceof CanonicalText) pieces.bytes(value.bytes);
  else if (value instanceof ExactNumber) pieces.text(canonicalNumber(value));
  else if (Array.isArray(value)) {
    pieces.text('[');
    for (const item of value) {
      writeCanonical(item, pieces);
      pieces.text(',');
    }
    pieces.text(']');
  } else if (isJsonObject(value)) {
    pieces.text('{');
    // By code units, so that the order is the same on every machine, whatever its language.
    for (const name of Object.keys(value).sort()) {
      const child = value[name];
      if (child === undefined) continue;
      pieces.text(`${JSON.stringify(name)}:`);
      writeCanonical(child, pieces);
      pieces.text(',');
    }
    pieces.text('}');
  } else pieces.text(JSON.stringify(value));
}
