import type { Clock } from '../runtime/clock.ts';
import { leaseSeconds } from '../runtime/limits.ts';
import { delayAfterFailure, type RetryPolicy } from '../delivery/retry-policy.ts';

/** When endpoints are down, and what becomes of their deliveries. */
export type EndpointPolicy = {
  /** Failures in a row; 0: no endpoint is ever down, and nothing is held for it. */
  downAfterFailures: number;
  /** The longest that a delivery is held by endpoints that are down, in all its life, seconds. */
  holdSeconds: number;
  /** What becomes of a delivery whose last attempt failed while its endpoint was down. */
  exhausted: 'dead_letter' | 'hold';
  /** Requests in flight to any one endpoint without a limit of its own; undefined: no limit. */
  maxInFlight: number | undefined;
  /** Requests a second to any one endpoint without a limit of its own; undefined: no limit. */
  maxPerSecond: number | undefined;
};

/** What the statements have to know of endpoints. */
export type EndpointRules = EndpointPolicy & {
  /** No attempt outlasts the lease of its claim. */
  leaseSeconds: number;
  /** Seconds to the next probe after so many failures, fresh for each call, since they have jitter. */
  probeDelays: () => readonly number[];
};

export function endpointRules(
  policy: EndpointPolicy,
  { retry, attemptTimeoutSeconds }: { retry: RetryPolicy; attemptTimeoutSeconds: number },
  { random }: Pick<Clock, 'random'>,
): EndpointRules {
  return {
    ...policy,
    leaseSeconds: leaseSeconds(attemptTimeoutSeconds),
    probeDelays: () => probeDelays(retry, random()),
  };
}

/** No delay is told for more failures than this: the formula has reached any maximum by then, and a schedule its last entry. */
const MOST_DELAYS = 50;

/**
 * Seconds to the next probe after 1, 2, … failures, each begun after the one before; the last one repeats. The delays of the retry policy, but never
 * further apart than its longest delay: a schedule with days in it is for deliveries, not for finding out that a receiver is back.
 * @param random in [0, 1)
 */
function probeDelays(policy: RetryPolicy, random: number): number[] {
  const longest = delayAfterFailure(
    { ...policy, baseDelaySeconds: policy.maxDelaySeconds, scheduleSeconds: undefined },
    1,
    random,
  );
  const delays: number[] = [];
  for (let failure = 1; failure <= MOST_DELAYS; failure++) {
    const delay = Math.min(delayAfterFailure(policy, failure, random), longest);
    delays.push(delay);
    if (delay === longest) break;
  }
  return delays;
}
