// Real: cache and parser. Doubles: Secrets Manager, because a hanging, failing or late answer must come exactly when the
// test says so; the clock, turned by hand.
import { beforeEach, expect, test } from 'vitest';

import { CredentialCache } from '../../../shared/credentials/credential-cache.ts';
import type { SecretRead } from '../../../shared/credentials/credentials.ts';
import { ManualTimers } from '../../support/time/manual-timers.ts';

const UUID = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
const OTHER_UUID = '11111111-2222-4333-8444-555555555555';
const DOWN: SecretRead = { kind: 'unavailable', detail: 'Secrets Manager: ThrottlingException' };

let timers: ManualTimers;
/** Every read in order: its name, and what ends it. */
let reads: { name: string; answer: (read: SecretRead) => void; fail: (error: Error) => void; signal: AbortSignal }[];
let cache: CredentialCache;

beforeEach(() => {
  timers = new ManualTimers();
  reads = [];
  cache = newCache();
});

test('one read serves ten seconds, then the secret is read again', async () => {
  expect(await resolveWith(bearer('t-1'))).toBe('Bearer t-1');
  await timers.advance(9_999);
  expect(await tokenOf(cache.resolve(7, UUID))).toBe('Bearer t-1');
  expect(reads).toHaveLength(1);
  await timers.advance(1);
  expect(await resolveWith(bearer('t-2'))).toBe('Bearer t-2');
  expect(reads).toHaveLength(2);
});

test('a missing credential is looked for again after five seconds', async () => {
  const first = cache.resolve(7, UUID);
  lastRead().answer({ kind: 'missing' });
  const missing = { kind: 'missing', detail: `there is no secret webhook-credentials/7/${UUID}` };
  expect(await first).toEqual(missing);
  await timers.advance(4_999);
  expect(await cache.resolve(7, UUID)).toEqual(missing);
  expect(reads).toHaveLength(1);
  await timers.advance(1);
  expect(await resolveWith(bearer('late'))).toBe('Bearer late');
});

test('asked for many times at once, a secret is read once', async () => {
  const asked = Array.from({ length: 50 }, () => tokenOf(cache.resolve(7, UUID)));
  expect(reads).toHaveLength(1);
  lastRead().answer(bearer('t-1'));
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['Bearer t-1']));
});

test('the same UUID of two organizations is two secrets', async () => {
  const ours = tokenOf(cache.resolve(7, UUID));
  const theirs = tokenOf(cache.resolve(8, UUID));
  expect(reads.map(({ name }) => name)).toEqual([`webhook-credentials/7/${UUID}`, `webhook-credentials/8/${UUID}`]);
  reads[0]?.answer(bearer('ours'));
  reads[1]?.answer(bearer('theirs'));
  expect(await Promise.all([ours, theirs])).toEqual(['Bearer ours', 'Bearer theirs']);
  expect(await tokenOf(cache.resolve(7, UUID.toUpperCase()))).toBe('Bearer ours');
  expect(await tokenOf(cache.resolve(8, UUID))).toBe('Bearer theirs');
});

test('what is no UUID is invalid, and no read is made for it', async () => {
  expect(await cache.resolve(7, `../8/${UUID}`)).toMatchObject({ kind: 'invalid' });
  expect(await cache.resolve(0, UUID)).toMatchObject({ kind: 'invalid' });
  expect(reads).toHaveLength(0);
});

test('a malformed secret is invalid, and mending it heals within five seconds', async () => {
  const first = cache.resolve(7, UUID);
  lastRead().answer({
    kind: 'found',
    secretString: '{"credential_type":"bearer_token","credential_data":{"token":""}}',
  });
  expect(await first).toMatchObject({ kind: 'invalid' });
  await timers.advance(5_000);
  expect(await resolveWith(bearer('mended'))).toBe('Bearer mended');
});

test('a read that hangs is given up after five seconds', async () => {
  const asked = cache.resolve(7, UUID);
  await timers.advance(4_999);
  expect(lastRead().signal.aborted).toBe(false);
  await timers.advance(1);
  expect(lastRead().signal.aborted).toBe(true);
  expect(await asked).toMatchObject({ kind: 'unavailable' });
});

test('a failing service is left alone for two seconds', async () => {
  const first = cache.resolve(7, UUID);
  lastRead().answer(DOWN);
  expect(await first).toEqual(DOWN);
  await timers.advance(1_999);
  expect(await cache.resolve(7, UUID)).toEqual(DOWN);
  expect(reads).toHaveLength(1);
  await timers.advance(1);
  expect(await resolveWith(bearer('t-1'))).toBe('Bearer t-1');
});

test('a source that throws is unavailable, in words that hold nothing of the error', async () => {
  const asked = cache.resolve(7, UUID);
  lastRead().fail(new Error('canary'));
  const answer = await asked;
  expect(answer.kind).toBe('unavailable');
  expect(JSON.stringify(answer)).not.toContain('canary');
});

test('the last good value stands in while the service is down, for a quarter of an hour', async () => {
  await resolveWith(bearer('t-1'));
  await timers.advance(15 * 60_000 - 1);
  expect(await resolveWith(DOWN)).toBe('Bearer t-1');
  await timers.advance(1);
  expect(await cache.resolve(7, UUID)).toEqual(DOWN);
});

test('the last good value is void as soon as the service says the credential is gone', async () => {
  await resolveWith(bearer('t-1'));
  await timers.advance(10_000);
  expect(await resolveWith({ kind: 'missing' })).toBe('missing');
  await timers.advance(5_000);
  expect(await resolveWith(DOWN)).toBe('unavailable');
});

