const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

const DAY_MS = 86_400_000;

/**
 * The instant of an RFC 3339 time with offset, in milliseconds since the epoch; finer fractions are cut off. Undefined for
 * anything else: no offset, a day the month does not have, words such as `infinity`, a space instead of `T`.
 *
 * A leap second is accepted where one can occur, at the end of a month in UTC, and counts as the second after it.
 */
export function parseRfc3339(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, date = '', hour, minute, second = '', fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  const leap = second === '60';
  const wholeMs = Date.parse(`${date}T${hour}:${minute}:${leap ? '59' : second}Z`);
  // Date.parse reads February 30 as March 2.
  if (Number.isNaN(wholeMs) || new Date(wholeMs).toISOString().slice(0, 10) !== date) return undefined;
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  const instantMs = wholeMs - offsetMs + (leap ? 1000 : 0);
  if (leap && (instantMs % DAY_MS !== 0 || new Date(instantMs).getUTCDate() !== 1)) return undefined;
  return instantMs + Number(fraction.slice(0, 3).padEnd(3, '0'));
}
