import type { IntakeMessage } from './intake-message.ts';
import { isJsonObject } from '../runtime/json-object.ts';

/**
 * The messages of an event that the intake queue's event source hands over; undefined if it is anything else, such as a request.
 * A request never has a field `Records`; one inside an envelope that has is told what it is.
 */
export function intakeMessagesOf(event: unknown): IntakeMessage[] | undefined {
  const records: unknown = isJsonObject(event) ? event['Records'] : undefined;
  if (!Array.isArray(records) || records.length === 0) return undefined;
  const messages = records.flatMap((record: unknown) => intakeMessage(record) ?? []);
  return messages.length === records.length ? messages : undefined;
}

function intakeMessage(record: unknown): IntakeMessage | undefined {
  if (!isJsonObject(record) || record['eventSource'] !== 'aws:sqs' || !isJsonObject(record['attributes']))
    return undefined;
  const { messageId, receiptHandle, body } = record;
  const sentAtMs = Number(record['attributes']['SentTimestamp']);
  const receives = Number(record['attributes']['ApproximateReceiveCount']);
  if (typeof messageId !== 'string' || typeof receiptHandle !== 'string' || typeof body !== 'string') return undefined;
  if (!Number.isFinite(sentAtMs) || !(receives >= 1)) return undefined;
  return { messageId, receiptHandle, body, sentAtMs, receives };
}
