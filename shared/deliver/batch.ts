import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { CallLimit } from '../delivery/delivery-store.ts';
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

/** `seconds` from now, and never past the end of the invocation. */
export function callLimit({ parts, endsAtMonotonicMs }: Batch, seconds: number): CallLimit {
  return { untilMonotonicMs: Math.min(endsAtMonotonicMs, parts.clock.monotonicMs() + seconds * 1000) };
}
