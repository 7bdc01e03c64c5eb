// Real: the rules about a response, which are pure. No doubles; instants are literal.
import { describe, expect, test } from 'vitest';
import { retryAfterSeconds } from '../../../shared/delivery/retry-after.ts';
import { judgeStatus } from '../../../shared/delivery/attempt-outcome.ts';

describe('a status', () => {
  test.each([200, 201, 202, 204, 206, 226, 299])('%i is accepted', (status) => {
    expect(judgeStatus(status)).toBe('accepted');
  });

  test.each([300, 301, 302, 303, 304, 307, 308, 399])('%i is permanent: redirects are not followed', (status) => {
    expect(judgeStatus(status)).toBe('permanent');
  });

  test.each([400, 401, 403, 404, 405, 407, 409, 410, 413, 418, 422, 424, 426, 428, 451, 499])(
    '%i is permanent: the request itself is at fault',
    (status) => {
      expect(judgeStatus(status)).toBe('permanent');
    },
  );

  test.each([408, 425, 429])('%i is transient: the same request may be right later', (status) => {
    expect(judgeStatus(status)).toBe('transient');
  });

  test.each([500, 501, 502, 503, 504, 511, 599])('%i is transient: the receiver is at fault', (status) => {
    expect(judgeStatus(status)).toBe('transient');
  });

  test.each([0, 1, 99, 100, 101, 199, 600, 999, 1000])('%i is transient: it means nothing', (status) => {
    expect(judgeStatus(status)).toBe('transient');
  });
});

describe('Retry-After', () => {
  const NOW = Date.parse('2026-11-23T12:00:00.400Z');
  const DATE = 'Mon, 23 Nov 2026 12:00:00 GMT';
  const read = (retryAfter: string | undefined, date: string | undefined = DATE) =>
    retryAfterSeconds(retryAfter, date, NOW);

  test.each([
    ['120', 120],
    ['0', 0],
    ['  120 ', 120],
    ['007', 7],
    ['86400', 86_400],
  ])('in seconds is taken as it is: %j', (text, seconds) => {
    expect(read(text)).toBe(seconds);
  });

  test.each(['86401', '1000000000', '9'.repeat(400)])('is capped at a day: %s', (text) => {
    expect(read(text)).toBe(86_400);
  });

  test.each([
    'soon',
    '',
    ' ',
    '-5',
    '+5',
    '120.6',
    '1e9',
    '0x10',
    '5 minutes',
    '2026-11-23T12:05:00Z',
    '23 Nov 2026 12:05:00 GMT',
    'Mon',
    'Mon, maybe 5 GMT',
    'Mon, 9999999 GMT',
    'Mon, 23 Foo 2026 12:05:00 GMT',
    'Mon, 23 Nov 2026 25:61:00 GMT',
  ])('that is neither whole seconds nor an HTTP date counts as absent: %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  test('absent is no wish', () => {
    expect(read(undefined)).toBeUndefined();
  });

  test.each([
    ['the preferred form', 'Mon, 23 Nov 2026 12:02:00 GMT'],
    ['RFC 850', 'Monday, 23-Nov-26 12:02:00 GMT'],
    ['asctime', 'Mon Nov 23 12:02:00 2026'],
    ['a weekday that is wrong', 'Sun, 23 Nov 2026 12:02:00 GMT'],
  ])('as a date is read against the Date of the response: %s', (_form, text) => {
    expect(read(text)).toBe(120);
  });

  test('a receiver whose clock is a year off is understood by its own Date', () => {
    expect(read('Tue, 23 Nov 2027 12:05:00 GMT', 'Tue, 23 Nov 2027 12:00:00 GMT')).toBe(300);
  });

  test.each([undefined, 'yesterday'])('as a date, where Date is %s, is read against now, rounded up', (date) => {
    expect(retryAfterSeconds('Mon, 23 Nov 2026 12:02:00 GMT', date, NOW)).toBe(120);
  });

  test('as a date in the past is now', () => {
    expect(read('Mon, 23 Nov 2026 11:00:00 GMT')).toBe(0);
  });

  test('as a date far ahead is capped at a day', () => {
    expect(read('Tue, 23 Nov 2027 12:00:00 GMT')).toBe(86_400);
  });

  test('as an asctime date pads its day with a blank', () => {
    expect(retryAfterSeconds('Sun Nov  1 12:02:00 2026', 'Sun, 01 Nov 2026 12:00:00 GMT', NOW)).toBe(120);
  });
});
