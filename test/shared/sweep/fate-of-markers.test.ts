// Real: the rule. No doubles. Times are of one clock: that the two differ is what the margin of a marker's age is for.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fateOfMarkers } from '../../../shared/sweep/fate-of-markers.ts';
import type { HeldMarker } from '../../../shared/sweep/markers.ts';
import {
  MARKER_LONGEST_SLEEP_SECONDS,
  MARKER_OLD_SECONDS,
  MARKER_RENEWED_AFTER_SECONDS,
} from '../../../shared/runtime/limits.ts';

const NOW_MS = Date.parse('2026-11-27T12:00:00Z');
const nothing = { nowMs: NOW_MS, hasWork: false, nextDueSeconds: undefined };
const aged = (ageSeconds: number): HeldMarker => ({
  receiptHandle: `aged ${ageSeconds}`,
  sentAtMs: NOW_MS - ageSeconds * 1000,
});
const names = (markers: readonly HeldMarker[]) => markers.map(({ receiptHandle }) => receiptHandle);

describe('nothing is left', () => {
  test('the old ones go, the young ones stay: their rows may have come after the question', () => {
    const { remove, show, putAnother } = fateOfMarkers([aged(5), aged(601), aged(3000), aged(600)], nothing);
    expect(names(remove).toSorted()).toEqual(['aged 3000', 'aged 601']);
    expect(names(show)).toEqual(['aged 5', 'aged 600']);
    expect(putAnother).toBe(false);
  });

  test('one whose age nobody can read stays', () => {
    const unread = { receiptHandle: 'unread', sentAtMs: Infinity };
    expect(fateOfMarkers([unread], nothing)).toMatchObject({ remove: [], show: [unread] });
  });
});

describe('something is due soon, or somebody has work', () => {
  test.each([
    ['due now', { hasWork: false, nextDueSeconds: 0 }],
    ['due for a day', { hasWork: false, nextDueSeconds: -86_400 }],
    ['due in 29 minutes', { hasWork: false, nextDueSeconds: 1799 }],
    ['work without a delivery', { hasWork: true, nextDueSeconds: undefined }],
    ['work, and a delivery due tomorrow', { hasWork: true, nextDueSeconds: 86_400 }],
  ])('%s: of the old ones the youngest shows again, and stands for the others', (_, left) => {
    const fates = fateOfMarkers([aged(2000), aged(700), aged(3000), aged(5)], { ...nothing, ...left });
    expect(names(fates.show)).toEqual(['aged 700', 'aged 5']);
    expect(names(fates.remove)).toEqual(['aged 2000', 'aged 3000']);
    expect(fates.hide.markers).toEqual([]);
  });

  test('and there was no marker: one is put', () => {
    expect(fateOfMarkers([], { ...nothing, nextDueSeconds: 0 }).putAnother).toBe(true);
    expect(fateOfMarkers([aged(5)], { ...nothing, nextDueSeconds: 0 }).putAnother).toBe(false);
  });
});

describe('everything is for later', () => {
  test('the marker hides until ten minutes before', () => {
    const { hide, remove } = fateOfMarkers([aged(700), aged(800)], { ...nothing, nextDueSeconds: 7200 });
    expect(hide).toEqual({ markers: [aged(700)], seconds: 6600 });
    expect(names(remove)).toEqual(['aged 800']);
  });

  test.each([
    ['until the next of three times a day', '2026-11-27T12:00:00Z', 4 * 3600],
    ['at another hour, until the same time', '2026-11-27T15:10:00Z', 50 * 60],
    [
      'and until the one after, if it is so near that the database would hardly fall asleep',
      '2026-11-27T15:40:00Z',
      30_000,
    ],
  ])('if that is far, it hides together with all others %s', (_, now, seconds) => {
    const nowMs = Date.parse(now);
    const { hide } = fateOfMarkers([{ receiptHandle: 'old', sentAtMs: nowMs - 700_000 }], {
      nowMs,
      hasWork: false,
      nextDueSeconds: 300 * 86_400,
    });
    expect(hide.seconds).toBe(seconds);
  });

  test('and there was no marker: one is put if it is due before the next look can find it', () => {
    expect(fateOfMarkers([], { ...nothing, nextDueSeconds: 9 * 3600 - 1 }).putAnother).toBe(true);
    expect(fateOfMarkers([], { ...nothing, nextDueSeconds: 9 * 3600 }).putAnother).toBe(false);
  });

  test('a young one does not: its row may be due now', () => {
    const { hide, show } = fateOfMarkers([aged(5)], { ...nothing, nextDueSeconds: 7200 });
    expect([hide.markers, show]).toEqual([[], [aged(5)]]);
  });

  test('before its queue drops it, another takes its place; it stays until that one is old', () => {
    const dying = aged(MARKER_RENEWED_AFTER_SECONDS + 1);
    expect(fateOfMarkers([dying], { ...nothing, nextDueSeconds: 86_400 })).toMatchObject({
      putAnother: true,
      show: [dying],
      remove: [],
      hide: { markers: [] },
    });
    const fates = fateOfMarkers([dying, aged(601)], { ...nothing, nextDueSeconds: 86_400 });
    expect([names(fates.remove), names(fates.hide.markers)]).toEqual([names([dying]), ['aged 601']]);
  });
});

test('whatever is left, no young marker goes or hides, none is lost or judged twice, and as long as anything is left one remains', () => {
  const markers = fc.uniqueArray(fc.integer({ min: -60, max: 14 * 86_400 }), { maxLength: 8 });
  const left = fc.record({
    hasWork: fc.boolean(),
    nextDueSeconds: fc.option(fc.integer({ min: -1000, max: 90_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(markers, left, (ages, answer) => {
      const held = ages.map(aged);
      const { show, hide, remove, putAnother } = fateOfMarkers(held, { ...nothing, ...answer });
      const judged = [...show, ...hide.markers, ...remove];
      expect(names(judged).toSorted()).toEqual(names(held).toSorted());
      const isOld = ({ sentAtMs }: HeldMarker) => NOW_MS - sentAtMs > MARKER_OLD_SECONDS * 1000;
      expect([...hide.markers, ...remove].every(isOld)).toBe(true);
      const hasMarker = show.length + hide.markers.length > 0 || putAnother;
      const isLeft = answer.hasWork || answer.nextDueSeconds !== undefined;
      const isSoon = answer.hasWork || (answer.nextDueSeconds ?? Infinity) < 8 * 3600;
      expect(hasMarker || !(isSoon || (isLeft && held.length > 0))).toBe(true);
      // What hides is there again before anything is due.
      expect(hide.seconds).toBeLessThanOrEqual(Math.max(0, (answer.nextDueSeconds ?? 0) - 600));
      expect(hide.seconds).toBeLessThanOrEqual(MARKER_LONGEST_SLEEP_SECONDS);
    }),
  );
});
