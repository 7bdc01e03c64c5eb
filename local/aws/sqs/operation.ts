import type { JsonObject } from '../../json-object.ts';
import type { AwsRequest } from '../aws-service.ts';
import type { MoveTasks } from './move-tasks.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';

/** One call of the API as its operation sees it. */
export type OperationCall = {
  input: JsonObject;
  request: AwsRequest;
  queues: Queues;
  moveTasks: MoveTasks;
  accountId: string;
  /** The queue that `QueueUrl` names. Throws QueueDoesNotExist. */
  queue(): Queue;
};

/** Answers the fields of the response; undefined members are left out of the JSON. Throws SqsError. */
export type Operation = (call: OperationCall) => JsonObject | Promise<JsonObject>;
