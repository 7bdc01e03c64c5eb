import { isWithinChain } from '../delivery/delivery-message.ts';
import type { ClaimAnswer } from '../delivery/delivery-store.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { errorName } from '../observe/redaction.ts';
import {
  CLAIM_SECONDS,
  CREDENTIAL_SECONDS,
  LEASE_MARGIN_SECONDS,
  SETTLE_SECONDS,
  SWEEP_PAGE_ROWS,
} from '../runtime/limits.ts';
import { type Batch, callLimit, type ComeAgain } from './batch.ts';
import { releaseAttempts } from './release-attempts.ts';

/** One delivery that a batch has been asked for, and the messages that ask. */
export type Asked = { deliveryId: number; attempt: number; messageGroup: string | undefined; messageIds: ComeAgain };

/** One delivery to be attempted now. */
export type Claimed = {
  delivery: ClaimedDelivery;
  messageIds: ComeAgain;
  /** Past it the request must not go out: it could outlive the invocation or the lease. */
  mustStartByMonotonicMs: number;
};

export type ClaimedBatch = {
  claimed: Claimed[];
  /** Untouched, because the answer was full: to be asked for again at once. */
  deferred: Asked[];
  comeAgain: Promise<ComeAgain>;
};

/** Claims what is due of the deliveries asked for, and sees to the messages of those that are not. */
export async function claimBatch(asked: readonly Asked[], batch: Batch): Promise<ClaimedBatch> {
  const { clock } = batch.parts;
  const sentAt = clock.monotonicMs();
  const mustStartByMonotonicMs = mustStartBy(sentAt, batch);
  if (sentAt > mustStartByMonotonicMs) return { claimed: [], deferred: [], comeAgain: Promise.resolve(idsOf(asked)) };
  const answers = await claim(asked, batch);
  if ('comeAgain' in answers) return { claimed: [], deferred: [], comeAgain: Promise.resolve(answers.comeAgain) };
  const askedOf = new Map(asked.map((one) => [one.deliveryId, one]));
  const claimed: Claimed[] = [];
  const deferred: Asked[] = [];
  const early: { one: Asked; dueInSeconds: number }[] = [];
  for (const answer of answers.answers) {
    const one = askedOf.get(answer.kind === 'claimed' ? answer.delivery.deliveryId : answer.deliveryId);
    if (one === undefined) continue;
    switch (answer.kind) {
      case 'claimed':
        claimed.push({ delivery: answer.delivery, messageIds: one.messageIds, mustStartByMonotonicMs });
        break;
      case 'deferred':
        deferred.push(one);
        break;
      case 'early':
        early.push({ one, dueInSeconds: answer.dueInSeconds });
        break;
      case 'passed':
        if (answer.because === 'unknown') batch.parts.metrics.count('Orphans');
        break;
    }
  }
  const isExhausted = answers.answers.some((answer) => answer.kind === 'passed' && answer.because === 'exhausted');
  const comeAgain = Promise.all([passOnEarly(early, batch), isExhausted ? buryLost(batch) : []]);
  return { claimed, deferred, comeAgain: comeAgain.then((ids) => ids.flat()) };
}

/** From before the claim was sent: its lease cannot have begun earlier. */
function mustStartBy(sentAtMonotonicMs: number, { parts, endsAtMonotonicMs }: Batch): number {
  const { attemptTimeoutSeconds, leaseSeconds } = parts;
  return Math.min(
    endsAtMonotonicMs - (attemptTimeoutSeconds + CREDENTIAL_SECONDS + SETTLE_SECONDS) * 1000,
    sentAtMonotonicMs + (leaseSeconds - LEASE_MARGIN_SECONDS - attemptTimeoutSeconds) * 1000,
  );
}

async function claim(
  asked: readonly Asked[],
  batch: Batch,
): Promise<{ answers: ClaimAnswer[] } | { comeAgain: ComeAgain }> {
  const { clock, store, leaseSeconds, log, metrics } = batch.parts;
  const claims = asked.map(({ deliveryId, attempt }) => ({ deliveryId, attempt, token: clock.uuid() }));
  try {
    return { answers: await store.claimDeliveries(claims, leaseSeconds, callLimit(batch, CLAIM_SECONDS)) };
  } catch (fault) {
    log.error('claim_failed', { fault: errorName(fault) });
    metrics.count('FaultsOfOurs', 1);
    // The claim may hold although its answer never came: its tokens release it.
    const error = 'the claim was not answered';
    const releases = claims.map(({ deliveryId, token }) => ({ deliveryId, token, error }));
    const released = await releaseAttempts(releases, batch).catch(() => new Set<number>());
    return { comeAgain: idsOf(asked.filter(({ deliveryId }) => !released.has(deliveryId))) };
  }
}

/** A message that came before its delivery is due waits once more, for as long as the row says. */
async function passOnEarly(
  early: readonly { one: Asked; dueInSeconds: number }[],
  { parts }: Batch,
): Promise<ComeAgain> {
  const messages = early
    .filter(({ dueInSeconds }) => isWithinChain(dueInSeconds))
    .map(({ one, dueInSeconds }) => ({ ...one, delaySeconds: dueInSeconds }));
  if (messages.length === 0) return [];
  const { unsent } = await parts.queue.send(messages);
  return idsOf(messages.filter((message) => unsent.includes(message)));
}

/**
 * A message that finds all attempts used up and nobody holding the last one was sent for this: after a crash its delivery
 * need not wait for the next sweep.
 */
async function buryLost(batch: Batch): Promise<ComeAgain> {
  const { store, metrics, log } = batch.parts;
  try {
    const buried = await store.buryDeliveries(SWEEP_PAGE_ROWS, callLimit(batch, SETTLE_SECONDS));
    metrics.count('Buried', buried.length);
    if (buried.length > 0) metrics.deadLetters('outcome_unknown', buried.length);
  } catch (fault) {
    // The next sweep does it.
    metrics.count('FaultsOfOurs', 1);
    log.error('burial_failed', { fault: errorName(fault) });
  }
  return [];
}

function idsOf(asked: readonly Pick<Asked, 'messageIds'>[]): ComeAgain {
  return asked.flatMap(({ messageIds }) => messageIds);
}
