import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { QUEUE_BATCH_ENTRIES } from '../shared/runtime/limits.ts';
import { acknowledge } from './acknowledge.ts';
import { allow } from './delivery-function.ts';
import { grantKeyToReader, grantKeyToSender } from './encryption.ts';
import type { Queues } from './queues.ts';

/**
 * What Lambda's poller does with a queue on behalf of the function (Lambda manual). `SqsEventSource` would also grant
 * ChangeMessageVisibility and GetQueueUrl.
 */
const POLLER_ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

export function allowToSend(sender: LambdaFunction, queue: Queue): void {
  allow(sender, 'sqs:SendMessage', queue.queueArn);
  grantKeyToSender(queue, sender);
}

/** Batches of ten; only the messages that failed because of an internal fault come again. */
export function feed(reader: LambdaFunction, queue: Queue, maxConcurrency: number): void {
  queue.grant(reader, ...POLLER_ACTIONS);
  grantKeyToReader(queue, reader);
  reader.addEventSourceMapping('EventSource', {
    eventSourceArn: queue.queueArn,
    batchSize: QUEUE_BATCH_ENTRIES,
    reportBatchItemFailures: true,
    maxConcurrency,
  });
  acknowledge(reader, {
    'Serverless-LambdaEventSourceMappingDestination':
      'The queue has a dead-letter queue: SQS sources support no failure destination.',
  });
}

/** Always set; empty where the database never sleeps. */
export function markerEnvironment({ markers }: Queues): Record<string, string> {
  return { MARKER_QUEUE_URL: markers?.queueUrl ?? '' };
}

export function allowToMark(sender: LambdaFunction, { markers }: Queues): void {
  if (markers !== undefined) allowToSend(sender, markers);
}

export function allowToTakeMarkers(sweep: LambdaFunction, { markers }: Queues): void {
  if (markers === undefined) return;
  for (const action of MARKER_ACTIONS) allow(sweep, action, markers.queueArn);
  grantKeyToReader(markers, sweep);
}

/** What the sweep does with markers that say less and less. */
const MARKER_ACTIONS = ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'];
