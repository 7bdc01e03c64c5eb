// Real: the report. Doubles: the measure, metrics and log that note what they are told.
import { beforeEach, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { reportFirstFigure } from '../../../shared/operate/first-figure.ts';
import { CountedMetrics } from '../../support/protocol/deliver-batch-world.ts';

let metrics: CountedMetrics;
let warnings: string[];

beforeEach(() => {
  metrics = new CountedMetrics();
  warnings = [];
});

function report(oldestDueSeconds: () => Promise<number>): Promise<void> {
  const ignore = () => undefined;
  const log = { info: ignore, error: ignore, warn: (event: string) => void warnings.push(event) };
  return reportFirstFigure({ oldestDueSeconds, metrics, log });
}

test.each([0, 4711])(
  'a deployment reports the age of the oldest due delivery, as the sweep will: %d s',
  async (age) => {
    await report(async () => age);
    expect([metrics.counts.get('OldestDueAge'), metrics.flushes]).toEqual([age, 1]);
  },
);

test('a database that does not tell it keeps no deployment from going on', async () => {
  await report(() => Promise.reject(new StoreUnavailable('away')));
  expect([...metrics.counts.keys()]).toEqual([]);
  // What else every report holds is written.
  expect([warnings, metrics.flushes]).toEqual([['first_figure_missing'], 1]);
});
