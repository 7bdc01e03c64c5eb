import type { NextDelivery } from '../delivery/ordering-key.ts';
import type { ClaimAnswer } from '../delivery/store-answers.ts';
import { type OutgoingMessage, parseDeliveryMessage } from '../delivery/delivery-message.ts';
import { pauseBeforeAskingAgain } from './ask-until-unlocked.ts';
import { type Asked, askedInOrder, type Batch, callLimit, type ComeAgain, type DeliverParts } from './batch-context.ts';
import { SETTLE_SECONDS } from '../runtime/limits.ts';
import {
  beginClaiming,
  claimBatch,
  claimedBatch,
  type Claimed,
  type ClaimedBatch,
  type Claiming,
} from './claim-batch.ts';
import { callNext } from './find-next.ts';
import { putOff } from './put-off.ts';
import { Recording } from './record-attempts.ts';
import { giveBackLost } from './release-attempts.ts';
import { recordRecordable, recordWritten, type Written } from './record-without-attempt.ts';

/** A message as the queue hands it over. */
export type ReceivedMessage = { messageId: string; body: string; messageGroup: string | undefined };

/**
 * Delivers a batch: one claim, each attempt on its own, and outcomes that arrive together recorded together. Returns the ids
 * of the messages that must come again. A receiver's failure is no reason for that: it is recorded in a row.
 * @param endsAtMonotonicMs when the invocation is killed
 */
export async function deliverBatch(
  received: readonly ReceivedMessage[],
  parts: DeliverParts,
  endsAtMonotonicMs: number,
): Promise<{ comeAgain: string[] }> {
  const { hops, unreadable, written, asked } = sort(received);
  const comeAgain = await Promise.all([
    sendOn(hops, parts),
    setAside(unreadable, parts),
    recordAndDeliver({ written, asked }, { parts, endsAtMonotonicMs }),
  ]);
  await parts.announcer.finish(callLimit({ parts, endsAtMonotonicMs }, SETTLE_SECONDS));
  return { comeAgain: comeAgain.flat() };
}

type Hop = { message: OutgoingMessage; messageId: string };

function sort(received: readonly ReceivedMessage[]) {
  const hops: Hop[] = [];
  const unreadable: ReceivedMessage[] = [];
  const written: Written[] = [];
  const asked = new Map<number, Asked>();
  for (const { messageId, body, messageGroup } of received) {
    const message = parseDeliveryMessage(body);
    if (message === undefined) {
      unreadable.push({ messageId, body, messageGroup });
      continue;
    }
    const { remainingSeconds, ...rest } = message;
    const { deliveryId, attempt, outcome, lostTokens = [] } = rest;
    if (remainingSeconds > 0) {
      hops.push({ message: { ...rest, delaySeconds: remainingSeconds, messageGroup }, messageId });
      continue;
    }
    if (outcome !== undefined) {
      written.push({ deliveryId, attempt, messageId, outcome });
      continue;
    }
    const known = asked.get(deliveryId);
    asked.set(deliveryId, {
      deliveryId,
      messageGroup,
      attempts: [...new Set([...(known?.attempts ?? []), attempt])],
      messageIds: [...(known?.messageIds ?? []), messageId],
      lostTokens: [...(known?.lostTokens ?? []), ...lostTokens],
    });
  }
  return { hops, unreadable, written, asked: [...asked.values()] };
}

/** Sends the rest of a chained delay on, without a clock or the database. */
async function sendOn(hops: readonly Hop[], { queue }: DeliverParts): Promise<ComeAgain> {
  if (hops.length === 0) return [];
  const { unsent } = await queue.send(hops.map(({ message }) => message));
  return hops.filter(({ message }) => unsent.includes(message)).map(({ messageId }) => messageId);
}

async function setAside(
  messages: readonly ReceivedMessage[],
  { queue, log, metrics }: DeliverParts,
): Promise<ComeAgain> {
  if (messages.length === 0) return [];
  metrics.count('MessagesGarbage', messages.length);
  log.error('messages_unreadable', { messageIds: messages.map(({ messageId }) => messageId) });
  const reason = 'not a delivery message of version 1';
  const { unsent } = await queue.setAside(messages.map(({ messageId, body }) => ({ messageId, body, reason })));
  return unsent.map(({ messageId }) => messageId);
}

