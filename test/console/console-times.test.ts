// Real: the zones of this Node. No doubles, and no clock.
import { describe, expect, it } from 'vitest';
import { placeTimes, shownTime } from '../../console/shown-time.ts';
import { chosenZone, instantAtWall, isZone, zoneCookie, zoneName } from '../../console/time-zone.ts';
import { asTyped, typedTime } from '../../console/typed-time.ts';

const NOON = Date.parse('2026-11-23T12:00:00.000Z');
const at = new Date('2026-11-23T11:59:29.042Z');

function textOf(show: 'clock' | 'exact' | 'relative', when: Date, zone: string): string {
  const placed = placeTimes(`<td>${shownTime(when, show).text}</td>`, { zone, nowMs: NOON });
  return />([^<]*)<\/time>/.exec(placed)?.[1] ?? '';
}

describe('a time', () => {
  it.each([
    ['clock', 'UTC', '11:59:29 UTC'],
    ['clock', 'Asia/Kathmandu', '17:44:29 GMT+5:45'],
    ['exact', 'UTC', '2026-11-23 11:59:29.042 UTC'],
    ['exact', 'America/New_York', '2026-11-23 06:59:29.042 GMT-5'],
    ['relative', 'Asia/Kathmandu', '31 s ago'],
  ] as const)('is shown as %s in %s with its zone beside it', (show, zone, text) => {
    expect(textOf(show, at, zone)).toBe(text);
  });

  it('of another day says which, and the day is that of the zone', () => {
    expect(textOf('clock', new Date('2026-11-22T23:00:00Z'), 'UTC')).toBe('2026-11-22 23:00 UTC');
    expect(textOf('clock', new Date('2026-11-22T23:00:00Z'), 'Asia/Kathmandu')).toBe('04:45:00 GMT+5:45');
  });

  it.each([
    [0, 'now'],
    [59, 'in 59 s'],
    [-75, '1 min 15 s ago'],
    [-5400, '1 h 30 min ago'],
    [200_000, 'in 2 d 7 h'],
  ])('%d seconds away reads "%s"', (seconds, text) => {
    expect(textOf('relative', new Date(NOON + seconds * 1000), 'UTC')).toBe(text);
  });

  it('that somebody else wrote stays as it is', () => {
    const hostile = '&lt;time datetime="2026-11-23T11:59:29.042Z" data-show="clock" title="x"&gt;y&lt;/time&gt;';
    expect(placeTimes(hostile, { zone: 'UTC', nowMs: NOON })).toBe(hostile);
  });
});

describe('the zone', () => {
  it('is UTC until somebody chooses another one', () => {
    expect(chosenZone(undefined)).toBe('UTC');
    expect(chosenZone(zoneCookie('Europe/Berlin').split(';')[0])).toBe('Europe/Berlin');
    expect(chosenZone('a=b; surehook-zone=Asia%2FKathmandu; c=d')).toBe('Asia/Kathmandu');
  });

  it.each(['Nowhere/Land', '%E0%A4%A', '', 'x'.repeat(100), '"><script>'])('is not "%s"', (zone) => {
    expect(chosenZone(`surehook-zone=${zone}`)).toBe('UTC');
    expect(isZone(zone)).toBe(false);
  });

  it('has the name of the season', () => {
    expect(zoneName(new Date('2026-01-01T00:00:00Z'), 'Europe/Berlin')).toBe('CET');
    expect(zoneName(new Date('2026-07-01T00:00:00Z'), 'Europe/Berlin')).toBe('CEST');
  });
});

describe('a time as typed', () => {
  const read = (text: string, zone = 'UTC') => typedTime(text, { zone, nowMs: NOON })?.toISOString();

  it.each([
    ['90m', 'UTC', '2026-11-23T10:30:00.000Z'],
    ['3 d', 'UTC', '2026-11-20T12:00:00.000Z'],
    ['2026-11-23 18:00', 'UTC', '2026-11-23T18:00:00.000Z'],
    ['2026-11-23 18:00', 'Asia/Kathmandu', '2026-11-23T12:15:00.000Z'],
    ['2026-11-23T18:00:01.5', 'Asia/Kathmandu', '2026-11-23T12:15:01.500Z'],
    ['2026-11-23', 'Europe/Berlin', '2026-11-22T23:00:00.000Z'],
    ['2026-11-23T18:00:00+02:00', 'Asia/Kathmandu', '2026-11-23T16:00:00.000Z'],
  ])('"%s" in %s is %s', (text, zone, instant) => {
    expect(read(text, zone)).toBe(instant);
  });

  it.each(['yesterday', '2026-13-01', '12:00', '-3h', '', '999999999d'])('"%s" is none', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is read back as the same instant', () => {
    for (const iso of ['2026-11-23T11:00:00.000Z', '2026-07-01T00:00:07.000Z', '2026-07-01T00:00:07.089Z']) {
      const typed = asTyped(new Date(iso), 'Europe/Berlin');
      expect([typed, read(typed, 'Europe/Berlin')]).toEqual([typed, iso]);
    }
  });

  it('that the clocks show twice is the first, and one that they skip is what comes after', () => {
    expect(instantAtWall('2026-10-25 02:30', 'Europe/Berlin')?.toISOString()).toBe('2026-10-25T00:30:00.000Z');
    expect(instantAtWall('2026-03-29 02:30', 'Europe/Berlin')?.toISOString()).toBe('2026-03-29T01:30:00.000Z');
  });
});
