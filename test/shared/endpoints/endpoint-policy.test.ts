// Pure: the delays of probes.
import { expect, test } from 'vitest';
import { type RetryPolicy, STANDARD_WEBHOOKS_SCHEDULE } from '../../../shared/delivery/retry-policy.ts';
import { type EndpointPolicy, endpointRules } from '../../../shared/endpoints/endpoint-policy.ts';

const POLICY: EndpointPolicy = {
  downAfterFailures: 5,
  holdSeconds: 60,
  exhausted: 'hold',
  maxInFlight: 3,
  maxPerSecond: undefined,
};
const RETRY: RetryPolicy = { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined };

function rulesFor(retry: Partial<RetryPolicy> = {}, random: () => number = () => 0) {
  return endpointRules(POLICY, { retry: { ...RETRY, ...retry }, attemptTimeoutSeconds: 30 }, { random });
}

test('probes come at the delays of the retry policy, and the last repeats', () => {
  expect(rulesFor().probeDelays()).toEqual([30, 60, 120, 240, 480, 600]);
});

test('a schedule sets them, but never further apart than the longest delay', () => {
  const { probeDelays } = rulesFor({ scheduleSeconds: STANDARD_WEBHOOKS_SCHEDULE });
  expect(probeDelays()).toEqual([5, 300, 600]);
});

test('a short schedule repeats its last entry', () => {
  const delays = rulesFor({ scheduleSeconds: [5, 20] }).probeDelays();
  expect(delays.slice(0, 3)).toEqual([5, 20, 20]);
  expect(new Set(delays.slice(1))).toEqual(new Set([20]));
});

test('a base that is the maximum, or above it, is the only delay', () => {
  expect(rulesFor({ baseDelaySeconds: 900 }).probeDelays()).toEqual([600]);
});

test('they have jitter, another in each call, and the longest has it too', () => {
  const random = [0.5, 0];
  const { probeDelays } = rulesFor({}, () => random.shift() ?? 0);
  expect(probeDelays()).toEqual([31.5, 63, 126, 252, 504, 630]);
  expect(probeDelays().at(-1)).toBe(600);
});

test('the rules are the policy, and how long an attempt may last', () => {
  expect(rulesFor()).toMatchObject({ ...POLICY, leaseSeconds: 75 });
});
