/** A way to write bytes, and how to undo it. Texts are byte strings: one character for each byte of UTF-8. */
export type Notation = {
  /**
   * One escape, or a piece of one at the very end, where reading may have stopped. Nothing that may repeat many times is
   * followed by something that can fail, so no text makes it slow.
   */
  escape: RegExp;
  /**
   * The bytes an escape stands for, never more than the escape itself has, none for a piece; undefined if it is not an escape
   * after all.
   */
  undo(groups: Record<string, string | undefined>, escape: string): string | undefined;
  /** Which characters of its escape byte number `index` came from; without it, all of them. */
  span?(index: number): { from: number; to: number };
};

const percent: Notation = {
  escape: new RegExp(
    [
      // A surrogate pair is one character, even if reading stopped inside it.
      String.raw`%u(?<high>d[89ab][0-9a-f]{2})%u(?<low>d[c-f][0-9a-f]{2})|%ud[89ab][0-9a-f]{2}(?:%(?:u[0-9a-f]{0,3})?)?$`,
      String.raw`%u(?<unit>[0-9a-f]{4})|%(?<byte>[0-9a-f]{2})|%(?:u[0-9a-f]{0,3}|[0-9a-f])?$`,
    ].join('|'),
    'gi',
  ),
  undo({ high, low, unit, byte }) {
    if (high !== undefined && low !== undefined) return utf8(fromHex(high) + fromHex(low));
    if (unit !== undefined) return utf8(fromHex(unit));
    return byte === undefined ? '' : fromHex(byte);
  },
};

const form: Notation = {
  escape: /(?<plus>\+)|%(?<byte>[0-9a-f]{2})|%[0-9a-f]?$/gi,
  undo: (groups, escape) => (groups['plus'] === undefined ? percent.undo(groups, escape) : ' '),
};

const quotedPrintable: Notation = {
  escape: /=(?<byte>[0-9a-f]{2})|=[ \t]{0,80}\r?\n|=(?:[0-9a-f]|[ \t]{0,80}\r?)?$/gi,
  undo: ({ byte }) => (byte === undefined ? '' : fromHex(byte)),
};

const BACKSLASHED: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };

const backslash: Notation = {
  escape: new RegExp(
    [
      String.raw`\\u(?<high>d[89ab][0-9a-f]{2})\\u(?<low>d[c-f][0-9a-f]{2})`,
      String.raw`\\ud[89ab][0-9a-f]{2}(?:\\(?:u[0-9a-f]{0,3})?)?$`,
      String.raw`\\u(?<unit>[0-9a-f]{4})`,
      String.raw`\\u\{(?<point>[0-9a-f]{1,6})\}`,
      String.raw`\\x(?<byte>[0-9a-f]{2})`,
      String.raw`\\(?<octal>[0-3][0-7]{2})`,
      String.raw`\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?|[0-3][0-7]?)?$`,
      String.raw`\\(?<letter>[^])`,
    ].join('|'),
    'gi',
  ),
  undo({ high, low, unit, point, byte, octal, letter }) {
    if (high !== undefined && low !== undefined) return utf8(fromHex(high) + fromHex(low));
    if (unit !== undefined) return utf8(fromHex(unit));
    if (point !== undefined) return codePoint(parseInt(point, 16));
    if (byte !== undefined) return fromHex(byte);
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    return letter === undefined ? '' : (BACKSLASHED[letter] ?? letter);
  },
};

/** The names of HTML for ASCII, each before its character. */
const ASCII_NAMES = `amp & lt < gt > quot " apos ' excl ! num # dollar $ percnt % lpar ( rpar ) ast * plus + comma , period .
  sol / colon : semi ; equals = quest ? commat @ lsqb [ lbrack [ bsol \\ rsqb ] rbrack ] Hat ^ lowbar _ grave \` lcub {
  lbrace { verbar | vert | rcub } rbrace }`;
/** From U+00A0 on. */
const LATIN1_NAMES = `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3
  acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig
  Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave
  Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave
  iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml`;
const UNSEEN_NAMES = {
  Tab: '\t',
  NewLine: '\n',
  ZeroWidthSpace: '\u200b',
  zwnj: '\u200c',
  zwj: '\u200d',
  NoBreak: '\u2060',
};

const NAMED = new Map<string | undefined, string | undefined>([
  ...[...ASCII_NAMES.matchAll(/(\w{2,}) (\S)/g)].map(([, name, character]) => [name, character] as const),
  ...LATIN1_NAMES.split(/\s+/).map((name, index) => [name, String.fromCharCode(0xa0 + index)] as const),
  ...Object.entries(UNSEEN_NAMES),
]);

