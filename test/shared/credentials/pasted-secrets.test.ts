// Real: everything; the rules are pure. Secrets here are made up.
import { describe, expect, test } from 'vitest';
import { parseCredential } from '../../../shared/credentials/credentials.ts';

const PREFIX = { headerPrefix: 'X-Dograh' };

describe('what people paste works where it can mean one thing only', () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const BEARER = [{ key: 'Authorization', value: 'Bearer tok-1' }];

  test.each([
    ['a newline at the end of a token', 'bearer_token', { token: 'tok-1\n' }, BEARER],
    ['blanks around a token', 'bearer_token', { token: ' tok-1 \r\n' }, BEARER],
    ['a token with its scheme', 'bearer_token', { token: 'Bearer tok-1' }, BEARER],
    ['a token with its scheme in lower case', 'bearer_token', { token: 'bearer  tok-1\n' }, BEARER],
    ['a type in capitals', 'BEARER_TOKEN', { token: 'tok-1' }, BEARER],
    ['a type as people say it', ' Bearer Token', { token: 'tok-1' }, BEARER],
    ['a type with a hyphen', 'bearer-token', { token: 'tok-1' }, BEARER],
    ['data as a string of JSON', 'bearer_token', '{"token":"tok-1"}', BEARER],
    ['data as a string with a byte order mark', 'bearer_token', '\ufeff{"token":"tok-1"}\n', BEARER],
    [
      'a colon after a header name',
      'api_key',
      { header_name: 'X-API-Key:', api_key: 'k' },
      [{ key: 'X-API-Key', value: 'k' }],
    ],
    [
      'an empty line after a header name',
      'custom_header',
      { header_name: ' X-A : \n', header_value: 'v\n' },
      [{ key: 'X-A', value: 'v' }],
    ],
    ['no header name', 'api_key', { header_name: null, api_key: 'k' }, [{ key: 'X-API-Key', value: 'k' }]],
    ['no password', 'basic_auth', { username: 'sk_1' }, [{ key: 'Authorization', value: 'Basic c2tfMTo=' }]],
    [
      'a password that is null',
      'basic_auth',
      { username: 'sk_1', password: null },
      [{ key: 'Authorization', value: 'Basic c2tfMTo=' }],
    ],
    [
      'newlines after user and password',
      'basic_auth',
      { username: 'u\n', password: 'p\n' },
      [{ key: 'Authorization', value: 'Basic dTpw' }],
    ],
  ])('%s', (_, type, data, headers) => {
    expect(parse({ credential_type: type, credential_data: data })).toMatchObject({
      ok: true,
      credential: { headers },
    });
  });

  test.each([
    ['one in place of a list', SECRET],
    ['one as a string of JSON', `"${SECRET}"`],
    ['a list as a string of JSON', `["${SECRET}"]`],
    ['a list as a string of JSON with a byte order mark', `\ufeff ["${SECRET}"]\n`],
    ['one with a newline', [`${SECRET}\n`]],
    ['one with the version of a signature in front', [`v1,${SECRET}`]],
  ])('signing secrets: %s', (_, signingSecrets) => {
    const parsed = parse({ credential_type: 'none', signing_secrets: signingSecrets });
    expect(parsed.ok && parsed.credential.signingSecrets.map(({ scheme }) => scheme)).toEqual(['v1']);
    expect(fingerprint({ credential_type: 'none', signing_secrets: signingSecrets })).toBe(
      fingerprint({ credential_type: 'none', signing_secrets: [SECRET] }),
    );
  });

  test.each([undefined, null, '', ' ', [], '[]'])('no signing secrets: %j', (signingSecrets) => {
    const parsed = parse({ credential_type: 'none', signing_secrets: signingSecrets });
    expect(parsed.ok && parsed.credential.signingSecrets).toEqual([]);
  });

  test('a secret as the key/value editor of the AWS console writes it, behind a byte order mark', () => {
    const written = {
      credential_type: 'bearer_token',
      credential_data: '{"token":"tok-1"}',
      signing_secrets: `["${SECRET}"]`,
    };
    const parsed = parseCredential(`\ufeff${JSON.stringify(written)}`, PREFIX);
    expect(parsed).toMatchObject({ ok: true, credential: { headers: BEARER, signingSecrets: [{ scheme: 'v1' }] } });
  });
});

describe('what is wrong with a secret is said with what to write', () => {
  test.each([
    ['{"credential_type":"none"', 'is not JSON: see line 1, column 26'],
    ['{"credential_type":"none",}', 'is not JSON: see line 1, column 27'],
    ['plain-token', 'is not JSON'],
    ['"plain-token"', 'must be a JSON object with credential_type and credential_data'],
    [
      '{}',
      'credential_type must be one of none, bearer_token, api_key, basic_auth, custom_header, oauth2_client_credentials',
    ],
    ['{"credential_type":"bearer_token"}', 'credential_data is missing'],
    ['{"credential_type":"bearer_token","credential_data":"t"}', 'credential_data is not JSON'],
    ['{"credential_type":"bearer_token","credential_data":[]}', 'credential_data must be a JSON object'],
    ['{"credential_type":"bearer_token","credential_data":{}}', 'credential_data.token is missing'],
    [
      '{"credential_type":"bearer_token","credential_data":{"token":5}}',
      'credential_data.token must be a string, in quotes',
    ],
    [
      '{"credential_type":"api_key","credential_data":{"header_name":"a b","api_key":"k"}}',
      'credential_data.header_name is not a header name: letters, digits and hyphens, such as X-API-Key',
    ],
    [
      '{"credential_type":"none","signing_secrets":["whpk_AAAA"]}',
      'signing_secrets[0] is a public key, which cannot sign: write the whsk_ key',
    ],
  ])('%s', (text, detail) => {
    expect(parseCredential(text, PREFIX)).toEqual({ ok: false, detail });
  });
});

function parse(secret: unknown): ReturnType<typeof parseCredential> {
  return parseCredential(JSON.stringify(secret), PREFIX);
}

function fingerprint(secret: unknown): string {
  const parsed = parse(secret);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.credential.fingerprint;
}
