import { isWithinChain } from '../delivery/delivery-message.ts';
import type { OrderingKey } from '../delivery/ordering-key.ts';
import type { ClaimAnswer } from '../delivery/store-answers.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { refusalFields, faultFields } from '../observe/fault-fields.ts';
import {
  CLAIM_SECONDS,
  CREDENTIAL_SECONDS,
  LEASE_MARGIN_SECONDS,
  SETTLE_SECONDS,
  SWEEP_PAGE_ROWS,
} from '../runtime/limits.ts';
import { type Asked, type Batch, callLimit, type ComeAgain } from './batch-context.ts';
import { callNext } from './find-next.ts';
import { putOff } from './put-off.ts';
import { releaseAttempts } from './release-attempts.ts';

/** A delivery that is asked for under a token, and since when: its lease cannot have begun earlier. */
export type Claiming = Asked & { token: string; sinceMonotonicMs: number };

/** One delivery to be attempted now. */
export type Claimed = {
  delivery: ClaimedDelivery;
  messageIds: ComeAgain;
  /** After this the request must not be sent: it could outlive the invocation or the lease. */
  mustStartByMonotonicMs: number;
  /** The request begins no earlier than so long from now. */
  waitMs: number;
};

/** Needs no attempt, only a record: the row cannot be sent, or its webhook has already arrived. */
export type Recordable = Extract<ClaimAnswer, { kind: 'invalid' | 'arrived' }>;

export type ClaimedBatch = {
  claimed: Claimed[];
  recordable: Recordable[];
  /** Not claimed, because the answer was full: to be asked for again at once. */
  deferred: Asked[];
  /** Not claimed, because one of them may have killed its last worker: to be asked for alone, when nothing else runs. */
  apart: Asked[];
  /** To be asked for again under the same tokens before anything is concluded. */
  locked: (Claiming & { overdueSeconds: number })[];
  comeAgain: Promise<ComeAgain>;
};

/** An invocation that has no time for a whole attempt leaves it to another that begins seconds later. */
const NO_TIME_DELAY_SECONDS = 5;
/** A claim that could not be made is tried again after this time, spread so that not all come at once. */
const CLAIM_FAILED_DELAY_SECONDS = { least: 15, spread: 25 };
/** Where one of our own lost claims may be what holds a delivery. */
const ASK_HOLDER_SECONDS = 5;
/** A row that the database refuses to change is looked at again after this time. */
const REFUSED_DELAY_SECONDS = 300;

export function beginClaiming(asked: readonly Asked[], { parts: { clock } }: Batch): Claiming[] {
  const sinceMonotonicMs = clock.monotonicMs();
  return asked.map((one) => ({ ...one, token: clock.uuid(), sinceMonotonicMs }));
}

/** Claims those of the given deliveries that are due, and deals with the messages of the others. */
export async function claimBatch(claiming: readonly Claiming[], batch: Batch): Promise<ClaimedBatch> {
  const { clock } = batch.parts;
  const nothing = { claimed: [], recordable: [], deferred: [], apart: [], locked: [] };
  if (claiming.every((one) => clock.monotonicMs() > mustStartBy(one, batch))) {
    return { ...nothing, comeAgain: putOff(delayed(claiming, NO_TIME_DELAY_SECONDS), batch) };
  }
  const claim = await ask(claiming, batch);
  if ('unanswered' in claim) return { ...nothing, comeAgain: putOff(claim.unanswered, batch) };
  return claimedBatch(claiming, claim.answers, batch);
}

/** The same of what has been answered already. */
export function claimedBatch(
  claiming: readonly Claiming[],
  answers: readonly ClaimAnswer[],
  batch: Batch,
): ClaimedBatch {
  const found = judged(claiming, answers, batch);
  const comeAgain = Promise.all([
    putOff(found.later, batch),
    found.isExhausted ? buryLost(batch) : undefined,
    callNext(found.overtaken, batch),
  ]);
  return { ...found, comeAgain: comeAgain.then(([ids]) => ids) };
}

type Later = Asked & { delaySeconds: number };
/**
 * `overtaken`: keys in which somebody else comes first by now. Whoever was named to come next may have been cancelled, erased or deleted
 * while the one before was in flight: then nobody could be called, and whoever is behind it has no message any more.
 */
type Sorted = Omit<ClaimedBatch, 'comeAgain'> & { later: Later[]; isExhausted: boolean; overtaken: OrderingKey[] };

