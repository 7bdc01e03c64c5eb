// Real: the rules about a response, which are pure. No doubles; instants are literal.
import { describe, expect, test } from 'vitest';
import { retryAfterSeconds, waitAskedFor } from '../../../shared/delivery/retry-after.ts';
import { asksToAbort, judgeStatus } from '../../../shared/delivery/attempt-outcome.ts';

describe('a status', () => {
  test.each([200, 201, 202, 204, 206, 226, 299])('%i is accepted', (status) => {
    expect(judgeStatus(status, [])).toBe('accepted');
  });

  test.each([300, 301, 302, 303, 304, 307, 308, 399])('%i is permanent: redirects are not followed', (status) => {
    expect(judgeStatus(status, [])).toBe('permanent');
  });

  test.each([400, 401, 403, 404, 405, 407, 409, 410, 413, 418, 422, 424, 426, 428, 451, 499])(
    '%i is permanent: the request itself is at fault',
    (status) => {
      expect(judgeStatus(status, [])).toBe('permanent');
    },
  );

  test.each([408, 425, 429])('%i is transient: the same request may be right later', (status) => {
    expect(judgeStatus(status, [])).toBe('transient');
  });

  test.each([500, 501, 502, 503, 504, 511, 599])('%i is transient: the receiver is at fault', (status) => {
    expect(judgeStatus(status, [])).toBe('transient');
  });

  test.each([0, 1, 99, 100, 101, 199, 600, 999, 1000])('%i is transient: it means nothing', (status) => {
    expect(judgeStatus(status, [])).toBe('transient');
  });
});

describe('a status that is to be tried again', () => {
  test.each([301, 401, 404, 409, 410])('%i is transient where the settings say so', (status) => {
    expect(judgeStatus(status, [301, 401, 404, 409, 410])).toBe('transient');
    expect(judgeStatus(status, [400])).toBe('permanent');
  });

  test('2xx stays a success, whatever a list says', () => {
    expect(judgeStatus(200, [200])).toBe('accepted');
  });
});

