import { type OutgoingMessage, parseDeliveryMessage } from '../delivery/delivery-message.ts';
import type { Batch, ComeAgain, DeliverParts } from './batch.ts';
import { type Asked, claimBatch } from './claim-batch.ts';
import { Recording } from './record-attempts.ts';

/** A message as the queue hands it over. */
export type ReceivedMessage = { messageId: string; body: string; messageGroup: string | undefined };

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
  const { hops, unreadable, asked } = sort(received);
  const comeAgain = await Promise.all([
    sendOn(hops, parts),
    setAside(unreadable, parts),
    deliverAsked(asked, { parts, endsAtMonotonicMs }),
  ]);
  return { comeAgain: comeAgain.flat() };
}

type Hop = { message: OutgoingMessage; messageId: string };

function sort(received: readonly ReceivedMessage[]) {
  const hops: Hop[] = [];
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

/** Rounds of claims, until nothing is deferred; what was claimed in one is being sent while the next is asked for. */
async function deliverAsked(first: readonly Asked[], batch: Batch): Promise<ComeAgain> {
  const recording = new Recording(batch);
  const underWay: Promise<ComeAgain>[] = [];
  let asked = first;
  while (asked.length > 0) {
    const { claimed, deferred, comeAgain } = await claimBatch(asked, batch);
    underWay.push(comeAgain, ...claimed.map((one) => recording.attempt(one)));
    asked = deferred;
  }
  return (await Promise.all(underWay)).flat();
}
