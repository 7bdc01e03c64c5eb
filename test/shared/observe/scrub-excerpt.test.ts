// Real: everything; the scrubber is pure. Secrets here are made up. What must never be asserted: how a cut-out is spelled
// inside an encoding, only that nothing of the secret can be read out of the answer.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { scrub, signatureValues } from '../../../shared/observe/scrub-excerpt.ts';

const CANARY = 'can/ary+"tök\\en<&>\'9f8e7d6c5b4a';

const bytesOf = (secret: string): number[] => [...Buffer.from(secret)];
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inPieces = (text: string, length: number): string[] => text.match(new RegExp(`.{1,${length}}`, 'gsu')) ?? [];

const spellings: Record<string, (secret: string) => string> = {
  plain: (secret) => secret,
  base64: (secret) => Buffer.from(secret).toString('base64'),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'upper-case hex': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'URL-encoded': (secret) => encodeURIComponent(secret),
  'URL-encoded in lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'form-encoded': (secret) => new URLSearchParams({ secret }).toString().slice('secret='.length),
  'percent-encoded throughout': (secret) => [...Buffer.from(secret)].map((byte) => `%${hex(byte, 2)}`).join(''),
  'URL-encoded but for its plus': (secret) => encodeURI(secret),
  'escaped as JavaScript once did': (secret) =>
    Array.from({ length: secret.length }, (_, unit) => `%u${hex(secret.charCodeAt(unit), 4)}`).join(''),
  'JSON-escaped': (secret) => JSON.stringify(secret).slice(1, -1),
  'JSON-escaped to ASCII': (secret) => toAscii(JSON.stringify(secret).slice(1, -1)).replaceAll('/', '\\/'),
  'JSON inside JSON': (secret) => JSON.stringify(JSON.stringify({ secret })),
  'JSON in a query': (secret) => encodeURIComponent(JSON.stringify({ secret })),
  'HTML-escaped': (secret) => secret.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  'HTML-escaped by name': (secret) => secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  'wrapped base64': (secret) =>
    (
      Buffer.from(secret)
        .toString('base64')
        .match(/.{1,16}/g) ?? []
    ).join('\r\n'),
  'in capitals': (secret) => secret.toUpperCase(),
  'in small letters': (secret) => secret.toLowerCase(),
  'as a list of byte numbers': (secret) => JSON.stringify(bytesOf(secret)),
  'as a list of byte numbers, one on each line': (secret) => JSON.stringify(bytesOf(secret), null, 2),
  'as the JSON of a Buffer': (secret) => JSON.stringify(Buffer.from(secret)),
  'as the JSON of a typed array': (secret) => JSON.stringify(Uint8Array.from(bytesOf(secret))),
  'as Java prints bytes': (secret) => `[${Int8Array.from(bytesOf(secret)).join(', ')}]`,
  'as Go prints bytes': (secret) => `[${bytesOf(secret).join(' ')}]`,
  'as C writes bytes': (secret) =>
    bytesOf(secret)
      .map((byte) => `0x${hex(byte, 2)}`)
      .join(', '),
  'as PHP prints an array': (secret) =>
    bytesOf(secret)
      .map((byte, index) => `[${index}] => ${byte}`)
      .join('\n'),
  'as hex with colons': (secret) =>
    bytesOf(secret)
      .map((byte) => hex(byte, 2))
      .join(':'),
  'as hex with blanks': (secret) =>
    bytesOf(secret)
      .map((byte) => hex(byte, 2))
      .join(' '),
  'as hex with hyphens, in capitals': (secret) =>
    bytesOf(secret)
      .map((byte) => hex(byte, 2).toUpperCase())
      .join('-'),
  'as hex in groups of four': (secret) => inPieces(Buffer.from(secret).toString('hex'), 4).join(' '),
  'as base64 of base64': (secret) => base64(base64(secret)),
  'as base64url of base64url': (secret) => Buffer.from(Buffer.from(secret).toString('base64url')).toString('base64url'),
  'as base64url of base64url in a path': (secret) =>
    `/echo/${Buffer.from(Buffer.from(secret).toString('base64url')).toString('base64url')}/end`,
  'as base64 of hex': (secret) => base64(Buffer.from(secret).toString('hex')),
  'as hex of base64': (secret) => Buffer.from(base64(secret)).toString('hex'),
  'as base64 of UTF-16': (secret) => Buffer.from(secret, 'utf16le').toString('base64'),
  'as wrapped base64 of base64': (secret) => inPieces(base64(base64(secret)), 20).join('\r\n'),
  'quoted-printable': (secret) =>
    bytesOf(secret)
      .map((byte) => (byte > 32 && byte < 127 && byte !== 61 ? String.fromCharCode(byte) : `=${hex(byte, 2)}`))
      .join(''),
  'quoted-printable throughout, in capitals': (secret) =>
    bytesOf(secret)
      .map((byte) => `=${hex(byte, 2).toUpperCase()}`)
      .join(''),
  'quoted-printable over several lines': (secret) => inPieces(secret, 9).join('=\r\n'),
  'split by <br>': (secret) => inPieces(secret, 5).join('<br>'),
  'split by <br /> and line ends': (secret) => inPieces(secret, 5).join('<br />\n'),
  'each letter in an element': (secret) => [...secret].map((letter) => `<b class="x">${letter}</b>`).join(''),
  'split by zero-width spaces': (secret) => [...secret].join('\u200b'),
  'split by soft hyphens': (secret) => [...secret].join('\u00ad'),
  'split by byte order marks': (secret) => [...secret].join('\ufeff'),
  'split by zero-width spaces of HTML': (secret) => [...secret].join('&#8203;'),
  'split by zero-width spaces of JSON': (secret) => [...secret].join('\\u200b'),
  'split by hyphens': (secret) => inPieces(secret, 4).join('-'),
  'split into a list of letters': (secret) => JSON.stringify([...secret]),
  'split by no-break spaces': (secret) => [...secret].join('\u00a0'),
  decomposed: (secret) => secret.normalize('NFD'),
  'decomposed and URL-encoded': (secret) => encodeURIComponent(secret.normalize('NFD')),
  'HTML-escaped by every name': (secret) =>
    secret.replace(/[&<>"'/+ö]/g, (character) => `&${HTML_NAMES.get(character)};`),
  'in octal escapes': (secret) =>
    bytesOf(secret)
      .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
      .join(''),
};

const HTML_NAMES = new Map([
  ['&', 'amp'],
  ['<', 'lt'],
  ['>', 'gt'],
  ['"', 'quot'],
  ["'", 'apos'],
  ['/', 'sol'],
  ['+', 'plus'],
  ['ö', 'ouml'],
]);

describe.each(Object.entries(spellings))('a secret that comes back %s', (name, spell) => {
  test('is cut out, and what stands around it stays', () => {
    const scrubbed = scrub(`before ${spell(CANARY)} after`, [CANARY]);
    expect(scrubbed).toContain('[REDACTED]');
    expect(scrubbed).toMatch(/^before /);
    expect(scrubbed).toMatch(/after$/);
    expectNoTrace(scrubbed, CANARY);
  });

  test('cannot be read out of the answer, whatever the secret and its surroundings', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme' }),
        surroundings,
        (secret, [before, after]) => {
          fc.pre(secret.isWellFormed() && secret.trim().length >= 8);
          // A secret of separators cannot be told from other separators.
          fc.pre(!name.startsWith('split') || secret.replaceAll(/[^A-Za-z0-9]/g, '').length >= 6);
          expect(scrub(`${before} ${spell(secret)} ${after}`, [secret])).not.toContain(spell(secret));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('does not leak its beginning where reading stopped inside it', () => {
    const whole = `{"echo":"${spell(CANARY)}`;
    for (let length = '{"echo":"'.length; length < whole.length; length++) {
      const body = whole.slice(0, length);
      const scrubbed = scrub(body, [CANARY], length);
      // At most the character that base64 shares with its neighbour is left, or one number that may not have ended.
      expect(scrubbed.split('[REDACTED]')[0]?.length).toBeLessThanOrEqual(
        '{"echo":"'.length + (/99|143/.test(spell('c')) ? '99'.length : 1) + openingLength(spell),
      );
    }
  });
});

test('a secret in a larger document that is base64 as a whole is cut out at every alignment', () => {
  for (const lead of ['', 'a', 'ab', 'abc', 'abcd']) {
    const before = `${lead}Authorization: Bearer `;
    const document = Buffer.from(`${before}${CANARY}; more`).toString('base64');
    const pieces = scrub(document, [CANARY], 4096).split('[REDACTED]');
    expect(pieces).toHaveLength(2);
    // Only characters that hold no bit of the secret are left in front of it.
    expect(pieces[0]).toHaveLength(Math.floor((before.length * 8) / 6));
    expect(Buffer.from(pieces[1] ?? '', 'base64').toString()).not.toContain('5b4a');
  }
});

test.each([
  ['a hexadecimal key', 'DEADBEEFcafe0123456789abcdef0123'],
  ['a UUID', '6F1C2B3A-4d5e-4f60-8a7b-9c0d1e2f3a4b'],
  ['a token', 'Sk_Live_aBcDeFgHiJkLmNoP'],
])('%s is cut out in either case, without its separators, and as the bytes it spells', (_what, secret) => {
  const echoed = [
    secret.toUpperCase(),
    secret.toLowerCase(),
    `{${secret.toUpperCase()}}`,
    `urn:uuid:${secret.toLowerCase()}`,
    secret.replaceAll(/[-_]/g, '').toUpperCase(),
    secret.replaceAll(/[-_]/g, ' ').toLowerCase(),
  ];
  for (const text of echoed) {
    const scrubbed = scrub(`the key ${text} is unknown`, [secret]);
    expect(scrubbed).toMatch(/^the key \S*\[REDACTED\]\S* is unknown$/);
    expect(scrubbed.toLowerCase()).not.toMatch(/beef|4d5e|ghij/);
  }
  const bytes = Buffer.from(secret.replaceAll('-', ''), 'hex');
  if (bytes.length < 16) return;
  for (const text of [bytes.toString('base64'), bytes.toString('base64url'), JSON.stringify([...bytes])]) {
    expect(scrub(`the key ${text} is unknown`, [secret])).toMatch(/^the key \[?\[REDACTED\]\]? is unknown$/);
  }
});

test.each([
  ['in an element of its own', '<p>canary-7f3a9</p>', '<p>[REDACTED]</p>'],
  [
    'behind an index',
    '{"0":99,"1":97,"2":110,"3":97,"4":114,"5":121,"6":45,"7":55,"8":102,"9":51,"10":97,"11":57}',
    '{[REDACTED]}',
  ],
  ['and a list of numbers that is another', '[1, 2, 3, 99, 97, 110]', '[1, 2, 3, 99, 97, 110]'],
  ['and words that run together like it', 'can a ry bread', 'can a ry bread'],
  ['and markup that does not end', 'a <b canary-7f3a9 x', 'a <b [REDACTED] x'],
  ['and an ampersand', 'canary-7f3a9 & co', '[REDACTED] & co'],
])('what stands around a secret stays: %s', (_case, body, kept) => {
  expect(scrub(body, ['canary-7f3a9'])).toBe(kept);
});

test.each([
  ['zero-width spaces', (secret: string) => [...secret].join('\u200b')],
  ['line breaks of HTML', (secret: string) => [...secret].join('<br>')],
  ['UTF-16 and base64', (secret: string) => Buffer.from(secret, 'utf16le').toString('base64')],
  ['base64 in groups', (secret: string) => inPieces(base64(secret), 4).join(' ')],
  ['base64 in lines', (secret: string) => inPieces(base64(secret), 4).join('\n')],
])('a secret of hardly a letter is cut out of %s, too', (_what, spell) => {
  const secret = '+7/&-!?#"x';
  // Of UTF-16 the last NUL may be left.
  expect(scrub(`before: ${spell(secret)}; after`, [secret])).toMatch(/^before: \[REDACTED\](?:A=)?; after$/);
});

test.each([
  ['encrypted or hashed', 'c2hhMjU2'],
  ['in base32', 'MNQW4YLSPEWTOZRTME4Q===='],
  ['backwards', '9a3f7-yranac'],
  ['in part', 'canary… it was'],
  ['with other letters between', 'cXaXnXaXrXyX-X7XfX3XaX9'],
])('a receiver that means to keep a secret can: %s', (_how, body) => {
  expect(scrub(body, ['canary-7f3a9'])).toBe(body);
});

test('a signature is cut out whole, alone, without padding, and as hex of its bytes', () => {
  const signature = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
  const second = Buffer.from('vutsrqponmlkjihgfedcba9876543210').toString('base64');
  const values = signatureValues(`v1,${signature} v1a,${second}`);
  const body = [
    `v1,${signature} v1a,${second}`,
    `expected ${signature}`,
    `expected ${second.replaceAll('=', '')}`,
    `expected ${Buffer.from(signature, 'base64').toString('hex')}`,
  ].join('\n');
  const scrubbed = scrub(body, values);
  expectNoTrace(scrubbed, signature.slice(0, 20));
  expectNoTrace(scrubbed, second.slice(0, 20));
  expect(scrubbed).not.toContain(Buffer.from(signature, 'base64').toString('hex').slice(0, 12));
});

test('a secret that straddles the end of what is kept is cut out whole', () => {
  for (let before = 1024 - CANARY.length - 4; before <= 1026; before++) {
    const scrubbed = scrub(`${'.'.repeat(before)}${CANARY}${'!'.repeat(2000)}`, [CANARY]);
    expect(scrubbed).toMatch(/^\.+(\[?R?E?D?A?C?T?E?D?\]?)?!*$/);
  }
});

test('a secret whose end lies beyond what was read is cut out although only its beginning is there', () => {
  const body = Buffer.from(`${'.'.repeat(1000)}${CANARY}`).subarray(0, 1024);
  expect(scrub(body, [CANARY])).toBe('.'.repeat(1000));
});

test('a body that ends by chance like a secret begins keeps its end', () => {
  expect(scrub('{"status":"accepted"}', ['d"}-something-secret'])).toBe('{"status":"accepted"}');
});

test('a secret in UTF-16 does not become readable when its NULs are dropped', () => {
  expect(scrub(Buffer.from('the canary-1234 sings', 'utf16le'), ['canary-1234'])).toBe('the [REDACTED] sings');
});

test('a short value is cut out only where it stands alone: otherwise the gaps would spell it out', () => {
  expect(scrub('status: a, data: abba', ['a'])).toBe('status: [REDACTED], data: abba');
});

test('an empty value cuts nothing', () => {
  expect(scrub('all of it', [''])).toBe('all of it');
});

test('two values that overlap are both cut out', () => {
  expect(scrub('x user:password y', ['user:password', 'password', 'user', 'r:pass'])).toBe('x [REDACTED] y');
});

test('bytes are read as UTF-8, whatever they are, and neither NUL nor lone surrogates are left', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom([], [CANARY]), (bytes, secrets) => {
      const scrubbed = scrub(bytes, secrets);
      expect(scrubbed.isWellFormed()).toBe(true);
      expect(scrubbed).not.toContain('\0');
      expect(Buffer.byteLength(scrubbed)).toBeLessThanOrEqual(1024);
    }),
  );
});

test('a character cut in half at the end is dropped', () => {
  expect(scrub(Buffer.from('grün'), [], 3)).toBe('gr');
});

test('64 KiB made to be slow, and twenty secrets, are scrubbed in well under a second of work', () => {
  const secrets = Array.from({ length: 20 }, (_, index) => `${'a'.repeat(2000)}${index}`);
  const body = `%5Cu0061&amp;+${'a'.repeat(64 * 1024)}\\`;
  const before = process.cpuUsage();
  const scrubbed = scrub(body, secrets);
  const { user } = process.cpuUsage(before);
  expect(Buffer.byteLength(scrubbed)).toBeLessThanOrEqual(1024);
  expect(user / 1_000_000).toBeLessThan(5);
});

const surroundings = fc.tuple(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }));

/** Nothing of 8 characters or more of the secret is left, plain or under any encoding a reader would think of. */
function expectNoTrace(text: string, secret: string): void {
  for (let start = 0; start + 8 <= secret.length; start++) {
    const piece = secret.slice(start, start + 8);
    expect(text).not.toContain(piece);
    expect(text).not.toContain(encodeURIComponent(piece));
    expect(text).not.toContain(JSON.stringify(piece).slice(1, -1));
    expect(text.toLowerCase()).not.toContain(Buffer.from(piece).toString('hex'));
  }
}

/** What a spelling puts before the secret's own first character. */
function openingLength(spell: (secret: string) => string): number {
  const first = spell('zzzz').search(/z|7a|7A|%7A|enp6|ZW5w|122|172|N2E3|656e/);
  return Math.max(0, first);
}

function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
