// Real: the numbers of shared/runtime/limits.ts. No doubles.
import { describe, expect, test } from 'vitest';
import { STOP_BEFORE_TIMEOUT_MS } from '../../shared/runtime/limits.ts';
import { pauseInOutage } from '../../shared/enqueue/outage-pause.ts';
import { timingFaults, timingsFor } from '../../infra/timings.ts';

describe('timings', () => {
  test('follow from the attempt: function, lease, visibility', () => {
    expect(timingsFor(30).deliver).toMatchObject({ timeout: 60, lease: 75, visibility: 360 });
  });

  test.each([1, 30, 600])('hold every inequality for an attempt of %i seconds', (attemptSeconds) => {
    expect(timingFaults(timingsFor(attemptSeconds))).toEqual([]);
  });

  test('let a request on the intake queue outlast a database that is away for a day, even where each answer is a refusal at once', () => {
    const { maxReceives } = timingsFor(30).enqueue;
    // After the last receive that counts, nothing waits.
    const pauses = Array.from({ length: maxReceives - 1 }, (_, index) => pauseInOutage(index + 1, 0));
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThanOrEqual(24 * 3600);
    expect(maxReceives).toBeLessThan(250);
  });

  test('name every inequality that is broken', () => {
    const sound = timingsFor(30);
    const broken = {
      ...sound,
      deliver: { ...sound.deliver, timeout: 20, lease: 20 },
      sweep: { timeout: 301, interval: 300 },
      retention: { source: 600, deadLetters: 600 },
    };
    expect(timingFaults(broken)).toEqual([
      'timings: this must hold: an attempt ends before the deliver function does',
      'timings: this must hold: the deliver function ends before the lease does',
      'timings: this must hold: a sweep ends before the next one begins',
      'timings: this must hold: a delivery message is received its last time before it expires',
      'timings: this must hold: an intake message is received its last time before it expires',
      'timings: this must hold: a dead-letter queue keeps messages longer than its source',
    ]);
  });

  test.each(['sweep', 'operate'] as const)('give a %s time to begin a page, or are refused', (name) => {
    const sound = timingsFor(30);
    const broken = { ...sound, [name]: { ...sound[name], timeout: STOP_BEFORE_TIMEOUT_MS / 1_000 } };
    expect(timingFaults(broken)).toEqual(['timings: this must hold: a sweep and an order have time to begin a page']);
  });

  test('keep a sweep so slow that markers would be missed, or so fast that they would be held too long, from being deployed', () => {
    const sound = timingsFor(30);
    const fast = { ...sound, sweep: { timeout: 200, interval: 200 } };
    expect(timingFaults(fast)).toEqual([
      'timings: this must hold: markers of a sweep that died show before the next one',
    ]);
    const slow = { ...sound, sweep: { timeout: 600, interval: 600 } };
    expect(timingFaults(slow)).toEqual([
      'timings: this must hold: two sweeps see a hidden marker before its delivery is due, and hand the delivery out',
      'timings: this must hold: a database that is asked at every sweep stays awake',
    ]);
  });

  test('are refused where an attempt is too long for Lambda', () => {
    expect(timingFaults(timingsFor(900))).toEqual([
      'timings: this must hold: Lambda runs a function for fifteen minutes at most',
    ]);
  });
});
