import { announce } from '../delivery/announce.ts';
import type { AttemptOutcome } from '../delivery/attempt-outcome.ts';
import type { SettledAttempt } from '../delivery/delivery-store.ts';
import { type ClaimedDelivery, settle } from '../delivery/delivery.ts';
import { errorName } from '../observe/redaction.ts';
import { SETTLE_SECONDS } from '../runtime/limits.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import { reportAttempt } from './attempt-line.ts';
import type { Claimed } from './claim-batch.ts';
import { type Batch, callLimit, type ComeAgain } from './batch.ts';
import { createOutcomeRecorder } from './outcome-recorder.ts';
import { releaseAttempts } from './release-attempts.ts';

type Attempted = { delivery: ClaimedDelivery; report: AttemptReport };
type Released = Attempted & { outcome: Extract<AttemptOutcome, { kind: 'released' }> };
/** An attempt, and what the database is asked to record of it. */
type Recorded = Attempted & { settled: SettledAttempt };

/** The attempts of one batch: each is made on its own, and what ends together is recorded together. */
export class Recording {
  readonly #batch: Batch;
  readonly #recorder;

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#recorder = createOutcomeRecorder<Attempted, boolean>((together) => this.#record(together), batch.parts.clock);
  }

  /** Makes the attempt and records it; answers its messages where the database does not have its outcome. Never rejects. */
  async attempt({ delivery, messageIds, mustStartByMonotonicMs }: Claimed): Promise<ComeAgain> {
    const { attempt, metrics } = this.#batch.parts;
    const made = async () => ({ delivery, report: await attempt(delivery, mustStartByMonotonicMs) });
    // An attempt that rejects in spite of its promise is one delivery's fault: its neighbours must not end with it.
    if (await this.#recorder.record(made).catch(() => false)) return [];
    // Never buried by us: it stays pending under its lease, and the message comes again after it.
    metrics.count('RecordingFailed', 1);
    return messageIds;
  }

  /** Answers for each outcome whether the database has it. Never rejects. */
  async #record(together: readonly Attempted[]): Promise<boolean[]> {
    const released: Released[] = [];
    const recorded: Recorded[] = [];
    for (const attempted of together) {
      const { outcome } = attempted.report;
      if (outcome.kind === 'released') released.push({ ...attempted, outcome });
      else recorded.push({ ...attempted, settled: this.#settledOf(attempted, outcome) });
    }
    const [settledIds, releasedIds] = await Promise.all([
      this.#orNone(this.#settle(recorded)),
      this.#orNone(this.#release(released)),
    ]);
    return together.map(({ delivery: { deliveryId } }) => settledIds.has(deliveryId) || releasedIds.has(deliveryId));
  }

  #settledOf({ delivery, report }: Attempted, outcome: Exclude<AttemptOutcome, { kind: 'released' }>): SettledAttempt {
    const { retry, clock } = this.#batch.parts;
    const { deliveryId, token, attempt } = delivery;
    const { durationMs, startedMonotonicMs } = report;
    const settlement = settle(outcome, delivery, { policy: retry, random: clock.random() });
    return {
      deliveryId,
      token,
      attempt,
      settlement,
      durationMs,
      startedMsAgo: clock.monotonicMs() - startedMonotonicMs,
    };
  }

  /** Records outcomes, and sends the messages of what is due again; answers the ids the database has spoken about. */
  async #settle(recorded: readonly Recorded[]): Promise<Set<number>> {
    if (recorded.length === 0) return new Set();
    const { store } = this.#batch.parts;
    const settlements = recorded.map(({ settled }) => settled);
    const answers = await store.settleDeliveries(settlements, callLimit(this.#batch, SETTLE_SECONDS));
    const verdicts = new Map(answers.map(({ deliveryId, verdict }) => [deliveryId, verdict]));
    const due = recorded.flatMap(({ delivery, report, settled }) => {
      const { deliveryId, organizationId } = delivery;
      const { settlement, attempt } = settled;
      const verdict = verdicts.get(deliveryId);
      reportAttempt({ delivery, report, settlement, settled: verdict ?? 'unrecorded' }, this.#batch.parts);
      const stands = verdict === 'recorded' || verdict === 'already_recorded';
      if (settlement.kind !== 'retry' || !stands) return [];
      return [{ deliveryId, organizationId, attempt: attempt + 1, delaySeconds: settlement.delaySeconds }];
    });
    await announce(due, this.#batch.parts);
    return new Set(verdicts.keys());
  }

  async #release(released: readonly Released[]): Promise<Set<number>> {
    for (const { delivery, report } of released)
      reportAttempt({ delivery, report, settled: 'released' }, this.#batch.parts);
    const releases = released.map(({ delivery: { deliveryId, token }, outcome: { detail } }) => ({
      ...{ deliveryId, token },
      error: detail,
    }));
    return await releaseAttempts(releases, this.#batch);
  }

  async #orNone(recording: Promise<Set<number>>): Promise<Set<number>> {
    try {
      return await recording;
    } catch (fault) {
      const { metrics, log } = this.#batch.parts;
      metrics.count('FaultsOfOurs', 1);
      log.error('recording_failed', { fault: errorName(fault) });
      return new Set();
    }
  }
}
