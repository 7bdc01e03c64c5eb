// Real: the whole transition, which is pure. No doubles.
import { describe, expect, test } from 'vitest';
import { type AttemptOutcome, FAILURE_CLASSES } from '../../../shared/delivery/attempt-outcome.ts';
import { settle } from '../../../shared/delivery/delivery.ts';

type Settled = Exclude<AttemptOutcome, { kind: 'released' }>;

const POLICY = { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined };

function settleAt(attempt: number, outcome: Settled, { maxAttempts = 5, random = 0 } = {}) {
  return settle(outcome, { attempt, maxAttempts }, { policy: POLICY, random });
}

describe('an accepted attempt', () => {
  test.each([1, 4, 5])('succeeds the delivery, whether or not attempts are left: attempt %i of 5', (attempt) => {
    expect(settleAt(attempt, { kind: 'accepted', status: 204, excerpt: 'thanks' })).toEqual({
      kind: 'succeeded',
      statusCode: 204,
      excerpt: 'thanks',
    });
  });

  test('succeeds even beyond the attempts allowed: a 2xx is a fact', () => {
    expect(settleAt(6, { kind: 'accepted', status: 200, excerpt: '' })).toMatchObject({ kind: 'succeeded' });
  });
});

describe('a refused attempt', () => {
  test.each(FAILURE_CLASSES)('buries the delivery at its first attempt, with its reason: %s', (because) => {
    expect(settleAt(1, { kind: 'refused', because, detail: 'why' })).toEqual({
      kind: 'dead',
      errorClass: because,
      error: 'why',
    });
  });

  test('keeps status and excerpt where there was a response', () => {
    expect(
      settleAt(1, { kind: 'refused', because: 'status', detail: 'status 410', status: 410, excerpt: 'gone' }),
    ).toEqual({ kind: 'dead', errorClass: 'status', error: 'status 410', statusCode: 410, excerpt: 'gone' });
  });
});

describe('a failed attempt', () => {
  const FAILED: Settled = { kind: 'failed', because: 'timeout', detail: 'timeout: no answer' };

  test.each([
    [1, 30],
    [2, 60],
    [3, 120],
    [4, 240],
  ])('with attempts left is due again after the backoff of its number: attempt %i, %i s', (attempt, delaySeconds) => {
    expect(settleAt(attempt, FAILED)).toEqual({
      kind: 'retry',
      delaySeconds,
      errorClass: 'timeout',
      error: 'timeout: no answer',
    });
  });

  test.each([5, 6])('with none left is a dead letter: attempt %i of 5', (attempt) => {
    expect(settleAt(attempt, FAILED)).toMatchObject({ kind: 'dead', errorClass: 'timeout' });
  });

  test('the only attempt allowed is also the last', () => {
    expect(settleAt(1, FAILED, { maxAttempts: 1 })).toMatchObject({ kind: 'dead' });
  });

  test.each(FAILURE_CLASSES)('is tried again whatever the class: %s', (because) => {
    expect(settleAt(1, { ...FAILED, because })).toMatchObject({ kind: 'retry', errorClass: because });
  });

  test.each([
    ['a wish beyond the backoff is heeded', 3600, 3600],
    ['a wish short of the backoff is not', 10, 33],
    ['a wish for now is not', 0, 33],
  ])('%s', (_case, retryAfterSeconds, delaySeconds) => {
    const outcome: Settled = {
      kind: 'failed',
      because: 'status',
      detail: 'status 429',
      status: 429,
      retryAfterSeconds,
    };
    const settlement = settleAt(1, outcome, { random: 1 });
    expect(settlement).toMatchObject({ kind: 'retry', statusCode: 429 });
    expect(settlement.kind === 'retry' && settlement.delaySeconds).toBeCloseTo(delaySeconds, 9);
  });

  const ROTATED: Settled = {
    kind: 'failed',
    because: 'credential_rotated',
    detail: 'status 401',
    status: 401,
    retryNow: true,
  };

  test('that met a credential rotated since is due now, without jitter', () => {
    expect(settleAt(3, ROTATED, { random: 0.99 })).toMatchObject({ kind: 'retry', delaySeconds: 0 });
  });

  test('that met a rotated credential with no attempt left is a dead letter all the same', () => {
    expect(settleAt(5, ROTATED)).toMatchObject({ kind: 'dead', errorClass: 'credential_rotated', statusCode: 401 });
  });
});

test('an error text is kept up to 2000 characters', () => {
  const settlement = settleAt(1, { kind: 'refused', because: 'header', detail: 'x'.repeat(5000) });
  expect(settlement.kind === 'dead' && settlement.error).toBe('x'.repeat(2000));
});
