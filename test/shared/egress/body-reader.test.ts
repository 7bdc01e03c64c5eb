// Pure rules, nothing is a double. What must never be asserted: that a body is exact where two readers could see different ends.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader } from '../../../shared/egress/body-reader.ts';
import type { BodyFraming } from '../../../shared/egress/response-head.ts';

function read(framing: BodyFraming, pieces: readonly (string | Buffer)[], thenHangsUp = false) {
  const reader = new BodyReader(framing);
  const parts: Buffer[] = [];
  for (const piece of pieces) reader.take(Buffer.from(piece as string, 'latin1'), (part) => parts.push(part));
  if (thenHangsUp) reader.hungUp();
  const { isOver, isComplete, isExact } = reader;
  return { body: Buffer.concat(parts).toString('latin1'), isOver, isComplete, isExact };
}

const CHUNKED = { kind: 'chunked' } as const;
const EXACT = { isOver: true, isComplete: true, isExact: true };
const GIVEN_UP = { isOver: true, isComplete: false, isExact: false };

describe('a body', () => {
  it('in chunks is the same, however it is cut into chunks and the chunks into pieces', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all));
    const chunks = fc.array(
      bytes.filter(({ length }) => length > 0),
      { maxLength: 6 },
    );
    const same = fc.property(chunks, fc.array(fc.nat(200), { maxLength: 8 }), (all, cuts) => {
      const lines = all.map((chunk) => Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, CRLF]));
      const whole = Buffer.concat([...lines, Buffer.from('0\r\n\r\n')]);
      const places = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, index) => whole.subarray(places[index], end));
      expect(read(CHUNKED, pieces)).toEqual({ ...EXACT, body: Buffer.concat(all).toString('latin1') });
    });
    fc.assert(same, { numRuns: 300 });
  });

  it.each<[string, BodyFraming, string[], string]>([
    ['of a length', { kind: 'length', bytes: 5 }, ['hel', 'lo'], 'hello'],
    ['of no bytes', { kind: 'length', bytes: 0 }, [], ''],
    [
      'in chunks with sizes in both cases',
      CHUNKED,
      ['A\r\n0123456789\r\n', 'a\r\n0123456789\r\n00\r\n\r\n'],
      '01234567890123456789',
    ],
  ])('is exact: %s', (_, framing, pieces, body) => {
    expect(read(framing, pieces)).toEqual({ ...EXACT, body });
  });

  it.each<[string, BodyFraming, string[]]>([
    ['with a byte behind its length', { kind: 'length', bytes: 2 }, ['ok!']],
    ['with a byte behind its last chunk', CHUNKED, ['2\r\nok\r\n0\r\n\r\n!']],
    ['with an extension', CHUNKED, ['2;a="\r\nok\r\n0\r\n\r\n']],
    ['with a bare line feed', CHUNKED, ['2\r\nok\n0\r\n\r\n']],
    ['with trailers', CHUNKED, ['2\r\nok\r\n0\r\nX: y\r\n\r\n']],
  ])('is complete and not exact: %s', (_, framing, pieces) => {
    expect(read(framing, pieces)).toEqual({ ...EXACT, isExact: false, body: 'ok' });
  });

  it.each<[string, string]>([
    ['without a size', '\r\n'],
    ['with a size that is none', 'zz\r\n'],
    ['with a size below zero', '-1\r\n'],
    ['with a size in the notation of C', '0x2\r\nok\r\n'],
    ['with a size that no number holds', 'fffffffffffffff\r\n'],
    ['with a blank before its size', ' 2\r\nok\r\n'],
    ['longer than its size', '1\r\nok\r\n'],
    ['with a size line without end', '0'.repeat(2000)],
    ['with trailers without end', `0\r\n${'X: y\r\n'.repeat(20_000)}`],
  ])('is read no further: chunks %s', (_, text) => {
    expect(read(CHUNKED, [text])).toMatchObject(GIVEN_UP);
  });

  it('that lasts as long as the connection is complete and never exact', () => {
    expect(read({ kind: 'close' }, ['hello'])).toMatchObject({ isOver: false });
    expect(read({ kind: 'close' }, ['hello'], true)).toEqual({ ...EXACT, isExact: false, body: 'hello' });
  });

  it.each<BodyFraming>([CHUNKED, { kind: 'length', bytes: 9 }])('that breaks off is not complete: %j', (framing) => {
    expect(read(framing, ['5\r\nhe'], true)).toMatchObject(GIVEN_UP);
  });
});

const CRLF = Buffer.from('\r\n');
