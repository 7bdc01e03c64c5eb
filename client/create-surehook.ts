import { type AwsClient, type CallFunction, lambdaCalls, queueCalls, type SendMessage } from './aws-calls.ts';
import type { AnnounceResult } from './announce-result.ts';
import type { ByInvoke, ByQueue, Sent, SurehookByInvoke, SurehookByQueue } from './client-options.ts';
import type { EnqueueAnswer, EnqueueRequest, NotTaken, Skipped } from './enqueue-request.ts';
import { deliveryStateOf } from './delivery-state.ts';
import { handOver, type Patience } from './hand-over.ts';
import { announcementOf, batchOf, CALL_BYTES, splitRequests, splitUuids } from './split-requests.ts';
import { errorOf, SurehookError } from './surehook-error.ts';

/** As `createSurehook`, with the waiting between two tries as a parameter. */
export function createPatientSurehook(
  options: ByInvoke | ByQueue,
  waiting: Omit<Patience, 'retries'>,
): SurehookByInvoke | SurehookByQueue {
  const { retries = 2, client } = options;
  if (!Number.isInteger(retries) || retries < 0 || retries > 10) throw new TypeError('retries must be 0 to 10');
  const patience = { ...waiting, retries };
  const functionName = nameIn(options, 'functionName');
  const queueUrl = nameIn(options, 'intakeQueueUrl');
  if (functionName !== undefined && queueUrl === undefined) {
    return byInvoke({ functionName, inspectFunctionName: nameIn(options, 'inspectFunctionName') }, client, patience);
  }
  if (queueUrl !== undefined && functionName === undefined) return byQueue(queueUrl, client, patience);
  throw new TypeError('createSurehook needs functionName or intakeQueueUrl, one of them, and it must not be empty');
}

function nameIn(options: object, name: string): string | undefined {
  const value: unknown = Reflect.get(options, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

type FunctionNames = { functionName: string; inspectFunctionName: string | undefined };

function byInvoke(
  { functionName, inspectFunctionName }: FunctionNames,
  client: AwsClient | undefined,
  patience: Patience,
): SurehookByInvoke {
  const calls = once(() => lambdaCalls(client));
  const ask = async (request: string): Promise<unknown> => {
    const called = await (await calls())(functionName, request);
    if ('failure' in called) throw errorOf(called.failure);
    return called.answer;
  };
  async function enqueue(request: EnqueueRequest & { enabled?: true | null }): Promise<EnqueueAnswer>;
  async function enqueue(request: EnqueueRequest): Promise<EnqueueAnswer | Skipped>;
  async function enqueue(request: EnqueueRequest): Promise<EnqueueAnswer | Skipped> {
    const [result] = await handOver([{ first: 0, requests: [JSON.stringify(request)] }], {
      patience,
      async send([only = '']) {
        return [(await ask(only)) as EnqueueAnswer | Skipped];
      },
    });
    return takenOf(result);
  }
  return {
    enqueue,
    async enqueueMany(requests) {
      const calls = splitRequests(
        requests.map((request) => JSON.stringify(request)),
        CALL_BYTES.invoke,
      );
      return await handOver(calls, {
        patience,
        async send(together) {
          const { results } = (await ask(batchOf(together))) as { results: (EnqueueAnswer | Skipped | NotTaken)[] };
          return results;
        },
      });
    },
    async announce(deliveryUuids) {
      return await handOver(splitUuids(deliveryUuids), {
        patience,
        async send(together) {
          const { results } = (await ask(announcementOf(together))) as { results: AnnounceResult[] };
          return results;
        },
      });
    },
    async get({ workflowRunId, webhookNodeId }) {
      if (inspectFunctionName === undefined) throw new TypeError('get needs inspectFunctionName');
      const request = { action: 'show', workflow_run_id: workflowRunId, webhook_node_id: webhookNodeId };
      const called = await (await calls())(inspectFunctionName, JSON.stringify(request));
      if (!('failure' in called)) return deliveryStateOf(called.answer);
      if (called.failure.errorType === 'DeliveryNotFound') return undefined;
      throw errorOf(called.failure);
    },
  };
}

function byQueue(queueUrl: string, client: AwsClient | undefined, patience: Patience): SurehookByQueue {
  const calls = once(() => queueCalls(client));
  const send = async (requests: readonly string[], body: string): Promise<Sent[]> => {
    if (Buffer.byteLength(body) > CALL_BYTES.queue) {
      throw new SurehookError('PayloadTooLarge', `a request may have ${CALL_BYTES.queue} bytes by queue`);
    }
    const message_id = await (await calls())(queueUrl, body);
    return requests.map(() => ({ sent: true, message_id }));
  };
  return {
    async enqueue(request) {
      const [result] = await handOver([{ first: 0, requests: [JSON.stringify(request)] }], {
        patience,
        send: (requests) => send(requests, requests[0] ?? ''),
      });
      return takenOf(result);
    },
    async enqueueMany(requests) {
      const calls = splitRequests(
        requests.map((request) => JSON.stringify(request)),
        CALL_BYTES.queue,
      );
      return await handOver(calls, { patience, send: (together) => send(together, batchOf(together)) });
    },
    async announce(deliveryUuids) {
      const calls = splitUuids(deliveryUuids);
      return await handOver(calls, { patience, send: (together) => send(together, announcementOf(together)) });
    },
  };
}

function takenOf<Taken extends object>(result: Taken | NotTaken | undefined): Taken {
  if (result === undefined) throw new SurehookError('CallFailed', 'the function answered nothing');
  if ('error' in result) throw new SurehookError(result.error.errorType, result.error.errorMessage);
  return result as Taken;
}

/** The SDK is loaded by the first call. A load that failed is tried again by the next. */
function once<Calls extends CallFunction | SendMessage>(open: () => Promise<Calls>): () => Promise<Calls> {
  let opened: Promise<Calls> | undefined;
  return async () => {
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
}
