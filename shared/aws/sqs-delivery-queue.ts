import type { Clock } from '../runtime/clock.ts';
import { formatDeliveryMessage, type OutgoingMessage, splitDelay } from '../delivery/delivery-message.ts';
import type { DeliveryQueue, UnreadableMessage } from '../delivery/delivery-queue.ts';
import type { SqsCalls } from './clients.ts';
import { type Entry, sendInBatches, textAttribute } from './sqs-batches.ts';

/** Only deliver reads messages and may have to set some aside, so the others are given no dead-letter queue. */
export type QueueUrls = { deliveryQueueUrl: string; deliveryDeadLetterQueueUrl?: string };

/** The delivery queue on SQS. */
export function createSqsDeliveryQueue(client: SqsCalls, urls: QueueUrls, clock: Clock): DeliveryQueue {
  const delivery = { client, clock, queueUrl: urls.deliveryQueueUrl };
  return {
    send: async (messages) => ({ unsent: await sendInBatches(delivery, messages, entryOf) }),
    async setAside(messages) {
      const queueUrl = urls.deliveryDeadLetterQueueUrl;
      if (queueUrl === undefined) return { unsent: [...messages] };
      return { unsent: await sendInBatches({ client, clock, queueUrl }, messages, unreadableEntry) };
    },
  };
}

function entryOf({ delaySeconds, messageGroup, ...message }: OutgoingMessage): Entry {
  const { hopSeconds, remainingSeconds } = splitDelay(delaySeconds);
  return {
    MessageBody: formatDeliveryMessage({ ...message, remainingSeconds }),
    DelaySeconds: hopSeconds,
    ...(messageGroup === undefined ? {} : { MessageGroupId: messageGroup }),
  };
}

function unreadableEntry({ body, reason }: UnreadableMessage): Entry {
  return { MessageBody: body, MessageAttributes: { ErrorMessage: textAttribute(reason) } };
}
