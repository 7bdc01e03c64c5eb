// Real: the attempt, the credential cache and parser, the signatures and the cutting of secrets. Doubles: the connections and
// Secrets Manager, which record and answer what the test says, and the clock.
import { createHmac, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SecretRead } from '../../../shared/credentials/credentials.ts';
import { certificate } from '../../support/receivers/hostile-receivers.ts';
import { AttemptBench, CREDENTIAL_UUID, DELIVERY_UUID, response, secret } from './attempt-delivery-world.ts';

const WITH_CREDENTIAL = { credentialUuid: CREDENTIAL_UUID };
const TOKEN = 'canary-token-5up3rs3cret';
const BEARER = secret('bearer_token', { token: TOKEN });

let bench: AttemptBench;

beforeEach(() => {
  bench = new AttemptBench();
});

describe('a credential', () => {
  test("is looked for under the delivery's own organization", async () => {
    await bench.attempt({ ...WITH_CREDENTIAL, organizationId: 8 });
    expect(bench.read).toEqual([`webhook-credentials/8/${CREDENTIAL_UUID}`]);
  });

  test('is sent', async () => {
    bench.secrets = [BEARER];
    await bench.attempt(WITH_CREDENTIAL);
    expect(bench.sentHeaders()).toMatchObject({ Authorization: `Bearer ${TOKEN}` });
  });

  test('that does not exist fails the attempt, and nothing is sent without it', async () => {
    const { outcome } = await bench.attempt(WITH_CREDENTIAL);
    expect(outcome).toEqual({
      kind: 'failed',
      because: 'credential_missing',
      detail: `credential_missing: there is no secret webhook-credentials/7/${CREDENTIAL_UUID}`,
    });
    expect(bench.sent).toHaveLength(0);
  });

  test('that is created late heals the delivery', async () => {
    bench.secrets = [{ kind: 'missing' }, BEARER];
    await bench.attempt(WITH_CREDENTIAL);
    await bench.clock.turn(5_000);
    expect((await bench.attempt({ ...WITH_CREDENTIAL, attempt: 2 })).outcome).toMatchObject({ kind: 'accepted' });
  });

  test.each([
    ['no JSON', { kind: 'found', secretString: 'canary' } as const],
    ['binary', { kind: 'found', secretString: undefined } as const],
    ['a header that cannot be sent', secret('bearer_token', { token: 'canary\r\nX: y' })],
  ])(
    'that is malformed fails the attempt, in words that name the secret and not its value: %s',
    async (_case, malformed) => {
      bench.secrets = [malformed];
      const { outcome } = await bench.attempt(WITH_CREDENTIAL);
      expect(outcome).toMatchObject({
        kind: 'failed',
        because: 'credential_invalid',
        detail: expect.stringContaining(`credential_invalid: the secret webhook-credentials/7/${CREDENTIAL_UUID} `),
      });
      expect(JSON.stringify(outcome)).not.toContain('canary');
      expect(bench.sent).toHaveLength(0);
    },
  );

  test('that is mended late heals the delivery', async () => {
    bench.secrets = [{ kind: 'found', secretString: '{"credential_type":' }, BEARER];
    await bench.attempt(WITH_CREDENTIAL);
    await bench.clock.turn(5_000);
    expect((await bench.attempt({ ...WITH_CREDENTIAL, attempt: 2 })).outcome).toMatchObject({ kind: 'accepted' });
  });

  test('that Secrets Manager cannot give gives the attempt back: that is our fault', async () => {
    bench.secrets = [{ kind: 'unavailable', detail: 'Secrets Manager: ThrottlingException' }];
    const { outcome } = await bench.attempt(WITH_CREDENTIAL);
    expect(outcome).toEqual({ kind: 'released', detail: 'Secrets Manager: ThrottlingException' });
    expect(bench.sent).toHaveLength(0);
  });

  test('that comes too late for a whole attempt is not used: the attempt is given back', async () => {
    bench.secrets = [BEARER];
    const { outcome } = await bench.attempt(WITH_CREDENTIAL, { mustStartInMs: -1 });
    expect(outcome).toMatchObject({ kind: 'released' });
    expect(bench.sent).toHaveLength(0);
  });

  test('cannot replace a Surehook header, and a custom header cannot replace it', async () => {
    bench.secrets = [secret('custom_header', { header_name: 'X-Partner', header_value: 'from the credential' })];
    await bench.attempt({
      ...WITH_CREDENTIAL,
      customHeaders: [{ key: 'x-partner', value: 'from the request' }],
    });
    expect(bench.sentHeaders()).toMatchObject({ 'X-Partner': 'from the credential' });
    expect(Object.keys(bench.sentHeaders()).filter((name) => name.toLowerCase() === 'x-partner')).toHaveLength(1);
  });
});

