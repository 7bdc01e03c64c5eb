// Pure rules, nothing is a double. What must never be asserted: that a warning or a fault repeats a header's value.
import * as fc from 'fast-check';
import { mergeHeaders } from '../../../shared/deliver/merge-headers.ts';
import { judgeCustomHeaders } from '../../../shared/enqueue/judge-custom-headers.ts';
import {
  type HeaderPair,
  idHeaderNames,
  isHeaderName,
  isHeaderValue,
  isReservedHeader,
} from '../../../shared/delivery/headers.ts';
import type { HttpMethod } from '../../../shared/delivery/http-method.ts';
import { describe, expect, it } from 'vitest';

const PREFIX = 'X-Dograh';
const judge = (list: HeaderPair[], headerPrefix = PREFIX) =>
  judgeCustomHeaders(list, { headerPrefix, httpMethod: 'POST' });
const named = (key: string, value = 'v'): HeaderPair => ({ key, value });
const numbered = (count: number, value = 'v') => Array.from({ length: count }, (_, n) => named(`X-${n}`, value));

describe('a header name', () => {
  it.each(['X-Trace', 'a', "!#$%&'*+-.^_`|~09AZ"])('is a token: %s', (name) => {
    expect(isHeaderName(name)).toBe(true);
  });

  it.each(['', 'a b', 'X:Y', 'X\n', 'X\r\nHost', 'Ünï', 'a(b)', 'X\0', ':authority', '\u212aeep-Alive'])(
    'is refused when it is none: %j',
    (name) => {
      expect(isHeaderName(name)).toBe(false);
      expect(judge([named(name)]).faults).toEqual([
        { path: 'custom_headers[0].key', message: 'must be an HTTP header name (RFC 9110 token)' },
      ]);
    },
  );
});

describe('a header value', () => {
  it.each(['', 'v', 'a b', '!~', 'text/html; q="0.5"'])('is printable ASCII: %j', (value) => {
    expect(isHeaderValue(value)).toBe(true);
  });

  it.each(['a\r\nX: y', 'a\n', 'a\0', 'é', '\u{1f600}', '\x7f', 'a\tb', ' a', 'a ', ' '])(
    'is refused when HTTP would lose or change it: %j',
    (value) => {
      expect(isHeaderValue(value)).toBe(false);
      expect(judge([named('X-A', value)])).toMatchObject({ kept: [], faults: [{ path: 'custom_headers[0].value' }] });
    },
  );

  it('is judged in linear time', () => {
    expect(isHeaderValue(`${'a '.repeat(200_000)}`)).toBe(false);
  });
});

describe('a reserved header', () => {
  const reserved = [
    'X-Dograh-Delivery-Id',
    'X-Dograh-Workflow-Run-Id',
    'X-Dograh-Delivery-Attempt',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Upgrade',
    'TE',
    'Trailer',
    'Expect',
    'HTTP2-Settings',
    'Accept-Encoding',
    'Content-Encoding',
  ];

  it.each(reserved.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]))('is refused: %s', (name) => {
    expect(isReservedHeader(name, PREFIX)).toBe(true);
    expect(judge([named(name)])).toEqual({
      kept: [],
      warnings: [],
      faults: [{ path: 'custom_headers[0].key', message: `${name} is reserved` }],
    });
  });

  it.each([
    'X_Dograh_Delivery_Id',
    'x_dograh-workflow_run_id',
    'webhook_signature',
    'Content_Length',
    'Content_Type',
    'user_agent',
    'PROXY_CONNECTION',
  ])('is refused when CGI would take it for one: %s', (name) => {
    expect(judge([named(name)]).faults).toEqual([{ path: 'custom_headers[0].key', message: `${name} is reserved` }]);
    expect(
      mergeHeaders({ own: [], credential: [], custom: [named(name)], method: 'POST', headerPrefix: PREFIX }),
    ).toEqual({
      headers: [],
      skipped: [name],
    });
  });

  it('follows the configured prefix, even one that looks like a secret', () => {
    expect(isReservedHeader('X-Dograh-Delivery-Id', 'X-Acme')).toBe(false);
    expect(judge([named('x-token-delivery-id')], 'X-Token').faults).toHaveLength(1);
  });

  it('is none of these', () => {
    for (const name of ['X-Trace', 'Accept', 'X-Dograh-Delivery', 'Hosts', 'X-Host', 'Authorization', 'Date']) {
      expect([name, isReservedHeader(name, PREFIX)]).toEqual([name, false]);
    }
  });
});

