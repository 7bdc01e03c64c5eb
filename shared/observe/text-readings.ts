import { BEGUN_RUNS, NOTATIONS, type Notation } from './notations.ts';

/**
 * One way to read a byte string: as it is, or with the escapes of some notation undone. Each character knows which part of
 * the source it came from, so that what is found in a reading can be cut out of the source.
 */
export type Reading = { text: string; starts: Uint32Array; ends: Uint32Array };

/** Escapes inside escapes (JSON in a query, base64 in a JSON string) are undone to this depth. */
const DEPTH = 2;

/**
 * The source as it is and every distinct reading of it, including escapes inside escapes.
 * @param end whether the source is complete, or reading stopped somewhere
 */
export function readingsOf(source: string, end: 'whole' | 'stopped'): Reading[] {
  const notations = end === 'whole' ? NOTATIONS : [...NOTATIONS, ...BEGUN_RUNS];
  const identity = new Uint32Array(source.length).map((_, index) => index);
  const readings: Reading[] = [{ text: source, starts: identity, ends: identity.map((index) => index + 1) }];
  const seen = new Set([source]);
  let level = readings.slice();
  for (let depth = 0; depth < DEPTH; depth++) {
    const next: Reading[] = [];
    for (const reading of level) {
      for (const notation of notations) {
        const undone = undo(reading, notation);
        if (undone === undefined || seen.has(undone.text)) continue;
        seen.add(undone.text);
        next.push(undone);
      }
    }
    readings.push(...next);
    level = next;
  }
  return readings;
}

/** A reading without the escapes of one notation; undefined when it has none. */
export function undo(reading: Reading, notation: Notation): Reading | undefined {
  // The result is never longer than its escape.
  const starts = new Uint32Array(reading.text.length);
  const ends = new Uint32Array(reading.text.length);
  let text = '';
  const copy = (from: number, to: number) => {
    starts.set(reading.starts.subarray(from, to), text.length);
    ends.set(reading.ends.subarray(from, to), text.length);
    text += reading.text.slice(from, to);
  };
  let done = 0;
  for (const match of reading.text.matchAll(notation.escape)) {
    const [escape] = match;
    const bytes = notation.undo(match.groups ?? {}, escape);
    if (bytes === undefined) continue;
    copy(done, match.index);
    done = match.index + escape.length;
    for (let index = 0; index < bytes.length; index++) {
      const { from, to } = notation.span?.(index) ?? { from: 0, to: escape.length };
      starts[text.length + index] = reading.starts[match.index + from] ?? 0;
      ends[text.length + index] = reading.ends[match.index + Math.min(to, escape.length) - 1] ?? 0;
    }
    text += bytes;
  }
  if (done === 0) return undefined;
  copy(done, reading.text.length);
  return { text, starts: starts.subarray(0, text.length), ends: ends.subarray(0, text.length) };
}
