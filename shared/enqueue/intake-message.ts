import type { Clock } from '../runtime/clock.ts';
import type { ItemFailed, RefusalType } from './enqueue-items.ts';
import { pauseInOutage } from './outage-pause.ts';

export type IntakeMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  /** By the queue's clock, milliseconds since the epoch. */
  sentAtMs: number;
  /** How often the queue has handed it out, this time included. */
  receives: number;
};

export type PostponedMessage = { messageId: string; receiptHandle: string; seconds: number };

export type RejectedMessage = {
  messageId: string;
  body: string;
  errorType: RefusalType | 'DeliveryNotFound';
  errorMessage: string;
};

/** What happens to a message. Nothing of a message that comes again is moved yet, whatever else is wrong with it. */
export type IntakeOutcome =
  | { kind: 'done' }
  | { kind: 'failed'; messageId: string; items: ItemFailed[]; postponed: PostponedMessage[] }
  | { kind: 'postponed'; message: PostponedMessage }
  | { kind: 'rejected'; message: RejectedMessage };

/** Of a message of which something failed through no fault of its own: it comes again, after an outage soon. */
export function failedOutcome(message: IntakeMessage, items: ItemFailed[], clock: Clock): IntakeOutcome {
  const { messageId, receiptHandle, receives } = message;
  // Any other fault may be the message's own, and then the queue's longer time is right.
  const isOutage = items.some(({ because }) => because === 'unavailable');
  const postponed = isOutage ? [{ messageId, receiptHandle, seconds: pauseInOutage(receives, clock.random()) }] : [];
  return { kind: 'failed', messageId, items, postponed };
}

/** How long ago a message was sent. */
export function ageSecondsOf({ sentAtMs }: IntakeMessage, clock: Clock): number {
  return (clock.nowMs() - sentAtMs) / 1000;
}
