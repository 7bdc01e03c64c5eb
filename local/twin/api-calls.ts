import type { PageHandler } from './front-door.ts';
import { jsonPage } from './json-page.ts';
import type { AwsRequest, AwsService } from '../aws/aws-service.ts';
import type { EventSourceQueue } from '../aws/lambda/service.ts';

/** Calls to each AWS API since the start: what AWS would bill, and what would count against its quotas. */
export type ApiCalls = {
  /** The same services, counting; a call counts once it is answered. */
  counted<Service extends string>(services: Readonly<Record<Service, AwsService>>): Record<Service, AwsService>;
  /** The same queue for Lambda's poller, whose calls do not go through the front door but are billed all the same. */
  countedQueue(queue: EventSourceQueue): EventSourceQueue;
  /** Answers `GET /console/api-calls.json` with ApiCallsReport. */
  handle: PageHandler;
};

export type ApiCallsReport = {
  /** RFC 3339 */
  since: string;
  calls: ApiCallCount[];
};

export type ApiCallCount = {
  /** As in the SigV4 credential scope. */
  service: string;
  operation: string;
  /** A function's name, `event source`, or `outside`. */
  caller: string;
  calls: number;
  /** Of these, answered with a status of 400 or more. */
  failed: number;
};

const PATH = '/console/api-calls.json';
/** Names come from requests, so their number is limited: requests must not be able to fill the memory. */
const MAX_COUNTS = 500;

const DATA_API_OPERATIONS: Readonly<Record<string, string>> = {
  '/Execute': 'ExecuteStatement',
  '/BatchExecute': 'BatchExecuteStatement',
  '/BeginTransaction': 'BeginTransaction',
  '/CommitTransaction': 'CommitTransaction',
  '/RollbackTransaction': 'RollbackTransaction',
};

/** @param functionOf which function an access key belongs to; undefined for anybody outside. */
export function createApiCalls(
  functionOf: (accessKeyId: string | undefined) => string | undefined,
  nowMs: () => number,
): ApiCalls {
  const since = new Date(nowMs()).toISOString();
  const counts = new Map<string, ApiCallCount>();

  function count(call: Pick<ApiCallCount, 'service' | 'operation' | 'caller'>, hasFailed: boolean): void {
    const key = `${call.service} ${call.operation} ${call.caller}`;
    const known = counts.get(key) ?? { ...call, calls: 0, failed: 0 };
    known.calls += 1;
    if (hasFailed) known.failed += 1;
    if (counts.size < MAX_COUNTS || counts.has(key)) counts.set(key, known);
  }

  function countedService(service: string, serve: AwsService): AwsService {
    return async (request) => {
      const caller = functionOf(request.accessKeyId) ?? 'outside';
      const response = await serve(request);
      count({ service, operation: operationOf(request), caller }, response.status >= 400);
      return response;
    };
  }

  return {
    counted(services) {
      const counted: Partial<typeof services> = {};
      for (const name in services) counted[name] = countedService(name, services[name]);
      // The loop goes through every key of `services`.
      return counted as typeof services;
    },
    countedQueue: (queue) =>
      countedQueue(queue, (operation) => {
        count({ service: 'sqs', operation, caller: 'event source' }, false);
      }),
    handle: jsonPage(PATH, (): ApiCallsReport => ({ since, calls: [...counts.values()] })),
  };
}

/** JSON services name the operation in a header, REST services in the path. */
function operationOf({ headers, method, path }: AwsRequest): string {
  const target = headers['x-amz-target']?.split('.').at(-1);
  if (target !== undefined) return /^[A-Za-z]{1,64}$/.test(target) ? target : 'unknown';
  const [pathname = ''] = path.split('?', 1);
  if (method === 'POST' && pathname.endsWith('/invocations')) return 'Invoke';
  return DATA_API_OPERATIONS[pathname] ?? 'unknown';
}

function countedQueue(queue: EventSourceQueue, count: (operation: string) => void): EventSourceQueue {
  let isDeleting = false;
  return {
    receive(request) {
      count('ReceiveMessage');
      return queue.receive(request);
    },
    delete(receiptHandle) {
      // The poller deletes a batch's messages by one call.
      if (!isDeleting) {
        isDeleting = true;
        count('DeleteMessageBatch');
        queueMicrotask(() => {
          isDeleting = false;
        });
      }
      return queue.delete(receiptHandle);
    },
  };
}
