import type { JsonObject } from '../../json-object.ts';
import { md5OfAttributes, type MessageAttribute } from './attribute-digest.ts';
import { answerBatch, readBatch } from './batch.ts';
import type { ReceivedMessage } from './message.ts';
import type { Operation } from './operation.ts';
import { MAX_IN_FLIGHT, type Queue, type ReceiptResult } from './queue.ts';
import {
  invalidParameter,
  missingParameter,
  plainError,
  optionalInteger,
  optionalTexts,
  requiredText,
} from './sqs-error.ts';

const MAX_RANGE = { from: 1, to: 10, reason: 'Must be between 1 and 10, if provided.' };
const WAIT_RANGE = { from: 0, to: 20, reason: 'Must be >= 0 and <= 20, if provided.' };
const VISIBILITY_RANGE = { from: 0, to: 43_200, reason: 'Must be >= 0 and <= 43200, if provided.' };
const SYSTEM_ATTRIBUTES: ReadonlySet<string> = new Set([
  'All',
  'ApproximateFirstReceiveTimestamp',
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
  'MessageDeduplicationId',
  'MessageGroupId',
  'SenderId',
  'SentTimestamp',
  'SequenceNumber',
]);

export const receiveOperations: Readonly<Record<string, Operation>> = {
  async ReceiveMessage({ input, request, queue: queueOf }) {
    const queue = queueOf();
    const wanted = readWanted(input);
    const waitSeconds = optionalInteger(input, 'WaitTimeSeconds', WAIT_RANGE) ?? queue.settings.receiveWaitSeconds;
    const received = await queue.receive({
      max: optionalInteger(input, 'MaxNumberOfMessages', MAX_RANGE) ?? 1,
      visibilityTimeoutSeconds: optionalInteger(input, 'VisibilityTimeout', VISIBILITY_RANGE),
      waitMs: waitSeconds * 1000,
      signal: request.signal,
    });
    if (received.length > 0) return { Messages: received.map((message) => asMessage(message, wanted)) };
    // "If you reach this quota while using short polling … OverLimit"; a long poll just stays empty.
    if (waitSeconds === 0 && queue.depth().inFlight >= MAX_IN_FLIGHT) {
      throw plainError('OverLimit', 'Too many messages are in flight: delete some before receiving more.');
    }
    return {};
  },

  DeleteMessage: (call) => deleteMessage(call.queue(), call.input),

  DeleteMessageBatch(call) {
    const queue = call.queue();
    return answerBatch(readBatch(call.input, 'DeleteMessageBatchRequestEntry'), (fields) =>
      deleteMessage(queue, fields),
    );
  },

  ChangeMessageVisibility: (call) => changeVisibility(call.queue(), call.input),

  ChangeMessageVisibilityBatch(call) {
    const queue = call.queue();
    return answerBatch(readBatch(call.input, 'ChangeMessageVisibilityBatchRequestEntry'), (fields) =>
      changeVisibility(queue, fields),
    );
  },
};

function deleteMessage(queue: Queue, fields: JsonObject): JsonObject {
  const handle = requiredText(fields, 'ReceiptHandle');
  if (queue.delete(handle) === 'malformed') throw malformedHandle(handle);
  return {};
}

function changeVisibility(queue: Queue, fields: JsonObject): JsonObject {
  const handle = requiredText(fields, 'ReceiptHandle');
  const seconds = optionalInteger(fields, 'VisibilityTimeout', VISIBILITY_RANGE);
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  refuse(queue.changeVisibility(handle, seconds), { handle, seconds });
  return {};
}

function refuse(result: ReceiptResult, asked: { handle: string; seconds: number }): void {
  switch (result) {
    case 'done':
      return;
    case 'malformed':
      throw malformedHandle(asked.handle);
    case 'gone':
      throw invalidParameter(
        `Value ${asked.handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    case 'beyond 12 hours':
      throw invalidParameter(
        `Value ${asked.seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].`,
      );
  }
}

function malformedHandle(handle: string): Error {
  return plainError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`);
}

type Wanted = { systemAttributes: ReadonlySet<string>; attributes: readonly string[] };

function readWanted(input: JsonObject): Wanted {
  // AttributeNames is the older name of MessageSystemAttributeNames; both are in use.
  const names = [
    ...(optionalTexts(input, 'AttributeNames') ?? []),
    ...(optionalTexts(input, 'MessageSystemAttributeNames') ?? []),
  ];
  const unknown = names.find((name) => !SYSTEM_ATTRIBUTES.has(name));
  if (unknown !== undefined) throw plainError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  return { systemAttributes: new Set(names), attributes: optionalTexts(input, 'MessageAttributeNames') ?? [] };
}

function asMessage(message: ReceivedMessage, wanted: Wanted): JsonObject {
  const attributes = new Map([...message.attributes].filter(([name]) => isWanted(name, wanted.attributes)));
  const system = Object.entries(message.systemAttributes).filter(
    ([name]) => wanted.systemAttributes.has('All') || wanted.systemAttributes.has(name),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    Attributes: system.length > 0 ? Object.fromEntries(system) : undefined,
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    MessageAttributes: attributes.size > 0 ? asMessageAttributes(attributes) : undefined,
  };
}

/** `All` and `.*` are everything, `foo.*` whatever starts with `foo` (ReceiveMessage, MessageAttributeNames). */
function isWanted(name: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      pattern === 'All' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2))),
  );
}

function asMessageAttributes(attributes: ReadonlyMap<string, MessageAttribute>): JsonObject {
  return Object.fromEntries(
    [...attributes].map(([name, { dataType, value }]) => [
      name,
      typeof value === 'string'
        ? { DataType: dataType, StringValue: value }
        : { DataType: dataType, BinaryValue: value.toString('base64') },
    ]),
  );
}
