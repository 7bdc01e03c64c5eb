import type { AttemptReport } from './attempt-delivery.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ClaimedDelivery, settle } from '../delivery/delivery.ts';
import {
  isWithinChain,
  messageGroupOf,
  type OutgoingMessage,
  parseDeliveryMessage,
} from '../delivery/delivery-message.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type {
  CallLimit,
  ClaimAnswer,
  DeliveryStore,
  Release,
  SettleAnswer,
  SettledAttempt,
} from '../delivery/delivery-store.ts';
import {
  CLAIM_SECONDS,
  CREDENTIAL_SECONDS,
  LEASE_MARGIN_SECONDS,
  SETTLE_SECONDS,
  SWEEP_PAGE_ROWS,
} from '../runtime/limits.ts';
import { attemptLine, type SafeLog } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createOutcomeRecorder } from './outcome-recorder.ts';
import { errorName } from '../observe/redaction.ts';
import type { RetryPolicy } from '../delivery/retry-policy.ts';

/** A message as the queue hands it over. */
export type ReceivedMessage = { messageId: string; body: string; messageGroup: string | undefined };

export type DeliverParts = {
  store: DeliveryStore;
  queue: DeliveryQueue;
  /** Makes the attempt; never rejects. */
  attempt: (delivery: ClaimedDelivery, mustStartByMonotonicMs: number) => Promise<AttemptReport>;
  clock: Clock;
  log: SafeLog;
  metrics: Metrics;
  retry: RetryPolicy;
  attemptTimeoutSeconds: number;
  leaseSeconds: number;
  headerPrefix: string;
};

type Asked = { deliveryId: number; attempt: number; messageGroup: string | undefined; messageIds: string[] };

/** What a batch still owes: messages that must come again because nothing durable stands for them yet. */
type Owed = Set<string>;

/**
 * Delivers a batch: one claim, each attempt on its own, records together what ends together. Answers the ids of the
 * messages that must come again; whatever became of a receiver is recorded in a row and is no reason for that.
 * @param endsAtMonotonicMs when the invocation is killed
 */
export async function deliverBatch(
  received: readonly ReceivedMessage[],
  parts: DeliverParts,
  endsAtMonotonicMs: number,
): Promise<{ comeAgain: string[] }> {
  const owed: Owed = new Set();
  const { hops, unreadable, asked } = sort(received);
  await Promise.all([
    sendOn(hops, parts, owed),
    setAside(unreadable, parts, owed),
    deliverAsked(asked, { parts, owed, endsAtMonotonicMs }),
  ]);
  return { comeAgain: [...owed] };
}

function sort(received: readonly ReceivedMessage[]) {
  const hops: { message: OutgoingMessage; messageId: string }[] = [];
  const unreadable: ReceivedMessage[] = [];
  const asked = new Map<number, Asked>();
  for (const { messageId, body, messageGroup } of received) {
    const message = parseDeliveryMessage(body);
    if (message === undefined) {
      unreadable.push({ messageId, body, messageGroup });
      continue;
    }
    const { deliveryId, attempt, remainingSeconds } = message;
    if (remainingSeconds > 0) {
      hops.push({ message: { deliveryId, attempt, delaySeconds: remainingSeconds, messageGroup }, messageId });
      continue;
    }
    // Two messages for one delivery: the claim looks at the later attempt, and both messages share its fate.
    const known = asked.get(deliveryId);
    const messageIds = [...(known?.messageIds ?? []), messageId];
    asked.set(deliveryId, { deliveryId, attempt: Math.max(attempt, known?.attempt ?? 0), messageGroup, messageIds });
  }
  return { hops, unreadable, asked: [...asked.values()] };
}

/** The rest of a chained delay, without a clock or the database. */
async function sendOn(
  hops: readonly { message: OutgoingMessage; messageId: string }[],
  { queue }: DeliverParts,
  owed: Owed,
): Promise<void> {
  if (hops.length === 0) return;
  const { unsent } = await queue.send(hops.map(({ message }) => message));
  for (const { message, messageId } of hops) if (unsent.includes(message)) owed.add(messageId);
}

