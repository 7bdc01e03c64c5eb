// Real: everything; redaction is pure. What must never be asserted: that a certain harmless value is shown at full
// length. Canaries stand for secrets; none of them may survive in any form.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { payloadInLog, redactPayload as redactAs } from '../../../shared/observe/redact-payload.ts';
import { errorName, redactHeaders, redactUrl, type LogValue } from '../../../shared/observe/redaction.ts';
import { isSensitiveName } from '../../../shared/observe/sensitive-names.ts';

const redactPayload = (value: unknown): LogValue => redactAs(value, 'values');
const redactBody = (body: string) => payloadInLog(body, 'values');
const CANARY = 'canary/9+f8 "e"7d';

describe('of a URL only the origin is shown', () => {
  test.each([
    ['https://hooks.example.com/services/T0/B0/canary?token=canary#canary', 'https://hooks.example.com'],
    ['https://user:canary@hooks.example.com:8443/x', 'https://hooks.example.com:8443'],
    ['HTTP://EXAMPLE.com:80/canary', 'http://example.com'],
    ['http://[::1]:8080/canary', 'http://[::1]:8080'],
    ['canary', '[REDACTED]'],
    ['', '[REDACTED]'],
    ['data:text/plain,canary', '[REDACTED]'],
    ['postgres://canary:canary@db/x', '[REDACTED]'],
  ])('%s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});

test('of the headers only the content type and the three id headers are shown by value', () => {
  const headers = [
    { key: 'Content-Type', value: 'application/json' },
    { key: 'x-dograh-delivery-id', value: 'd-1' },
    { key: 'X-Dograh-Workflow-Run-Id', value: '5' },
    { key: 'X-DOGRAH-Delivery-Attempt', value: '2' },
    { key: 'webhook-signature', value: CANARY },
    { key: 'Authorization', value: CANARY },
    { key: 'X-Idempotency-Key', value: CANARY },
    { key: '__proto__', value: CANARY },
  ];
  const shown = redactHeaders(headers, 'X-Dograh');
  expect(Object.entries(shown)).toEqual([
    ['Content-Type', 'application/json'],
    ['x-dograh-delivery-id', 'd-1'],
    ['X-Dograh-Workflow-Run-Id', '5'],
    ['X-DOGRAH-Delivery-Attempt', '2'],
    ['webhook-signature', '[REDACTED]'],
    ['Authorization', '[REDACTED]'],
    ['X-Idempotency-Key', '[REDACTED]'],
    ['__proto__', '[REDACTED]'],
  ]);
});

test('fifty headers with long names stay within their share of a line', () => {
  const headers = Array.from({ length: 50 }, (_, index) => ({ key: `X-${'a'.repeat(160)}-${index}`, value: 'v' }));
  expect(JSON.stringify(redactHeaders(headers, 'X-Dograh')).length).toBeLessThan(2_000);
});

describe('a name that says its value is secret or personal', () => {
  test.each(
    `authorization Authorization proxyAuthorization cookie Set-Cookie sessionCookies credential credentials user_credential
    password userPassword PASSWORD passwd db_passwd pwd userPwd passphrase secret clientSecret client_secret secrets
    SECRET_KEY secretArn signature x-hub-signature-256 token accessToken refresh_token id-token TOKENS csrfToken apiKey
    api_key API-KEY apikey APIKey x.api.key accessKeyId AWS_ACCESS_KEY privateKey private_key auth oauth auth_header jwt
    pin PIN otp otp_code p.i.n email Email e-mail eMail customerEmail email_address contact.emails customeremail phone
    phoneNumber phone_number callerPhone telephone mobile mobileNumber mobile_no tel fax msisdn callerNumber caller_id
    to_number address streetAddress home_address shippingAddress ip_address addresses addr dateOfBirth date_of_birth
    date-of-birth dob DOB userDob customerdob birthday birth_date ssn SSN userSSNs customer_ssn social_security_number
    socialSecurityNumber taxId passportNumber card cardNumber card_number creditCard CARDNUMBER cards cvv CVV2 cvc
    card_cvc iban first_name lastName surname pass_word`.split(/\s+/),
  )('%s', (name) => {
    expect(isSensitiveName(name)).toBe(true);
    expect(redactPayload({ [name]: CANARY })).toEqual({ [name]: '[REDACTED]' });
  });

  test('is also one in full-width letters, or with an invisible one in it', () => {
    expect(isSensitiveName('ｐａｓｓｗｏｒｄ')).toBe(true);
    expect(isSensitiveName('pass\u200bword')).toBe(true);
  });
});

describe('an ordinary name', () => {
  test.each(
    `status call_disposition callDisposition duration durationSeconds workflow_run_id workflowName organization_id event type
    id name title description count total amount currency created_at updatedAt author authored_by company companyName
    business_name className session_count process_number keyboard key keyword monkey transcript summary notes language
    discarded discardReason cardinality microphone headphones secretaryName shipping mapping opinion adobe_id hotel
    cancelled excellent passenger passed compass assessment outcome agent direction recording_duration tags metadata
    attempt result success compartment unzip_count author_id authorName span expanded`.split(/\s+/),
  )('%s shows its value', (name) => {
    expect(isSensitiveName(name)).toBe(false);
    expect(redactPayload({ [name]: 'shown' })).toEqual({ [name]: 'shown' });
  });
});

test('the shape of a payload stays, at every depth and for every kind of secret value', () => {
  const payload = {
    status: 'done',
    attempts: 3,
    ok: true,
    nothing: null,
    customer: { email: CANARY, plan: 'gold', cards: [{ number: CANARY }], address: { city: CANARY } },
    calls: [{ phone: 4930123456, seconds: 12 }, ['a', 1]],
  };
  expect(redactPayload(payload)).toEqual({
    status: 'done',
    attempts: 3,
    ok: true,
    nothing: null,
    customer: { email: '[REDACTED]', plan: 'gold', cards: '[REDACTED]', address: '[REDACTED]' },
    calls: [{ phone: '[REDACTED]', seconds: 12 }, ['a', 1]],
  });
});

describe('a value that tells by its form is covered under any name', () => {
  test.each([
    'https://example.com/recordings/canary.mp3',
    'see HTTPS://example.com/canary',
    ' http://x/',
    's3://bucket/canary',
    'postgres://u:canary@h/db',
    '//cdn.example.com/canary',
    'www.example.com/canary',
    'mailto:a@example.com',
    'tel:+4930123456',
    'reach me at jane.doe+x@example.co.uk please',
    '+49 30 1234567',
    'call +1 (415) 555-2671 now',
    'Bearer abcdefghijkl',
    'Basic dXNlcjpwYXNz',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    '-----BEGIN PRIVATE KEY-----',
  ])('%s', (value) => {
    expect(redactPayload({ note: value, list: [value] })).toEqual({ note: '[REDACTED]', list: ['[REDACTED]'] });
    expect(redactPayload(value)).toBe('[REDACTED]');
  });

  test.each([
    'completed',
    '2026-11-23T14:05:09.123+01:00',
    '2026-11-23',
    'Basic plan',
    'a/b',
    '10:30',
    'x@y',
    '1+1',
    'C:\\x',
  ])('but %s is shown', (value) => {
    expect(redactPayload({ note: value })).toEqual({ note: value });
  });
});

test('a name that is a URL or an e-mail address is covered, too', () => {
  const shown = JSON.stringify(redactPayload({ 'jane@example.com': 1, 'https://x/canary': 2, plain: 3 }));
  expect(shown).not.toMatch(/jane|canary/);
  expect(shown).toContain('"plain":3');
});

test('a value whose name stands beside it is covered', () => {
  expect(
    redactPayload([
      { name: 'password', value: CANARY },
      { name: 'Email campaign', status: 'sent' },
    ]),
  ).toEqual([
    { name: 'password', value: '[REDACTED]' },
    { name: 'Email campaign', status: 'sent' },
  ]);
});

test('a body that is not JSON is covered whole', () => {
  expect(redactBody(`password=${CANARY}`)).toBe('[REDACTED]');
  expect(redactBody('')).toBe('[REDACTED]');
  expect(redactBody('{"status":"done"}')).toEqual({ status: 'done' });
});

test('a member called __proto__ is one more member', () => {
  const shown = redactBody('{"__proto__":{"password":"canary"},"constructor":1}');
  expect(JSON.stringify(shown)).toBe('{"__proto__":{"password":"[REDACTED]"},"constructor":1}');
});

test('what a terminal would obey or a viewer turn around is not shown', () => {
  const hidden = ['\u001b', '\u009b', '\u202e', '\u2028', '\r', '\n', '\ud800'];
  const shown = redactPayload({ note: hidden.join('letter') });
  for (const character of hidden) expect(shown).toEqual({ note: expect.not.stringContaining(character) });
  expect(JSON.stringify(shown)).toContain('letter');
});

describe('hostile bodies stay small', () => {
  test.each([
    ['nested 60,000 deep', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
    ['objects nested 20,000 deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['of 80,000 empty lists', `[${Array.from({ length: 80_000 }, () => '[]').join(',')}]`],
    ['of 20,000 members', `{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":${index}`).join(',')}}`],
    ['of one long string', JSON.stringify('x'.repeat(250_000))],
    ['of one long name', `{"${'n'.repeat(250_000)}":1}`],
    ['of quotes', JSON.stringify(Array.from({ length: 1_000 }, () => '"\\'.repeat(100)))],
    ['wide at every level', JSON.stringify(wide(5))],
  ])('%s', (_case, body) => {
    expect(JSON.stringify(redactBody(body)).length).toBeLessThan(5_500);
  });
});

test('a cycle ends', () => {
  const cycle: Record<string, unknown> = { status: 'x' };
  cycle['self'] = cycle;
  expect(JSON.stringify(redactPayload(cycle)).length).toBeLessThan(5_500);
});

test('no canary under a telling name survives, in plain, base64, URL-encoded or JSON-escaped form', () => {
  const telling = fc.constantFrom('authorization', 'apiKey', 'client_secret', 'Email', 'cardNumber', 'x-token', 'ssn');
  const canary = fc.constantFrom(
    CANARY,
    Buffer.from(CANARY).toString('base64'),
    encodeURIComponent(CANARY),
    JSON.stringify(CANARY),
  );
  const covered: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    secret: fc.oneof(
      { maxDepth: 3 },
      canary,
      fc.array(tie('secret'), { maxLength: 2 }),
      fc.record({ any: tie('secret') }),
    ),
    node: fc.oneof(
      { maxDepth: 5 },
      fc.dictionary(telling, tie('secret'), { maxKeys: 3 }),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('status', 'data', 'a', 'result'), tie('node'), { maxKeys: 3 }),
      fc.integer(),
    ),
  })).node;
  fc.assert(
    fc.property(covered, (payload) => {
      expect(JSON.stringify(redactBody(JSON.stringify(payload)))).not.toMatch(/canary|Y2FuYXJ5/);
    }),
    { numRuns: 500 },
  );
});

test('whatever a payload is, its redaction is JSON of bounded size, and covering it again changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (payload) => {
      const once: LogValue = redactPayload(payload);
      expect(JSON.stringify(once).length).toBeLessThan(5_500);
      expect(JSON.stringify(redactPayload(JSON.parse(JSON.stringify(once))))).toBe(JSON.stringify(once));
    }),
    { numRuns: 300 },
  );
});

describe('an error is named without its message', () => {
  test.each([
    [Object.assign(new Error(CANARY), { name: 'ConnectTimeoutError', code: 'UND_ERR' }), 'ConnectTimeoutError'],
    [Object.assign(new Error(CANARY), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(CANARY, { cause: { code: 'ECONNRESET', headers: CANARY } }), 'TypeError (ECONNRESET)'],
    [Object.assign(new Error('x'), { name: `Bad ${CANARY}` }), 'Error'],
    [CANARY, 'Error'],
    [null, 'Error'],
    [undefined, 'Error'],
  ])('%#', (error, name) => {
    expect(errorName(error)).toBe(name);
  });
});

function wide(depth: number): unknown {
  return depth === 0 ? 'leaf' : Array.from({ length: 8 }, () => ({ a: wide(depth - 1) }));
}
