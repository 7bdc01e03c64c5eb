/** What makes a request idempotent, and so names its delivery. */
export type DeliveryKey = { workflowRunId: number; webhookNodeId: string };

/** Where a delivery stands. Times are RFC 3339 in UTC. */
export type DeliveryState = {
  /** The id that operators use. */
  delivery_id: number;
  /** Receivers get it with every attempt. */
  delivery_uuid: string;
  /** A dead letter is not tried again by itself. */
  status: 'pending' | 'succeeded' | 'dead_letter';
  /** The status, and of a pending one what it waits for: `due`, `in_flight`, `retrying`, `scheduled` and others. */
  phase: string;
  /** Requests made so far. */
  attempt_count: number;
  /** Requests that it may have at most. */
  max_attempts: number;
  /** When it is due; null once it is over. */
  scheduled_for: string | null;
  /** Of the last attempt; null if it had no response, or there was none. */
  last_status_code: number | null;
  /** Why the last attempt failed, in words; null if none failed. */
  last_error: string | null;
  /** Why a dead letter is one: `status`, `timeout`, `dns` and others. */
  dead_letter_reason: string | null;
  /** When it was enqueued. */
  created_at: string;
  /** When it last came to something. */
  updated_at: string;
  /** Sentences for people: why it is where it is, and what happens next. */
  explanation: string[];
};

/** Of all that the inspect function shows only the members of the type: others may change. */
export function deliveryStateOf(answer: unknown): DeliveryState {
  const { delivery, explanation } = answer as { delivery: DeliveryState; explanation: string[] };
  return {
    delivery_id: delivery.delivery_id,
    delivery_uuid: delivery.delivery_uuid,
    status: delivery.status,
    phase: delivery.phase,
    attempt_count: delivery.attempt_count,
    max_attempts: delivery.max_attempts,
    scheduled_for: delivery.scheduled_for,
    last_status_code: delivery.last_status_code,
    last_error: delivery.last_error,
    dead_letter_reason: delivery.dead_letter_reason,
    created_at: delivery.created_at,
    updated_at: delivery.updated_at,
    explanation,
  };
}