describe('the end of the retries', () => {
  test.each(['abort-message', ' Abort-Message ', 'x, abort-message'])('is asked for by %j', (value) => {
    expect(asksToAbort(value)).toBe(true);
  });

  test.each([undefined, '', 'abort', 'abort-messages', 'abort message', 'retry'])('is not asked for by %j', (value) => {
    expect(asksToAbort(value)).toBe(false);
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
    '.',
    '6.5.1',
    '1e9',
    '0x10',
    '5 minutes',
    '2026-11-23T12:05:00',
    '2026-02-30T12:05:00Z',
    'Mon, 23 Nov 2026 12:05:00',
    'Mon, 23 Nov 2026 12:05:00 CET',
    '23 Nov 2026 12:05:00 GMT',
    'Mon',
    'Mon, maybe 5 GMT',
    'Mon, 9999999 GMT',
    'Mon, 23 Foo 2026 12:05:00 GMT',
    'Mon, 23 Nov 2026 25:61:00 GMT',
    `${' '.repeat(1024)}5`,
  ])('that is neither seconds nor a date counts as absent: %j', (text) => {
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
    ['an offset for GMT', 'Mon, 23 Nov 2026 12:02:00 +0000'],
    ['another offset', 'Mon, 23 Nov 2026 13:02:00 +0100'],
    ['UT', 'Mon, 23 Nov 2026 12:02:00 UT'],
    ['a cookie’s', 'Mon, 23-Nov-2026 12:02:00 GMT'],
    ['RFC 3339', '2026-11-23T12:02:00Z'],
    ['RFC 3339 with an offset', '2026-11-23T13:02:00.000+01:00'],
  ])('as a date is read against the Date of the response: %s', (_form, text) => {
    expect(read(text)).toBe(120);
  });

  test('a receiver whose clock is a year off is understood by its own Date', () => {
    expect(read('Tue, 23 Nov 2027 12:05:00 GMT', 'Tue, 23 Nov 2027 12:00:00 GMT')).toBe(300);
    expect(read('Tue, 23 Nov 2027 12:05:00 GMT', 'Tue, 23 Nov 2027 12:00:00 GMT ')).toBe(300);
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

  test('as a date of RFC 3339 is read against a Date of RFC 3339', () => {
    expect(read('2027-11-23T12:05:00Z', '2027-11-23T12:00:00Z')).toBe(300);
  });

  test.each([
    ['6.5', 7],
    ['120.6', 121],
    ['120.0', 120],
    ['120.', 120],
    ['.5', 1],
    ['0.0', 0],
  ])('in fractions of a second is rounded up: %j', (text, seconds) => {
    expect(read(text)).toBe(seconds);
  });

  test.each([
    ['ahead', '1795435320', 120],
    ['with a fraction', '1795435320.5', 121],
    ['gone', '1795435100', 0],
    ['a day ahead and more', '1796000000', 86_400],
    ['366 days gone', String(1_795_435_200 - 366 * 86_400 + 1), 0],
    ['which it cannot be, for it is longer gone', String(1_795_435_200 - 366 * 86_400), 86_400],
  ])('of ten digits is an instant: %s', (_, text, seconds) => {
    expect(read(text)).toBe(seconds);
  });

  test('of ten digits, where Date is absent, is read against now', () => {
    expect(retryAfterSeconds('1795435320', undefined, NOW)).toBe(120);
  });

  test.each([
    ['6, 6', 6],
    ['6,120', 120],
    ['120, soon', 120],
    ['6, Mon, 23 Nov 2026 12:02:00 GMT', 120],
    ['Mon, 23 Nov 2026 12:02:00 GMT, Monday, 23-Nov-26 12:03:00 GMT', 180],
    ['Mon Nov 23 12:02:00 2026, 6', 120],
  ])('that is a list asks for the largest: %j', (text, seconds) => {
    expect(read(text)).toBe(seconds);
  });

  test('as an asctime date pads its day with a blank', () => {
    expect(retryAfterSeconds('Sun Nov  1 12:02:00 2026', 'Sun, 01 Nov 2026 12:00:00 GMT', NOW)).toBe(120);
  });
});

describe('a wait', () => {
  const NOW = Date.parse('2026-11-23T12:00:00.000Z');
  const asked = (status: number, headers: Record<string, string>) =>
    waitAskedFor(status, { retryAfter: undefined, date: undefined, ...headers }, NOW);

  test.each([429, 503])('is asked for by Retry-After of a %i', (status) => {
    expect(asked(status, { retryAfter: '120' })).toBe(120);
  });

  test.each([200, 408, 425, 500, 502, 504])('is not asked for by a %i', (status) => {
    expect(asked(status, { retryAfter: '120', rateLimitReset: '120' })).toBeUndefined();
  });

  test('is not asked for where nothing says so', () => {
    expect(asked(429, {})).toBeUndefined();
    expect(asked(503, {})).toBeUndefined();
  });

  test.each([
    ['RateLimit-Reset', { rateLimitReset: '30' }, 30],
    ['RateLimit', { rateLimit: '"default";r=0;t=30' }, 30],
    ['RateLimit without what is left', { rateLimit: '"default";t=30' }, 30],
    ['RateLimit in other order and case', { rateLimit: 'default; T=30; R=0' }, 30],
    ['RateLimit with something left', { rateLimit: '"default";r=9;t=30' }, 30],
    ['X-RateLimit-Reset in seconds', { xRateLimitReset: '30' }, 30],
    ['X-RateLimit-Reset as an instant', { xRateLimitReset: '1795435230' }, 30],
    ['X-RateLimit-Reset a day ahead', { xRateLimitReset: '1795600000' }, 86_400],
  ])('is asked for by a 429 without Retry-After that says when its limit is reset: %s', (_, headers, seconds) => {
    expect(asked(429, headers)).toBe(seconds);
  });

  test('of several policies is that of the one with nothing left, and the longest of such', () => {
    const rateLimit = '"a, \\"b;t=9999\\"";r=0;t=5, "second";r=0;t=7,"day";r=100;t=80000';
    expect(asked(429, { rateLimit })).toBe(7);
  });

  test.each([
    { rateLimit: '"default";r=0' },
    { rateLimit: `"${'a'.repeat(1024)}";r=0;t=30` },
    { rateLimitReset: 'soon' },
  ])('is not asked for by what cannot be read: %j', (headers) => {
    expect(asked(429, headers)).toBeUndefined();
    expect(asked(429, { ...headers, xRateLimitReset: '30' })).toBe(30);
  });

  test('by Retry-After goes before what else is there, unless it cannot be read', () => {
    const rest = { rateLimitReset: '30', xRateLimitReset: '40' };
    expect(asked(429, { retryAfter: '0', ...rest })).toBe(0);
    expect(asked(429, { retryAfter: 'soon', ...rest })).toBe(30);
  });

  test('is not asked for by the limits of a 503', () => {
    expect(asked(503, { rateLimitReset: '30', rateLimit: '"a";t=30', xRateLimitReset: '30' })).toBeUndefined();
  });

  test('as an instant is read against the Date of the response', () => {
    expect(asked(429, { xRateLimitReset: '1826971500', date: 'Tue, 23 Nov 2027 12:00:00 GMT' })).toBe(300);
  });
});
