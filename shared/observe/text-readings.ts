/**
 * One way to read a byte string: as it is, or with the escapes of some notation undone. Each character knows which
 * stretch of the source it came from, so that what is found in a reading can be cut out of the source.
 */
export type Reading = { text: string; starts: Uint32Array; ends: Uint32Array };

type Notation = {
  /**
   * An escape, or a piece of one at the very end, where reading may have stopped. Every repetition is bounded, so that
   * no text makes it slow.
   */
  escape: RegExp;
  /** The bytes that stand for an escape, none for a piece of one; undefined when it is no escape after all. */
  undo(groups: Record<string, string | undefined>): string | undefined;
};

/** Escapes inside escapes (JSON in a query, a document in a JSON string) are undone to this depth. */
const DEPTH = 2;

const percent: Notation = {
  escape: /%(?<byte>[0-9a-f]{2})|%[0-9a-f]?$/gi,
  undo: ({ byte }) => (byte === undefined ? '' : String.fromCharCode(parseInt(byte, 16))),
};

const form: Notation = {
  escape: /(?<plus>\+)|%(?<byte>[0-9a-f]{2})|%[0-9a-f]?$/gi,
  undo: (groups) => (groups['plus'] === undefined ? percent.undo(groups) : ' '),
};

const BACKSLASHED: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };

const backslash: Notation = {
  // In this order: a surrogate pair is one character, also when reading stopped inside it.
  escape: new RegExp(
    [
      String.raw`\\u(?<high>d[89ab][0-9a-f]{2})\\u(?<low>d[c-f][0-9a-f]{2})`,
      String.raw`\\ud[89ab][0-9a-f]{2}(?:\\(?:u[0-9a-f]{0,3})?)?$`,
      String.raw`\\u(?<unit>[0-9a-f]{4})`,
      String.raw`\\u\{(?<point>[0-9a-f]{1,6})\}`,
      String.raw`\\x(?<byte>[0-9a-f]{2})`,
      String.raw`\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?)?$`,
      String.raw`\\(?<letter>[^])`,
    ].join('|'),
    'gi',
  ),
  undo({ high, low, unit, point, byte, letter }) {
    if (high !== undefined && low !== undefined)
      return utf8(String.fromCharCode(parseInt(high, 16), parseInt(low, 16)));
    if (unit !== undefined) return utf8(String.fromCharCode(parseInt(unit, 16)));
    if (point !== undefined) return codePoint(parseInt(point, 16));
    if (byte !== undefined) return String.fromCharCode(parseInt(byte, 16));
    return letter === undefined ? '' : (BACKSLASHED[letter] ?? letter);
  },
};

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: utf8('\u00a0') };

const html: Notation = {
  escape:
    /&#x(?<hex>[0-9a-f]{1,8});|&#(?<decimal>[0-9]{1,8});|&(?<name>amp|lt|gt|quot|apos|nbsp);|&(?:#x?[0-9a-f]{0,8}|[a-z]{0,4})?$/gi,
  undo({ hex, decimal, name }) {
    if (hex !== undefined) return codePoint(parseInt(hex, 16));
    if (decimal !== undefined) return codePoint(Number(decimal));
    return name === undefined ? '' : NAMED[name.toLowerCase()];
  },
};

/** Lines wrapped for width, as in the base64 of mail. */
const wrapped: Notation = { escape: /[\r\n\t ]{1,80}/g, undo: () => '' };

const NOTATIONS = [percent, form, backslash, html, wrapped];

/** The source as it is and every distinct reading of it, escapes in escapes included. */
export function readingsOf(source: string): Reading[] {
  const identity = Uint32Array.from({ length: source.length }, (_, index) => index);
  const readings: Reading[] = [{ text: source, starts: identity, ends: identity.map((index) => index + 1) }];
  const seen = new Set([source]);
  let level = readings.slice();
  for (let depth = 0; depth < DEPTH; depth++) {
    const next: Reading[] = [];
    for (const reading of level) {
      for (const notation of NOTATIONS) {
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

function undo(reading: Reading, notation: Notation): Reading | undefined {
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  const copy = (from: number, to: number) => {
    text += reading.text.slice(from, to);
    for (let index = from; index < to; index++) {
      starts.push(reading.starts[index] ?? 0);
      ends.push(reading.ends[index] ?? 0);
    }
  };
  let done = 0;
  for (const match of reading.text.matchAll(notation.escape)) {
    const bytes = notation.undo(match.groups ?? {});
    if (bytes === undefined) continue;
    copy(done, match.index);
    done = match.index + match[0].length;
    text += bytes;
    for (let index = 0; index < bytes.length; index++) {
      starts.push(reading.starts[match.index] ?? 0);
      ends.push(reading.ends[done - 1] ?? 0);
    }
  }
  if (done === 0) return undefined;
  copy(done, reading.text.length);
  return { text, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

function codePoint(value: number): string | undefined {
  return value > 0x10ffff ? undefined : utf8(String.fromCodePoint(value));
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
