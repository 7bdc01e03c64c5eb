import { awsJsonService, type AwsJsonRefusal } from '../aws-json.ts';
import type { AwsService } from '../aws-service.ts';
import { MoveTasks } from './move-tasks.ts';
import type { Operation } from './operation.ts';
import { queueOperations } from './queue-operations.ts';
import { createQueues, type QueuePlace, type Queues } from './queues.ts';
import { receiveOperations } from './receive-operations.ts';
import { sendOperations } from './send-operations.ts';
import { malformedInput, noSuchQueue, optionalText, prefixedError, SqsError, unknownOperation } from './sqs-error.ts';

export type { OutgoingMessage, ReceivedMessage } from './message.ts';
export type { Queue } from './queue.ts';
export type { Queues } from './queues.ts';
export { sqsQueryApi } from './query-api.ts';

export type Sqs = {
  /** The API as its SDKs and the AWS CLI speak it. */
  service: AwsService;
  /** The same queues for callers inside this process. */
  queues: Queues;
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...sendOperations, ...receiveOperations, ...queueOperations }),
);
/** Operations of SQS that mean nothing here: queues are what the template says. */
const UNSUPPORTED_OPERATIONS: ReadonlySet<string> = new Set([
  'AddPermission',
  'CreateQueue',
  'DeleteQueue',
  'ListQueueTags',
  'RemovePermission',
  'TagQueue',
  'UntagQueue',
]);

/** SQS of one account and region, in memory. */
export function createSqs(place: QueuePlace): Sqs {
  const queues = createQueues(place);
  const moveTasks = new MoveTasks(queues, place.timers);
  const service = awsJsonService({
    version: '1.0',
    targetPrefix: 'AmazonSQS.',
    operationNamed(name) {
      const operation = operationNamed(name);
      return (input, request) => {
        const queue = () => queues.byUrl(optionalText(input, 'QueueUrl') ?? '') ?? refuseQueue();
        return operation({ input, request, queues, moveTasks, accountId: place.accountId, queue });
      };
    },
    malformedBody: malformedInput,
    refusalOf,
  });
  return { service, queues };
}

function operationNamed(name: string): Operation {
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  if (UNSUPPORTED_OPERATIONS.has(name)) {
    throw prefixedError('UnsupportedOperation', `${name}: here the CloudFormation template decides about queues.`);
  }
  throw unknownOperation();
}

function refuseQueue(): never {
  throw noSuchQueue();
}

function refusalOf(error: unknown): AwsJsonRefusal | undefined {
  if (!(error instanceof SqsError)) return undefined;
  const { status, type, message, code } = error;
  return { status, fields: { __type: type, message }, headers: { 'x-amzn-query-error': `${code};Sender` } };
}
