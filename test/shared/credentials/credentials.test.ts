// Real: everything; the rules are pure. Secrets here are made up. What must never be asserted: the words of a fault,
// beyond that they name the member and hold no value.
import * as fc from 'fast-check';
import { judgeUnauthorized } from '../../../shared/deliver/judge-unauthorized.ts';
import { describe, expect, test } from 'vitest';

import { credentialName, parseCredential } from '../../../shared/credentials/credentials.ts';

const PREFIX = { headerPrefix: 'X-Dograh' };
const UUID = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';

describe('the name of a secret', () => {
  test('is made of prefix, organization and lower-cased UUID', () => {
    expect(credentialName('webhook-credentials', 7, UUID.toUpperCase())).toBe(`webhook-credentials/7/${UUID}`);
  });

  test.each([
    '../x',
    '*',
    '',
    'arn:aws:secretsmanager:us-east-1:1:secret:x',
    `${UUID}\n`,
    `\n${UUID}`,
    ` ${UUID}`,
    `{${UUID}}`,
    UUID.replaceAll('-', ''),
    `../8/${UUID}`,
    `${UUID}/..`,
    UUID.replace('3', '３'),
  ])('is never made of %j', (uuid) => {
    expect(credentialName('webhook-credentials', 7, uuid)).toBeUndefined();
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('is never made of organization %s', (id) => {
    expect(credentialName('webhook-credentials', id, UUID)).toBeUndefined();
  });
});

describe('each type of credential becomes its header', () => {
  test.each([
    ['none', undefined, []],
    ['bearer_token', { token: 'tok-1' }, [{ key: 'Authorization', value: 'Bearer tok-1' }]],
    ['api_key', { api_key: 'k-1' }, [{ key: 'X-API-Key', value: 'k-1' }]],
    ['api_key', { header_name: 'Authorization', api_key: 'k-1' }, [{ key: 'Authorization', value: 'k-1' }]],
    [
      'basic_auth',
      { username: 'jürgen', password: 'pass:wörd' },
      [{ key: 'Authorization', value: 'Basic asO8cmdlbjpwYXNzOnfDtnJk' }],
    ],
    ['basic_auth', { username: 'sk_1', password: '' }, [{ key: 'Authorization', value: 'Basic c2tfMTo=' }]],
    ['custom_header', { header_name: 'X-Auth', header_value: 'v 1' }, [{ key: 'X-Auth', value: 'v 1' }]],
  ])('%s %j', (type, data, headers) => {
    expect(parse({ credential_type: type, credential_data: data })).toMatchObject({
      ok: true,
      credential: { headers, signingSecrets: [] },
    });
  });
});

describe('a secret is refused without repeating it', () => {
  const canary = 'canary-9f8e7d';
  test.each([
    ['binary', undefined],
    ['not JSON', canary],
    ['a string', JSON.stringify(canary)],
    ['an array', JSON.stringify([canary])],
    ['null', 'null'],
    ['without a type', JSON.stringify({ credential_data: { token: canary } })],
    ['of a type that does not exist', JSON.stringify({ credential_type: canary, credential_data: {} })],
    ['of a type that is two', JSON.stringify({ credential_type: 'bearer', credential_data: { token: canary } })],
    ['without data', JSON.stringify({ credential_type: 'bearer_token' })],
    ['with data that is text', JSON.stringify({ credential_type: 'bearer_token', credential_data: canary })],
    ['nested beyond reason', '['.repeat(60_000)],
  ])('when it is %s', (_case, secretString) => {
    const parsed = parseCredential(secretString, PREFIX);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain(canary);
  });

  test.each([
    ['bearer_token', { token: '' }],
    ['bearer_token', { token: '  ' }],
    ['bearer_token', { token: 12345 }],
    ['bearer_token', { token: null }],
    ['bearer_token', { Token: canary }],
    ['bearer_token', { token: 'Bearer ' }],
    ['bearer_token', { token: `${canary}\nsecond line` }],
    ['bearer_token', { token: `${canary}\r\nX-Injected: 1` }],
    ['bearer_token', { token: `${canary}\0` }],
    ['bearer_token', { token: `${canary}\u{1f511}` }],
    ['bearer_token', { token: canary.repeat(1000) }],
    ['api_key', { api_key: '' }],
    ['api_key', { api_key: `${canary}\rX` }],
    ['api_key', { header_name: 'a b', api_key: canary }],
    ['api_key', { header_name: '', api_key: canary }],
    ['api_key', { header_name: 'X-Key\r\nX-Injected', api_key: canary }],
    ['api_key', { header_name: 5, api_key: canary }],
    ['basic_auth', { username: `a:${canary}`, password: 'x' }],
    ['basic_auth', { username: 'a', password: `${canary}\nsecond line` }],
    ['basic_auth', { password: canary }],
    ['basic_auth', { username: 'a', password: `${canary}\ud800` }],
    ['api_key', { header_name: ':', api_key: canary }],
    ['basic_auth', { username: '', password: '' }],
    ['basic_auth', { username: 'a', password: canary.repeat(1000) }],
    ['custom_header', { header_name: 'X-A' }],
    ['custom_header', { header_value: canary }],
    ['custom_header', { header_name: 'X-A', header_value: `${canary}\0` }],
  ])('when its %s data are %j', (type, data) => {
    const parsed = parse({ credential_type: type, credential_data: data });
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain(canary);
  });

  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'Content-Type',
    'User-Agent',
    'X-DOGRAH-Delivery-Id',
    'x-dograh-workflow-run-id',
    'X-Dograh-Delivery-Attempt',
    'webhook-id',
    'Webhook-Signature',
    'webhook-timestamp',
  ])('when it would replace the header %s', (headerName) => {
    for (const [type, member] of [
      ['api_key', 'api_key'],
      ['custom_header', 'header_value'],
    ] as const) {
      const data = { header_name: headerName, [member]: canary };
      expect(parse({ credential_type: type, credential_data: data }).ok).toBe(false);
    }
  });

  test.each([
    ['no secret', `whsec_${canary}`],
    ['an object', { first: `whsec_${canary}` }],
    ['a string of broken JSON', `["whsec_${canary}"`],
    ['two in one string', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'],
    ['more than ten', Array.from({ length: 11 }, () => 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
    ['a number among them', [5]],
    ['a malformed one among them', [`whsec_${canary}!`]],
    ['a public key among them', ['whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=']],
  ])('when its signing secrets are %s', (_case, signingSecrets) => {
    const parsed = parse({ credential_type: 'none', signing_secrets: signingSecrets });
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain(canary);
  });
});

test('signing secrets of every form are kept in their order', () => {
  const parsed = parse({
    credential_type: 'none',
    signing_secrets: [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
      'C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    ],
  });
  expect(parsed.ok && parsed.credential.signingSecrets.map(({ scheme }) => scheme)).toEqual(['v1', 'v1a', 'v1']);
});

test('every value of a secret is known as one to be cut out of excerpts', () => {
  const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(secretValues({ credential_type: 'bearer_token', credential_data: { token: 't-1' } })).toEqual(['t-1']);
  expect(
    secretValues({
      credential_type: 'custom_header',
      credential_data: { header_name: 'A', header_value: 'Token t-1' },
    }),
  ).toEqual(['Token t-1', 't-1']);
  expect(
    secretValues({
      credential_type: 'basic_auth',
      credential_data: { username: 'u-1', password: 'p-1' },
      signing_secrets: [signingSecret],
    }).toSorted(),
  ).toEqual(['p-1', 'u-1', 'u-1:p-1', 'dS0xOnAtMQ==', signingSecret].toSorted());
});

test('a secret counts as changed when what is sent changes, not when it is written anew', () => {
  const first = { credential_type: 'bearer_token', credential_data: { token: 't-1', label: 'old' } };
  const relabelled = { credential_data: { label: 'new', token: 't-1' }, credential_type: 'bearer_token' };
  const rotated = { credential_type: 'bearer_token', credential_data: { token: 't-2' } };
  const signed = { ...first, signing_secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] };
  expect(fingerprint(relabelled)).toBe(fingerprint(first));
  expect(fingerprint(rotated)).not.toBe(fingerprint(first));
  expect(fingerprint(signed)).not.toBe(fingerprint(first));
});

test('whatever a secret holds, parsing answers, and a header it yields can be sent', () => {
  const member = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.anything());
  const data = fc.dictionary(
    fc.constantFrom('token', 'api_key', 'username', 'password', 'header_name', 'header_value'),
    member,
  );
  const type = fc.constantFrom('none', 'bearer_token', 'api_key', 'basic_auth', 'custom_header');
  fc.assert(
    fc.property(type, data, (credential_type, credential_data) => {
      const parsed = parse({ credential_type, credential_data });
      for (const { key, value } of parsed.ok ? parsed.credential.headers : []) {
        expect(() => new Headers([[key, value]])).not.toThrow();
        expect(value).toMatch(/^[\x20-\x7e]+$/);
      }
    }),
    { numRuns: 500 },
  );
});

describe('a 401 or 403', () => {
  test('that met a credential which has changed is tried again at once', () => {
    expect(judgeUnauthorized(401, { kind: 'changed' }, {})).toMatchObject({
      kind: 'failed',
      because: 'credential_rotated',
      status: 401,
      retryNow: true,
    });
  });

  test('that met one for the second time in a row is tried again after the usual delay', () => {
    const outcome = judgeUnauthorized(401, { kind: 'changed' }, { afterRotation: true });
    expect(outcome).toMatchObject({ kind: 'failed', because: 'credential_rotated', status: 401 });
    expect(outcome).not.toHaveProperty('retryNow');
  });

  test('that met the current credential counts as the status it is', () => {
    expect(judgeUnauthorized(403, { kind: 'unchanged' }, {})).toBeUndefined();
  });

  test('buries nothing while Secrets Manager cannot say which', () => {
    const outcome = judgeUnauthorized(401, { kind: 'unavailable', detail: 'Secrets Manager: ThrottlingException' }, {});
    expect(outcome).toMatchObject({ kind: 'failed', because: 'status', status: 401 });
    expect(outcome).not.toHaveProperty('retryNow');
  });
});

function parse(secret: unknown): ReturnType<typeof parseCredential> {
  return parseCredential(JSON.stringify(secret), PREFIX);
}

function secretValues(secret: unknown): readonly string[] {
  const parsed = parse(secret);
  return parsed.ok ? parsed.credential.secretValues : [];
}

function fingerprint(secret: unknown): string {
  const parsed = parse(secret);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.credential.fingerprint;
}