describe('a header that looks like a secret', () => {
  const secrets = [
    'Authorization',
    'X-AUTH',
    'x-token',
    'My-Secret',
    'X-Password',
    'passwd',
    'Cookie',
    'X-Credentials',
  ];

  it.each([...secrets, 'X-Api-Key', 'apikey', 'x_api_key', 'X-Access-Key', 'X_ACCESS_KEY', 'Proxy-Authorization'])(
    'is dropped with a warning that points to credentials: %s',
    (name) => {
      const verdict = judge([named('X-Trace'), named(name, 'hunter2')]);
      expect(verdict).toMatchObject({ kept: [named('X-Trace')], faults: [] });
      expect(verdict.warnings).toHaveLength(1);
      expect(verdict.warnings[0]).toContain(`custom_headers[1]: ${name} looks like a secret`);
      expect(verdict.warnings[0]).toContain('credential_uuid');
      expect(verdict.warnings[0]).not.toContain('hunter2');
    },
  );

  it('is not X-Idempotency-Key', () => {
    const header = named('X-Idempotency-Key', 'k-1');
    expect(judge([header])).toEqual({ kept: [header], warnings: [], faults: [] });
  });

  it('is still a fault when HTTP cannot carry it', () => {
    expect(judge([named('Authorization', 'Bearer a\r\nX: y')])).toMatchObject({
      warnings: [],
      faults: [{ path: 'custom_headers[0].value' }],
    });
  });
});

describe('a header that a request may choose', () => {
  const chosen = (header: HeaderPair, httpMethod: HttpMethod = 'POST') =>
    judgeCustomHeaders([header], { headerPrefix: PREFIX, httpMethod });

  it.each([
    ['Accept', 'application/json'],
    ['user-agent', 'Acme-Hooks/2'],
    ['Content-Type', 'application/json'],
    ['content-type', 'application/json; charset=utf-8'],
    ['Content-Type', 'application/json;charset="UTF-8"'],
    ['CONTENT-TYPE', 'application/cloudevents+json'],
    ['Content-Type', 'application/vnd.api+json; ext="https://example.com/a"'],
    ['Content-Type', 'Text/JSON'],
  ])('is kept: %s: %s', (key, value) => {
    expect(chosen({ key, value })).toEqual({ kept: [{ key, value }], warnings: [], faults: [] });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'application/jsonp',
    'application/json-seq',
    'json',
    '+json',
    'a/+json',
    'application/json, text/plain',
    'application/json; charset=iso-8859-1',
  ])('is dropped with a warning where it does not describe the body: %s', (value) => {
    expect(chosen({ key: 'Content-Type', value })).toEqual({
      kept: [],
      warnings: ['custom_headers[0]: Content-Type does not describe the body, which is JSON in UTF-8; it was dropped'],
      faults: [],
    });
  });

  it.each(['GET', 'DELETE'] as const)('is dropped with a warning where there is no body to describe: %s', (method) => {
    expect(chosen({ key: 'Content-Type', value: 'application/json' }, method)).toEqual({
      kept: [],
      warnings: [`custom_headers[0]: Content-Type does not go with ${method}, which has no body; it was dropped`],
      faults: [],
    });
  });

  it.each(['Accept', 'User-Agent', 'Content-Type'])('is dropped with a warning where it says nothing: %s', (key) => {
    expect(chosen({ key, value: '' })).toMatchObject({ kept: [], warnings: [expect.stringContaining('no value')] });
  });

  it('is refused like any other where HTTP cannot carry it', () => {
    expect(chosen({ key: 'User-Agent', value: 'Acmé' })).toMatchObject({
      kept: [],
      warnings: [],
      faults: [{ path: 'custom_headers[0].value' }],
    });
  });
});

