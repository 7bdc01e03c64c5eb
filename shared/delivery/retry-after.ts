import { MAX_RETRY_AFTER_SECONDS } from '../runtime/limits.ts';

/**
 * Seconds a `Retry-After` asks to wait, from now, capped at 24 h; undefined when absent or not understood.
 * A date is read against the response's own `Date`, else against `nowMs`, so that a receiver's wrong clock does no harm.
 */
export function retryAfterSeconds(
  retryAfter: string | undefined,
  date: string | undefined,
  nowMs: number,
): number | undefined {
  if (retryAfter === undefined) return undefined;
  const text = retryAfter.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  const until = httpDateMs(text);
  if (until === undefined) return undefined;
  const from = (date === undefined ? undefined : httpDateMs(date.trim())) ?? nowMs;
  return Math.min(Math.max(0, Math.ceil((until - from) / 1000)), MAX_RETRY_AFTER_SECONDS);
}

/** RFC 9110's preferred form and its two obsolete ones. Date.parse alone finds a date in almost any text with a number. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} (?:GMT|UTC)$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d{2}:\d{2}:\d{2} \d{4}$/;

function httpDateMs(text: string): number | undefined {
  const utc = HTTP_DATE.test(text) ? text : ASCTIME_DATE.test(text) ? `${text} GMT` : undefined;
  const ms = Date.parse(utc ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
