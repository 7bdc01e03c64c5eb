import type { AwsClient } from './aws-calls.ts';
import type { DeliveryKey, DeliveryState } from './delivery-state.ts';
import type { AnnounceResult } from './announce-result.ts';
import type { EnqueueAnswer, EnqueueRequest, NotTaken, Skipped } from './enqueue-request.ts';

/** Where requests go when every one is to be answered. */
export type ByInvoke = {
  /** Name or ARN of the enqueue function: the stack's output `EnqueueFunctionName`. */
  functionName: string;
  /** Name or ARN of the inspect function, which `get` asks: the stack's output `InspectFunctionName`. Default: no `get`. */
  inspectFunctionName?: string;
  /** An own `LambdaClient`, with its region and credentials. Default: one with the SDK's defaults. */
  client?: AwsClient;
  /**
   * How often a request is sent again after `TemporaryFailure` or a failed call, 0–10. Default 2: after about 1 s and 2 s. A
   * repeated request never makes a second delivery.
   */
  retries?: number;
};

/** Where requests go when nobody waits for an answer. */
export type ByQueue = {
  /** The stack's output `IntakeQueueUrl`. */
  intakeQueueUrl: string;
  /** An own `SQSClient`, with its region and credentials. Default: one with the SDK's defaults. */
  client?: AwsClient;
  /** As by invoke; here only for a call that failed. */
  retries?: number;
};

/** A client that has every request answered. */
export type SurehookByInvoke = {
  /** Resolves once the delivery is stored. Throws SurehookError. */
  enqueue(request: EnqueueRequest & { enabled?: true | null }): Promise<EnqueueAnswer>;
  /** The same for a request that may say `enabled: false`. */
  enqueue(request: EnqueueRequest): Promise<EnqueueAnswer | Skipped>;
  /**
   * Resolves with one result for each request, in order. Sends as many together as one call takes. What was not taken says
   * so in its own place, and does not keep the others back.
   */
  enqueueMany(requests: readonly EnqueueRequest[]): Promise<(EnqueueAnswer | Skipped | NotTaken)[]>;
  /**
   * Has deliveries sent at once that the application has inserted into `webhook_outbox` itself, by their `delivery_uuid`. Call it
   * after the commit; without it the next sweep sends them. Resolves with one result for each, in order; up to 1,000 share a
   * call. It may be repeated, and never makes a second delivery.
   */
  announce(deliveryUuids: readonly string[]): Promise<(AnnounceResult | NotTaken)[]>;
  /**
   * Where the delivery of a run and node stands; undefined if there is none. Needs `inspectFunctionName` and its right
   * (`grantInspect` of the construct). Throws SurehookError.
   */
  get(key: DeliveryKey): Promise<DeliveryState | undefined>;
};

/** A request on its way. One that is refused ends in the intake dead-letter queue. */
export type Sent = { sent: true; message_id: string };

/** A client that leaves requests in the intake queue. */
export type SurehookByQueue = {
  /** Resolves once the request is in the queue. Throws SurehookError. */
  enqueue(request: EnqueueRequest): Promise<Sent>;
  /** Resolves with one result for each request, in order; as many share a message as fit. */
  enqueueMany(requests: readonly EnqueueRequest[]): Promise<(Sent | NotTaken)[]>;
  /** As by invoke. What is not committed when the message arrives is looked for again for a minute. */
  announce(deliveryUuids: readonly string[]): Promise<(Sent | NotTaken)[]>;
};
