import type { ReceivedMessage } from '../sqs/service.ts';
import type { StackEventSourceMapping } from '../../template/stack-description.ts';
import { systemTimers, type Timers } from '../../timers.ts';
import { batchVerdict } from './batch-answer.ts';
import type { InvocationResult } from './invocation.ts';
import { sqsBatches, type SqsBatch } from './sqs-event.ts';

/**
 * Lambda begins with five concurrent batches and adds up to 300 a minute (AWS manual, SQS event source scaling). Here one is
 * added four times as fast, so that a few slow receivers do not hold up the others; a process for it starts only while the
 * machine has time for one.
 */
const FIRST_CONCURRENCY = 5;
const GROWTH_INTERVAL_MS = 50;
/** For a mapping without a maximum; the function's own concurrency then limits it. */
const DEFAULT_MAX_CONCURRENCY = 1_000;
/** Most that SQS hands out at once. */
const MAX_RECEIVE = 10;
const LONG_POLL_MS = 20_000;
/**
 * How long a batch that is not full waits while the processors are busy, ms. On AWS, batches of one take no processor time
 * from others; here ten of them cost as much as fifty messages in batches of ten.
 */
const COMPANY_MS = 50;
/** An invocation takes 6 MB. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
/** A throttled batch is tried again with growing pauses; after the last it is left to its visibility timeout. */
const THROTTLE_PAUSES_MS = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];

/** The queue as its poller sees it; `Queue` of local/aws/sqs is one. */
export type EventSourceQueue = {
  receive: (request: { max: number; waitMs: number; signal: AbortSignal }) => Promise<ReceivedMessage[]>;
  delete: (receiptHandle: string) => unknown;
};

export type EventSourceSettings = {
  mapping: StackEventSourceMapping;
  queue: EventSourceQueue;
  invoke: (functionName: string, event: string) => Promise<InvocationResult>;
  /**
   * Resolves when a batch would be taken at once; until then messages stay in the queue, so that the next batch fills up.
   */
  untilFree?: (functionName: string) => Promise<void>;
  /** Whether the processors have no time to spare: a small batch then waits a moment for more messages. */
  isBusy?: () => boolean;
  /** One line for each batch in which some message was not deleted. */
  log: (line: string) => void;
  timers?: Timers;
};

export type EventSource = {
  /** Batches that may run at once, now. */
  concurrency: () => number;
  /** Stops receiving; batches under way end as they would have. */
  pause: () => void;
  /** Whether batches are under way. */
  isBusy: () => boolean;
  /** Stops receiving. Batches under way are abandoned: their messages become visible again after the visibility timeout. */
  stop: () => void;
};

/** Feeds a function from a queue: polls, invokes with batches, deletes what succeeded. */
export function startEventSource(settings: EventSourceSettings): EventSource {
  const poller = new EventSourcePoller(settings);
  if (settings.mapping.enabled) void poller.run();
  return {
    concurrency: () => poller.concurrency,
    pause: () => poller.pause(),
    isBusy: () => poller.isBusy(),
    stop: () => poller.stop(),
  };
}

/**
 * One receiver for all batches: while every slot is taken, messages collect in the queue, so that the next batch is full,
 * where many receivers would each take one message away.
 */
class EventSourcePoller {
  concurrency: number;
  readonly #settings: EventSourceSettings;
  readonly #timers: Timers;
  readonly #maximum: number;
  readonly #paused = new AbortController();
  readonly #stopped = new AbortController();
  #busy = 0;
  #wake: () => void = () => {};

