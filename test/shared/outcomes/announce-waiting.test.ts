// Real: what the sweep announces. Doubles: the store in memory, held to the contract of the real one, the bus, time.
import { beforeEach, expect, it } from 'vitest';
import { announceWaiting } from '../../../shared/outcomes/announce-waiting.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';
import { anOutcome } from '../../support/store/an-outcome.ts';
import { NOON } from '../../support/store/store-world.ts';

let bench: SweepBench;

beforeEach(() => {
  bench = new SweepBench();
});

/** Outcomes that nobody has announced, since noon. */
function waiting(count: number): void {
  for (let id = 1; id <= count; id++) {
    bench.tables.outcomes.set(id, { outcome: anOutcome(id), dueMs: Date.parse(NOON) });
  }
}

const announce = (parts: Partial<ReturnType<SweepBench['parts']>> = {}) =>
  announceWaiting({ ...bench.parts(), ...parts }, Infinity);

it('announces page after page, and removes what the bus took', async () => {
  waiting(1200);
  expect(await announce()).toEqual({ announced: 1200, unannounced: 0, oldestSeconds: 0 });
  expect(bench.put.map(({ id }) => id)).toEqual(Array.from({ length: 1200 }, (_, index) => index + 1));
  expect(bench.tables.outcomes.size).toBe(0);
  expect(bench.metrics.counts.get('OldestUnannouncedAge')).toBe(0);
});

it('goes on behind an outcome that the bus does not take, and tells how long it has waited', async () => {
  waiting(700);
  await bench.pass(900);
  bench.isUnput = ({ id }) => id === 3;
  expect(await announce()).toEqual({ announced: 699, unannounced: 1, oldestSeconds: 900 });
  expect([...bench.tables.outcomes.keys()]).toEqual([3]);
  expect(bench.metrics.counts.get('OldestUnannouncedAge')).toBe(900);
  expect(bench.lines).toContainEqual({
    event: 'outcomes_put_off',
    fields: { count: 1, because: 'ThrottlingException' },
  });
});

it('asks a bus that takes nothing once, and announces everything when it is back', async () => {
  waiting(1200);
  await bench.pass(300);
  bench.isUnput = () => true;
  expect(await announce()).toEqual({ announced: 0, unannounced: 500, oldestSeconds: 300 });
  expect(bench.tables.outcomes.size).toBe(1200);
  bench.isUnput = () => false;
  expect(await announce()).toMatchObject({ announced: 1200, unannounced: 0 });
});

it('repeats an outcome under the same event id where it could not note that it was announced', async () => {
  waiting(1);
  const failing = { ...bench.parts({ clearOutcomes: () => Promise.reject(new Error('away')) }) };
  await expect(announceWaiting(failing, Infinity)).rejects.toThrow('away');
  await announce();
  expect(bench.put.map(({ eventId }) => eventId)).toEqual([anOutcome(1).eventId, anOutcome(1).eventId]);
});

it('forgets what nobody wants, and puts nothing', async () => {
  waiting(600);
  await announce({ outcomes: 'none' });
  expect(bench.put).toEqual([]);
  expect(bench.tables.outcomes.size).toBe(0);
  expect(bench.metrics.counts.get('OutcomesAnnounced') ?? 0).toBe(0);
});

it('begins no page when time is up', async () => {
  waiting(1);
  expect(await announceWaiting(bench.parts(), bench.time.elapsedMs())).toMatchObject({ announced: 0 });
});