test('a clock that was set back never makes an old value fresh', async () => {
  await resolveWith(bearer('t-1'));
  await timers.advance(-60_000);
  void cache.resolve(7, UUID);
  expect(reads).toHaveLength(2);
});

test('one caller that gives up does not harm another', async () => {
  const impatient = new AbortController();
  const givenUp = cache.resolve(7, UUID, impatient.signal);
  const patient = cache.resolve(7, UUID);
  impatient.abort();
  expect(await givenUp).toMatchObject({ kind: 'unavailable' });
  expect(lastRead().signal.aborted).toBe(false);
  lastRead().answer(bearer('t-1'));
  expect(await tokenOf(patient)).toBe('Bearer t-1');
});

test('a read that nobody waits for any more is ended, and counts for nothing', async () => {
  const impatient = new AbortController();
  const givenUp = cache.resolve(7, UUID, impatient.signal);
  impatient.abort();
  await givenUp;
  expect(lastRead().signal.aborted).toBe(true);
  await timers.advance(0);
  expect(await resolveWith(bearer('t-1'))).toBe('Bearer t-1');
  expect(reads).toHaveLength(2);
});

test('the least recently used is forgotten beyond the bound', async () => {
  cache = newCache({ maxEntries: 2 });
  await resolveWith(bearer('a'), 1);
  await resolveWith(bearer('b'), 2);
  await cache.resolve(1, UUID);
  await resolveWith(bearer('c'), 3);
  await cache.resolve(1, UUID);
  expect(reads).toHaveLength(3);
  void cache.resolve(2, UUID);
  expect(reads).toHaveLength(4);
});

test('after a 401 the secret is read past the cache, and its change is seen by the next attempt', async () => {
  await resolveWith(bearer('t-1'));
  const seen = await fingerprintOf(UUID);
  const reread = cache.resolvePast(7, UUID, seen);
  expect(reads).toHaveLength(2);
  lastRead().answer(bearer('t-2'));
  expect(await reread).toEqual({ kind: 'changed' });
  expect(await tokenOf(cache.resolve(7, UUID))).toBe('Bearer t-2');
  expect(reads).toHaveLength(2);
});

test('a secret that is the same past the cache is unchanged', async () => {
  await resolveWith(bearer('t-1'));
  const reread = cache.resolvePast(7, UUID, await fingerprintOf(UUID));
  lastRead().answer(bearer('t-1'));
  expect(await reread).toEqual({ kind: 'unchanged' });
});

test.each<[string, SecretRead]>([
  ['deleted', { kind: 'missing' }],
  ['malformed', { kind: 'found', secretString: 'x' }],
])('a secret that is %s by now has changed', async (_case, read) => {
  await resolveWith(bearer('t-1'));
  const reread = cache.resolvePast(7, UUID, await fingerprintOf(UUID));
  lastRead().answer(read);
  expect(await reread).toEqual({ kind: 'changed' });
});

test('while the service is down, whether a secret has changed is unknown, and the last good value is not asked', async () => {
  await resolveWith(bearer('t-1'));
  const reread = cache.resolvePast(7, UUID, await fingerprintOf(UUID));
  lastRead().answer(DOWN);
  expect(await reread).toEqual(DOWN);
  expect(await tokenOf(cache.resolve(7, UUID))).toBe('Bearer t-1');
});

test('a look past the cache never joins a read that began before it', async () => {
  await resolveWith(bearer('t-1'));
  const seen = await fingerprintOf(UUID);
  await timers.advance(10_000);
  const underWay = tokenOf(cache.resolve(7, UUID));
  const reread = cache.resolvePast(7, UUID, seen);
  expect(reads).toHaveLength(3);
  reads[2]?.answer(bearer('t-2'));
  expect(await reread).toEqual({ kind: 'changed' });
  // The older read answers last, with what it had read before the change.
  reads[1]?.answer(bearer('t-1'));
  await underWay;
  expect(await tokenOf(cache.resolve(7, UUID))).toBe('Bearer t-2');
});

test('another credential of the same organization is another secret', async () => {
  await resolveWith(bearer('t-1'));
  const other = tokenOf(cache.resolve(7, OTHER_UUID));
  lastRead().answer(bearer('t-2'));
  expect(await other).toBe('Bearer t-2');
});

function newCache(bound: { maxEntries?: number } = {}): CredentialCache {
  const source = {
    fetch: (name: string, signal: AbortSignal) =>
      new Promise<SecretRead>((answer, fail) => {
        reads.push({ name, answer, fail, signal });
      }),
  };
  return new CredentialCache({
    source,
    clock: timers,
    prefix: 'webhook-credentials',
    headerPrefix: 'X-Dograh',
    ...bound,
  });
}

function lastRead(): (typeof reads)[number] {
  const read = reads.at(-1);
  if (read === undefined) throw new Error('nothing was read');
  return read;
}

/** Asks, lets the read it makes answer, and tells the header's value or what came instead. */
async function resolveWith(read: SecretRead, organizationId = 7): Promise<string> {
  const asked = tokenOf(cache.resolve(organizationId, UUID));
  lastRead().answer(read);
  return asked;
}

async function tokenOf(asked: ReturnType<CredentialCache['resolve']>): Promise<string> {
  const answer = await asked;
  return answer.kind === 'resolved' ? (answer.credential.headers[0]?.value ?? '') : answer.kind;
}

async function fingerprintOf(uuid: string): Promise<string> {
  const answer = await cache.resolve(7, uuid);
  if (answer.kind !== 'resolved') throw new Error(answer.kind);
  return answer.credential.fingerprint;
}

function bearer(token: string): SecretRead {
  return {
    kind: 'found',
    secretString: JSON.stringify({ credential_type: 'bearer_token', credential_data: { token } }),
  };
}
