import { announce, type DueDelivery } from '../delivery/announce.ts';
import type { SettledAttempt } from '../delivery/store-answers.ts';
import { settledAttemptOf, type WrittenOutcome } from '../delivery/outcome-message.ts';
import { faultFields } from '../observe/fault-fields.ts';
import { SETTLE_SECONDS } from '../runtime/limits.ts';
import { type Batch, callLimit, type ComeAgain } from './batch-context.ts';
import type { Recordable } from './claim-batch.ts';
import { callNext } from './find-next.ts';
import { dueAfter } from './message-after-outcome.ts';
import { reportTurns } from './report-turns.ts';
import { settleRounds, type Spoken } from './settle-outcomes.ts';
import { type Unrecorded, writeDown } from './tell-by-message.ts';

/** An outcome that came by message. */
export type Written = { deliveryId: number; attempt: number; messageId: string; outcome: WrittenOutcome };

/**
 * Records outcomes that other workers wrote into messages, before anything is claimed: to claim their deliveries first would
 * be to send again what has arrived. Returns the deliveries whose outcome is still not recorded, and the messages to keep.
 */
export async function recordWritten(
  written: readonly Written[],
  batch: Batch,
): Promise<{ unrecorded: Set<number>; comeAgain: ComeAgain }> {
  const [now, later] = oneOfEach(written);
  const first = await recordDistinct(now, batch);
  if (later.length === 0) return first;
  const second = await recordWritten(later, batch);
  return {
    unrecorded: first.unrecorded.union(second.unrecorded),
    comeAgain: [...first.comeAgain, ...second.comeAgain],
  };
}

/** One outcome of each delivery, and the others. A settlement of two attempts of one row at once would lose one of them. */
function oneOfEach(written: readonly Written[]): [Written[], Written[]] {
  const isFirst = (one: Written) => written.find(({ deliveryId }) => deliveryId === one.deliveryId) === one;
  return [written.filter(isFirst), written.filter((one) => !isFirst(one))];
}

async function recordDistinct(
  written: readonly Written[],
  batch: Batch,
): Promise<{ unrecorded: Set<number>; comeAgain: ComeAgain }> {
  const nowMs = batch.parts.clock.nowMs();
  const left = await recordAll(
    written.map(({ outcome, deliveryId, attempt }) => ({
      organizationId: outcome.organizationId,
      settled: settledAttemptOf(outcome, { deliveryId, attempt, nowMs }),
    })),
    batch,
  );
  const unrecorded = new Set(left.map(({ settled }) => settled.deliveryId));
  const standing = await writeDown(left, batch);
  const kept = written.filter(({ deliveryId }) => unrecorded.has(deliveryId) && !standing.has(deliveryId));
  return { unrecorded, comeAgain: kept.map(({ messageId }) => messageId) };
}

/** Ends deliveries that need no attempt. The sweep finds again those that cannot be recorded now. */
export async function recordRecordable(recordable: readonly Recordable[], batch: Batch): Promise<ComeAgain> {
  for (const found of recordable) {
    if (found.kind !== 'invalid') continue;
    batch.parts.log.error('row_invalid', { delivery_id: found.deliveryId, detail: found.detail });
  }
  await recordAll(
    recordable.map((found) => ({
      organizationId: found.kind === 'arrived' ? found.organizationId : 0,
      settled: settledOf(found),
    })),
    batch,
  );
  return [];
}

function settledOf(found: Recordable): SettledAttempt {
  const { deliveryId, attempt, token } = found;
  const untimed = { deliveryId, attempt, token, durationMs: 0, startedMsAgo: 0 };
  switch (found.kind) {
    case 'arrived':
      return { ...untimed, settlement: { kind: 'succeeded', statusCode: found.statusCode, excerpt: '' } };
    case 'invalid':
      return {
        ...untimed,
        settlement: { kind: 'dead', errorClass: 'invalid_row', error: `invalid_row: ${found.detail}` },
      };
  }
}

/** Returns those that were not recorded within the time of a settle. Never rejects. */
async function recordAll(outcomes: readonly Unrecorded[], batch: Batch): Promise<Unrecorded[]> {
  if (outcomes.length === 0) return [];
  const { parts } = batch;
  const left = new Map(outcomes.map((one) => [one.settled.deliveryId, one]));
  const settlements = outcomes.map(({ settled }) => settled);
  try {
    for await (const round of settleRounds(settlements, batch, callLimit(batch, SETTLE_SECONDS).untilMonotonicMs)) {
      const due: DueDelivery[] = [...round.called];
      reportTurns(round.turns, parts);
      for (const spoken of round.spoken) {
        const one = left.get(spoken.deliveryId);
        if (one === undefined) continue;
        left.delete(spoken.deliveryId);
        countRecorded(one.settled, spoken.verdict, batch);
        due.push(...dueAfter(one.settled, spoken, one));
      }
      await announce(due, parts);
      await callNext(
        round.spoken.flatMap(({ ordering }) => ordering ?? []),
        batch,
      );
    }
  } catch (fault) {
    parts.metrics.count('InternalFaults', 1);
    parts.log.error('recording_failed', faultFields(fault));
  }
  return [...left.values()];
}

/** Logs what the database said. The attempt's own line was logged by the worker that made it. */
function countRecorded(
  { deliveryId, attempt, settlement }: SettledAttempt,
  verdict: Spoken['verdict'],
  { parts: { log, metrics } }: Batch,
): void {
  const counts = verdict === 'recorded' || verdict === 'already_recorded' || verdict === 'late_success';
  if (settlement.kind === 'succeeded' && counts) metrics.count('DeliveriesSucceeded');
  if (verdict === 'superseded') metrics.count('SettlesSuperseded');
  log.info('outcome_recorded', { delivery_id: deliveryId, attempt, outcome: settlement.kind, settled: verdict });
}
