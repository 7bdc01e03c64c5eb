// Real: everything; the scrubber is pure. Secrets here are made up. What must never be asserted: how a cut-out is spelled
// inside an encoding, only that nothing of the secret can be read out of the answer.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { scrub, signatureValues } from '../../../shared/observe/scrub-excerpt.ts';

const CANARY = 'can/ary+"tök\\en<&>\'9f8e7d6c5b4a';

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
};

describe.each(Object.entries(spellings))('a secret that comes back %s', (_name, spell) => {
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
      // At most the character that base64 shares with its neighbour is left.
      expect(scrubbed.split('[REDACTED]')[0]?.length).toBeLessThanOrEqual(
        '{"echo":"'.length + 1 + openingLength(spell),
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
  const first = spell('zzzz').search(/z|7a|7A|%7A|enp6/);
  return Math.max(0, first);
}

function toAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
