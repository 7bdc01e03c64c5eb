import type { JsonObject } from '../../json-object.ts';
import type { MoveTask } from './move-tasks.ts';
import type { Operation } from './operation.ts';
import { changedSettings, queueAttributes } from './queue-attributes.ts';
import type { Queue } from './queue.ts';
import {
  invalidParameter,
  noSuchQueue,
  purgeInProgress,
  object,
  optionalInteger,
  optionalText,
  optionalTexts,
  requiredText,
} from './sqs-error.ts';

/** ListQueues: "You must set MaxResults to receive a value for NextToken"; without it, "up to 1,000 results". */
const PAGE_RANGE = { from: 1, to: 1000, reason: 'Must be between 1 and 1000, if provided.' };
const TASK_RANGE = { from: 1, to: 10, reason: 'Must be between 1 and 10, if provided.' };
const RATE_RANGE = { from: 1, to: 500, reason: 'Must be between 1 and 500, if provided.' };

export const queueOperations: Readonly<Record<string, Operation>> = {
  GetQueueUrl({ input, queues }) {
    const queue = queues.byName(requiredText(input, 'QueueName'));
    if (queue === undefined) throw noSuchQueue();
    return { QueueUrl: queue.url };
  },

  GetQueueAttributes({ input, queue }) {
    const attributes = queueAttributes(queue(), optionalTexts(input, 'AttributeNames') ?? []);
    return Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
  },

  SetQueueAttributes({ input, queue: queueOf, queues }) {
    const queue = queueOf();
    const isQueue = (arn: string): boolean => queues.byArn(arn) !== undefined;
    queue.settings = changedSettings(queue.settings, object(input, 'Attributes'), isQueue);
    return {};
  },

  ListQueues({ input, queues }) {
    const prefix = optionalText(input, 'QueueNamePrefix') ?? '';
    const { urls, NextToken } = pageOf(
      queues.all().filter((queue) => queue.name.startsWith(prefix)),
      input,
    );
    return { QueueUrls: urls.length > 0 ? urls : undefined, NextToken };
  },

  ListDeadLetterSourceQueues({ input, queue, queues }) {
    const { arn } = queue();
    const { urls, NextToken } = pageOf(
      queues.all().filter((source) => source.settings.redrive?.deadLetterTargetArn === arn),
      input,
    );
    // Lower case in the model, for this one operation.
    return { queueUrls: urls, NextToken };
  },

  PurgeQueue({ queue: queueOf }) {
    const queue = queueOf();
    if (queue.purge() === 'still purging') throw purgeInProgress(queue.name);
    return {};
  },

  StartMessageMoveTask({ input, moveTasks }) {
    const task = moveTasks.start({
      sourceArn: requiredText(input, 'SourceArn'),
      destinationArn: optionalText(input, 'DestinationArn'),
      messagesPerSecond: optionalInteger(input, 'MaxNumberOfMessagesPerSecond', RATE_RANGE),
    });
    return { TaskHandle: task.handle };
  },

  CancelMessageMoveTask({ input, moveTasks }) {
    return { ApproximateNumberOfMessagesMoved: moveTasks.cancel(requiredText(input, 'TaskHandle')) };
  },

  ListMessageMoveTasks({ input, moveTasks }) {
    const limit = optionalInteger(input, 'MaxResults', TASK_RANGE) ?? 1;
    return { Results: moveTasks.list(requiredText(input, 'SourceArn')).slice(0, limit).map(asMoveTask) };
  },
};

function pageOf(queues: readonly Queue[], input: JsonObject): { urls: string[]; NextToken: string | undefined } {
  const limit = optionalInteger(input, 'MaxResults', PAGE_RANGE);
  const token = optionalText(input, 'NextToken') ?? '0';
  if (!/^\d+$/.test(token)) throw invalidParameter(`Value ${token} for parameter NextToken is invalid.`);
  const start = Number(token);
  const end = start + (limit ?? PAGE_RANGE.to);
  return {
    urls: queues.slice(start, end).map((queue) => queue.url),
    NextToken: limit !== undefined && end < queues.length ? String(end) : undefined,
  };
}

/** SQS shows the handle only while a task runs. */
function asMoveTask(task: MoveTask): JsonObject {
  return {
    TaskHandle: task.status === 'RUNNING' ? task.handle : undefined,
    Status: task.status,
    SourceArn: task.sourceArn,
    DestinationArn: task.destinationArn,
    MaxNumberOfMessagesPerSecond: task.messagesPerSecond,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ApproximateNumberOfMessagesMoved: task.moved,
    FailureReason: task.failureReason,
    StartedTimestamp: task.startedAtMs,
  };
}
