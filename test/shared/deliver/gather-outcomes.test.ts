// Real: the recorder. Doubles: what records, and time.
import { describe, expect, it } from 'vitest';
import { createOutcomeRecorder } from '../../../shared/deliver/gather-outcomes.ts';
import { NOON } from '../../support/store/store-world.ts';
import { seededRandom, VirtualTime } from '../../support/time/virtual-time.ts';

function openRecorder(recordAll?: (outcomes: readonly string[]) => Promise<readonly string[]>) {
  const time = new VirtualTime(NOON);
  const recorded: { atMs: number; outcomes: readonly string[] }[] = [];
  const recorder = createOutcomeRecorder<string, string>(
    (outcomes) => {
      recorded.push({ atMs: time.elapsedMs(), outcomes });
      return recordAll?.(outcomes) ?? Promise.resolve(outcomes.map((outcome) => `${outcome}, recorded`));
    },
    {
      nowMs: () => time.nowMs(),
      monotonicMs: () => time.elapsedMs(),
      random: seededRandom(1),
      uuid: () => '',
      after: (delayMs, fire) => time.after(delayMs, fire),
    },
  );
  const results: PromiseSettledResult<string>[] = [];
  const attempt = (outcome: string, afterMs: number): void => {
    const work = () => new Promise<string>((resolve) => time.after(afterMs, () => resolve(outcome)));
    void Promise.allSettled([recorder.record(work)]).then((settled) => results.push(...settled));
  };
  return { time, recorder, recorded, results, attempt };
}

describe('outcomes', () => {
  it('that end within 25 ms of each other are recorded together', async () => {
    const { time, recorded, attempt } = openRecorder();
    attempt('first', 10);
    attempt('second', 34);
    attempt('slow', 5000);
    await time.run(() => false, 10_000);
    expect(recorded).toEqual([
      { atMs: 35, outcomes: ['first', 'second'] },
      { atMs: 5000, outcomes: ['slow'] },
    ]);
  });

  it('wait for nobody once no attempt is out', async () => {
    const { time, recorded, attempt } = openRecorder();
    attempt('first', 10);
    attempt('last', 12);
    await time.run(() => false, 1000);
    expect(recorded).toEqual([{ atMs: 12, outcomes: ['first', 'last'] }]);
  });

  it('are each answered with their own result', async () => {
    const { time, results, attempt } = openRecorder();
    attempt('a', 1);
    attempt('b', 1);
    await time.run(() => false, 1000);
    expect(results.map((result) => result.status === 'fulfilled' && result.value)).toEqual([
      'a, recorded',
      'b, recorded',
    ]);
  });

  it('are recorded while an earlier record is still under way', async () => {
    let answer: (results: readonly string[]) => void = () => undefined;
    const first = new Promise<readonly string[]>((resolve) => (answer = resolve));
    let calls = 0;
    const { time, recorded, results, attempt } = openRecorder((outcomes) =>
      calls++ === 0 ? first : Promise.resolve(outcomes),
    );
    attempt('stuck', 10);
    attempt('free', 200);
    await time.run(() => false, 1000);
    expect(recorded.map(({ outcomes }) => outcomes)).toEqual([['stuck'], ['free']]);
    expect(results).toEqual([{ status: 'fulfilled', value: 'free' }]);
    answer(['stuck']);
    await time.run(() => false, 2000);
    expect(results).toHaveLength(2);
  });
});

describe('a fault', () => {
  it('of the recording reaches each outcome that was recorded with it', async () => {
    const { time, results, attempt } = openRecorder(() => Promise.reject(new Error('no database')));
    attempt('a', 1);
    attempt('b', 1);
    await time.run(() => false, 1000);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('of one attempt keeps no other from being recorded', async () => {
    const { time, recorder, recorded, attempt } = openRecorder();
    attempt('sound', 10);
    const broken = Promise.allSettled([recorder.record(() => Promise.reject(new Error('a bug')))]);
    await time.run(() => false, 1000);
    expect((await broken)[0].status).toBe('rejected');
    expect(recorded).toEqual([{ atMs: 10, outcomes: ['sound'] }]);
  });

  it('of a record that answers fewer than it was given rejects what has no answer', async () => {
    const { time, results, attempt } = openRecorder((outcomes) => Promise.resolve(outcomes.slice(1)));
    attempt('a', 1);
    attempt('b', 1);
    await time.run(() => false, 1000);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});
