import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import type { RetryPolicy } from '../delivery/retry-policy.ts';
import type { SafeLog } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import type { DeliverStore } from './deliver-store.ts';

export type DeliverParts = {
  store: DeliverStore;
  queue: DeliveryQueue;
  /** Makes the attempt; never rejects. */
  attempt: (delivery: ClaimedDelivery, mustStartByMonotonicMs: number) => Promise<AttemptReport>;
  clock: Clock;
  log: SafeLog;
  metrics: Metrics;
  retry: RetryPolicy;
  attemptTimeoutSeconds: number;
  leaseSeconds: number;
  headerPrefix: string;
};

/** One invocation: what it works with, and when it is killed. */
export type Batch = { parts: DeliverParts; endsAtMonotonicMs: number };

/** Ids of messages that must come again, because nothing durable stands for them yet. */
export type ComeAgain = readonly string[];

/** One delivery that a batch has been asked for, and the messages that ask. */
export type Asked = {
  deliveryId: number;
  /** More than one where messages for several attempts came together: the claim takes the true one. */
  attempts: readonly number[];
  messageGroup: string | undefined;
  /** Of claims that were never answered: given back before this one is made. */
  lostTokens?: readonly string[];
  messageIds: ComeAgain;
};

/** Kept for the answer: a killed invocation would return its whole batch. */
const ANSWER_MS = 1_000;

/** `seconds` from now, and never past the end of the invocation. */
export function callLimit({ parts, endsAtMonotonicMs }: Batch, seconds: number): CallLimit {
  return { untilMonotonicMs: Math.min(endsAtMonotonicMs - ANSWER_MS, parts.clock.monotonicMs() + seconds * 1000) };
}
