// The rule by which a soak judges memory. Nothing runs here: the samples are made up.
import { describe, expect, it } from 'vitest';
import { flatnessOf, type MemorySample, verdictOf } from '../../bench/flatness.ts';

const MB = 1024 ** 2;
const HOUR = 3600;

/** Every ten seconds, what `heldMb` says of the moment. */
function sampled(seconds: number, heldMb: (atSeconds: number) => number): MemorySample[] {
  return Array.from({ length: seconds / 10 + 1 }, (_, index) => ({
    atSeconds: index * 10,
    bytes: heldMb(index * 10) * MB,
  }));
}

describe('a process is flat', () => {
  it('that holds the same all the time', () => {
    expect(flatnessOf(sampled(HOUR, () => 100))).toStrictEqual({
      samples: 361,
      seconds: HOUR,
      firstMb: 100,
      lastMb: 100,
      peakMb: 100,
      mbPerHour: 0,
      verdict: 'flat',
    });
  });

  it('whose heap fills up and is collected, wherever the last sample lies', () => {
    const sawtooth = sampled(HOUR, (at) => 80 + (at % 500) / 10);
    expect(flatnessOf(sawtooth)).toMatchObject({ verdict: 'flat', lastMb: 90, peakMb: 129 });
  });

  it('that grew while it warmed up, and no more after that', () => {
    expect(flatnessOf(sampled(HOUR, (at) => Math.min(60 + at / 10, 120)))).toMatchObject({
      verdict: 'flat',
      mbPerHour: 0,
    });
  });

  it('in spite of one large request', () => {
    expect(flatnessOf(sampled(HOUR, (at) => (at === 3000 ? 400 : 100)))).toMatchObject({
      verdict: 'flat',
      peakMb: 400,
    });
  });

  it('that grew by no more than a twentieth of what it holds', () => {
    expect(flatnessOf(sampled(HOUR, (at) => 400 + (at / HOUR) * 24)).verdict).toBe('flat');
  });
});

describe('a process grows', () => {
  it('that leaks steadily', () => {
    const leaking = flatnessOf(sampled(HOUR, (at) => 100 + (at / HOUR) * 12));
    expect(leaking.verdict).toBe('growing');
    expect(leaking.mbPerHour).toBeCloseTo(12, 1);
  });

  it('that leaks below the teeth of its collections', () => {
    expect(flatnessOf(sampled(HOUR, (at) => 80 + (at % 300) / 6 + at / 200)).verdict).toBe('growing');
  });
});

describe('nothing is said', () => {
  it('of a process that lived for less than ten minutes, however it grew', () => {
    expect(flatnessOf(sampled(590, (at) => 50 + at)).verdict).toBe('too short');
  });

  it('of one that was never seen', () => {
    expect(flatnessOf([])).toMatchObject({ samples: 0, verdict: 'too short', mbPerHour: undefined });
  });

  it('of one that was seen twice at the same moment', () => {
    const twice = [
      { atSeconds: 5, bytes: MB },
      { atSeconds: 5, bytes: 2 * MB },
    ];
    expect(flatnessOf(twice)).toMatchObject({ verdict: 'too short', mbPerHour: undefined });
  });
});

describe('a role', () => {
  const flat = flatnessOf(sampled(HOUR, () => 100));
  const growing = flatnessOf(sampled(HOUR, (at) => at));
  const short = flatnessOf([]);

  it('grows if one of its processes does', () => {
    expect(verdictOf([flat, growing, short])).toBe('growing');
  });

  it('does not for one that had less to do, and fills its heap to where others of them are', () => {
    const filling = flatnessOf(sampled(HOUR, (at) => 60 + at / 90));
    expect([filling.verdict, verdictOf([filling]), verdictOf([flat, filling])]).toEqual(['growing', 'growing', 'flat']);
    expect(verdictOf([flat, flatnessOf(sampled(HOUR, (at) => 100 + at / 90))])).toBe('growing');
  });

  it('is flat if one lived long enough to say so', () => {
    expect(verdictOf([short, flat])).toBe('flat');
  });

  it('is too short if none did', () => {
    expect(verdictOf([short])).toBe('too short');
    expect(verdictOf([])).toBe('too short');
  });
});
