// Real: the whole rule, which is pure, and the documents that quote it. No doubles.
import { describe, expect, test } from 'vitest';
import { describeRetries, retryWindow } from '../../../shared/delivery/retry-window.ts';
import { type RetryPolicy, STANDARD_WEBHOOKS_SCHEDULE } from '../../../shared/delivery/retry-policy.ts';
import { sourceOf } from '../../house/sources.ts';

const DEFAULTS: RetryPolicy = { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined };
const STANDARD: RetryPolicy = { ...DEFAULTS, scheduleSeconds: STANDARD_WEBHOOKS_SCHEDULE };

describe('the time that retries take', () => {
  test('is the sum of the waits, and a tenth more at most', () => {
    // 30 + 60 + 120 + 240
    expect(retryWindow(DEFAULTS, 5).leastSeconds).toBe(450);
    expect(retryWindow(DEFAULTS, 5).mostSeconds).toBeCloseTo(495, 6);
    // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
    expect(retryWindow(STANDARD, 10).leastSeconds).toBe(5 + 60 * (5 + 30) + 3600 * (2 + 5 + 10 + 14 + 20 + 24));
  });

  test.each([
    [DEFAULTS, 5, '5 attempts, the last 7.5 to 8.3 minutes after the first'],
    [DEFAULTS, 2, '2 attempts, the last 30 to 33 seconds after the first'],
    [DEFAULTS, 1, '1 attempt, none after it'],
    [{ ...DEFAULTS, baseDelaySeconds: 1 }, 2, '2 attempts, the last 1 to 1.1 seconds after the first'],
    [DEFAULTS, 50, '50 attempts, the last 7.6 to 8.4 hours after the first'],
    [STANDARD, 10, '10 attempts, the last 3.1 to 3.5 days after the first'],
  ])('is told in words: %#', (policy, maxAttempts, words) => {
    expect(describeRetries(policy, maxAttempts)).toBe(words);
  });
});

test.each(['README.md', 'infra/webhook-delivery-props.ts'])('%s says how long the defaults last', (path) => {
  const text = sourceOf(path).replaceAll(/\s+\*?\s*/g, ' ');
  for (const words of ['7.5 to 8.3 minutes', '3.1 to 3.5 days']) expect(text).toContain(words);
});