/** Decides what happens to each delivery that was asked for, and to its messages. */
function judged(claiming: readonly Claiming[], answers: readonly ClaimAnswer[], batch: Batch): Sorted {
  const sorted: Sorted = {
    claimed: [],
    recordable: [],
    deferred: [],
    apart: [],
    locked: [],
    later: [],
    isExhausted: false,
    overtaken: [],
  };
  const answerOf = new Map(answers.map((answer) => [idOf(answer), answer]));
  for (const one of claiming) {
    const answer = answerOf.get(one.deliveryId);
    switch (answer?.kind) {
      case 'claimed':
        sorted.claimed.push({
          delivery: answer.delivery,
          messageIds: one.messageIds,
          mustStartByMonotonicMs: mustStartBy(one, batch),
          waitMs: answer.waitMs ?? 0,
        });
        break;
      case 'invalid':
      case 'arrived':
        sorted.recordable.push(answer);
        break;
      case 'deferred':
      case 'apart':
        sorted[answer.kind].push(one);
        break;
      case 'locked':
        sorted.locked.push({ ...one, overdueSeconds: answer.overdueSeconds });
        break;
      case 'early':
      case 'held':
        if (isWithinChain(answer.dueInSeconds)) sorted.later.push({ ...one, delaySeconds: heldDelay(answer, one) });
        break;
      case 'holding':
        if (answer.askAgainInSeconds === undefined || !isWithinChain(answer.askAgainInSeconds)) break;
        sorted.later.push({ ...one, delaySeconds: answer.askAgainInSeconds });
        break;
      case 'passed':
        if (answer.because === 'unknown') batch.parts.metrics.count('Orphans');
        sorted.isExhausted ||= answer.because === 'exhausted';
        // Burial calls the next of its own accord.
        if (answer.because !== 'exhausted' && one.ordering !== undefined) sorted.overtaken.push(one.ordering);
        break;
      case 'refused':
        reportRefused(answer, batch);
        sorted.later.push({ ...one, delaySeconds: REFUSED_DELAY_SECONDS });
        break;
      case undefined:
        sorted.later.push({ ...one, delaySeconds: failedDelay(batch) });
        break;
    }
  }
  return sorted;
}

/** Counted from before the token was first used: the lease cannot have begun earlier. */
function mustStartBy({ sinceMonotonicMs }: Claiming, { parts, endsAtMonotonicMs }: Batch): number {
  const { attemptTimeoutSeconds, leaseSeconds } = parts;
  return Math.min(
    endsAtMonotonicMs - (attemptTimeoutSeconds + CREDENTIAL_SECONDS + SETTLE_SECONDS) * 1000,
    sinceMonotonicMs + (leaseSeconds - LEASE_MARGIN_SECONDS - attemptTimeoutSeconds) * 1000,
  );
}

async function ask(
  claiming: readonly Claiming[],
  batch: Batch,
): Promise<{ answers: ClaimAnswer[] } | { unanswered: Later[] }> {
  const { store, leaseSeconds, log, metrics } = batch.parts;
  const claims = claiming.map(({ deliveryId, attempts, token, ordering }) => {
    return { deliveryId, attempts, token, ...(ordering && { isOrdered: true as const }) };
  });
  try {
    return { answers: await store.claimDeliveries(claims, leaseSeconds, callLimit(batch, CLAIM_SECONDS)) };
  } catch (fault) {
    log.error('claim_failed', faultFields(fault));
    metrics.count('InternalFaults', 1);
    // The claim may hold although its answer never came, so release it by its tokens.
    const error = 'the claim was not answered';
    const releases = claims.map(({ deliveryId, token }) => ({ deliveryId, token, error }));
    const released = await releaseAttempts(releases, batch).catch(() => new Set<number>());
    const left = claiming.filter(({ deliveryId }) => !released.has(deliveryId));
    // The release may have failed, too: whoever asks again gives the attempt back first.
    return { unanswered: left.map((one) => ({ ...one, ...lostWith(one), delaySeconds: failedDelay(batch) })) };
  }
}

function reportRefused(
  { deliveryId, refusal }: Extract<ClaimAnswer, { kind: 'refused' }>,
  { parts: { log, metrics } }: Batch,
): void {
  metrics.count('RowsRefused');
  log.error('claim_refused', { delivery_id: deliveryId, ...refusalFields(refusal) });
}

/**
 * Buries deliveries whose attempts are all used up while nobody holds the last one. Their messages were sent for this, so that
 * after a crash they need not wait for the next sweep.
 */
async function buryLost(batch: Batch): Promise<void> {
  const { store, metrics, log } = batch.parts;
  try {
    const page = { after: undefined, pageRows: SWEEP_PAGE_ROWS };
    const buried = await store.buryDeliveries(page, callLimit(batch, SETTLE_SECONDS));
    metrics.count('Buried', buried.filter(({ status }) => status === 'dead_letter').length);
    await callNext(
      buried.flatMap(({ ordering }) => ordering ?? []),
      batch,
    );
  } catch (fault) {
    // The next sweep buries them.
    metrics.count('InternalFaults', 1);
    log.error('burial_failed', faultFields(fault));
  }
}

/** What is held may be held by a lost claim of our own, carried out only after it was to be given back: asked again soon. */
function heldDelay({ kind, dueInSeconds }: { kind: string; dueInSeconds: number }, { lostTokens = [] }: Asked): number {
  return kind === 'held' && lostTokens.length > 0 ? Math.min(dueInSeconds, ASK_HOLDER_SECONDS) : dueInSeconds;
}

function lostWith({ lostTokens = [], token }: Claiming): Pick<Asked, 'lostTokens'> {
  return { lostTokens: [...lostTokens, token] };
}

function idOf(answer: ClaimAnswer): number {
  return answer.kind === 'claimed' ? answer.delivery.deliveryId : answer.deliveryId;
}

function failedDelay({ parts: { clock } }: Batch): number {
  return CLAIM_FAILED_DELAY_SECONDS.least + Math.floor(CLAIM_FAILED_DELAY_SECONDS.spread * clock.random());
}

function delayed(asked: readonly Asked[], delaySeconds: number): Later[] {
  return asked.map((one) => ({ ...one, delaySeconds }));
}
