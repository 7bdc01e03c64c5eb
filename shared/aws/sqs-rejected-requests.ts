import type { Clock } from '../runtime/clock.ts';
import type { RejectedRequests } from '../enqueue/enqueue-from-intake.ts';
import type { RejectedMessage } from '../enqueue/intake-message.ts';
import { MAX_ERROR_ATTRIBUTE_BYTES, MAX_QUEUE_MESSAGE_BYTES } from '../runtime/limits.ts';
import type { SqsCalls } from './clients.ts';
import { sendInBatches, textAttribute } from './sqs-batches.ts';
import type { TextAttribute } from './sqs-operations.ts';

/** The intake dead-letter queue: bodies unchanged, the reason in message attributes. */
export function createSqsRejectedRequests(client: SqsCalls, queueUrl: string, clock: Clock): RejectedRequests {
  return {
    put: async (messages) => ({
      unsent: await sendInBatches({ client, clock, queueUrl }, messages, (message) => ({
        MessageBody: message.body,
        MessageAttributes: reasonOf(message),
      })),
    }),
  };
}

/**
 * Body and attributes share the 1 MiB of a message. If the body leaves no room for the reason, the reason is cut or left out:
 * a message that can never succeed moves in any case.
 */
function reasonOf({ body, errorType, errorMessage }: RejectedMessage): Record<string, TextAttribute> {
  const attributes: Record<string, TextAttribute> = {};
  let room =
    MAX_QUEUE_MESSAGE_BYTES - Buffer.byteLength(body) - ATTRIBUTE_BYTES.ErrorType - Buffer.byteLength(errorType);
  if (room >= 0) attributes['ErrorType'] = textAttribute(errorType);
  room -= ATTRIBUTE_BYTES.ErrorMessage;
  if (room > 0) attributes['ErrorMessage'] = textAttribute(errorMessage, Math.min(room, MAX_ERROR_ATTRIBUTE_BYTES));
  return attributes;
}

/** The name and type of an attribute count towards the size as its value does. */
const ATTRIBUTE_BYTES = { ErrorType: 'ErrorTypeString'.length, ErrorMessage: 'ErrorMessageString'.length };
