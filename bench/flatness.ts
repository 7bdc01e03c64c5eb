/** What one process held at one moment. `atSeconds`: of the soak. */
export type MemorySample = { atSeconds: number; bytes: number };

/**
 * `flat`: it grew by no more than `ALLOWED_MB`, or `ALLOWED_SHARE` of what it holds, over all that was measured. `too short`: it lived
 * for less than `LEAST_SECONDS`, in which a heap that fills up for the first time looks like a leak.
 */
type Verdict = 'flat' | 'growing' | 'too short';

export type Flatness = {
  samples: number;
  /** From the first sample to the last. */
  seconds: number;
  firstMb: number;
  lastMb: number;
  peakMb: number;
  /** The least that it held in the first and in the last of the parts after the first fifth. */
  settledMb: number;
  endMb: number;
  /** Of the least that is held in each part of the time, after the first fifth. Undefined: too few samples. */
  mbPerHour: number | undefined;
  verdict: Verdict;
};

/** Of a process's time: in this share modules are compiled and pools filled. */
const WARM_UP_SHARE = 0.2;
/** What is held between two collections says little; the least within a part is nearest to what no collection frees. */
const PARTS = 6;
const LEAST_SECONDS = 600;
/** A leak of 20 bytes for each of 360,000 deliveries in an hour is seen. */
const ALLOWED_MB = 8;
const ALLOWED_SHARE = 0.05;
const MB = 1024 ** 2;
const HOUR_SECONDS = 3600;

/** Judges the memory of one process, sampled in the order of time. */
export function flatnessOf(samples: readonly MemorySample[]): Flatness {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined) {
    return {
      samples: 0,
      seconds: 0,
      firstMb: 0,
      lastMb: 0,
      peakMb: 0,
      settledMb: 0,
      endMb: 0,
      mbPerHour: undefined,
      verdict: 'too short',
    };
  }
  const seconds = last.atSeconds - first.atSeconds;
  const settledFrom = first.atSeconds + seconds * WARM_UP_SHARE;
  const least = leastOfParts(samples.filter(({ atSeconds }) => atSeconds >= settledFrom));
  const slope = middleSlope(least);
  const grownMb = slope === undefined ? 0 : (slope * seconds * (1 - WARM_UP_SHARE)) / MB;
  const allowedMb = Math.max(ALLOWED_MB, (ALLOWED_SHARE * (least[0]?.bytes ?? 0)) / MB);
  return {
    samples: samples.length,
    seconds,
    firstMb: first.bytes / MB,
    lastMb: last.bytes / MB,
    peakMb: samples.reduce((peak, { bytes }) => Math.max(peak, bytes), 0) / MB,
    settledMb: (least[0]?.bytes ?? 0) / MB,
    endMb: (least.at(-1)?.bytes ?? 0) / MB,
    mbPerHour: slope === undefined ? undefined : (slope * HOUR_SECONDS) / MB,
    verdict: seconds < LEAST_SECONDS || slope === undefined ? 'too short' : grownMb > allowedMb ? 'growing' : 'flat',
  };
}

/**
 * The verdict of a role, all of whose processes do the same. One that grows beyond where others of them had settled is enough: one
 * that had little to do is still filling its heap to where they are. One that lived long enough must say that nothing does.
 */
export function verdictOf(processes: readonly Flatness[]): Verdict {
  const lived = processes.filter(({ verdict }) => verdict !== 'too short');
  const settledMb = lived.reduce((most, one) => Math.max(most, one.settledMb), 0);
  const ceilingMb = settledMb + Math.max(ALLOWED_MB, ALLOWED_SHARE * settledMb);
  if (lived.some(({ verdict, endMb }) => verdict === 'growing' && endMb > ceilingMb)) return 'growing';
  return lived.length > 0 ? 'flat' : 'too short';
}

function leastOfParts(samples: readonly MemorySample[]): MemorySample[] {
  const from = samples[0]?.atSeconds ?? 0;
  const partSeconds = ((samples.at(-1)?.atSeconds ?? 0) - from) / PARTS;
  const least: MemorySample[] = [];
  for (const sample of samples) {
    const part = partSeconds === 0 ? 0 : Math.min(PARTS - 1, Math.floor((sample.atSeconds - from) / partSeconds));
    const known = least[part];
    if (known === undefined || sample.bytes < known.bytes) least[part] = sample;
  }
  // A part without a sample has left a hole.
  return least.filter((sample) => sample !== undefined);
}

/** Bytes per second: the middle of the slopes between all pairs (Theil–Sen), which single spikes do not move. */
function middleSlope(samples: readonly MemorySample[]): number | undefined {
  const slopes = samples.flatMap((one, index) =>
    samples
      .slice(index + 1)
      .filter((other) => other.atSeconds > one.atSeconds)
      .map((other) => (other.bytes - one.bytes) / (other.atSeconds - one.atSeconds)),
  );
  const sorted = slopes.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [lower, upper] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]];
  return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2;
}
