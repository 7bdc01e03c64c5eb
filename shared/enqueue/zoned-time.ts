/** A moment as people in one time zone write it. */
export type ZonedTime = {
  /** `2026-11-23 14:05:09 +01:00`, with `UTC` instead of the offset if the zone is UTC. */
  time: string;
  /** `Monday`. */
  weekday: string;
};

/**
 * The moment in an IANA zone such as `Europe/Berlin`, case-insensitive and under its older names too; undefined for an unknown
 * zone. Bare offsets (`+01:00`) are not zones, although Intl takes them.
 */
export function zonedTime(nowMs: number, zone: string): ZonedTime | undefined {
  if (!/^[A-Za-z][\w+\-/]{0,63}$/.test(zone)) return undefined;
  const format = formatterOf(zone);
  if (format === undefined) return undefined;
  const part = Object.fromEntries(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const offset = part.timeZoneName?.replace('GMT', '');
  const suffix = isUtc(format.resolvedOptions().timeZone) ? 'UTC' : offset || '+00:00';
  return {
    time: `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second} ${suffix}`,
    weekday: part.weekday ?? '',
  };
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      timeZoneName: 'longOffset',
      hourCycle: 'h23',
      weekday: 'long',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Engines differ in which name they resolve UTC to. */
function isUtc(resolvedZone: string): boolean {
  return resolvedZone === 'UTC' || resolvedZone === 'Etc/UTC';
}
