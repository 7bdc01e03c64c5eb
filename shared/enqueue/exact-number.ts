/**
 * A number of a JSON text that a JavaScript number does not hold exactly or would write differently, such as a 64-bit id, `1.10`,
 * `-0` or `1e400`. It is written with the digits it came with.
 */
export class ExactNumber {
  /** As it stands in the text. */
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toJSON(): unknown {
    return rawJson(this.source);
  }

  /** The nearest JavaScript number; infinite beyond their range. */
  toNumber(): number {
    return Number(this.source);
  }
}

// In ES2026 and in Node 24; TypeScript's own declarations do not know them yet.
const { parse, rawJSON: rawJson } = JSON as unknown as {
  parse: (text: string, reviver: (name: string, value: unknown, context: { source: string }) => unknown) => unknown;
  rawJSON: (text: string) => unknown;
};

/** `JSON.parse` that keeps the digits of every number. Throws a SyntaxError for what is no JSON, a RangeError for some nesting of more than 1,000 levels. */
export function parseJsonExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // A reviver costs up to 240 ms for 1 MiB, this look 14 ms, and most texts hold no such number.
  return holdsExactNumber(text) ? parse(text, keepDigits()) : value;
}

/** Numbers that are written alike are one object: a text may hold hundreds of thousands of `-0`. */
function keepDigits() {
  const known = new Map<string, ExactNumber>();
  return (_name: string, value: unknown, { source }: { source: string }): unknown => {
    if (typeof value !== 'number' || !needsDigits(value, source)) return value;
    const kept = known.get(source) ?? new ExactNumber(source);
    known.set(source, kept);
    return kept;
  };
}

/** Beyond 2^53 a number may be the neighbour of the one that was meant, although it is written the same. */
function needsDigits(value: number, source: string): boolean {
  return String(value) !== source || Math.abs(value) > Number.MAX_SAFE_INTEGER;
}

/** Strings are matched as a whole, so that digits in them do not count. The text must be valid JSON. */
function holdsExactNumber(text: string): boolean {
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[-\d][\d.eE+-]*/g)) {
    if (!token.startsWith('"') && needsDigits(Number(token), token)) return true;
  }
  return false;
}

/**
 * One text for all spellings of a number: the one of JavaScript where that holds it exactly, else its digits without zeros at
 * the ends, and their exponent. So `1.10` and `1.1` are the same, and two ids that differ in their last digit are not.
 */
export function canonicalNumber({ source }: ExactNumber): string {
  const nearest = String(Number(source) + 0);
  const exact = decimalForm(source);
  return Number.isFinite(Number(source)) && decimalForm(nearest) === exact ? nearest : exact;
}

/** Takes time linear in the length of the text: it may be a megabyte of digits. */
function decimalForm(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,15}))?$/.exec(text) ?? [];
  if (whole === '') return text;
  const digits = `${whole}${fraction}`;
  let from = 0;
  while (digits[from] === '0') from++;
  let to = digits.length;
  while (to > from && digits[to - 1] === '0') to--;
  if (from === to) return '0';
  return `${sign}${digits.slice(from, to)}e${Number(exponent) - fraction.length + digits.length - to}`;
}
