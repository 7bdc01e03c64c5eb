import type { Outcomes, WaitingOutcome } from '../delivery/outcome.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import type { OutcomeBus } from './outcome-bus.ts';
import type { OutcomeStore } from './outcome-store.ts';

export type WaitingParts = {
  store: OutcomeStore;
  bus: OutcomeBus;
  outcomes: Outcomes;
  clock: Pick<Clock, 'monotonicMs'>;
  log: Pick<Log, 'warn'>;
  metrics: Pick<Metrics, 'count' | 'seconds'>;
};

/** `oldestSeconds`: since the oldest happened that the bus did not take; 0 where it took all. */
export type WaitingReport = { announced: number; unannounced: number; oldestSeconds: number };

/** The longest that one page of events may take. */
const PAGE_MS = 20_000;

/**
 * Announces what no worker has: those that died, those whose bus refused, and what ended without a worker. One that the bus
 * refuses does not hold up the others; a bus that takes nothing is asked again by the next sweep.
 */
export async function announceWaiting(parts: WaitingParts, stopAtMonotonicMs: number): Promise<WaitingReport> {
  const { store, clock, metrics, log } = parts;
  const report = { announced: 0, unannounced: 0, oldestSeconds: 0 };
  let afterId: number | undefined;
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await store.listOutcomes({ afterId, pageRows: SWEEP_PAGE_ROWS });
    const { put, left, because } = await putPage(page, parts, stopAtMonotonicMs);
    if (put.length > 0) await store.clearOutcomes(put.map(({ outcome }) => outcome.id));
    if (parts.outcomes !== 'none') report.announced += put.length;
    report.unannounced += left.length;
    report.oldestSeconds = Math.max(report.oldestSeconds, ...left.map(({ ageSeconds }) => ageSeconds));
    if (left.length > 0) log.warn('outcomes_put_off', { count: left.length, because });
    if (page.length < SWEEP_PAGE_ROWS || put.length === 0) break;
    afterId = page.at(-1)?.outcome.id;
  }
  metrics.count('OutcomesAnnounced', report.announced);
  metrics.count('OutcomesPutOff', report.unannounced);
  metrics.seconds('OldestUnannouncedAge', report.oldestSeconds);
  return report;
}

async function putPage(
  page: readonly WaitingOutcome[],
  { bus, outcomes, clock }: WaitingParts,
  stopAtMonotonicMs: number,
): Promise<{ put: readonly WaitingOutcome[]; left: readonly WaitingOutcome[]; because?: string | undefined }> {
  // Nobody wants them any more: otherwise whoever switches them on again would be told of an old time.
  if (page.length === 0 || outcomes === 'none') return { put: page, left: [] };
  const untilMonotonicMs = Math.min(stopAtMonotonicMs, clock.monotonicMs() + PAGE_MS);
  const { unput, because } = await bus.put(
    page.map(({ outcome }) => outcome),
    { untilMonotonicMs },
  );
  const isLeft = ({ outcome }: WaitingOutcome) => unput.includes(outcome);
  return { put: page.filter((one) => !isLeft(one)), left: page.filter(isLeft), because };
}
