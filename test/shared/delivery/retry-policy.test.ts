// Real: the whole policy, which is pure. No doubles.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayAfterFailure, type RetryPolicy } from '../../../shared/delivery/retry-policy.ts';

const DEFAULTS: RetryPolicy = { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined };
/** The largest value below 1. */
const MOST_RANDOM = 1 - Number.EPSILON / 2;

describe('without a schedule', () => {
  test.each([
    [1, 30],
    [2, 60],
    [3, 120],
    [4, 240],
    [5, 480],
    [6, 600],
    [7, 600],
    [50, 600],
    [64, 600],
  ])('the delay doubles up to the maximum: failure %i, %i s', (failure, seconds) => {
    expect(delayAfterFailure(DEFAULTS, failure, 0)).toBe(seconds);
  });

  test('a base above the maximum is the maximum', () => {
    expect(delayAfterFailure({ ...DEFAULTS, baseDelaySeconds: 900 }, 1, 0)).toBe(600);
  });

  test('no number of failures overflows, however often a delivery was brought back', () => {
    for (const failure of [64, 1_024, 5_000]) expect(delayAfterFailure(DEFAULTS, failure, 0)).toBe(600);
  });

  test('at most a tenth is added', () => {
    expect(delayAfterFailure(DEFAULTS, 1, 0.5)).toBeCloseTo(31.5, 9);
    expect(delayAfterFailure(DEFAULTS, 1, MOST_RANDOM)).toBeCloseTo(33, 9);
  });
});

describe('with a schedule', () => {
  const SCHEDULED = { ...DEFAULTS, scheduleSeconds: [5, 300, 1800] };

  test.each([
    [1, 5],
    [2, 300],
    [3, 1800],
    [4, 1800],
    [64, 1800],
  ])('entry n follows failure n, and the last repeats: failure %i, %i s', (failure, seconds) => {
    expect(delayAfterFailure(SCHEDULED, failure, 0)).toBe(seconds);
  });

  test('its entries may exceed the maximum of the formula, and are jittered too', () => {
    expect(delayAfterFailure(SCHEDULED, 3, 0.5)).toBeCloseTo(1890, 9);
  });
});

const anyPolicy = fc.record<RetryPolicy>({
  baseDelaySeconds: fc.integer({ min: 1, max: 86_400 }),
  maxDelaySeconds: fc.integer({ min: 1, max: 86_400 }),
  scheduleSeconds: fc.option(fc.array(fc.integer({ min: 1, max: 604_800 }), { minLength: 1, maxLength: 50 }), {
    nil: undefined,
  }),
});
const anyFailure = fc.integer({ min: 1, max: 64 });
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('jitter only adds, and never more than a tenth', () => {
  fc.assert(
    fc.property(anyPolicy, anyFailure, anyRandom, (policy, failure, random) => {
      const figure = delayAfterFailure(policy, failure, 0);
      const jittered = delayAfterFailure(policy, failure, random);
      expect(jittered).toBeGreaterThanOrEqual(figure);
      expect(jittered).toBeLessThanOrEqual(figure * 1.1 + 1e-6);
    }),
  );
});

test('by the formula no later failure waits less, and none beyond the maximum', () => {
  fc.assert(
    fc.property(anyPolicy, anyFailure, (policy, failure) => {
      const formula = { ...policy, scheduleSeconds: undefined };
      const delay = delayAfterFailure(formula, failure, 0);
      expect(delayAfterFailure(formula, failure + 1, 0)).toBeGreaterThanOrEqual(delay);
      expect(delay).toBeLessThanOrEqual(policy.maxDelaySeconds);
    }),
  );
});
