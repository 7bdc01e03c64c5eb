import { ExactNumber } from './exact-number.ts';
import { MAX_INVOKE_REQUEST_BYTES, MAX_PAYLOAD_DEPTH, MAX_REQUEST_PARTS } from '../runtime/limits.ts';

/**
 * A lower bound for the bytes of a JSON value: characters beyond ASCII, and escaped ones, count as one byte. Stops as soon as
 * it exceeds `enough`. The value must not be nested too deeply.
 */
export function leastJsonBytes(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (value instanceof ExactNumber) return value.source.length;
  if (typeof value !== 'object' || value === null) return 1;
  // Brackets, and a comma after each child but the last.
  let bytes = 1;
  if (Array.isArray(value)) {
    for (const item of value) {
      bytes += 1 + leastJsonBytes(item, enough - bytes);
      if (bytes > enough) break;
    }
  } else {
    for (const name of Object.keys(value)) {
      const child: unknown = (value as Record<string, unknown>)[name];
      bytes += name.length + 4 + leastJsonBytes(child, enough - bytes);
      if (bytes > enough) break;
    }
  }
  return Math.max(2, bytes);
}

/**
 * Why a parsed request is too large to be looked at; undefined if it is not. Lambda hands requests over parsed, and a short
 * text can need a lot of memory: 4.9 MB of `{}` become 200 MB of objects, and each walk over them needs more.
 */
export function tooLargeBecause(request: unknown): string | undefined {
  if (partsOf(request, MAX_REQUEST_PARTS) > MAX_REQUEST_PARTS) {
    return `more than ${MAX_REQUEST_PARTS} objects, lists, names and strings in all`;
  }
  return hasMoreBytes(request) ? `more than ${MAX_INVOKE_REQUEST_BYTES} bytes in all` : undefined;
}

/** Numbers and literals need no more than their text. Values nested too deeply are not counted: they are refused anyway. */
function partsOf(value: unknown, enough: number, levelsLeft = 2 * MAX_PAYLOAD_DEPTH): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null || levelsLeft === 0) return 0;
  let parts = 1;
  if (Array.isArray(value)) {
    for (const item of value) {
      parts += partsOf(item, enough - parts, levelsLeft - 1);
      if (parts > enough) break;
    }
  } else {
    for (const name of Object.keys(value)) {
      const child: unknown = (value as Record<string, unknown>)[name];
      parts += 1 + partsOf(child, enough - parts, levelsLeft - 1);
      if (parts > enough) break;
    }
  }
  return parts;
}

/** Values too deep for a recursive serialiser to measure are refused item by item. */
function hasMoreBytes(request: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(request) ?? '') > MAX_INVOKE_REQUEST_BYTES;
  } catch {
    return false;
  }
}
