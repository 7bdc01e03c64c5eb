import { announce, type DueDelivery } from '../delivery/announce.ts';
import type { AttemptOutcome, CountedOutcome } from '../delivery/attempt-outcome.ts';
import type { NextDelivery } from '../delivery/ordering-key.ts';
import type { ClaimAnswer, SettledAttempt } from '../delivery/store-answers.ts';
import { type ClaimedDelivery, settle } from '../delivery/delivery.ts';
import { faultFields } from '../observe/fault-fields.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import { reportAttempt } from './report-attempt.ts';
import { beginClaiming, type Claimed, type Claiming } from './claim-batch.ts';
import { askedInOrder, type Batch, callLimit, type ComeAgain } from './batch-context.ts';
import { CLAIM_SECONDS } from '../runtime/limits.ts';
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

/**
 * `next`: whoever comes next of its ordering key, and has no message of its own any more. `begun`: that one has been asked for under
 * this token; with the answer, if there was one.
 */
export type Recorded = {
  comeAgain: ComeAgain;
  next?: NextDelivery;
  begun?: { claiming: Claiming; answer?: ClaimAnswer };
};
/** Whether the database or a message holds an outcome. */
type Standing = { stands: boolean; next?: NextDelivery };

/**
 * For so long after it began an invocation goes on with whoever comes next of an ordering key; then a message hands it over. Long
 * enough that handing over costs little, and short enough that hundreds of long keys do not keep all workers from everybody else.
 */
const GOES_ON_SECONDS = 5;

/** Time kept at the end of an invocation, to send what could not be recorded and to answer. */
const WRITE_DOWN_MS = 4_000;

/** The attempts of one batch: each is made on its own, and those that end together are recorded together. */
export class Recording {
  readonly #batch: Batch;
  readonly #recorder;
  readonly #goesOnUntilMs: number;

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#goesOnUntilMs = batch.parts.clock.monotonicMs() + GOES_ON_SECONDS * 1000;
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
    const { followingId } = delivery;
    const making = followingId === undefined ? undefined : made();
    const begun = making && (await this.#goOn(making, followingId));
    if (begun?.answer !== undefined) return { comeAgain: [], begun };
    // An attempt should never reject. If one does, that is one delivery's fault and must not end the others.
    const { stands, next } = await this.#recorder
      .record(() => making ?? made())
      .catch((): Standing => ({ stands: false }));
    // Not buried here: it stays pending under its lease, and the message comes again afterwards.
    return { comeAgain: stands ? [] : messageIds, ...(next && { next }), ...(begun && { begun }) };
  }

  /** Whether this invocation still goes on with whoever comes next. */
  get goesOn(): boolean {
    return this.#batch.parts.clock.monotonicMs() < this.#goesOnUntilMs;
  }

  /** Records a success and claims whoever follows, in one call: a long key moves at the speed of its receiver. Never rejects. */
  async #goOn(making: Promise<Attempted>, followingId: number | undefined): Promise<Recorded['begun']> {
    const { parts } = this.#batch;
    const attempted = await making.catch(() => undefined);
    if (attempted?.report.outcome.kind !== 'accepted' || followingId === undefined || !this.goesOn) return undefined;
    const settled = this.#settledOf(attempted, attempted.report.outcome);
    const { organizationId, orderingKey = '' } = attempted.delivery;
    const following = askedInOrder({ deliveryId: followingId, attempt: 1, organizationId, orderingKey });
    const [claiming] = beginClaiming([following], this.#batch);
    if (claiming === undefined) return undefined;
    const step = { settled, next: { deliveryId: followingId, attempts: [1], token: claiming.token } };
    try {
      const limit = callLimit(this.#batch, CLAIM_SECONDS);
      const answer = await parts.store.goOnInOrder(step, parts.leaseSeconds, limit);
      if (answer === undefined) return { claiming };
      reportAttempt({ ...attempted, settlement: settled.settlement, settled: 'recorded' }, parts);
      return { claiming, answer };
    } catch (fault) {
      // It may have been carried out all the same: whoever asks for the two with these tokens finds out.
      reportFault(fault, parts);
      return { claiming };
    }
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
      ...(delivery.orderingKey !== undefined && { isOrdered: true }),
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
