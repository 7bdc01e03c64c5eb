import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import type { RejectedRequests } from '../enqueue-deliveries.ts';
import { sendInBatches, textAttribute } from './sqs-batches.ts';

/** The intake dead-letter queue: bodies unchanged, the reason in message attributes. */
export function createSqsRejectedRequests(client: SQSClient, queueUrl: string, clock: Clock): RejectedRequests {
  return {
    put: async (messages) => ({
      unsent: await sendInBatches({ client, clock, queueUrl }, messages, ({ body, errorType, errorMessage }) => ({
        MessageBody: body,
        MessageAttributes: { ErrorType: textAttribute(errorType), ErrorMessage: textAttribute(errorMessage) },
      })),
    }),
  };
}
