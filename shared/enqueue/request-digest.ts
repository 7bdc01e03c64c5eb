import { createHash } from 'node:crypto';
import { isJsonObject } from '../runtime/json-object.ts';

/** Stands for a value whose canonical text is known already. */
export class CanonicalText {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/**
 * SHA-256, in hex, over a canonical JSON text of a request: names in one order, no blanks. Two requests that mean the
 * same have the same digest; undefined fields do not count. The values must not nest beyond what `json-faults.ts` lets
 * through.
 *
 * A change of the canonical form only makes repeated requests warn of a difference that is none.
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

/** Used by one text at a time: nothing here waits. */
const gathered = Buffer.allocUnsafe(16 * 1024);

/**
 * Gathers pieces as bytes. As strings, every bracket and comma of a large value would be an object of its own, and they
 * together many times the text.
 */
class Pieces {
  readonly #write: (bytes: Uint8Array) => void;
  #used = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  text(text: string): void {
    // A UTF-16 unit has three bytes of UTF-8 at most.
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
  else if (Array.isArray(value)) {
    pieces.text('[');
    for (const item of value) {
      writeCanonical(item, pieces);
      pieces.text(',');
    }
    pieces.text(']');
  } else if (isJsonObject(value)) {
    pieces.text('{');
    // By code units: the same on every machine, whatever its language.
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
