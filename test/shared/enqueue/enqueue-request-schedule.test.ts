// The rule as it is, at a given instant. Nothing is a double.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRfc3339 } from '../../../shared/runtime/rfc3339.ts';
import { accepted, refusal } from './enqueue-request-world.ts';

const at = (scheduled_for: string) => accepted({ scheduled_for }).scheduledForMs;

describe('a scheduled time', () => {
  it.each(['2026-11-23T12:00:00Z', '2026-11-23T11:59:59.999Z', '2025-01-01T00:00:00+00:00', '0000-01-01T00:00:00Z'])(
    'that is not in the future is now: %s',
    (text) => {
      expect(at(text)).toBeUndefined();
    },
  );

  it('may be 366 days ahead and not a millisecond more', () => {
    expect(at('2027-11-24T12:00:00.000Z')).toBe(Date.parse('2027-11-24T12:00:00.000Z'));
    for (const text of ['2027-11-24T12:00:00.001Z', '9999-12-31T23:59:59Z']) {
      expect(refusal({ scheduled_for: text })).toBe('InvalidRequest: scheduled_for: must be at most 366 days ahead');
    }
  });
});

describe('an RFC 3339 time', () => {
  it.each([
    ['2026-11-23T12:00:00Z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23t12:00:00z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T12:00:00+01:00', '2026-11-23T11:00:00.000Z'],
    ['2026-11-23T00:10:00-03:30', '2026-11-23T03:40:00.000Z'],
    ['2026-11-23T12:00:00-00:00', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T12:00:00.5Z', '2026-11-23T12:00:00.500Z'],
    ['2026-11-23T12:00:00.123999999Z', '2026-11-23T12:00:00.123Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01T00:59:60.25+01:00', '2027-01-01T00:00:00.250Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseRfc3339(text)).toBe(Date.parse(expected));
  });

  it.each([
    '2026-11-23T12:00:00',
    '2026-11-23T12:00Z',
    '2026-11-23',
    '2026-11-23 12:00:00Z',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T12:60:00Z',
    '2026-11-23T12:00:61Z',
    '2026-11-23T12:00:60Z',
    '2026-11-23T23:59:60Z',
    '2026-11-23T12:00:00+24:00',
    '2026-11-23T12:00:00+01:60',
    '2026-11-23T12:00:00+0100',
    '2026-11-23T12:00:00+01',
    '2026-11-23T12:00:00.Z',
    '2026-11-23T12:00:00,5Z',
    '+002026-11-23T12:00:00Z',
    '2026-11-23T12:00:00Z\n',
    ' 2026-11-23T12:00:00Z',
    '2026-11-23T12:00:00 Z',
    '２０２６-11-23T12:00:00Z',
    'infinity',
    'now',
    '1795435200',
    '',
  ])('is not %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });

  it('reads back whatever a Date writes', () => {
    const years = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') };
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});
