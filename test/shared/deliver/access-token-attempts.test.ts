// Real: the attempt, the caches of credentials and tokens, the sender, a receiver and a token endpoint on loopback. Doubles: Secrets
// Manager and the clock. Never to be asserted: anything that a token endpoint says, in an outcome.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evidenceOf } from '../../../shared/endpoints/evidence-of.ts';
import { AccessTokenBench, CLIENT_SECRET, SECRET_NAME, token } from './access-token-world.ts';
import { AttemptBench, CREDENTIAL_UUID, response, secret } from './attempt-delivery-world.ts';

let bench: AccessTokenBench;

beforeEach(async () => {
  bench = await AccessTokenBench.open();
});
afterEach(() => bench[Symbol.asyncDispose]());

const bearer = (nth: number) => `Bearer canary-token-${nth}`;

describe('an access token', () => {
  test('is fetched before the request and sent with it', async () => {
    bench.credential({ scope: 'hooks', audience: 'https://api.example.com/' });
    const { outcome, exchange } = await bench.attempt();
    expect(outcome).toMatchObject({ kind: 'accepted' });
    expect(bench.sentWith).toEqual([bearer(1)]);
    const [asked] = bench.issuer.received;
    expect(asked).toMatchObject({ method: 'POST', path: '/token' });
    expect(asked?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`our-id:${CLIENT_SECRET}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'surehook/1.2.3',
    });
    expect(Object.fromEntries(new URLSearchParams(asked?.body.toString()))).toEqual({
      grant_type: 'client_credentials',
      scope: 'hooks',
      audience: 'https://api.example.com/',
    });
    expect(exchange?.request.headers).toContainEqual({ name: 'Authorization', of: 'credential' });
    expect(JSON.stringify(exchange)).not.toContain('canary');
  });

  test('is fetched once for twenty deliveries of one worker, at once and one after the other', async () => {
    await Promise.all(Array.from({ length: 20 }, () => bench.attempt()));
    for (let later = 0; later < 5; later += 1) await bench.attempt();
    expect(bench.issuer.received).toHaveLength(1);
    expect(bench.sentWith).toEqual(Array.from({ length: 25 }, () => bearer(1)));
  });

  test('is fetched again a minute before its end', async () => {
    await bench.attempt();
    bench.attempts.clock.stall(3_539_000);
    await bench.attempt();
    bench.attempts.clock.stall(1_000);
    await bench.attempt();
    expect(bench.sentWith).toEqual([bearer(1), bearer(1), bearer(2)]);
  });

  test('of one organization is never sent by another, though all that they keep is the same', async () => {
    await bench.attempt();
    await bench.attempt({ organizationId: 8 });
    expect(bench.sentWith).toEqual([bearer(1), bearer(2)]);
  });

  test('of a secret that has changed is not sent any more', async () => {
    await bench.attempt();
    bench.credential({ client_secret: 'another' });
    bench.attempts.clock.stall(10_000);
    await bench.attempt();
    expect(bench.sentWith).toEqual([bearer(1), bearer(2)]);
  });

  test('leaves the receiver what is left of the time of the attempt, which begins with it', async () => {
    const alone = new AttemptBench();
    alone.secrets = [
      secret('oauth2_client_credentials', { token_url: 'https://a/', client_id: 'i', client_secret: 's' }),
    ];
    alone.answer = ({ request, tell }) => {
      if (request.url !== 'https://a/') return response(200);
      alone.clock.stall(3_000);
      tell?.({ phasesMs: {}, written: 'whole', response: { headerNames: [], bodyBytes: 1, isComplete: true } });
      return response(200, { excerpt: '{"access_token":"t"}' });
    };
    await alone.attempt({ credentialUuid: CREDENTIAL_UUID });
    const [asked, sent] = alone.sent;
    expect([asked?.timeoutMs, sent?.timeoutMs]).toEqual([10_000, 27_000]);
    expect((sent?.mustStartByMonotonicMs ?? 0) - (asked?.mustStartByMonotonicMs ?? 0)).toBe(3_000);
  });

  test('for which no time is left is not asked for: the attempt is given back', async () => {
    const alone = new AttemptBench();
    alone.secrets = [
      secret('oauth2_client_credentials', { token_url: 'https://a/', client_id: 'i', client_secret: 's' }),
    ];
    const { outcome } = await alone.attempt({ credentialUuid: CREDENTIAL_UUID }, { mustStartInMs: -1 });
    expect(outcome).toMatchObject({ kind: 'released' });
    expect(alone.sent).toEqual([]);
  });

  test('that no socket was left for is no fault of anybody: the attempt is given back', async () => {
    const alone = new AttemptBench();
    alone.secrets = [
      secret('oauth2_client_credentials', { token_url: 'https://a/', client_id: 'i', client_secret: 's' }),
    ];
    alone.answer = { kind: 'exhausted', detail: 'this process ran out of sockets or memory' };
    const { outcome } = await alone.attempt({ credentialUuid: CREDENTIAL_UUID });
    expect(outcome).toEqual({
      kind: 'released',
      detail: 'asking https://a for an access token: this process ran out of sockets or memory',
    });
  });

  test('that a receiver echoes is cut out of what is kept, and so is what it was fetched with', async () => {
    bench.receiver.behaviour = ({ headers }) => ({
      status: 400,
      headers: { 'canary-token-1': 'x' },
      body: `you sent ${headers.authorization}, ${Buffer.from('canary-token-1').toString('base64')}, ${CLIENT_SECRET}`,
    });
    const { outcome, exchange } = await bench.attempt();
    expect(outcome).toMatchObject({ excerpt: 'you sent Bearer [REDACTED], [REDACTED], [REDACTED]' });
    expect(JSON.stringify([outcome, exchange])).not.toContain('canary');
  });
});

describe('a 401 to an access token', () => {
  test('fetches another, with which the next attempt goes out at once', async () => {
    bench.receiver.behaviour = ({ headers }) => (headers.authorization === bearer(1) ? 401 : 200);
    expect((await bench.attempt()).outcome).toEqual({
      kind: 'failed',
      because: 'credential_rotated',
      detail: 'status 401; the access token was refused, and the next attempt fetches another',
      status: 401,
      excerpt: '',
      retryNow: true,
    });
    expect((await bench.attempt({ attempt: 2, afterRotation: true })).outcome).toMatchObject({ kind: 'accepted' });
    expect(bench.sentWith).toEqual([bearer(1), bearer(2)]);
  });

  test.each([
    [4, 'the access token was refused, and the next attempt fetches another'],
    [5, 'the access token was refused, and this was the last attempt allowed: a redelivery fetches another'],
  ])('at attempt %i of 5 promises no attempt that does not follow', async (attempt, words) => {
    bench.receiver.behaviour = () => 401;
    const { outcome } = await bench.attempt({ attempt, maxAttempts: 5 });
    expect(outcome).toMatchObject({ because: 'credential_rotated', detail: `status 401; ${words}` });
  });

  test('for the second time in a row is what it says', async () => {
    bench.receiver.behaviour = () => 401;
    await bench.attempt();
    const { outcome } = await bench.attempt({ attempt: 2, afterRotation: true });
    expect(outcome).toMatchObject({ kind: 'refused', because: 'status', status: 401 });
    expect(bench.issuer.received).toHaveLength(2);
  });

  test('of twenty deliveries costs one more token, however they are repeated', async () => {
    bench.receiver.behaviour = ({ headers }) => (headers.authorization === bearer(1) ? 401 : 200);
    await bench.attempt();
    const first = await Promise.all(Array.from({ length: 20 }, () => bench.attempt()));
    const then = await Promise.all(first.map(() => bench.attempt({ attempt: 2, afterRotation: true })));
    expect(then.map(({ outcome }) => outcome.kind)).toEqual(then.map(() => 'accepted'));
    expect(bench.issuer.received).toHaveLength(2);
  });

  test('is followed by a new token in another worker, too, whatever that one keeps', async () => {
    await bench.attempt();
    await bench.attempt({ attempt: 2, afterRotation: true });
    expect(bench.sentWith).toEqual([bearer(1), bearer(2)]);
  });

  test('of a receiver that takes no token of anybody costs one token in five seconds', async () => {
    bench.receiver.behaviour = () => 401;
    for (let one = 0; one < 10; one += 1) {
      await bench.attempt();
      await bench.attempt({ attempt: 2, afterRotation: true });
    }
    expect(bench.issuer.received).toHaveLength(2);
  });

  test('after the secret has changed is a rotation of the secret', async () => {
    bench.receiver.behaviour = () => 401;
    bench.credential({}, [{ client_secret: 'another' }]);
    expect((await bench.attempt()).outcome).toMatchObject({
      because: 'credential_rotated',
      detail: 'status 401; the credential has changed since it was read',
      retryNow: true,
    });
  });

  test('gives the token up, also while nobody knows whether the secret has changed', async () => {
    bench.receiver.behaviour = ({ headers }) => (headers.authorization === bearer(1) ? 401 : 200);
    const [known] = bench.attempts.secrets;
    if (known !== undefined) bench.attempts.secrets = [known, { kind: 'unavailable', detail: 'down' }, known];
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'failed', because: 'status' });
    bench.attempts.clock.stall(2_000);
    expect((await bench.attempt({ attempt: 2 })).outcome).toMatchObject({ kind: 'accepted' });
    expect(bench.sentWith).toEqual([bearer(1), bearer(2)]);
  });

  test('is not what a 403 is: that leaves the token alone', async () => {
    bench.receiver.behaviour = () => 403;
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'refused', status: 403 });
    await bench.attempt();
    expect(bench.issuer.received).toHaveLength(1);
  });
});

describe('a token endpoint that issues none', () => {
  const missing = (words: string) => ({
    kind: 'failed',
    because: 'credential_missing',
    detail: `credential_missing: the secret ${SECRET_NAME}: no access token from ORIGIN: ${words}`,
  });
  const invalid = (words: string) => ({
    kind: 'failed',
    because: 'credential_invalid',
    detail: `credential_invalid: the secret ${SECRET_NAME}: ${words}`,
  });
  const refusing = (status: number, error: unknown, headers?: Record<string, string>) => ({
    status,
    body: JSON.stringify({ error, error_description: 'canary: no such client' }),
    ...(headers && { headers }),
  });

  test.each([
    [
      'a client it does not know',
      refusing(401, 'invalid_client'),
      invalid('ORIGIN issues no access token for it: status 401, invalid_client'),
    ],
    [
      'a scope it does not know',
      refusing(400, 'invalid_scope'),
      invalid('ORIGIN issues no access token for it: status 400, invalid_scope'),
    ],
    ['an error in words', refusing(400, 'Canary failed!'), invalid('ORIGIN issues no access token for it: status 400')],
    [
      'an error that is the secret',
      refusing(400, 'canary_as_a_code'),
      invalid('ORIGIN issues no access token for it: status 400'),
    ],
    [
      'nothing at its URL',
      { status: 404, body: 'canary' },
      invalid('ORIGIN issues no access token for it: status 404'),
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://canary.example.com/' } },
      invalid('credential_data.token_url, at ORIGIN, points elsewhere (status 302), and redirects are not followed'),
    ],
    ['a bad hour', refusing(503, 'temporarily_unavailable'), missing('status 503, temporarily_unavailable')],
    ['a bug of its own', { status: 500, body: 'canary' }, missing('status 500')],
    [
      'too much asked of it',
      refusing(429, 'too_many_requests', { 'retry-after': '90' }),
      { ...missing('status 429, too_many_requests'), retryAfterSeconds: 90 },
    ],
    ['a page', { status: 200, body: '<html>canary</html>' }, missing('an answer that is not JSON')],
    ['no body', 204, missing('an answer that is not JSON')],
    [
      'a token with a line end',
      token({ access_token: 'canary\r\nX-Injected: 1' }),
      missing('an access_token with a character that no header can carry'),
    ],
    [
      'a token of another type',
      token({ access_token: 'canary', token_type: 'mac' }),
      missing('a token whose token_type is not Bearer'),
    ],
    [
      'a token of a megabyte',
      token({ access_token: 'x'.repeat(1024 * 1024) }),
      missing('an answer that broke off, or is longer than 64 KiB'),
    ],
    [
      'a token of 9 KiB',
      token({ access_token: 'x'.repeat(9 * 1024) }),
      missing('an access_token of more than 8192 bytes'),
    ],
  ])('but %s fails the attempt, and says nothing of the receiver', async (_, answer, expected) => {
    bench.credential({ client_id: 'canary_as_a_code', client_secret: 'canary_as_a_code' });
    bench.issuer.behaviour = () => answer;
    const { outcome } = await bench.attempt();
    const { origin } = new URL(bench.issuer.url());
    expect(outcome).toEqual({ ...expected, detail: expected.detail.replace('ORIGIN', origin) });
    expect(JSON.stringify(outcome)).not.toContain('canary');
    expect(outcome.kind !== 'released' && evidenceOf(outcome)).toEqual({ endpoint: 'none', origin: 'none' });
    expect(bench.receiver.connections).toBe(0);
  });

  test('is left alone for five seconds by all that need it, and heals by itself', async () => {
    const { behaviour } = bench.issuer;
    bench.issuer.behaviour = () => 503;
    await Promise.all(Array.from({ length: 20 }, () => bench.attempt()));
    expect(bench.issuer.received).toHaveLength(1);
    bench.issuer.behaviour = behaviour;
    expect((await bench.attempt()).outcome).toMatchObject({ because: 'credential_missing' });
    bench.attempts.clock.stall(5_000);
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'accepted' });
  });

  test.each([
    [
      'its address may not be reached',
      'https://10.0.0.1/canary',
      'https://10.0.0.1 cannot be asked for an access token: credential_data.token_url is not a public address (private)',
    ],
    [
      'its port is no web server’s',
      'https://auth.example.com:25/',
      'https://auth.example.com:25 cannot be asked for an access token: credential_data.token_url names a port of a service that is not a web server',
    ],
    [
      'its URL holds a blank',
      'https://auth.example.com/a b',
      'https://auth.example.com cannot be asked for an access token: credential_data.token_url must hold no space, control character, backslash or lone surrogate',
    ],
  ])('because %s is a fault of the secret', async (_, token_url, words) => {
    bench.credential({ token_url });
    expect((await bench.attempt()).outcome).toEqual(invalid(words));
    expect(bench.issuer.connections).toBe(0);
  });

  test('because nobody listens there is named', async () => {
    const gone = await AccessTokenBench.open();
    const token_url = gone.issuer.url();
    await gone[Symbol.asyncDispose]();
    bench.credential({ token_url });
    expect((await bench.attempt()).outcome).toEqual({
      ...missing('connection: connection refused'),
      detail: missing('connection: connection refused').detail.replace('ORIGIN', new URL(token_url).origin),
    });
  });
});
