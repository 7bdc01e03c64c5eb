import { instantAtWall, wallClock, type Zone } from './time-zone.ts';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How a time may be typed, as the command line takes it too. */
export const TIME_EXAMPLES = '24h, or 2026-11-23 18:00';

/**
 * A time as somebody typed it: how long ago (`90m`, `2h`, `3d`), what the clocks of their zone show, or RFC 3339. Undefined if it
 * is none of these.
 */
export function typedTime(text: string, { zone, nowMs }: { zone: Zone; nowMs: number }): Date | undefined {
  const [, amount, unit] = /^(\d{1,9})\s*([smhd])$/i.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    const ago = Number(amount) * UNITS_MS[unit.toLowerCase() as keyof typeof UNITS_MS];
    return ago > nowMs ? undefined : new Date(nowMs - ago);
  }
  if (/^\d{4}-\d\d-\d\d[Tt ][\d:.]+(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) {
    const at = Date.parse(text.replace(' ', 'T'));
    return Number.isNaN(at) || !isDay(text.slice(0, 10)) ? undefined : new Date(at);
  }
  return isDay(text.slice(0, 10)) ? instantAtWall(text, zone) : undefined;
}

/** `Date` takes February 31 for March 3. */
function isDay(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** The instant as it would be typed in a zone: to be read back as the same. */
export function asTyped(at: Date, zone: Zone): string {
  const { day, minute, second, milliseconds } = wallClock(at, zone);
  if (milliseconds !== '000') return `${day} ${minute}:${second}.${milliseconds}`;
  return second === '00' ? `${day} ${minute}` : `${day} ${minute}:${second}`;
}
