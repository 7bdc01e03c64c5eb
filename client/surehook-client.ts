// `import { createSurehook } from 'surehook/client'`: hands over webhooks, by invoking the enqueue function or through the
// intake queue.
import type { ByInvoke, ByQueue, SurehookByInvoke, SurehookByQueue } from './client-options.ts';
import { createPatientSurehook } from './create-surehook.ts';
import { REAL_PATIENCE } from './hand-over.ts';

export type { AnnounceResult } from './announce-result.ts';
export type { AwsClient } from './aws-calls.ts';
export type { ByInvoke, ByQueue, Sent, SurehookByInvoke, SurehookByQueue } from './client-options.ts';
export type { DeliveryKey, DeliveryState } from './delivery-state.ts';
export type {
  DeliveryDetails,
  EnqueueAnswer,
  EnqueueRequest,
  HttpMethod,
  JsonValue,
  NotTaken,
  RequestBody,
  Skipped,
  SurehookErrorType,
} from './enqueue-request.ts';
export { SurehookError } from './surehook-error.ts';

/**
 * A client for one stack. Its rights: `grantEnqueue` of the construct by invoke, `grantSend` by queue. Throws TypeError for
 * options that name neither a function nor a queue, or both.
 *
 *     const surehook = createSurehook({ functionName: enqueueFunctionName });
 *     await surehook.enqueue({ workflow_run_id: 7, organization_id: 1, webhook_node_id: 'notify', endpoint_url, payload });
 */
export function createSurehook(options: ByInvoke): SurehookByInvoke;
export function createSurehook(options: ByQueue): SurehookByQueue;
export function createSurehook(options: ByInvoke | ByQueue): SurehookByInvoke | SurehookByQueue {
  return createPatientSurehook(options, REAL_PATIENCE);
}
