import type { MarkerQueue } from '../delivery/pending-marker.ts';
import type { Clock } from '../runtime/clock.ts';
import { MARKER_HELD_SECONDS, MARKERS_A_SWEEP, QUEUE_BATCH_ENTRIES } from '../runtime/limits.ts';
import type { HeldMarker, Markers } from '../sweep/markers.ts';
import type { SqsCalls } from './clients.ts';
import type { ReceivedMessage } from './sqs-operations.ts';
import { timedTry } from './timed-try.ts';

/** A statement waits for its marker: longer than the usual answer takes a hundred times over, shorter than its caller would mind. */
const PUT_MS = 2_000;
/** A poll that is answered after a second has asked every server of the queue; a short one asks some. */
const POLL_SECONDS = 1;
const CALL_MS = 5_000;
/** SQS takes no empty body. It says nothing: that the message is there says all. */
const BODY = 'pending';

/** The markers' queue on SQS, for those who put them. */
export function createSqsMarkerQueue(client: SqsCalls, queueUrl: string, clock: Clock): MarkerQueue {
  return {
    async put() {
      const marker = { QueueUrl: queueUrl, MessageBody: BODY };
      return await isDone(
        timedTry(clock, PUT_MS, (abortSignal) => client.call('SendMessage', marker, { abortSignal })),
      );
    },
  };
}

/** The same for the sweep. */
export function createSqsMarkers(client: SqsCalls, queueUrl: string, clock: Clock): Markers {
  const receive = {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: QUEUE_BATCH_ENTRIES,
    MessageSystemAttributeNames: ['SentTimestamp'],
    VisibilityTimeout: MARKER_HELD_SECONDS,
    WaitTimeSeconds: POLL_SECONDS,
  };

  /** Whatever it does not reach shows again by itself. */
  async function inBatches(
    markers: readonly HeldMarker[],
    send: (batch: { Id: string; ReceiptHandle: string }[], abortSignal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    for (let from = 0; from < markers.length; from += QUEUE_BATCH_ENTRIES) {
      const batch = markers.slice(from, from + QUEUE_BATCH_ENTRIES);
      const entries = batch.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
      await isDone(timedTry(clock, CALL_MS, (abortSignal) => send(entries, abortSignal)));
    }
  }

  return {
    ...createSqsMarkerQueue(client, queueUrl, clock),
    async take() {
      const held: HeldMarker[] = [];
      while (held.length < MARKERS_A_SWEEP) {
        try {
          const { Messages = [] } = await timedTry(clock, CALL_MS, (abortSignal) =>
            client.call('ReceiveMessage', receive, { abortSignal }),
          );
          if (Messages.length === 0) break;
          held.push(...Messages.map(heldMarker));
        } catch {
          return held.length > 0 ? held : undefined;
        }
      }
      return held;
    },
    hide: (markers, seconds) =>
      inBatches(markers, (batch, abortSignal) => {
        const Entries = batch.map((entry) => ({ ...entry, VisibilityTimeout: Math.floor(seconds) }));
        return client.call('ChangeMessageVisibilityBatch', { QueueUrl: queueUrl, Entries }, { abortSignal });
      }),
    remove: (markers) =>
      inBatches(markers, (Entries, abortSignal) =>
        client.call('DeleteMessageBatch', { QueueUrl: queueUrl, Entries }, { abortSignal }),
      ),
  };
}

/** One whose age cannot be read is young, and stays. */
function heldMarker({ ReceiptHandle = '', Attributes }: ReceivedMessage): HeldMarker {
  const sentAtMs = Number(Attributes?.['SentTimestamp']);
  return { receiptHandle: ReceiptHandle, sentAtMs: Number.isFinite(sentAtMs) ? sentAtMs : Infinity };
}

async function isDone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch {
    return false;
  }
}
