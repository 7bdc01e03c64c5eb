import type { Outcome } from '../delivery/outcome.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import { faultFields } from '../observe/fault-fields.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OutcomeBus } from './outcome-bus.ts';
import type { OutcomeStore } from './outcome-store.ts';

export type AnnouncerParts = {
  bus: OutcomeBus;
  store: Pick<OutcomeStore, 'clearOutcomes'>;
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
  log: Pick<Log, 'warn' | 'error'>;
  metrics: Pick<Metrics, 'count'>;
};

/** Outcomes wait so long for others: a batch of quick receivers is one call, and nobody waits for a slow one. */
const COMPANY_MS = 1_000;
/** A bus that does not answer costs its worker no more than this… */
const PUT_MS = 1_000;
/** …and is then left alone by it for this long. The sweep announces meanwhile. */
const QUIET_MS = 60_000;
/** What is announced and still has its row: beyond this the sweep repeats it, rather than a statement having to name it all. */
const MOST_ANNOUNCED = 1_000;

/**
 * Announces the outcomes that a process writes, at once and once. Nothing waits for it and nothing fails with it: what it does not
 * announce the sweep does, because the row of an outcome goes only after its event has been put.
 */
export class Announcer {
  readonly #parts: AnnouncerParts;
  #waiting: Outcome[] = [];
  #cancelTimer: (() => void) | undefined;
  #underWay: Promise<void> = Promise.resolve();
  /** Announced, and still in a row. */
  #announced: Outcome[] = [];
  #quietUntilMs = -Infinity;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** Of rows that are committed. */
  tell(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    this.#waiting.push(...outcomes);
    this.#cancelTimer ??= this.#parts.clock.after(COMPANY_MS, () => void this.#putWaiting());
  }

  /** What the next statement that records something is to remove; to be given back if it was not answered. */
  takeAnnounced(): Outcome[] {
    return this.#announced.splice(0);
  }

  giveBack(announced: readonly Outcome[]): void {
    this.#announced = [...announced, ...this.#announced].slice(0, MOST_ANNOUNCED);
  }

  /**
   * At the end of an invocation. Only where something else than a plain delivery was announced are the rows removed by a call of
   * their own: the happy path leaves that to the next statement.
   */
  async finish(limit: CallLimit): Promise<void> {
    await this.#putWaiting(limit.untilMonotonicMs);
    const { store, log, clock } = this.#parts;
    if (!this.#announced.some(({ type }) => type !== 'delivered') || clock.monotonicMs() >= limit.untilMonotonicMs)
      return;
    const announced = this.takeAnnounced();
    try {
      await store.clearOutcomes(idsOf(announced), limit);
    } catch (fault) {
      // The sweep repeats them.
      this.giveBack(announced);
      log.error('outcomes_uncleared', faultFields(fault));
    }
  }

  #putWaiting(untilMonotonicMs = Infinity): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const together = this.#waiting.splice(0);
    this.#underWay = this.#underWay.then(() => this.#put(together, untilMonotonicMs));
    return this.#underWay;
  }

  async #put(outcomes: readonly Outcome[], untilMonotonicMs: number): Promise<void> {
    const { bus, clock, log, metrics } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (outcomes.length === 0) return;
    if (nowMs < this.#quietUntilMs || nowMs >= untilMonotonicMs) {
      metrics.count('OutcomesPutOff', outcomes.length);
      return;
    }
    const { unput, because } = await bus.put(outcomes, {
      untilMonotonicMs: Math.min(untilMonotonicMs, nowMs + PUT_MS),
    });
    const put = outcomes.filter((outcome) => !unput.includes(outcome));
    metrics.count('OutcomesAnnounced', put.length);
    this.giveBack(put);
    if (unput.length === 0) return;
    metrics.count('OutcomesPutOff', unput.length);
    log.warn('outcomes_put_off', { count: unput.length, because });
    if (put.length === 0) this.#quietUntilMs = clock.monotonicMs() + QUIET_MS;
  }
}

export function idsOf(outcomes: readonly Pick<Outcome, 'id'>[]): number[] {
  return outcomes.map(({ id }) => id);
}
