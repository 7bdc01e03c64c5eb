import { randomUUID } from 'node:crypto';
import { md5, md5OfAttributes, type MessageAttribute } from './attribute-digest.ts';
import type { Place } from './indexed-heap.ts';

export type OutgoingMessage = {
  body: string;
  /** 0-900; undefined: the queue's own delay. */
  delaySeconds?: number | undefined;
  attributes?: ReadonlyMap<string, MessageAttribute> | undefined;
  messageGroupId?: string | undefined;
  /** The system attribute `AWSTraceHeader`. */
  traceHeader?: string | undefined;
  senderId?: string | undefined;
};

export type SentMessage = { messageId: string; md5OfBody: string; md5OfAttributes: string | undefined };

export type ReceivedMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  /** Undefined without attributes. */
  md5OfAttributes: string | undefined;
  attributes: ReadonlyMap<string, MessageAttribute>;
  /** All system attributes, by SQS's names; times are milliseconds since the epoch, as text. */
  systemAttributes: Record<string, string>;
};

type MessageState = 'visible' | 'in flight' | 'delayed';

/** A message looked at without receiving it. */
export type PeekedMessage = Omit<ReceivedMessage, 'receiptHandle'> & {
  state: MessageState;
  /** When it can be received next; the past for a visible one. */
  visibleAtMs: number;
};

export type StoredMessage = {
  id: string;
  body: string;
  md5OfBody: string;
  attributes: ReadonlyMap<string, MessageAttribute>;
  groupId: string | undefined;
  traceHeader: string | undefined;
  senderId: string;
  /** Retention counts from here, also after the move to a dead-letter queue. */
  sentAtMs: number;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  lastReceivedAtMs: number;
  visibleAtMs: number;
  /** Set by the move to a dead-letter queue. */
  sourceArn: string | undefined;
  state: MessageState;
  /** Among the visible or the waiting messages of its queue. */
  place: Place<StoredMessage> | undefined;
  /** Among its queue's messages by age. */
  agePlace: Place<StoredMessage> | undefined;
};

export function storedMessage(message: OutgoingMessage, sentAtMs: number): StoredMessage {
  return {
    id: randomUUID(),
    body: message.body,
    md5OfBody: md5(message.body),
    attributes: message.attributes ?? new Map(),
    groupId: message.messageGroupId,
    traceHeader: message.traceHeader,
    senderId: message.senderId ?? 'local',
    sentAtMs,
    receiveCount: 0,
    firstReceivedAtMs: undefined,
    lastReceivedAtMs: 0,
    visibleAtMs: sentAtMs,
    sourceArn: undefined,
    state: 'visible',
    place: undefined,
    agePlace: undefined,
  };
}

/** A redriven message is a new one to SQS: new id, new age, not yet received. */
export function redrivenMessage(message: StoredMessage, sentAtMs: number): StoredMessage {
  return {
    ...storedMessage({ body: message.body, attributes: message.attributes }, sentAtMs),
    groupId: message.groupId,
    traceHeader: message.traceHeader,
    senderId: message.senderId,
  };
}

export function sentMessage(message: StoredMessage): SentMessage {
  return {
    messageId: message.id,
    md5OfBody: message.md5OfBody,
    md5OfAttributes: md5OfAttributes(message.attributes),
  };
}

export function receivedMessage(message: StoredMessage, receiptHandle: string): ReceivedMessage {
  return { ...visibleParts(message), receiptHandle };
}

export function peekedMessage(message: StoredMessage): PeekedMessage {
  return { ...visibleParts(message), state: message.state, visibleAtMs: message.visibleAtMs };
}

function visibleParts(message: StoredMessage): Omit<ReceivedMessage, 'receiptHandle'> {
  return {
    messageId: message.id,
    body: message.body,
    md5OfBody: message.md5OfBody,
    md5OfAttributes: md5OfAttributes(message.attributes),
    attributes: message.attributes,
    systemAttributes: systemAttributes(message),
  };
}

function systemAttributes(message: StoredMessage): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAtMs),
    SenderId: message.senderId,
    ...(message.firstReceivedAtMs !== undefined && {
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    }),
    ...(message.groupId !== undefined && { MessageGroupId: message.groupId }),
    ...(message.traceHeader !== undefined && { AWSTraceHeader: message.traceHeader }),
    ...(message.sourceArn !== undefined && { DeadLetterQueueSourceArn: message.sourceArn }),
  };
}