  constructor(settings: EventSourceSettings) {
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
    this.#maximum = settings.mapping.maximumConcurrency ?? DEFAULT_MAX_CONCURRENCY;
    this.concurrency = Math.min(FIRST_CONCURRENCY, this.#maximum);
  }

  async run(): Promise<void> {
    while (!this.#paused.signal.aborted) {
      await this.#untilSlotIsFree();
      await this.#settings.untilFree?.(this.#settings.mapping.functionName);
      const messages = await this.#receiveBatch();
      if (this.#stopped.signal.aborted) return;
      if (messages.length === 0) this.#shrink();
      for (const batch of sqsBatches(messages, this.#settings.mapping.queueArn, MAX_EVENT_BYTES)) this.#start(batch);
    }
  }

  pause(): void {
    this.#paused.abort();
    this.#wake();
  }

  isBusy(): boolean {
    return this.#busy > 0;
  }

  stop(): void {
    this.#stopped.abort();
    this.pause();
  }

  /** While all slots are taken, one more is added every 50 ms; a slot without messages adds no other. */
  async #untilSlotIsFree(): Promise<void> {
    while (this.#busy >= this.concurrency && !this.#paused.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel =
        this.concurrency >= this.#maximum
          ? () => {}
          : this.#timers.after(GROWTH_INTERVAL_MS, () => {
              this.concurrency += 1;
              resolve();
            });
      await promise;
      cancel();
    }
  }

  /** A whole long poll without a message: the queue is idle. */
  #shrink(): void {
    this.concurrency = Math.max(Math.min(FIRST_CONCURRENCY, this.#maximum), this.#busy);
  }

  async #receiveBatch(): Promise<ReceivedMessage[]> {
    const { batchSize, windowSeconds } = this.#settings.mapping;
    const messages = await this.#receive(batchSize, LONG_POLL_MS);
    if (messages.length === 0) return messages;
    // Without a window one receive makes a batch, full or not.
    if (windowSeconds === 0 && batchSize <= MAX_RECEIVE) return this.#filledWhileBusy(messages, batchSize);
    const windowEndMs = this.#timers.nowMs() + windowSeconds * 1000;
    while (messages.length < batchSize && !this.#paused.signal.aborted) {
      const waitMs = windowEndMs - this.#timers.nowMs();
      const more = await this.#receive(batchSize - messages.length, Math.max(0, waitMs));
      if (more.length === 0) break;
      messages.push(...more);
    }
    return messages;
  }

  async #filledWhileBusy(messages: ReceivedMessage[], batchSize: number): Promise<ReceivedMessage[]> {
    if (messages.length === batchSize || this.#settings.isBusy?.() !== true) return messages;
    await new Promise<void>((resolve) => void this.#timers.after(COMPANY_MS, resolve));
    return [...messages, ...(await this.#receive(batchSize - messages.length, 0))];
  }

  #receive(max: number, waitMs: number): Promise<ReceivedMessage[]> {
    const { signal } = this.#paused;
    return this.#settings.queue.receive({ max: Math.min(max, MAX_RECEIVE), waitMs, signal });
  }

  #start(batch: SqsBatch): void {
    this.#busy += 1;
    void this.#process(batch)
      .catch((error: unknown) => this.#report(batch, String(error)))
      .finally(() => {
        this.#busy -= 1;
        this.#wake();
      });
  }

  async #process(batch: SqsBatch): Promise<void> {
    const result = await this.#invokeUnlessThrottledForLong(batch);
    if (this.#stopped.signal.aborted) return;
    switch (result.kind) {
      case 'returned':
        return this.#deleteSucceeded(batch, result.payload);
      case 'failed':
        return this.#report(batch, `${result.errorType}: ${result.errorMessage}`);
      case 'throttled':
        return this.#report(batch, result.reason);
      case 'stopped':
        return;
    }
  }

  async #invokeUnlessThrottledForLong(batch: SqsBatch): Promise<InvocationResult> {
    const { invoke, mapping } = this.#settings;
    let result = await invoke(mapping.functionName, batch.event);
    for (const pauseMs of THROTTLE_PAUSES_MS) {
      if (result.kind !== 'throttled' || this.#stopped.signal.aborted) break;
      await new Promise<void>((resolve) => void this.#timers.after(pauseMs, resolve));
      if (this.#stopped.signal.aborted) break;
      result = await invoke(mapping.functionName, batch.event);
    }
    return result;
  }

  #deleteSucceeded(batch: SqsBatch, answer: Buffer): void {
    const { mapping, queue } = this.#settings;
    const ids = new Set(batch.messages.map(({ messageId }) => messageId));
    const verdict = mapping.reportsBatchItemFailures ? batchVerdict(answer, ids) : ({ kind: 'all succeeded' } as const);
    if (verdict.kind === 'all failed') return this.#report(batch, verdict.because);
    for (const message of batch.messages) {
      if (verdict.kind === 'some failed' && verdict.messageIds.has(message.messageId)) continue;
      queue.delete(message.receiptHandle);
    }
    if (verdict.kind === 'some failed') this.#report(batch, `${verdict.messageIds.size} reported as failed`);
  }

  #report(batch: SqsBatch, reason: string): void {
    const { mapping, log } = this.#settings;
    log(`${mapping.functionName}: a batch of ${batch.messages.length} is not done: ${reason}`);
  }
}
