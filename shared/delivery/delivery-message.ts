import { formatWrittenOutcome, isToken, parseWrittenOutcome, type WrittenOutcome } from './outcome-message.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { MAX_CHAINED_DELAY_SECONDS, MAX_QUEUE_DELAY_SECONDS } from '../runtime/limits.ts';

/** The hint that a delivery may be due, as it travels through the delivery queue. */
export type DeliveryMessage = {
  deliveryId: number;
  /** The attempt this message asks for; the claim ignores any other. */
  attempt: number;
  /** What is left of the delay when the message arrives. If anything is left, the message is sent on. */
  remainingSeconds: number;
  /** Set if this message does not ask for the attempt but reports its outcome. */
  outcome?: WrittenOutcome;
  /** Of claims that were never answered, and made no attempt: the one that holds the delivery all the same is given back. */
  lostTokens?: readonly string[];
};

/** `delaySeconds` until the delivery is due; 0 is now. The queue carries a long delay in hops. */
export type OutgoingMessage = {
  deliveryId: number;
  attempt: number;
  delaySeconds: number;
  messageGroup: string | undefined;
  outcome?: WrittenOutcome;
  lostTokens?: readonly string[];
};

/** Fair queues: a noisy organization delays its own deliveries, not the others'. */
export function messageGroupOf(organizationId: number): string {
  return `organization-${organizationId}`;
}

/** The body of a message on the queue. */
export function formatDeliveryMessage(message: DeliveryMessage): string {
  const { deliveryId, attempt, remainingSeconds, outcome, lostTokens } = message;
  return JSON.stringify({
    v: 1,
    delivery_id: deliveryId,
    attempt,
    remaining_seconds: remainingSeconds,
    outcome: outcome && formatWrittenOutcome(outcome),
    // Two messages that came together may know more than one may carry.
    lost_tokens: lostTokens?.slice(-MAX_LOST_TOKENS),
  });
}

/**
 * So many tokens of lost claims are remembered, the latest: a claim that fails comes again after 35 s at the least, and the Data
 * API ends a statement after 45 s, so that an older one carries nothing out any more.
 */
const MAX_LOST_TOKENS = 5;

/** An attempt number larger than PostgreSQL's integer would make the claim of its whole batch fail. */
const MAX_INTEGER_COLUMN = 2 ** 31 - 1;

/** Undefined for anything this version does not understand: such a message goes to the dead-letter queue and is never dropped. */
export function parseDeliveryMessage(body: string): DeliveryMessage | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isJsonObject(parsed)) return undefined;
  const { v, delivery_id: deliveryId, attempt, remaining_seconds: remainingSeconds } = parsed;
  if (v !== 1 || !isCount(deliveryId) || !isCount(attempt) || attempt > MAX_INTEGER_COLUMN) return undefined;
  if (remainingSeconds !== 0 && !isCount(remainingSeconds)) return undefined;
  if (remainingSeconds > MAX_CHAINED_DELAY_SECONDS) return undefined;
  const { outcome: told, lost_tokens: lostTokens } = parsed;
  const outcome = told === undefined ? undefined : parseWrittenOutcome(told);
  if (told !== undefined && outcome === undefined) return undefined;
  if (lostTokens !== undefined && !isTokenList(lostTokens)) return undefined;
  return { deliveryId, attempt, remainingSeconds, ...(outcome && { outcome }), ...(lostTokens && { lostTokens }) };
}

/** One hop of a delay: how long the queue itself waits, and what is left for the message to carry. */
export function splitDelay(delaySeconds: number): { hopSeconds: number; remainingSeconds: number } {
  const whole = Math.max(0, Math.ceil(delaySeconds));
  const hopSeconds = Math.min(whole, MAX_QUEUE_DELAY_SECONDS);
  return { hopSeconds, remainingSeconds: whole - hopSeconds };
}

/** Whether a chain of messages may wait this long. If not, no message is sent, and the sweep hands the delivery out. */
export function isWithinChain(delaySeconds: number): boolean {
  return delaySeconds <= MAX_CHAINED_DELAY_SECONDS;
}

function isTokenList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_LOST_TOKENS && value.every(isToken);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
