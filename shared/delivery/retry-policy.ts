/** When a failed delivery is due again. Seconds throughout. */
export type RetryPolicy = {
  baseDelaySeconds: number;
  maxDelaySeconds: number;
  /** Replaces the formula: entry n is the wait after failure n, and the last entry repeats. */
  scheduleSeconds: readonly number[] | undefined;
};

/** The wait after each failure that Standard Webhooks recommends, seconds: ten attempts in three days. */
export const STANDARD_WEBHOOKS_SCHEDULE: readonly number[] = [
  5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** Up to this share is added to a delay, so that deliveries that failed together do not come back together. */
export const LARGEST_JITTER_SHARE = 0.1;

/**
 * Seconds to wait after failure `failure` (1, 2, …): min(base × 2^(n−1), max) or the schedule's entry, plus 0–10 %.
 * @param random in [0, 1)
 */
export function delayAfterFailure(policy: RetryPolicy, failure: number, random: number): number {
  const figure = scheduled(policy.scheduleSeconds, failure) ?? exponential(policy, failure);
  return figure * (1 + LARGEST_JITTER_SHARE * random);
}

function scheduled(schedule: readonly number[] | undefined, failure: number): number | undefined {
  return schedule?.[Math.min(failure, schedule.length) - 1];
}

function exponential({ baseDelaySeconds, maxDelaySeconds }: RetryPolicy, failure: number): number {
  return Math.min(baseDelaySeconds * 2 ** (failure - 1), maxDelaySeconds);
}