async function setAside(messages: readonly ReceivedMessage[], parts: DeliverParts, owed: Owed): Promise<void> {
  if (messages.length === 0) return;
  parts.metrics.count('MessagesGarbage', messages.length);
  parts.log.error('messages_unreadable', { messageIds: messages.map(({ messageId }) => messageId) });
  const { unsent } = await parts.queue.setAside(
    messages.map(({ messageId, body }) => ({ messageId, body, reason: 'not a delivery message of version 1' })),
  );
  for (const { messageId } of unsent) owed.add(messageId);
}

type Batch = { parts: DeliverParts; owed: Owed; endsAtMonotonicMs: number };

async function deliverAsked(first: readonly Asked[], batch: Batch): Promise<void> {
  const record = recorderOf(batch);
  const underWay: Promise<void>[] = [];
  let asked = first;
  while (asked.length > 0) {
    const answered = await claim(asked, batch);
    if (answered === undefined) break;
    const orphans = answered.answers.filter((answer) => answer.kind === 'passed' && answer.because === 'unknown');
    batch.parts.metrics.count('Orphans', orphans.length);
    underWay.push(passOnEarly(answered.answers, asked, batch), buryLost(answered.answers, batch));
    for (const answer of answered.answers) {
      if (answer.kind !== 'claimed') continue;
      const messageIds = asked.find(({ deliveryId }) => deliveryId === answer.delivery.deliveryId)?.messageIds ?? [];
      underWay.push(record(answer.delivery, answered.mustStartByMonotonicMs, messageIds));
    }
    // Claimed again at once: what came first is already being sent.
    const deferred = new Set(answered.answers.flatMap((a) => (a.kind === 'deferred' ? [a.deliveryId] : [])));
    asked = asked.filter(({ deliveryId }) => deferred.has(deliveryId));
  }
  await Promise.all(underWay);
}

/** Undefined when the claim could not be made: its messages come again, unless the claim held after all. */
async function claim(asked: readonly Asked[], { parts, owed, endsAtMonotonicMs }: Batch) {
  const { clock, store, attemptTimeoutSeconds, leaseSeconds } = parts;
  const sentAt = clock.monotonicMs();
  const mustStartByMonotonicMs = Math.min(
    endsAtMonotonicMs - (attemptTimeoutSeconds + CREDENTIAL_SECONDS + SETTLE_SECONDS) * 1000,
    sentAt + (leaseSeconds - LEASE_MARGIN_SECONDS - attemptTimeoutSeconds) * 1000,
  );
  const comeAgain = () => asked.forEach(({ messageIds }) => messageIds.forEach((id) => owed.add(id)));
  if (sentAt > mustStartByMonotonicMs) {
    comeAgain();
    return undefined;
  }
  const claims = asked.map(({ deliveryId, attempt }) => ({ deliveryId, attempt, token: clock.uuid() }));
  try {
    const answers = await store.claimDeliveries(claims, limitOf(parts, CLAIM_SECONDS, endsAtMonotonicMs));
    return { answers, mustStartByMonotonicMs };
  } catch (fault) {
    parts.log.error('claim_failed', { fault: errorName(fault) });
    parts.metrics.count('FaultsOfOurs', 1);
    comeAgain();
    // The claim may hold although its answer never came: its tokens release it.
    const releases = claims.map(({ deliveryId, token }) => ({
      deliveryId,
      token,
      error: 'the claim was not answered',
    }));
    const released = await release(releases, { parts, owed, endsAtMonotonicMs }).catch(() => new Set<number>());
    for (const { deliveryId, messageIds } of asked) {
      if (released.has(deliveryId)) messageIds.forEach((id) => owed.delete(id));
    }
    return undefined;
  }
}

async function passOnEarly(answers: readonly ClaimAnswer[], asked: readonly Asked[], { parts, owed }: Batch) {
  const early = answers.flatMap((answer) => {
    if (answer.kind !== 'early' || !isWithinChain(answer.dueInSeconds)) return [];
    const ask = asked.find(({ deliveryId }) => deliveryId === answer.deliveryId);
    return ask === undefined ? [] : [{ ask, message: { ...ask, delaySeconds: answer.dueInSeconds } }];
  });
  if (early.length === 0) return;
  const { unsent } = await parts.queue.send(early.map(({ message }) => message));
  for (const { ask, message } of early) if (unsent.includes(message)) ask.messageIds.forEach((id) => owed.add(id));
}

/**
 * A message that finds all attempts used up and nobody holding the last one was sent for this: after a crash its delivery
 * need not wait for the next sweep.
 */
