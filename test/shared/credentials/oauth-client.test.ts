// Real: the parser of secrets and the request that is made of one. No doubles. Never to be asserted: a value of a secret in a fault.
import { describe, expect, test } from 'vitest';
import { parseCredential } from '../../../shared/credentials/credentials.ts';
import { clientKey, type OAuthClient, tokenRequest } from '../../../shared/credentials/oauth-client.ts';

const DATA = {
  token_url: 'https://auth.example.com/token?tenant=7',
  client_id: 'our-id',
  client_secret: 'canary-secret',
};

function parse(change: object = {}) {
  const secret = { credential_type: 'oauth2_client_credentials', credential_data: { ...DATA, ...change } };
  return parseCredential(JSON.stringify(secret), { headerPrefix: 'X-Dograh' });
}

function clientOf(change: object = {}): OAuthClient {
  const parsed = parse(change);
  if (!parsed.ok || parsed.credential.oauthClient === undefined) throw new Error('no client');
  return parsed.credential.oauthClient;
}

function requestOf(change: object = {}) {
  const { url, headers, body } = tokenRequest(clientOf(change), 'surehook/1.2.3');
  return { url, headers: Object.fromEntries(headers), body: Buffer.from(body).toString() };
}

describe('the request for a token', () => {
  test('names its client in a Basic header, unless the secret says otherwise', () => {
    expect(requestOf()).toEqual({
      url: DATA.token_url,
      headers: {
        Authorization: `Basic ${Buffer.from('our-id:canary-secret').toString('base64')}`,
        'Content-Type': 'application/x-www-form-urlencoded',
        Accept: 'application/json',
        'Accept-Encoding': 'identity',
        'User-Agent': 'surehook/1.2.3',
      },
      body: 'grant_type=client_credentials',
    });
  });

  test('encodes id and secret as in a form before it joins them (RFC 6749, 2.3.1)', () => {
    const { headers } = requestOf({ client_id: 'a:b c', client_secret: 'ü+/=&%' });
    const encoded = Buffer.from(headers['Authorization']?.slice('Basic '.length) ?? '', 'base64').toString();
    expect(encoded).toBe('a%3Ab+c:%C3%BC%2B%2F%3D%26%25');
  });

  test('names it in the body where the secret says so', () => {
    const { headers, body } = requestOf({ client_authentication: 'body', client_id: 'a:b c', client_secret: 'ü&=' });
    expect(headers).not.toHaveProperty('Authorization');
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'a:b c',
      client_secret: 'ü&=',
    });
  });

  test('asks for scope and audience where the secret names them', () => {
    const { body } = requestOf({ scope: ' read write ', audience: 'https://api.example.com/' });
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      scope: 'read write',
      audience: 'https://api.example.com/',
    });
    expect(requestOf({ scope: null, audience: '' }).body).toBe('grant_type=client_credentials');
  });
});

describe('a secret of the type oauth2_client_credentials', () => {
  test.each([
    [{ token_url: undefined }, 'credential_data.token_url is missing'],
    [{ token_url: 5 }, 'credential_data.token_url must be a string, in quotes'],
    [{ token_url: 'auth.example.com/token' }, 'credential_data.token_url is not an absolute URL'],
    [{ token_url: 'ftp://auth.example.com/' }, 'credential_data.token_url must begin with https://'],
    [
      { token_url: 'https://canary:canary@auth.example.com/' },
      'credential_data.token_url must hold no user name or password: client_id and client_secret are for those',
    ],
    [{ token_url: 'https://auth.example.com/#canary' }, 'credential_data.token_url must hold no fragment'],
    [
      { token_url: 'https://auth.example.com/\u200bcanary' },
      'credential_data.token_url holds the invisible character U+200B at character 26',
    ],
    [
      { token_url: `https://auth.example.com/${'x'.repeat(2048)}` },
      'credential_data.token_url is longer than 2048 characters',
    ],
    [{ client_id: '' }, 'credential_data.client_id is empty'],
    [{ client_id: null }, 'credential_data.client_id is missing'],
    [{ client_secret: ' ' }, 'credential_data.client_secret is empty'],
    [{ client_secret: 'canary\u0000' }, expect.stringMatching(/^credential_data\.client_secret holds a character/)],
    [{ client_secret: 'canary'.repeat(200) }, 'credential_data.client_secret is longer than 1024 characters'],
    [{ scope: ['a'] }, 'credential_data.scope must be a string, in quotes'],
    [{ client_authentication: 'canary' }, 'credential_data.client_authentication must be one of basic, body'],
  ])('is refused with what to write: %j', (change, detail) => {
    const parsed = parse(change);
    expect(parsed).toEqual({ ok: false, detail });
    expect(JSON.stringify(parsed)).not.toContain('canary');
  });

  test('is understood as it is pasted', () => {
    expect(
      clientOf({ token_url: ` ${DATA.token_url}\n`, client_id: 'our-id ', client_authentication: 'Basic' }),
    ).toEqual(clientOf());
  });

  test('brings no header by itself, and everything that has to be cut out of an answer', () => {
    const parsed = parse({ client_secret: 'a secret&' });
    expect(parsed).toMatchObject({ ok: true, credential: { headers: [] } });
    expect(parsed.ok && parsed.credential.secretValues).toEqual([
      'a secret&',
      'a+secret%26',
      'our-id:a+secret%26',
      Buffer.from('our-id:a+secret%26').toString('base64'),
    ]);
  });

  test('is another one, and has another key, when any member of it changes', () => {
    const changes = [
      {},
      { token_url: 'https://auth.example.com/other' },
      { client_id: 'x' },
      { client_secret: 'x' },
      { scope: 'x' },
      { audience: 'x' },
      { client_authentication: 'body' },
    ];
    const parsed = changes.map((change) => parse(change));
    const fingerprints = parsed.map((one) => (one.ok ? one.credential.fingerprint : ''));
    const keys = changes.map((change) => clientKey(clientOf(change), undefined));
    expect(new Set(fingerprints).size).toBe(changes.length);
    expect(new Set([...keys, clientKey(clientOf(), 'a certificate')]).size).toBe(changes.length + 1);
    expect(parse({ token_url: `${DATA.token_url} ` })).toEqual(parse());
  });
});
