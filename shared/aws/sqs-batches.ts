import type { Clock } from '../runtime/clock.ts';
import {
  CONCURRENT_BATCHES,
  MAX_ERROR_ATTRIBUTE_BYTES,
  MAX_QUEUE_MESSAGE_BYTES,
  QUEUE_BATCH_ENTRIES,
  SEND_BATCH_SECONDS,
  SENDS_PER_ENTRY,
} from '../runtime/limits.ts';
import type { SqsCalls } from './clients.ts';
import type { SendEntry, TextAttribute } from './sqs-operations.ts';
import { NoAnswer, timedTry } from './timed-try.ts';

/** Time for one try of a batch; the next has twice as long, and there are three. A message sent twice is only a spare hint. */
const FIRST_TRY_MS = 1_500;

export type Entry = Omit<SendEntry, 'Id'>;
export type Destination = { client: SqsCalls; clock: Clock; queueUrl: string };

/** A string attribute that SQS accepts: at most 1 KiB of UTF-8, or less, only allowed characters, never empty. */
export function textAttribute(text: string, maxBytes = MAX_ERROR_ATTRIBUTE_BYTES): TextAttribute {
  const clean = text
    .toWellFormed()
    // Everything outside the XML characters that SQS allows, and line breaks: attributes are one line here.
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001F\uFFFE\uFFFF]/g, ' ');
  const bytes = Buffer.from(clean, 'utf8');
  let end = Math.min(bytes.byteLength, maxBytes);
  // Do not cut within a character: continuation bytes are 10xxxxxx.
  while (end < bytes.byteLength && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { DataType: 'String', StringValue: bytes.subarray(0, end).toString('utf8') || ' ' };
}

/**
 * Sends in batches of ten, concurrently, and checks `Failed[]`. Never rejects: returns the items that were not sent. A send
 * without an answer may have happened and is repeated anyway: a second message for a delivery finds it claimed or done, and a
 * second copy in a dead-letter queue is only read by people.
 */
export async function sendInBatches<T>(
  to: Destination,
  items: readonly T[],
  entryOf: (item: T) => Entry,
): Promise<T[]> {
  const batches = batchesOf(items.map((item) => ({ item, entry: entryOf(item) })));
  const unsent: T[] = [];
  async function sendNext(): Promise<void> {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      unsent.push(...(await sendBatch(to, batch)));
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_BATCHES, batches.length) }, sendNext));
  return unsent;
}

type Packed<T> = { item: T; entry: Entry };

async function sendBatch<T>({ client, clock, queueUrl }: Destination, packed: readonly Packed<T>[]): Promise<T[]> {
  const until = clock.monotonicMs() + SEND_BATCH_SECONDS * 1000;
  let left = [...packed];
  let tryMs = FIRST_TRY_MS;
  let answers = 0;
  while (left.length > 0 && answers < SENDS_PER_ENTRY && clock.monotonicMs() < until) {
    const entries = left.map(({ entry }, index) => ({ Id: String(index), ...entry }));
    const batch = { QueueUrl: queueUrl, Entries: entries };
    try {
      const answer = await timedTry(clock, Math.min(tryMs, until - clock.monotonicMs()), (abortSignal) =>
        client.call('SendMessageBatch', batch, { abortSignal }),
      );
      answers++;
      const failed = new Set((answer.Failed ?? []).map((failure) => failure.Id));
      left = left.filter((_, index) => failed.has(String(index)));
    } catch (error) {
      // Of other faults those that pass have been repeated.
      if (!(error instanceof NoAnswer)) break;
      tryMs *= 2;
    }
  }
  return left.map(({ item }) => item);
}

function batchesOf<T>(packed: readonly Packed<T>[]): Packed<T>[][] {
  const batches: Packed<T>[][] = [];
  let bytes = 0;
  for (const one of packed) {
    const size = Buffer.byteLength(one.entry.MessageBody) + 2 * MAX_ERROR_ATTRIBUTE_BYTES;
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === QUEUE_BATCH_ENTRIES || bytes + size > MAX_QUEUE_MESSAGE_BYTES) {
      batches.push([one]);
      bytes = size;
    } else {
      batch.push(one);
      bytes += size;
    }
  }
  return batches;
}