async function buryLost(answers: readonly ClaimAnswer[], { parts, endsAtMonotonicMs }: Batch): Promise<void> {
  if (!answers.some((answer) => answer.kind === 'passed' && answer.because === 'exhausted')) return;
  const { store, metrics, log } = parts;
  try {
    const buried = await store.buryDeliveries(SWEEP_PAGE_ROWS, limitOf(parts, SETTLE_SECONDS, endsAtMonotonicMs));
    metrics.count('Buried', buried.length);
    if (buried.length > 0) metrics.deadLetters('outcome_unknown', buried.length);
  } catch (fault) {
    // The next sweep does it.
    metrics.count('FaultsOfOurs', 1);
    log.error('burial_failed', { fault: errorName(fault) });
  }
}

type Attempted = { delivery: ClaimedDelivery; report: AttemptReport };

function recorderOf(batch: Batch) {
  const { parts, owed } = batch;
  const recorder = createOutcomeRecorder<Attempted, boolean>((together) => recordAll(together, batch), parts.clock);
  return async (delivery: ClaimedDelivery, mustStartByMonotonicMs: number, messageIds: readonly string[]) => {
    const attempt = async () => ({ delivery, report: await parts.attempt(delivery, mustStartByMonotonicMs) });
    // An attempt that rejects in spite of its promise is one delivery's fault: its neighbours must not end with it.
    if (await recorder.record(attempt).catch(() => false)) return;
    // Never buried by us: it stays pending under its lease, and the message comes again after it.
    parts.metrics.count('RecordingFailed', 1);
    messageIds.forEach((id) => owed.add(id));
  };
}

/** Records outcomes that ended together; answers for each whether the database has it. Never rejects. */
async function recordAll(together: readonly Attempted[], batch: Batch): Promise<boolean[]> {
  const released = together.filter(({ report }) => report.outcome.kind === 'released');
  const [settledIds, releasedIds] = await Promise.all([
    orNone(recordSettled(together, batch), batch),
    orNone(release(released.map(releaseOf), batch), batch),
  ]);
  for (const attempted of released) logAttempt(attempted, undefined, batch.parts);
  return together.map(({ delivery: { deliveryId } }) => settledIds.has(deliveryId) || releasedIds.has(deliveryId));
}

async function orNone(recording: Promise<Set<number>>, { parts }: Batch): Promise<Set<number>> {
  try {
    return await recording;
  } catch (fault) {
    parts.metrics.count('FaultsOfOurs', 1);
    parts.log.error('recording_failed', { fault: errorName(fault) });
    return new Set();
  }
}

function releaseOf({ delivery: { deliveryId, token }, report: { outcome } }: Attempted): Release {
  return { deliveryId, token, error: outcome.kind === 'released' ? outcome.detail : '' };
}

function settledOf({ delivery, report }: Attempted, { retry, clock }: DeliverParts): SettledAttempt[] {
  if (report.outcome.kind === 'released') return [];
  const { deliveryId, token, attempt } = delivery;
  const { durationMs, startedMonotonicMs } = report;
  const settlement = settle(report.outcome, delivery, { policy: retry, random: clock.random() });
  return [
    { deliveryId, token, attempt, settlement, durationMs, startedMsAgo: clock.monotonicMs() - startedMonotonicMs },
  ];
}

/** Settles, and sends the messages of those due again; answers the ids the database has spoken about. */
async function recordSettled(
  together: readonly Attempted[],
  { parts, endsAtMonotonicMs }: Batch,
): Promise<Set<number>> {
  const settled = together.flatMap((attempted) =>
    settledOf(attempted, parts).map((settlement) => ({ attempted, settlement })),
  );
  if (settled.length === 0) return new Set();
  const answers = await parts.store.settleDeliveries(
    settled.map(({ settlement }) => settlement),
    limitOf(parts, SETTLE_SECONDS, endsAtMonotonicMs),
  );
  const verdicts = new Map(answers.map((answer) => [answer.deliveryId, answer.verdict]));
  const messages = settled.flatMap(({ attempted, settlement }) => {
    const verdict = verdicts.get(settlement.deliveryId);
    logAttempt(attempted, { settlement, verdict }, parts);
    return nextMessage(settlement, verdict, attempted.delivery.organizationId);
  });
  await sendCounted(messages, parts);
  return new Set(verdicts.keys());
}

