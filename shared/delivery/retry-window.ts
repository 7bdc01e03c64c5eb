import { delayAfterFailure, LARGEST_JITTER_SHARE, type RetryPolicy } from './retry-policy.ts';

/**
 * When the last attempt is due, counted from the first, if every attempt fails at once and no receiver asks for more time: the
 * shortest and the longest that the jitter allows, seconds.
 */
export function retryWindow(policy: RetryPolicy, maxAttempts: number): { leastSeconds: number; mostSeconds: number } {
  let leastSeconds = 0;
  for (let failure = 1; failure < maxAttempts; failure += 1) leastSeconds += delayAfterFailure(policy, failure, 0);
  return { leastSeconds, mostSeconds: leastSeconds * (1 + LARGEST_JITTER_SHARE) };
}

/** For people, for example `5 attempts, the last 7.5 to 8.3 minutes after the first`. */
export function describeRetries(policy: RetryPolicy, maxAttempts: number): string {
  if (maxAttempts === 1) return '1 attempt, none after it';
  const { leastSeconds, mostSeconds } = retryWindow(policy, maxAttempts);
  const [unit, seconds] = UNITS.find(([, size]) => leastSeconds >= 2 * size) ?? SECONDS;
  return `${maxAttempts} attempts, the last ${inTenths(leastSeconds / seconds)} to ${inTenths(mostSeconds / seconds)} ${unit} after the first`;
}

const SECONDS = ['seconds', 1] as const;
/** The largest comes first. A unit is used from two of it on. */
const UNITS = [['days', 86_400], ['hours', 3600], ['minutes', 60], SECONDS] as const;

function inTenths(figure: number): string {
  return figure.toFixed(1).replace(/\.0$/, '');
}
