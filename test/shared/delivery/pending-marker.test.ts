// Real: the marker of a process, and what is read of its queue. Doubles: the queue, time. Nothing sleeps.
import { describe, expect, test } from 'vitest';
import { PendingMarker } from '../../../shared/delivery/pending-marker.ts';
import { readMarkerQueueUrl } from '../../../shared/delivery/read-marker-queue.ts';
import { MARKER_FRESH_SECONDS, MARKER_LATE_SECONDS } from '../../../shared/runtime/limits.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** A process with two clocks, whose queue takes markers or does not, and everything that happens, in order. */
function process() {
  const happened: string[] = [];
  const time = { monotonicMs: 5_000, wallMs: Date.parse('2026-11-27T12:00:00Z') };
  let takes = (): Promise<boolean> => Promise.resolve(true);
  const clock: Clock = {
    nowMs: () => time.wallMs,
    monotonicMs: () => time.monotonicMs,
    random: () => 0,
    uuid: () => '',
    after: () => () => undefined,
  };
  const queue = {
    put: async () => {
      const isPut = await takes();
      happened.push(isPut ? 'marker' : 'no marker');
      return isPut;
    },
  };
  const marker = new PendingMarker(queue, clock, () => happened.push('told'));
  return {
    happened,
    marker,
    pass: (seconds: number) => {
      time.monotonicMs += seconds * 1000;
      time.wallMs += seconds * 1000;
    },
    /** Whatever one of the clocks alone believes. */
    turn: (clockName: keyof typeof time, seconds: number) => void (time[clockName] += seconds * 1000),
    queueTakes: (answer: () => Promise<boolean>) => void (takes = answer),
    write: () => marker.around(async () => void happened.push('row')),
  };
}

describe('a process that writes', () => {
  test('puts a marker before its first row, and another when the first is four minutes old', async () => {
    const { happened, pass, write } = process();
    await write();
    pass(MARKER_FRESH_SECONDS - 1);
    await write();
    expect(happened).toEqual(['marker', 'row', 'row']);
    pass(1);
    await write();
    expect(happened.slice(3)).toEqual(['marker', 'row']);
  });

  test('answers what its statement answers, and fails as it fails', async () => {
    const { marker } = process();
    expect(await marker.around(async () => 42)).toBe(42);
    await expect(marker.around(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  test('writes all the same if the marker cannot be put, tells it, and tries again behind the row', async () => {
    const { happened, queueTakes, write } = process();
    queueTakes(async () => false);
    await write();
    expect(happened).toEqual(['no marker', 'told', 'row', 'no marker', 'told']);
    queueTakes(async () => true);
    await write();
    expect(happened.slice(5)).toEqual(['marker', 'row']);
  });

  test('tries again behind a row of which nobody knows whether it was written', async () => {
    const { happened, queueTakes, marker } = process();
    queueTakes(async () => false);
    await marker
      .around(() => {
        queueTakes(async () => true);
        return Promise.reject(new Error('no answer'));
      })
      .catch(() => undefined);
    expect(happened).toEqual(['no marker', 'told', 'marker']);
  });

  test('puts another behind a row that came so late that its marker may be gone', async () => {
    const { happened, pass, marker } = process();
    await marker.around(async () => {
      pass(MARKER_LATE_SECONDS);
      happened.push('row');
    });
    expect(happened).toEqual(['marker', 'row', 'marker']);
  });

  test('counts a marker as old as when it was about to be put, however long that took', async () => {
    const { happened, pass, queueTakes, write } = process();
    queueTakes(async () => {
      pass(100);
      return true;
    });
    await write();
    queueTakes(async () => true);
    pass(MARKER_FRESH_SECONDS - 100);
    await write();
    expect(happened).toEqual(['marker', 'row', 'marker', 'row']);
  });

  test.each(['monotonicMs', 'wallMs'] as const)('believes the clock that has passed more: %s', async (clockName) => {
    const { happened, turn, write } = process();
    await write();
    turn(clockName, MARKER_FRESH_SECONDS);
    await write();
    expect(happened).toEqual(['marker', 'row', 'marker', 'row']);
  });

  test('shares a marker among those who write at once', async () => {
    const { happened, write } = process();
    await Promise.all([write(), write(), write()]);
    expect(happened).toEqual(['marker', 'row', 'row', 'row']);
  });

  test('puts one when it is told to, and that counts', async () => {
    const { happened, marker, write } = process();
    await marker.put();
    await write();
    expect(happened).toEqual(['marker', 'row']);
  });
});

test('a function whose database never sleeps has no queue of markers', () => {
  expect(readMarkerQueueUrl({ maybeEmpty: () => '' })).toBeUndefined();
  expect(readMarkerQueueUrl({ maybeEmpty: (name) => `https://queue/${name}` })).toBe('https://queue/MARKER_QUEUE_URL');
});