function nextMessage(
  { deliveryId, attempt, settlement }: SettledAttempt,
  verdict: SettleAnswer['verdict'] | undefined,
  organizationId: number,
): OutgoingMessage[] {
  if (settlement.kind !== 'retry' || !isWithinChain(settlement.delaySeconds)) return [];
  if (verdict !== 'recorded' && verdict !== 'already_recorded') return [];
  const { delaySeconds } = settlement;
  return [{ deliveryId, attempt: attempt + 1, delaySeconds, messageGroup: messageGroupOf(organizationId) }];
}

/** Gives attempts back and sends the messages that ask for them again; answers the ids that were held and no longer are. */
async function release(releases: readonly Release[], { parts, endsAtMonotonicMs }: Batch): Promise<Set<number>> {
  if (releases.length === 0) return new Set();
  const limit = limitOf(parts, SETTLE_SECONDS, endsAtMonotonicMs);
  const answers = await parts.store.releaseDeliveries(releases, limit);
  const messages = answers.flatMap((answer): OutgoingMessage[] => {
    if (answer.kind !== 'released') return [];
    const { deliveryId, attempt, delaySeconds, organizationId } = answer;
    return [{ deliveryId, attempt, delaySeconds, messageGroup: messageGroupOf(organizationId) }];
  });
  parts.metrics.count('Released', messages.length);
  for (const answer of answers) if (answer.kind === 'buried') parts.metrics.deadLetters(answer.reason);
  await sendCounted(messages, parts);
  return new Set(answers.flatMap((answer) => (answer.kind === 'not_held' ? [] : [answer.deliveryId])));
}

/** Message after row: what cannot be sent is left to the sweep. */
async function sendCounted(messages: readonly OutgoingMessage[], { queue, metrics }: DeliverParts): Promise<void> {
  if (messages.length === 0) return;
  const { unsent } = await queue.send(messages);
  metrics.count('MessagesUnsent', unsent.length);
}

/** The one line of an attempt, and its figures. `settled` is undefined where the attempt was given back. */
function logAttempt(
  { delivery, report }: Attempted,
  settled: { settlement: SettledAttempt; verdict: SettleAnswer['verdict'] | undefined } | undefined,
  { log, metrics, headerPrefix }: DeliverParts,
): void {
  const { outcome, headers, durationMs, skippedHeaders } = report;
  const settlement = settled?.settlement.settlement;
  const verdict = settled?.verdict;
  const took = verdict === 'recorded' || verdict === 'already_recorded';
  if (skippedHeaders > 0) metrics.count('HeadersSkipped', skippedHeaders);
  if (settlement !== undefined) metrics.milliseconds('AttemptDuration', durationMs);
  if (settlement?.kind === 'succeeded' && (took || verdict === 'late_success')) metrics.count('DeliveriesSucceeded');
  if (settlement !== undefined && settlement.kind !== 'succeeded') metrics.count('AttemptsFailed');
  if (settlement?.kind === 'dead' && took) metrics.deadLetters(settlement.errorClass);
  if (verdict === 'late_success') metrics.count('LateSuccesses');
  if (verdict === 'superseded') metrics.count('SettlesSuperseded');
  if (verdict === 'vanished') metrics.count('Orphans');
  log.info('attempt', () =>
    attemptLine({
      ...delivery,
      method: delivery.httpMethod,
      url: delivery.endpointUrl,
      body: delivery.body === undefined ? '' : Buffer.from(delivery.body).toString('utf8'),
      headers,
      headerPrefix,
      outcome: settlement?.kind ?? outcome.kind,
      settled: verdict ?? (settled === undefined ? 'released' : 'unrecorded'),
      durationMs,
      ...('status' in outcome && outcome.status !== undefined ? { status: outcome.status } : {}),
      ...('because' in outcome ? { errorClass: outcome.because } : {}),
      ...('detail' in outcome ? { detail: outcome.detail } : {}),
      ...(settlement?.kind === 'retry' ? { nextDueInSeconds: settlement.delaySeconds } : {}),
    }),
  );
}

function limitOf({ clock }: DeliverParts, seconds: number, endsAtMonotonicMs: number): CallLimit {
  // A second is left to answer the queue: a killed invocation would return the whole batch.
  return { untilMonotonicMs: Math.min(clock.monotonicMs() + seconds * 1000, endsAtMonotonicMs - 1000) };
}
