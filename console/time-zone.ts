/** `UTC`, or a zone of the IANA database such as `Asia/Kathmandu`. */
export type Zone = string;

export const UTC: Zone = 'UTC';
const COOKIE = 'surehook-zone';
const ONE_YEAR_SECONDS = 31_536_000;

/** A moment on the clocks of a zone. */
export type WallClock = { day: string; minute: string; second: string; milliseconds: string; zone: string };

const formats = new Map<Zone, Intl.DateTimeFormat>();

function formatOf(zone: Zone): Intl.DateTimeFormat {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
      timeZoneName: 'short',
    });
  formats.set(zone, format);
  return format;
}

export function wallClock(at: Date, zone: Zone): WallClock {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year = '', month = '', day = '', hour = '', minute = '', second = '', fractionalSecond = '' } = parts;
  return {
    day: `${year}-${month}-${day}`,
    minute: `${hour}:${minute}`,
    second,
    milliseconds: fractionalSecond,
    zone: parts['timeZoneName'] ?? zone,
  };
}

/** The zone's name at this moment, as it stands beside times: `UTC`, `CET`, `GMT+5:45`. */
export function zoneName(at: Date, zone: Zone): string {
  return wallClock(at, zone).zone;
}

/** The instant at which the clocks of a zone show this; where they show it twice, the first time; where never, what comes after. */
export function instantAtWall(wall: string, zone: Zone): Date | undefined {
  const [, day, time = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?$/.exec(wall) ?? [];
  const asUtc = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // A zone is within a day of UTC, and changes its clocks at most once in two: one of the offsets around it is right.
  const offsets = [-DAY_MS, 0, DAY_MS].map((shift) => offsetAt(asUtc + shift, zone));
  const fitting = offsets.map((offset) => asUtc - offset).filter((at) => at + offsetAt(at, zone) === asUtc);
  return new Date(fitting.length > 0 ? Math.min(...fitting) : asUtc - Math.min(...offsets));
}

const DAY_MS = 86_400_000;

/** How far the clocks of a zone are ahead of UTC, milliseconds. */
function offsetAt(ms: number, zone: Zone): number {
  const { day, minute, second, milliseconds } = wallClock(new Date(ms), zone);
  return Date.parse(`${day}T${minute}:${second}.${milliseconds}Z`) - ms;
}

export function isZone(text: string): boolean {
  try {
    return text.length <= 64 && formatOf(text) !== undefined;
  } catch {
    return false;
  }
}

/** Of this machine, which a loopback page shares with its reader. */
export function machineZone(): Zone {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What the reader chose last; without a choice UTC, which logs and colleagues use. */
export function chosenZone(cookies: string | undefined): Zone {
  const given = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(cookies ?? '')?.[1];
  const zone = given === undefined ? UTC : decoded(given);
  return isZone(zone) ? zone : UTC;
}

export function zoneCookie(zone: Zone): string {
  return `${COOKIE}=${encodeURIComponent(zone)}; Path=/; Max-Age=${ONE_YEAR_SECONDS}; SameSite=Strict; HttpOnly`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