async function recordAndDeliver(
  { written, asked }: { written: readonly Written[]; asked: readonly Asked[] },
  batch: Batch,
): Promise<ComeAgain> {
  if (written.length === 0) return await deliverAsked(asked, batch);
  const { unrecorded, comeAgain } = await recordWritten(written, batch);
  const others = asked.filter(({ deliveryId }) => !unrecorded.has(deliveryId));
  return [...comeAgain, ...(await deliverAsked(others, batch))];
}

/** How often a locked row is asked for again under its token before its message is put off: after 0.2, 0.6, 1.4 and 3 s. */
const ASKS_OF_LOCKED = 4;
/**
 * A locked row's message is put off by an eighth of the time the row is overdue, which also bounds how long after the end of
 * the lock it comes. The lower bound spares the queue; the upper one costs little, because a row locked for hours alarms anyway.
 */
const LOCKED_DELAY_SECONDS = { share: 1 / 8, least: 2, most: 60 };

/**
 * Claims deliveries, and attempts them while more are being asked for. Those that may have killed their worker come last, one
 * by one, so that they cannot take others down with them.
 */
async function deliverAsked(asked: readonly Asked[], batch: Batch): Promise<ComeAgain> {
  const recording = new Recording(batch);
  const apart: Asked[] = [];

  async function deliver(
    claiming: readonly Claiming[],
    asksOfLocked = 0,
    answer: ClaimAnswer | undefined = undefined,
  ): Promise<ComeAgain> {
    if (claiming.length === 0) return [];
    const { claimed, recordable, deferred, locked, comeAgain, ...found } =
      answer === undefined ? await claimBatch(claiming, batch) : claimedBatch(claiming, [answer], batch);
    apart.push(...found.apart);
    const ids = await Promise.all([
      comeAgain,
      ...claimed.map(attempt),
      recordRecordable(recordable, batch),
      deliver(beginClaiming(deferred, batch)),
      deliverLocked(locked, asksOfLocked),
    ]);
    return ids.flat();
  }

  async function attempt(one: Claimed): Promise<ComeAgain> {
    const { comeAgain, next, begun } = await recording.attempt(one);
    if (begun !== undefined) {
      // Under the same token, whether or not it was claimed. It may be over by now, and the record have seen somebody else.
      const isOther = next !== undefined && next.deliveryId !== begun.claiming.deliveryId && goesAtOnce(next);
      const others = isOther ? beginClaiming([askedInOrder(next)], batch) : [];
      return [...comeAgain, ...(await deliver([begun.claiming, ...others], 0, begun.answer))];
    }
    return next === undefined ? comeAgain : [...comeAgain, ...(await goOn(next))];
  }

  function goesAtOnce(next: NextDelivery): boolean {
    return next.delaySeconds === 0 && recording.goesOn;
  }

  async function goOn(next: NextDelivery): Promise<ComeAgain> {
    if (goesAtOnce(next)) return await deliver(beginClaiming([askedInOrder(next)], batch));
    // Whoever was seen while the one before was being recorded may come second by now.
    await callNext([next], batch);
    return [];
  }

  async function deliverLocked(locked: ClaimedBatch['locked'], asks: number): Promise<ComeAgain> {
    if (locked.length === 0) return [];
    if (asks === ASKS_OF_LOCKED) {
      const { share, least, most } = LOCKED_DELAY_SECONDS;
      const delayOf = (overdue: number) => Math.min(Math.max(Math.ceil(overdue * share), least), most);
      return await putOff(
        locked.map((one) => ({ ...one, delaySeconds: delayOf(one.overdueSeconds) })),
        batch,
      );
    }
    await pauseBeforeAskingAgain(asks, batch);
    return await deliver(locked, asks + 1);
  }

  await giveBackLost(asked, batch);
  const owed = [await deliver(beginClaiming(asked, batch))];
  for (let one = apart.shift(); one !== undefined; one = apart.shift()) {
    owed.push(await deliver(beginClaiming([one], batch)));
  }
  return owed.flat();
}
