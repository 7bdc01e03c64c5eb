import { announce, type DueDelivery } from '../delivery/announce.ts';
import type { AttemptOutcome, CountedOutcome } from '../delivery/attempt-outcome.ts';
import type { NextDelivery } from '../delivery/next-in-order.ts';
import type { SettledAttempt } from '../delivery/store-answers.ts';
import { type ClaimedDelivery, settle } from '../delivery/delivery.ts';
import { faultFields } from '../observe/fault-fields.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import { reportAttempt } from './report-attempt.ts';
import type { Claimed } from './claim-batch.ts';
import type { Batch, ComeAgain } from './batch-context.ts';
import { createOutcomeRecorder } from './gather-outcomes.ts';
import { findNext } from './find-next.ts';
import { dueAfter } from './message-after-outcome.ts';
import { releaseAttempts } from './release-attempts.ts';
import { evidenceOf } from '../endpoints/evidence-of.ts';
import { reportTurns } from './report-turns.ts';
import { nextOf, type Round, settleRounds } from './settle-outcomes.ts';
import { writeDown } from './tell-by-message.ts';

type Attempted = { delivery: ClaimedDelivery; report: AttemptReport };
type Released = Attempted & { outcome: Extract<AttemptOutcome, { kind: 'released' }> };
/** An attempt, and what the database is asked to record of it. */
type Settling = Attempted & { settled: SettledAttempt };

/** `next`: whoever comes next of its ordering key, and has no message of its own any more. */
export type Recorded = { comeAgain: ComeAgain; next?: NextDelivery };
/** Whether the database or a message holds an outcome. */
type Standing = { stands: boolean; next?: NextDelivery };

/** Time kept at the end of an invocation, to send what could not be recorded and to answer. */
const WRITE_DOWN_MS = 4_000;

/** The attempts of one batch: each is made on its own, and those that end together are recorded together. */
export class Recording {
  readonly #batch: Batch;
  readonly #recorder;

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#recorder = createOutcomeRecorder<Attempted, Standing>(
      (together) => this.#record(together),
      batch.parts.clock,
    );
  }

  /** Makes the attempt and records it. Its messages come again if nothing holds its outcome. Never rejects. */
  async attempt({ delivery, messageIds, mustStartByMonotonicMs, waitMs }: Claimed): Promise<Recorded> {
    const { attempt, clock } = this.#batch.parts;
    const made = async () => {
      if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
      return { delivery, report: await attempt(delivery, mustStartByMonotonicMs) };
    };
    // An attempt should never reject. If one does, that is one delivery's fault and must not end the others.
    const { stands, next } = await this.#recorder.record(made).catch((): Standing => ({ stands: false }));
    // Not buried here: it stays pending under its lease, and the message comes again afterwards.
    return { comeAgain: stands ? [] : messageIds, ...(next && { next }) };
  }

  /** Never rejects. */
  async #record(together: readonly Attempted[]): Promise<Standing[]> {
    const released: Released[] = [];
    const settling: Settling[] = [];
    for (const attempted of together) {
      const { outcome } = attempted.report;
      if (outcome.kind === 'released') released.push({ ...attempted, outcome });
      else settling.push({ ...attempted, settled: this.#settledOf(attempted, outcome) });
    }
    const next = new Map<number, NextDelivery>();
    const standing = await Promise.all([this.#settle(settling, next), this.#release(released)]);
    return together.map(({ delivery: { deliveryId } }) => {
      const follows = next.get(deliveryId);
      return { stands: standing.some((ids) => ids.has(deliveryId)), ...(follows && { next: follows }) };
    });
  }

  #settledOf({ delivery, report }: Attempted, outcome: CountedOutcome): SettledAttempt {
    const { retry, clock } = this.#batch.parts;
    const { deliveryId, token, attempt } = delivery;
    const { durationMs, startedMonotonicMs, exchange } = report;
    const settlement = settle(outcome, delivery, { policy: retry, random: clock.random() });
    return {
      deliveryId,
      token,
      attempt,
      settlement,
      evidence: evidenceOf(outcome),
      durationMs,
      startedMsAgo: clock.monotonicMs() - startedMonotonicMs,
      ...(exchange && { exchange }),
      ...(delivery.isOrdered && { isOrdered: true }),
    };
  }

  /** Records outcomes for as long as the invocation lives, and writes the rest into messages. `next` is filled: by whom each is followed. */
  async #settle(recorded: readonly Settling[], next: Map<number, NextDelivery>): Promise<Set<number>> {
    if (recorded.length === 0) return new Set();
    const { parts, endsAtMonotonicMs } = this.#batch;
    const left = new Map(recorded.map((one) => [one.settled.deliveryId, one]));
    try {
      const settlements = recorded.map(({ settled }) => settled);
      for await (const round of settleRounds(settlements, this.#batch, endsAtMonotonicMs - WRITE_DOWN_MS)) {
        const due: DueDelivery[] = [...round.called];
        reportTurns(round.turns, parts);
        for (const spoken of round.spoken) {
          const one = left.get(spoken.deliveryId);
          if (one === undefined) continue;
          left.delete(spoken.deliveryId);
          const { verdict: settled, isHeld } = spoken;
          reportAttempt({ ...one, settlement: one.settled.settlement, settled, ...(isHeld && { isHeld }) }, parts);
          due.push(...dueAfter(one.settled, spoken, one.delivery));
        }
        await announce(due, parts);
        await this.#follow(round, next);
      }
    } catch (fault) {
      reportFault(fault, parts);
    }
    const written = await this.#writeDown([...left.values()]);
    return new Set(recorded.map(({ settled }) => settled.deliveryId).filter((id) => !left.has(id) || written.has(id)));
  }

  async #follow(round: Round, next: Map<number, NextDelivery>): Promise<void> {
    const found = await findNext(round, this.#batch);
    const following = new Set<NextDelivery>();
    for (const { deliveryId, ordering } of round.spoken) {
      const one = ordering && nextOf(ordering, found);
      if (one === undefined || following.has(one)) continue;
      following.add(one);
      next.set(deliveryId, one);
    }
  }

  async #writeDown(unrecorded: readonly Settling[]): Promise<Set<number>> {
    const { parts } = this.#batch;
    parts.metrics.count('RecordingFailed', unrecorded.length);
    for (const one of unrecorded) {
      reportAttempt({ ...one, settlement: one.settled.settlement, settled: 'unrecorded' }, parts);
    }
    return await writeDown(
      unrecorded.map(({ delivery: { organizationId }, settled }) => ({ organizationId, settled })),
      this.#batch,
    );
  }

  async #release(released: readonly Released[]): Promise<Set<number>> {
    const { parts } = this.#batch;
    for (const one of released) reportAttempt({ ...one, settled: 'released' }, parts);
    const releases = released.map(({ delivery: { deliveryId, token }, outcome: { detail: error } }) => ({
      deliveryId,
      token,
      error,
    }));
    try {
      return await releaseAttempts(releases, this.#batch);
    } catch (fault) {
      reportFault(fault, parts);
      parts.metrics.count('RecordingFailed', releases.length);
      return new Set();
    }
  }
}

function reportFault(fault: unknown, { metrics, log }: Batch['parts']): void {
  metrics.count('InternalFaults', 1);
  log.error('recording_failed', faultFields(fault));
}
