import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import { messageGroupOf } from '../delivery/delivery-message.ts';
import type { NextDelivery, OrderingKey } from '../delivery/ordering-key.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import type { RetryPolicy } from '../delivery/retry-policy.ts';
import type { LogPayload } from '../observe/log-payload.ts';
import type { SafeLog } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Announcer } from '../outcomes/announcer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AttemptReport } from './attempt-delivery.ts';
import type { DeliverStore } from './deliver-store.ts';

export type DeliverParts = {
  store: DeliverStore;
  announcer: Announcer;
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
  logPayload: LogPayload;
};

/** One invocation: what it works with, and when it is killed. */
export type Batch = { parts: DeliverParts; endsAtMonotonicMs: number };

/** Ids of messages that must come again, because nothing durable replaces them yet. */
export type ComeAgain = readonly string[];

/** One delivery that the messages of a batch ask for, and the messages themselves. */
export type Asked = {
  deliveryId: number;
  /** Several if messages for different attempts came together: the claim takes the right one. */
  attempts: readonly number[];
  messageGroup: string | undefined;
  /** Tokens of claims that were never answered. What they hold is given back before this claim is made. */
  lostTokens?: readonly string[];
  /** No message asks for it: it follows another of its key that has just ended. */
  ordering?: OrderingKey;
  messageIds: ComeAgain;
};

/** Whoever comes next of its key, without a message. */
export function askedInOrder({
  deliveryId,
  attempt,
  organizationId,
  orderingKey,
}: Omit<NextDelivery, 'delaySeconds'>): Asked {
  return {
    deliveryId,
    attempts: [attempt],
    messageGroup: messageGroupOf(organizationId),
    ordering: { organizationId, orderingKey },
    messageIds: [],
  };
}

/** Time reserved for the answer: if the invocation were killed, its whole batch would come again. */
const ANSWER_MS = 1_000;

/** `seconds` from now, and never past the end of the invocation. */
export function callLimit({ parts, endsAtMonotonicMs }: Batch, seconds: number): CallLimit {
  return { untilMonotonicMs: Math.min(endsAtMonotonicMs - ANSWER_MS, parts.clock.monotonicMs() + seconds * 1000) };
}
