// Real: the cache of access tokens. Doubles: who is asked for one, because its answers come when the test says so; the clock, turned
// by hand.
import { beforeEach, describe, expect, test } from 'vitest';
import { AccessTokens, type TokenAnswer } from '../../../shared/credentials/access-tokens.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

const KEY = { organizationId: 7, client: 'a client' };
const FAILED: TokenAnswer = { kind: 'failed', because: 'credential_missing', detail: 'status 503' };

let clock: TurnedClock;
let tokens: AccessTokens;
/** Each request in turn, and what ends it. */
let asked: PromiseWithResolvers<TokenAnswer>[];

beforeEach(() => {
  clock = new TurnedClock();
  tokens = new AccessTokens({ clock });
  asked = [];
});

const issued = (accessToken: string, keptMs = 3_540_000): TokenAnswer => ({ kind: 'issued', accessToken, keptMs });

function resolve(key: Partial<typeof KEY> = {}, wanted?: 'any' | 'renewed'): Promise<TokenAnswer> {
  const ask = () => {
    const request = Promise.withResolvers<TokenAnswer>();
    asked.push(request);
    return request.promise;
  };
  return tokens.resolve({ ...KEY, ...key }, ask, wanted);
}

async function resolveWith(answer: TokenAnswer, ...how: Parameters<typeof resolve>): Promise<string> {
  const before = asked.length;
  const resolving = resolve(...how);
  if (asked.length > before) asked.at(-1)?.resolve(answer);
  const got = await resolving;
  return got.kind === 'issued' ? got.accessToken : got.detail;
}

describe('a token', () => {
  test('is asked for once by all who need it at once', async () => {
    const resolving = Array.from({ length: 20 }, () => resolve());
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(issued('t-1'));
    expect(new Set((await Promise.all(resolving)).map(String)).size).toBe(1);
    expect(await resolveWith(issued('t-2'))).toBe('t-1');
  });

  test('is kept for as long as it says, and not a moment longer', async () => {
    await resolveWith(issued('t-1', 1000));
    clock.stall(999);
    expect(await resolveWith(issued('t-2'))).toBe('t-1');
    clock.stall(1);
    expect(await resolveWith(issued('t-2'))).toBe('t-2');
  });

  test('counts its time from when it was asked for, not from when it came', async () => {
    const resolving = resolve();
    clock.stall(600);
    asked[0]?.resolve(issued('t-1', 1000));
    await resolving;
    clock.stall(400);
    expect(await resolveWith(issued('t-2'))).toBe('t-2');
  });

  test('that is over when it comes serves those who wait for it, and nobody else', async () => {
    const [one, other] = [resolve(), resolve()];
    asked[0]?.resolve(issued('t-1', 0));
    expect(await Promise.all([one, other])).toMatchObject([{ accessToken: 't-1' }, { accessToken: 't-1' }]);
    expect(await resolveWith(issued('t-2', 0))).toBe('t-2');
  });

  test('is not used after the clock was set back: nobody knows how old it is', async () => {
    await resolveWith(issued('t-1'));
    clock.stall(-1);
    expect(await resolveWith(issued('t-2'))).toBe('t-2');
  });

  test('of one organization or client serves no other', async () => {
    await resolveWith(issued('t-1'));
    expect(await resolveWith(issued('t-2'), { organizationId: 8 })).toBe('t-2');
    expect(await resolveWith(issued('t-3'), { client: 'another secret' })).toBe('t-3');
    expect(await resolveWith(issued('t-4'))).toBe('t-1');
  });

  test('that has not been used for longest makes room for a new one', async () => {
    tokens = new AccessTokens({ clock, maxEntries: 2 });
    for (const client of ['a', 'b', 'a', 'c']) await resolveWith(issued(client), { client });
    expect(await resolveWith(issued('new'), { client: 'a' })).toBe('a');
    expect(await resolveWith(issued('new'), { client: 'b' })).toBe('new');
  });
});

describe('a failure', () => {
  test('is believed for five seconds, and then asked again', async () => {
    await resolveWith(FAILED);
    clock.stall(4_999);
    expect(await resolveWith(issued('t-1'))).toBe('status 503');
    clock.stall(1);
    expect(await resolveWith(issued('t-1'))).toBe('t-1');
  });

  test('is believed for as long as its endpoint asks to be left alone, and says how long that still is', async () => {
    await resolveWith({ ...FAILED, waitSeconds: 60 });
    clock.stall(20_500);
    expect(await resolve()).toEqual({ ...FAILED, waitSeconds: 40 });
    clock.stall(39_500);
    expect(await resolveWith(issued('t-1'))).toBe('t-1');
  });

  test('is believed for five minutes at most', async () => {
    await resolveWith({ ...FAILED, waitSeconds: 86_400 });
    clock.stall(299_999);
    expect(await resolveWith(issued('t-1'))).toBe('status 503');
    clock.stall(1);
    expect(await resolveWith(issued('t-1'))).toBe('t-1');
  });

  test('of our own is not believed at all', async () => {
    await resolveWith({ kind: 'unavailable', detail: 'no socket was left' });
    expect(await resolveWith(issued('t-1'))).toBe('t-1');
  });

  test('nobody expected ends those who wait for it, and the next asks again', async () => {
    const resolving = [resolve(), resolve()];
    asked[0]?.reject(new Error('a bug'));
    expect((await Promise.allSettled(resolving)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await resolveWith(issued('t-1'))).toBe('t-1');
  });
});

describe('a token that a receiver refused', () => {
  test('is given up', async () => {
    await resolveWith(issued('t-1'));
    tokens.refuse(KEY, 't-1');
    expect(await resolveWith(issued('t-2'))).toBe('t-2');
  });

  test('does not take the one with it that has taken its place', async () => {
    await resolveWith(issued('t-1'));
    for (let refused = 0; refused < 20; refused += 1) tokens.refuse(KEY, 't-1');
    await resolveWith(issued('t-2'));
    clock.stall(5_000);
    tokens.refuse(KEY, 't-1');
    expect(await resolveWith(issued('t-3'))).toBe('t-2');
  });

  test('costs one request in five seconds, however many more are refused', async () => {
    await resolveWith(issued('t-1'));
    tokens.refuse(KEY, 't-1');
    await resolveWith(issued('t-2'));
    clock.stall(4_999);
    tokens.refuse(KEY, 't-2');
    expect(await resolveWith(issued('t-3'))).toBe('t-2');
    clock.stall(1);
    tokens.refuse(KEY, 't-2');
    expect(await resolveWith(issued('t-3'))).toBe('t-3');
  });

  test('of another process, too, is fetched anew by the attempt after it', async () => {
    await resolveWith(issued('t-1'));
    expect(await resolveWith(issued('t-2'), {}, 'renewed')).toBe('t-2');
    expect(await resolveWith(issued('t-3'), {}, 'renewed')).toBe('t-2');
    clock.stall(5_000);
    expect(await resolveWith(issued('t-3'))).toBe('t-2');
    expect(await resolveWith(issued('t-3'), {}, 'renewed')).toBe('t-3');
  });

  test('is renewed for all: the attempt after it takes what another has fetched since', async () => {
    await resolveWith(issued('t-1'));
    tokens.refuse(KEY, 't-1');
    await resolveWith(issued('t-2'));
    expect(await resolveWith(issued('t-3'), {}, 'renewed')).toBe('t-2');
  });

  test('nobody knows is nothing', async () => {
    tokens.refuse(KEY, 't-1');
    await resolveWith(FAILED);
    tokens.refuse(KEY, 't-1');
    expect(await resolveWith(issued('t-1'))).toBe('status 503');
  });
});
