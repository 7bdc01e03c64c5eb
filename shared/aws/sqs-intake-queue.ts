import type { Clock } from '../runtime/clock.ts';
import type { IntakeQueue } from '../enqueue/enqueue-from-intake.ts';
import type { PostponedMessage } from '../enqueue/intake-message.ts';
import { QUEUE_BATCH_ENTRIES } from '../runtime/limits.ts';
import type { SqsCalls } from './clients.ts';

/** If there is no answer by then, the messages come again after the queue's own visibility timeout: nothing is lost. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * The intake queue on SQS. A message that is put off stays the same message: its visibility timeout is shortened, and its
 * batch reports it as failed.
 */
export function createSqsIntakeQueue(client: SqsCalls, queueUrl: string, clock: Clock): IntakeQueue {
  async function untoldOf(messages: readonly PostponedMessage[]): Promise<PostponedMessage[]> {
    const abort = new AbortController();
    const cancel = clock.after(CALL_TIMEOUT_MS, () => abort.abort());
    try {
      const Entries = messages.map(({ receiptHandle, seconds }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }));
      const batch = { QueueUrl: queueUrl, Entries };
      const { Failed = [] } = await client.call('ChangeMessageVisibilityBatch', batch, { abortSignal: abort.signal });
      const failed = new Set(Failed.map(({ Id }) => Id));
      return messages.filter((_, index) => failed.has(String(index)));
    } catch {
      return [...messages];
    } finally {
      cancel();
    }
  }

  return {
    async postpone(messages) {
      const untold: PostponedMessage[] = [];
      for (let from = 0; from < messages.length; from += QUEUE_BATCH_ENTRIES) {
        untold.push(...(await untoldOf(messages.slice(from, from + QUEUE_BATCH_ENTRIES))));
      }
      return { untold };
    },
  };
}
