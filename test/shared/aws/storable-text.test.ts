// Real: the cleaning of text from outside. That PostgreSQL takes the result is shown through the real Data API client in
// data-api.test.ts. No doubles.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { storableText } from '../../../shared/aws/storable-text.ts';

test.each([
  ['text as it is', 'Grüße 👋\n\t"\\', 'Grüße 👋\n\t"\\'],
  ['NUL', 'a\0b\0', 'a\ufffdb\ufffd'],
  ['a lone high surrogate', 'a\ud800b', 'a\ufffdb'],
  ['a lone low surrogate', '\udc00', '\ufffd'],
  ['halves in the wrong order', '\udc00\ud800', '\ufffd\ufffd'],
  ['nothing', '', ''],
])('keeps what PostgreSQL takes and replaces the rest: %s', (_case, text, stored) => {
  expect(storableText(text)).toBe(stored);
});

test('never makes a text longer, nor leaves one of the two behind', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\0', '\ud83d', '\udc4b', 'é', '\ufffd') }), (text) => {
      const stored = storableText(text);
      expect(stored).toHaveLength(text.length);
      expect(stored.isWellFormed()).toBe(true);
      expect(stored).not.toContain('\0');
      expect(storableText(stored)).toBe(stored);
    }),
  );
});