const html: Notation = {
  // The piece is tried first: the semicolon may be left out after a number.
  escape:
    /&(?:#x?[0-9a-f]{0,8}|[a-z0-9]{0,31})?$|&#x(?<hex>[0-9a-f]{1,8});?|&#(?<decimal>[0-9]{1,8});?|&(?<name>[a-z0-9]{2,31});/gi,
  undo({ hex, decimal, name }) {
    if (hex !== undefined) return codePoint(parseInt(hex, 16));
    if (decimal !== undefined) return codePoint(Number(decimal));
    if (name === undefined) return '';
    const character = NAMED.get(name) ?? NAMED.get(name.toLowerCase());
    return character === undefined ? undefined : utf8(character);
  },
};

/** `<br>`, `</span><span class="…">`: markup inside a word. */
const tags: Notation = { escape: /<[a-z/!][^<>]*(?:>|$)|<$/gi, undo: () => '' };

/** Lines wrapped for width, as in the base64 of mail. */
const wrapped: Notation = { escape: /[\r\n]+[\t ]{0,80}/g, undo: () => '' };
const blanks: Notation = { escape: /[\r\n\t ]+/g, undo: () => '' };

/** UTF-16 inside an encoding; a body that is itself UTF-16 has lost its NULs before this. */
const wide: Notation = { escape: /\0+/g, undo: () => '' };

/** Soft hyphens, zero-width and direction characters, variation selectors, as UTF-8; and the first bytes of one at the end. */
const unseen: Notation = {
  escape: new RegExp(
    [
      String.raw`\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]`,
      String.raw`\xe3\x85\xa4|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xef\xbe\xa0|\xf3\xa0[\x80-\x87][\x80-\xbf]`,
      String.raw`[\xc2\xcd\xd8]$|[\xe1-\xe3\xef][\x80-\xbf]?$|\xf3[\x80-\xbf]{0,2}$`,
    ].join('|'),
    'g',
  ),
  undo: () => '',
};

/** Bytes as a list of numbers: `[99, 97]`, Java's negative ones, `0x63,0x61`, with their indices as keys, one on each line. */
const numbers: Notation = {
  escape: new RegExp(
    [
      String.raw`(?<![a-z0-9])(?:0x[0-9a-f]{0,2}|-?\d{1,3}|-)$`,
      String.raw`(?<![a-z0-9])(?:(?:\[\d{1,4}\]|"\d{1,4}"|'\d{1,4}')\s{0,2}(?::|=>)\s{0,2})?` +
        String.raw`["']?(?:0x(?<hex>[0-9a-f]{1,2})|(?<decimal>-?\d{1,3}))(?![a-z0-9.])["']?[\s,;|]{0,80}`,
    ].join('|'),
    'gi',
  ),
  undo({ hex, decimal }) {
    if (hex !== undefined) return fromHex(hex);
    if (decimal === undefined) return '';
    const byte = Number(decimal);
    return byte < -128 || byte > 255 ? undefined : String.fromCharCode((byte + 256) % 256);
  },
};

/** Shorter runs decode to too little of a secret. */
const MIN_RUN = 8;

const BASE64: Pick<Notation, 'undo' | 'span'> = {
  undo: (_, run) => Buffer.from(run, 'base64').toString('latin1'),
  span: (index) => ({ from: Math.floor((index * 8) / 6), to: Math.ceil(((index + 1) * 8) / 6) }),
};
const HEX: Pick<Notation, 'undo' | 'span'> = {
  undo: (_, run) => Buffer.from(run, 'hex').toString('latin1'),
  span: (index) => ({ from: 2 * index, to: 2 * index + 2 }),
};

function runs(pattern: (alphabet: string) => string): Notation[] {
  return [
    { ...BASE64, escape: new RegExp(pattern('A-Z0-9+/'), 'gi') },
    { ...BASE64, escape: new RegExp(pattern('A-Z0-9_-'), 'gi') },
    { ...HEX, escape: new RegExp(pattern('0-9a-f'), 'gi') },
  ];
}

/** Every notation that is undone, each on its own and inside each other. */
export const NOTATIONS: readonly Notation[] = [
  percent,
  form,
  quotedPrintable,
  backslash,
  html,
  tags,
  wrapped,
  blanks,
  wide,
  unseen,
  numbers,
  ...runs((alphabet) => `[${alphabet}]{${MIN_RUN},}`),
];

/** Also undone where reading stopped: a run may have only just begun. */
export const BEGUN_RUNS: readonly Notation[] = runs((alphabet) => `(?<![${alphabet}])[${alphabet}]{2,${MIN_RUN - 1}}$`);

/**
 * Leaves letters and digits only, so that a secret is found whatever stands between them: ASCII punctuation, Latin-1 signs,
 * the blanks, dashes and invisible characters of Unicode's general punctuation.
 */
export const lettersOnly: Notation = {
  escape: new RegExp(
    [
      String.raw`[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+|\xc2[\x80-\xbf]|\xcd\x8f|\xe2[\x80\x81][\x80-\xbf]|\xe3\x80[\x80-\x83]`,
      String.raw`\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|[\xc2\xcd]$|[\xe2\xe3\xef][\x80\x81\xb8\xbb]?$`,
    ].join('|'),
    'g',
  ),
  undo: () => '',
};

function fromHex(digits: string): string {
  return String.fromCharCode(parseInt(digits, 16));
}

function codePoint(value: number): string | undefined {
  return value > 0x10ffff ? undefined : utf8(String.fromCodePoint(value));
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
