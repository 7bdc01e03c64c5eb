import type { OutgoingMessage } from './delivery-message.ts';

/** The queue of hints. Losing every message costs time, never a delivery. */
export type DeliveryQueue = {
  /**
   * Sends each message with its delay, or with the first hop of it. Never rejects: it returns what could not be sent after
   * bounded retries (and may have been sent after all).
   */
  send(messages: readonly OutgoingMessage[]): Promise<{ unsent: OutgoingMessage[] }>;
  /** Moves messages nobody understands to the dead-letter queue, bodies unchanged. Returns those it could not move. */
  setAside(messages: readonly UnreadableMessage[]): Promise<{ unsent: UnreadableMessage[] }>;
};

export type UnreadableMessage = { messageId: string; body: string; reason: string };
