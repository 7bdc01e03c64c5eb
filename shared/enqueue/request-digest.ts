import { createHash } from 'node:crypto';
import { isJsonObject } from '../runtime/json-object.ts';

/**
 * SHA-256, in hex, over a canonical JSON text of a request: names in one order, no blanks. Two requests that mean the
 * same have the same digest; undefined fields do not count. The values must not nest beyond what `json-faults.ts` lets
 * through.
 *
 * A change of the canonical form only makes repeated requests warn of a difference that is none.
 */
export function requestDigest(request: Readonly<Record<string, unknown>>): string {
  const pieces: string[] = [];
  writeCanonical(request, pieces);
  return createHash('sha256').update(pieces.join('')).digest('hex');
}

function writeCanonical(value: unknown, pieces: string[]): void {
  if (Array.isArray(value)) {
    pieces.push('[');
    for (const item of value) {
      writeCanonical(item, pieces);
      pieces.push(',');
    }
    pieces.push(']');
  } else if (isJsonObject(value)) {
    pieces.push('{');
    // By code units: the same on every machine, whatever its language.
    for (const [name, child] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (child === undefined) continue;
      pieces.push(JSON.stringify(name), ':');
      writeCanonical(child, pieces);
      pieces.push(',');
    }
    pieces.push('}');
  } else pieces.push(JSON.stringify(value));
}
