// Real: the derived durations, which are pure. No doubles.
import { expect, test } from 'vitest';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  deliverTimeoutSeconds,
  leaseSeconds,
  MAX_CHAINED_DELAY_SECONDS,
  MAX_PAYLOAD_BYTES,
  MAX_QUEUE_DELAY_SECONDS,
  PAYLOAD_SLICE_BYTES,
  refuseShortTimeout,
  SETTLE_SECONDS,
  STOP_BEFORE_TIMEOUT_MS,
  SWEEP_HORIZON_SECONDS,
  SWEEP_INTERVAL_MINUTES,
  visibilityTimeoutSeconds,
} from '../../../shared/runtime/limits.ts';

const EVERY_ATTEMPT_TIMEOUT = Array.from({ length: 600 }, (_, index) => index + 1);

test('an attempt ends before its function, the function before the lease, the lease before the message is seen again', () => {
  for (const attempt of EVERY_ATTEMPT_TIMEOUT) {
    const timeout = deliverTimeoutSeconds(attempt);
    const lease = leaseSeconds(attempt);
    expect(attempt + SETTLE_SECONDS).toBeLessThan(timeout);
    expect(timeout).toBeLessThan(lease);
    expect(lease).toBeLessThan(visibilityTimeoutSeconds(timeout));
  }
});

test('every attempt timeout fits what Lambda and SQS allow', () => {
  expect(deliverTimeoutSeconds(600)).toBeLessThanOrEqual(900);
  expect(visibilityTimeoutSeconds(deliverTimeoutSeconds(600))).toBeLessThanOrEqual(12 * 3600);
});

test('the default attempt of 30 s makes a function of 60 s, a lease of 75 s and a visibility of 360 s', () => {
  expect(deliverTimeoutSeconds(30)).toBe(60);
  expect(leaseSeconds(30)).toBe(75);
  expect(visibilityTimeoutSeconds(60)).toBe(360);
});

test('a function has room for an attempt after a slow cold start', () => {
  for (const attempt of EVERY_ATTEMPT_TIMEOUT) {
    expect(() => refuseShortTimeout(attempt, deliverTimeoutSeconds(attempt) - 10)).not.toThrow();
  }
});

test('a function too short for its attempt is refused, with both named', () => {
  expect(() => refuseShortTimeout(30, 45)).not.toThrow();
  expect(() => refuseShortTimeout(30, 44.9)).toThrow(
    'WEBHOOK_DELIVERY_TIMEOUT_SECONDS=30 does not fit the function: its timeout leaves 44 s, an attempt needs 45 s',
  );
});

test('a page begun at the last moment has 40 s for its statement, 50 s for its sends, 40 s for what follows, and 5 s over', () => {
  expect(STOP_BEFORE_TIMEOUT_MS).toBe(110_000);
});

test('the largest payload fits one claim, and its slices fit rows of 64 KB as base64', () => {
  expect(MAX_PAYLOAD_BYTES).toBeLessThanOrEqual(CLAIM_PAYLOAD_BUDGET_BYTES);
  expect(Math.ceil(PAYLOAD_SLICE_BYTES / 3) * 4).toBeLessThan(64_000);
  expect((CLAIM_PAYLOAD_BUDGET_BYTES * 4) / 3).toBeLessThan(1024 * 1024);
});

test('what no chain of messages reaches is handed out by a sweep before it is due', () => {
  expect(MAX_CHAINED_DELAY_SECONDS % MAX_QUEUE_DELAY_SECONDS).toBe(0);
  expect(SWEEP_HORIZON_SECONDS).toBeGreaterThan(2 * SWEEP_INTERVAL_MINUTES * 60);
  expect(SWEEP_HORIZON_SECONDS).toBeLessThanOrEqual(MAX_CHAINED_DELAY_SECONDS);
});