describe('a client certificate', () => {
  // The certificates are younger than the bench.
  beforeEach(() => bench.clock.stall(7 * 86_400_000));

  const { cert, key } = certificate('client-only');
  const shown = (more: object = {}): SecretRead => ({
    kind: 'found',
    secretString: JSON.stringify({
      credential_type: 'bearer_token',
      credential_data: { token: TOKEN },
      client_certificate: { certificate: cert, private_key: key, ...more },
    }),
  });

  test('is shown beside what its credential sends', async () => {
    bench.secrets = [shown()];
    await bench.attempt(WITH_CREDENTIAL);
    expect(bench.sent[0]?.request.clientCertificate?.certificates).toBe(cert);
    expect(bench.sentHeaders()).toMatchObject({ Authorization: `Bearer ${TOKEN}` });
  });

  test.each([
    [
      'a URL without TLS, to which it could not be shown',
      shown(),
      'http://hooks.example.com/in',
      'holds a client_certificate, which can be shown to an https:// URL only, and endpoint_url begins with http://',
    ],
    [
      'a key that does not belong to it',
      shown({ private_key: certificate('good').key }),
      'https://hooks.example.com/in',
      'client_certificate.private_key does not belong to client_certificate.certificate',
    ],
    [
      'a certificate that has expired',
      shown({ certificate: certificate('expired').cert, private_key: certificate('expired').key }),
      'https://hooks.example.com/in',
      expect.stringMatching(/^client_certificate\.certificate has expired, on /),
    ],
  ])('with %s sends nothing, and says why', async (_case, given, endpointUrl, words) => {
    bench.secrets = [given];
    const { outcome } = await bench.attempt({ ...WITH_CREDENTIAL, endpointUrl });
    const prefix = `credential_invalid: the secret webhook-credentials/7/${CREDENTIAL_UUID} `;
    expect(outcome).toEqual({ kind: 'failed', because: 'credential_invalid', detail: expect.stringContaining(prefix) });
    expect(outcome.kind === 'failed' && outcome.detail.slice(prefix.length)).toEqual(words);
    expect(bench.sent).toEqual([]);
  });

  test('that is not valid yet sends nothing before its day', async () => {
    bench = new AttemptBench();
    bench.secrets = [shown()];
    expect((await bench.attempt(WITH_CREDENTIAL)).outcome).toMatchObject({
      because: 'credential_invalid',
      detail: expect.stringContaining('client_certificate.certificate is not valid before 2026-11-26'),
    });
    expect(bench.sent).toEqual([]);
  });

  test('whose key a receiver echoes is cut out of what is kept', async () => {
    bench.secrets = [shown()];
    bench.answer = response(200, { excerpt: `your key is ${JSON.stringify(key)}` });
    const { outcome } = await bench.attempt(WITH_CREDENTIAL);
    const excerpt = outcome.kind === 'accepted' ? outcome.excerpt : '';
    for (const line of key.split('\n').filter((text) => text !== '' && !text.startsWith('---'))) {
      expect(excerpt).not.toContain(line);
    }
    expect(excerpt).toMatch(/^your key is "-----BEGIN/);
  });
});

describe('a signature', () => {
  const KEY = randomBytes(32);
  const OTHER_KEY = randomBytes(32);
  const SIGNING = [`whsec_${KEY.toString('base64')}`, `whsec_${OTHER_KEY.toString('base64')}`];
  const body = Buffer.from('{"frozen":true}');

  function expected(key: Buffer, timestamp: string, bytes: Buffer = body): string {
    const signed = Buffer.concat([Buffer.from(`${DELIVERY_UUID}.${timestamp}.`), bytes]);
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  }

  beforeEach(() => {
    bench.secrets = [secret('none', {}, SIGNING)];
  });

  test('is there once for each secret, in their order, with the id and the time it covers', async () => {
    await bench.attempt({ ...WITH_CREDENTIAL, body });
    const timestamp = '1795435200'; // 2026-11-23T12:00:00Z
    expect(bench.sentHeaders()).toMatchObject({
      'webhook-id': DELIVERY_UUID,
      'webhook-timestamp': timestamp,
      'webhook-signature': `${expected(KEY, timestamp)} ${expected(OTHER_KEY, timestamp)}`,
    });
  });

  test('is made anew at every attempt, over the same id and bytes', async () => {
    await bench.attempt({ ...WITH_CREDENTIAL, body });
    const first = bench.sentHeaders();
    await bench.clock.turn(60_000);
    await bench.attempt({ ...WITH_CREDENTIAL, body, attempt: 2 });
    const second = bench.sentHeaders();
    expect(second['webhook-id']).toBe(first['webhook-id']);
    expect(second['webhook-timestamp']).toBe('1795435260');
    expect(second['webhook-signature']).toContain(expected(KEY, '1795435260'));
    expect(second['webhook-signature']).not.toBe(first['webhook-signature']);
  });

  test('of a request without a body covers none', async () => {
    await bench.attempt({ ...WITH_CREDENTIAL, httpMethod: 'GET', body: undefined });
    expect(bench.sentHeaders()['webhook-signature']).toContain(expected(KEY, '1795435200', Buffer.alloc(0)));
  });

  test('is missing where the credential holds no signing secrets', async () => {
    bench.secrets = [BEARER];
    await bench.attempt(WITH_CREDENTIAL);
    expect(Object.keys(bench.sentHeaders()).filter((name) => name.startsWith('webhook-'))).toEqual([]);
  });

  test('that the receiver echoes is cut out of what is kept', async () => {
    bench.answer = ({ request }) => {
      const signature = new Map(request.headers).get('webhook-signature') ?? '';
      return response(400, { excerpt: `bad signature: ${signature}` });
    };
    const { outcome } = await bench.attempt({ ...WITH_CREDENTIAL, body });
    const excerpt = outcome.kind === 'refused' ? outcome.excerpt : undefined;
    expect(excerpt).toContain('bad signature: ');
    expect(excerpt).not.toContain(expected(KEY, '1795435200').slice('v1,'.length));
    expect(excerpt).not.toContain(expected(OTHER_KEY, '1795435200').slice('v1,'.length));
  });
});

describe.each([401, 403])('a %i', (status) => {
  beforeEach(() => {
    bench.answer = response(status, { excerpt: `who is ${TOKEN}?` });
  });

  test('without a credential is permanent', async () => {
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'refused', because: 'status', status });
    expect(bench.read).toEqual([]);
  });

  test('to the current credential is permanent, and its excerpt holds no secret', async () => {
    bench.secrets = [BEARER];
    const { outcome } = await bench.attempt(WITH_CREDENTIAL);
    expect(outcome).toMatchObject({ kind: 'refused', because: 'status', status, excerpt: 'who is [REDACTED]?' });
    expect(bench.read).toHaveLength(2);
  });

  test('to the current credential is tried again where the settings name it', async () => {
    bench.secrets = [BEARER];
    const { outcome } = await bench.attempt(WITH_CREDENTIAL, { parts: { retryStatuses: [401, 403] } });
    expect(outcome).toMatchObject({ kind: 'failed', because: 'status', status, detail: `status ${status}` });
    expect(outcome).not.toHaveProperty('retryNow');
  });

  test('that asks for no further attempt is final, even if the credential was rotated since', async () => {
    bench.secrets = [BEARER, secret('bearer_token', { token: 'the new one' })];
    bench.answer = response(status, { webhookDelivery: 'abort-message' });
    expect((await bench.attempt(WITH_CREDENTIAL)).outcome).toMatchObject({
      kind: 'refused',
      because: 'status',
      status,
    });
  });

  test('to a credential that was rotated since is transient, and the next attempt is due now', async () => {
    bench.secrets = [BEARER, secret('bearer_token', { token: 'the new one' })];
    expect((await bench.attempt(WITH_CREDENTIAL)).outcome).toMatchObject({
      kind: 'failed',
      because: 'credential_rotated',
      status,
      retryNow: true,
      excerpt: 'who is [REDACTED]?',
    });
    bench.answer = response(200);
    await bench.attempt({ ...WITH_CREDENTIAL, attempt: 2 });
    expect(bench.sentHeaders()).toMatchObject({ Authorization: 'Bearer the new one' });
  });

  test('to a credential that was rotated since, for the second time in a row, waits the usual delay', async () => {
    bench.secrets = [BEARER, secret('bearer_token', { token: 'the new one' })];
    const { outcome } = await bench.attempt({ ...WITH_CREDENTIAL, attempt: 2, afterRotation: true });
    expect(outcome).toMatchObject({ kind: 'failed', because: 'credential_rotated', status });
    expect(outcome).not.toHaveProperty('retryNow');
  });

  test('to a credential that was deleted since is transient', async () => {
    bench.secrets = [BEARER, { kind: 'missing' }];
    expect((await bench.attempt(WITH_CREDENTIAL)).outcome).toMatchObject({ kind: 'failed', retryNow: true });
  });

  test('buries nothing while nobody knows whether the credential was rotated', async () => {
    bench.secrets = [BEARER, { kind: 'unavailable', detail: 'Secrets Manager: ThrottlingException' }];
    const { outcome } = await bench.attempt(WITH_CREDENTIAL);
    expect(outcome).toMatchObject({ kind: 'failed', because: 'status', status });
    expect(outcome).not.toHaveProperty('retryNow');
  });
});

test.each([200, 404, 500])('a secret that a receiver echoes in a %i is cut out of what is kept', async (status) => {
  bench.secrets = [secret('basic_auth', { username: 'canary-user', password: 'canary-password' })];
  const encoded = Buffer.from('canary-user:canary-password').toString('base64');
  bench.answer = response(status, { excerpt: `got Basic ${encoded}, that is canary-user:canary-password` });
  const { outcome } = await bench.attempt(WITH_CREDENTIAL);
  const excerpt = outcome.kind === 'released' ? '' : outcome.excerpt;
  expect(excerpt).toMatch(/^got Basic \[REDACTED\]/);
  expect(excerpt).not.toContain('canary');
});

test('a secret that a receiver puts into the name it redirects to is cut out of the error', async () => {
  bench.secrets = [secret('bearer_token', { token: 'canary-5up3r-s3cret-t0ken' })];
  bench.answer = response(302, { location: 'https://canary-5up3r-s3cret-t0ken.example.net/' });
  const { outcome } = await bench.attempt(WITH_CREDENTIAL);
  expect(outcome).toMatchObject({ kind: 'refused', detail: expect.stringContaining('a redirect to https://') });
  expect(JSON.stringify(outcome)).not.toContain('canary');
});