describe('a list of custom headers', () => {
  it('keeps order and spelling', () => {
    const list = [named('x-b', '2'), named('X-A', '1')];
    expect(judge(list)).toEqual({ kept: list, warnings: [], faults: [] });
  });

  it('refuses a name repeated in another case, and names the first', () => {
    expect(judge([named('X-Trace'), named('X-B'), named('x-trace')]).faults).toEqual([
      { path: 'custom_headers[2].key', message: 'x-trace repeats the name of custom_headers[0]' },
    ]);
  });

  it('refuses a name that CGI would take for an earlier one', () => {
    expect(judge([named('X-Trace-Id'), named('x_trace_id')]).faults).toEqual([
      { path: 'custom_headers[1].key', message: 'x_trace_id repeats the name of custom_headers[0]' },
    ]);
  });

  it('tells every fault of every header at once', () => {
    expect(judge([named('a b', 'é'), named('Host')]).faults.map(({ path }) => path)).toEqual([
      'custom_headers[0].key',
      'custom_headers[0].value',
      'custom_headers[1].key',
    ]);
  });

  it('holds 50 headers and not 51', () => {
    expect(judge(numbered(50)).faults).toEqual([]);
    expect(judge(numbered(51)).faults).toEqual([{ path: 'custom_headers', message: 'more than 50 headers' }]);
  });

  it('holds 8 KiB of names and values and not a byte more', () => {
    const fits = [named('X-Long', 'v'.repeat(8192 - 6))];
    expect(judge(fits).faults).toEqual([]);
    expect(judge([...fits, named('Y', '')]).faults).toEqual([
      { path: 'custom_headers', message: 'more than 8192 bytes in all' },
    ]);
  });

  it('keeps the places of entries that were refused before', () => {
    expect(
      judgeCustomHeaders([undefined, named('Host')], { headerPrefix: PREFIX, httpMethod: 'POST' }).faults[0]?.path,
    ).toBe('custom_headers[1].key');
  });
});

describe('the headers of one request', () => {
  const ids = idHeaderNames(PREFIX);
  const own = [named('Accept-Encoding', 'identity'), named(ids.deliveryId, 'd')];
  const pairsOf = ({ headers, skipped }: ReturnType<typeof mergeHeaders>) => ({
    headers: headers.map(({ key, value }) => ({ key, value })),
    skipped,
  });
  const merge = (credential: HeaderPair[], custom: HeaderPair[]) =>
    pairsOf(mergeHeaders({ own, credential, custom, method: 'POST', headerPrefix: PREFIX }));

  it('come in the order own, credential, custom', () => {
    expect(merge([named('Authorization', 'c')], [named('X-A', 'a')])).toEqual({
      headers: [...own, named('Authorization', 'c'), named('X-A', 'a')],
      skipped: [],
    });
  });

  it('let the credential win over a custom header of an old row', () => {
    expect(merge([named('Authorization', 'c')], [named('authorization', 'old')])).toEqual({
      headers: [...own, named('Authorization', 'c')],
      skipped: ['authorization'],
    });
  });

  it('hold one of two names that CGI would take for one', () => {
    expect(merge([named('X-Api-Key', 'c')], [named('x_api_key', 'forged')])).toEqual({
      headers: [...own, named('X-Api-Key', 'c')],
      skipped: ['x_api_key'],
    });
  });

  it('leave out reserved names of an old row, whether or not this request has them', () => {
    expect(merge([], [named('HOST'), named('accept-encoding'), named('webhook-signature'), named('X-A')])).toEqual({
      headers: [...own, named('X-A')],
      skipped: ['HOST', 'accept-encoding', 'webhook-signature'],
    });
  });

  it('have a default replaced by a custom header that fits, and by nothing else', () => {
    const defaults = [named('Content-Type', 'application/json'), named('User-Agent', 'surehook/1')];
    const replaced = (parts: { credential?: HeaderPair[]; custom?: HeaderPair[] }) =>
      pairsOf(
        mergeHeaders({ own, credential: [], custom: [], defaults, method: 'POST', headerPrefix: PREFIX, ...parts }),
      );
    const types = [named('content-type', 'application/cloudevents+json'), named('USER-AGENT', 'Acme')];
    expect(replaced({ custom: types })).toEqual({ headers: [...own, ...types], skipped: [] });
    expect(replaced({ custom: [named('content-type', 'text/plain'), named('user-agent', '')] })).toEqual({
      headers: [...own, ...defaults],
      skipped: ['content-type', 'user-agent'],
    });
    expect(replaced({ credential: types })).toEqual({
      headers: [...own, ...defaults],
      skipped: ['content-type', 'USER-AGENT'],
    });
  });

  it('hold no name twice in any case, keep their own ones and lose none silently', () => {
    const name = fc.constantFrom(
      'X-A',
      'x-a',
      'X-B',
      'Host',
      'CONTENT-TYPE',
      'accept',
      'X-Dograh-Delivery-id',
      'Cookie',
      'cookie',
    );
    const list = fc.array(fc.record({ key: name, value: fc.constantFrom('1', '2') }), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (credential, custom) => {
        const { headers, skipped } = merge(credential, custom);
        const names = headers.map(({ key }) => key.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
        expect(headers.slice(0, own.length)).toEqual(own);
        expect(headers.length + skipped.length).toBe(own.length + credential.length + custom.length);
      }),
    );
  });
});
