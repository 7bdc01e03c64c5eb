import { randomUUID } from 'node:crypto';
import type { AwsResponse, AwsService } from '../aws-service.ts';
import type { Timers } from '../../timers.ts';
import { MoveTasks } from './move-tasks.ts';
import type { Operation } from './operation.ts';
import { queueOperations } from './queue-operations.ts';
import type { Queues } from './queues.ts';
import { receiveOperations } from './receive-operations.ts';
import { isFields, optionalText, type Fields } from './request-fields.ts';
import { sendOperations } from './send-operations.ts';
import { malformedInput, noSuchQueue, prefixedError, SqsError, unknownOperation } from './sqs-error.ts';

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...sendOperations, ...receiveOperations, ...queueOperations }),
);
/** Operations of SQS that mean nothing here: queues are what the template says. */
const UNSUPPORTED_OPERATIONS: ReadonlySet<string> = new Set([
  'AddPermission',
  'CancelMessageMoveTask',
  'CreateQueue',
  'DeleteQueue',
  'ListQueueTags',
  'RemovePermission',
  'TagQueue',
  'UntagQueue',
]);
const TARGET_PREFIX = 'AmazonSQS.';

/** SQS as its SDKs and the AWS CLI speak it: AWS JSON 1.0, the operation in `X-Amz-Target`. */
export function sqsEndpoint(parts: { queues: Queues; timers: Timers; accountId: string }): AwsService {
  const { queues, timers, accountId } = parts;
  const moveTasks = new MoveTasks(queues, timers);

  return async (request) => {
    try {
      const operation = operationOf(request.headers['x-amz-target']);
      const input = inputOf(request.body);
      const queue = () => queues.byUrl(optionalText(input, 'QueueUrl') ?? '') ?? refuseQueue();
      return answer(200, await operation({ input, request, queues, moveTasks, accountId, queue }));
    } catch (error) {
      if (error instanceof SqsError) return refusal(error);
      throw error;
    }
  };
}

function operationOf(target: string | undefined): Operation {
  const name = target?.startsWith(TARGET_PREFIX) === true ? target.slice(TARGET_PREFIX.length) : '';
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  if (UNSUPPORTED_OPERATIONS.has(name)) {
    throw prefixedError('UnsupportedOperation', `${name}: here the CloudFormation template decides about queues.`);
  }
  throw unknownOperation();
}

function inputOf(body: Buffer): Fields {
  let input: unknown;
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    throw malformedInput('The request body is not JSON.');
  }
  if (!isFields(input)) throw malformedInput('The request body must be a JSON object.');
  return input;
}

function refuseQueue(): never {
  throw noSuchQueue();
}

function refusal(error: SqsError): AwsResponse {
  const response = answer(error.status, { __type: error.type, message: error.message });
  return { ...response, headers: { ...response.headers, 'x-amzn-query-error': `${error.code};Sender` } };
}

function answer(status: number, fields: Fields): AwsResponse {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
  return { status, headers, body: JSON.stringify(fields) };
}
