import { MAX_RETRY_AFTER_SECONDS } from '../runtime/limits.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';

/** The headers of a response that say when to come again; of one that came several times the list of its values. */
export type WaitHeaders = {
  retryAfter: string | undefined;
  /** The receiver's own clock, against which its instants are read: a wrong one then does no harm. */
  date: string | undefined;
  rateLimitReset?: string | undefined;
  rateLimit?: string | undefined;
  xRateLimitReset?: string | undefined;
};

/** Longer than any wish that means something, short enough for every pattern below. */
const MAX_WISH_CHARACTERS = 1024;
/** A number of ten digits is an instant where it can be one: not a year and a day gone. */
const OLDEST_INSTANT_MS = 366 * 86_400_000;

/**
 * Seconds a 429 or 503 asks to wait, from now, capped at 24 h; undefined where it asks for nothing, or in no way known. A 429
 * without `Retry-After` may say when its limit is reset: `RateLimit-Reset` (draft-ietf-httpapi-ratelimit-headers to -06),
 * `RateLimit: "policy";r=0;t=30` (from -08 on), `X-RateLimit-Reset` (seconds with some, an instant with GitHub and others).
 */
export function waitAskedFor(status: number, headers: WaitHeaders, nowMs: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const { retryAfter, date, rateLimitReset, rateLimit, xRateLimitReset } = headers;
  const asked = retryAfterSeconds(retryAfter, date, nowMs);
  if (asked !== undefined || status === 503) return asked;
  return [rateLimitReset, usedUpPolicies(rateLimit), xRateLimitReset]
    .map((wish) => retryAfterSeconds(wish, date, nowMs))
    .find((seconds) => seconds !== undefined);
}

/**
 * Seconds a `Retry-After` asks to wait, from now, rounded up and capped at 24 h; undefined when absent or not understood. Seconds
 * may have a fraction; ten digits are seconds since the epoch; a date has any form HTTP ever had, or that of RFC 3339. Of a list
 * the largest counts. Instants are read against the response's own `Date`, else against `nowMs`.
 */
export function retryAfterSeconds(
  retryAfter: string | undefined,
  date: string | undefined,
  nowMs: number,
): number | undefined {
  if (retryAfter === undefined || retryAfter.length > MAX_WISH_CHARACTERS) return undefined;
  const fromMs = instantMs(date?.trim() ?? '') ?? nowMs;
  const wishes = (retryAfter.match(LIST_MEMBER) ?? [])
    .map((wish) => secondsOf(wish.trim(), fromMs))
    .filter((seconds) => seconds !== undefined);
  if (wishes.length === 0) return undefined;
  return Math.min(Math.max(0, Math.ceil(Math.max(...wishes))), MAX_RETRY_AFTER_SECONDS);
}

/** A comma after a weekday is part of a date. */
const LIST_MEMBER = /(?:\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)?[^,]+/gi;
const SECONDS = /^(?:\d+\.?\d*|\.\d+)$/;

function secondsOf(wish: string, fromMs: number): number | undefined {
  if (SECONDS.test(wish)) {
    const isInstant = /^\d{10}(?:\.|$)/.test(wish) && Number(wish) * 1000 > fromMs - OLDEST_INSTANT_MS;
    return isInstant ? Number(wish) - fromMs / 1000 : Number(wish);
  }
  const untilMs = instantMs(wish);
  return untilMs === undefined ? undefined : (untilMs - fromMs) / 1000;
}

/** RFC 9110's preferred form and its two obsolete ones. Date.parse alone would find a date in almost any text with a number. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]+, \d{2}-[A-Z][a-z]{2}-(?:\d{2}|\d{4})) \d{2}:\d{2}:\d{2} (?:GMT|UTC?|[+-]\d{4})$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d{2}:\d{2}:\d{2} \d{4}$/;

function instantMs(text: string): number | undefined {
  const httpDate = HTTP_DATE.test(text) ? text : ASCTIME_DATE.test(text) ? `${text} GMT` : undefined;
  if (httpDate === undefined) return parseRfc3339(text);
  const ms = Date.parse(httpDate);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The `t` of every policy that has nothing left, or of all where each has something: a day's limit that holds is no reason to wait a day. */
function usedUpPolicies(rateLimit: string | undefined): string | undefined {
  if (rateLimit === undefined || rateLimit.length > MAX_WISH_CHARACTERS) return undefined;
  const policies = rateLimit.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(',');
  const usedUp = policies.filter((policy) => !/;\s*r=0*[1-9]/i.test(policy));
  return (usedUp.length > 0 ? usedUp : policies).flatMap((policy) => /;\s*t=(\d+)/i.exec(policy)?.[1] ?? []).join(',');
}
