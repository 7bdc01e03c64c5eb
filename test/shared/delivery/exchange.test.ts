// Pure rules, nothing is a double. What must never be asserted: that a body, or a value of somebody else's header, is kept.
import { describe, expect, test } from 'vitest';
import {
  type Exchange,
  formatExchange,
  keptReceivedNames,
  keptSentHeaders,
  parseExchange,
  withoutNames,
} from '../../../shared/delivery/exchange.ts';

const WHOLE: Exchange = {
  request: {
    method: 'POST',
    headers: [
      { name: 'webhook-id', value: '0d5b3a52' },
      { name: 'Authorization', of: 'credential' },
    ],
    moreHeaders: 0,
    bodyBytes: 812,
    written: 'whole',
  },
  connection: { isKept: true, family: 'IPv6', reach: 'private', tls: 'TLSv1.3', hasClientCertificate: true },
  response: { headers: ['server', 'x-name-ada'], moreHeaders: 3, bodyBytes: 12, isComplete: true },
  phasesMs: { wait: 0, first_byte: 81.3, body: 2 },
};
const FAILED: Exchange = {
  request: { method: 'GET', headers: [], moreHeaders: 0, bodyBytes: 0, written: 'nothing' },
  phasesMs: { wait: 0, resolve: 4000 },
};

const PLAIN: Exchange = { ...WHOLE, connection: { isKept: false, family: 'IPv4', reach: 'public' } };

const again = (exchange: Exchange) => parseExchange(JSON.parse(JSON.stringify(formatExchange(exchange))));

describe('an exchange', () => {
  test.each([WHOLE, PLAIN, FAILED, withoutNames(WHOLE), withoutNames(FAILED)])(
    'comes out of a row as it went in',
    (exchange) => {
      expect(again(exchange)).toEqual(exchange);
    },
  );

  test('loses the names that others chose, and keeps sizes, times and the way it went', () => {
    const text = JSON.stringify(formatExchange(withoutNames(WHOLE)));
    expect(text).not.toMatch(/ada|Authorization|webhook-id/);
    expect(withoutNames(WHOLE)).toMatchObject({ request: { bodyBytes: 812 }, phasesMs: WHOLE.phasesMs });
  });

  test('tells its times to a tenth of a millisecond', () => {
    expect(formatExchange({ ...FAILED, phasesMs: { wait: 0.04999, resolve: 12.3456 } })).toMatchObject({
      phases_ms: { wait: 0, resolve: 12.3 },
    });
  });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'POST'],
    ['a list', []],
    ['a request without a method', { request: { more_headers: 0, body_bytes: 1, written: 'whole' } }],
    ['a word that nobody knows', { request: { method: 'POST', more_headers: 0, body_bytes: 1, written: 'twice' } }],
    ['a size below nothing', { request: { method: 'POST', more_headers: 0, body_bytes: -1, written: 'whole' } }],
  ])('that a row holds as %s is not known', (_what, value) => {
    expect(parseExchange(value)).toBeUndefined();
  });

  test('is read past what a newer version wrote beside it, and past what makes no sense', () => {
    const { request } = formatExchange(WHOLE);
    const row = {
      request: { ...(request as object), headers: ['webhook-id', { name: 7 }, { name: 'X-A', of: 'weather' }] },
      connection: { family: 'IPX' },
      response: { more_headers: 'many' },
      phases_ms: { wait: 1, digest: 2, body: 'long' },
      weather: 'rain',
    };
    expect(parseExchange(row)).toEqual({
      request: { ...WHOLE.request, headers: [{ name: 'X-A' }] },
      phasesMs: { wait: 1 },
    });
  });
});

describe('what is kept of headers', () => {
  test('fits 6 KiB of JSON, whatever the application and the receiver name', () => {
    const names = Array.from({ length: 900 }, (_, index) => `x-${'long'.repeat(40)}-${index}`);
    const sent = keptSentHeaders(names.map((name) => ({ name, value: 'v'.repeat(400), of: 'custom' as const })));
    const short = keptSentHeaders(names.map((_, index) => ({ name: `a${index}`, of: 'signature' as const })));
    const received = keptReceivedNames(names);
    for (const { headers, moreHeaders } of [sent, short]) {
      const response = { ...received, bodyBytes: 65_536, isComplete: false };
      const exchange = { ...WHOLE, request: { ...WHOLE.request, headers, moreHeaders }, response };
      expect(Buffer.byteLength(JSON.stringify(formatExchange(exchange)))).toBeLessThan(6144);
      expect(headers.length + moreHeaders).toBe(900);
    }
    expect(received.headers.length + received.moreHeaders).toBe(900);
  });

  test('is a name that can be written, in the case of the receiver or not', () => {
    expect(keptReceivedNames(['Server', 'bad name', 'nul\0', 'X-\u001B[31m', 'x-\uD800', ''])).toEqual({
      headers: ['server'],
      moreHeaders: 5,
    });
    expect(
      keptSentHeaders([
        { name: 'webhook-id', value: '0d5b3a52' },
        { name: 'X-Team', of: 'custom' },
        { name: 'a\nb', of: 'custom' },
      ]),
    ).toEqual({
      headers: [
        { name: 'webhook-id', value: '0d5b3a52' },
        { name: 'X-Team', of: 'custom' },
      ],
      moreHeaders: 1,
    });
  });

  test('is as much as 50 custom headers of ordinary length and ours', () => {
    const names = Array.from({ length: 60 }, (_, index) => ({ name: `X-Custom-Name-${index}`, of: 'custom' as const }));
    expect(keptSentHeaders(names).moreHeaders).toBe(0);
  });
});
