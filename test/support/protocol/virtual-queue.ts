import { formatDeliveryMessage, type OutgoingMessage, splitDelay } from '../../../shared/delivery/delivery-message.ts';
import { QUEUE_BATCH_ENTRIES, visibilityTimeoutSeconds } from '../../../shared/runtime/limits.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

export type QueuedMessage = { messageId: string; body: string; messageGroup: string | undefined; receives: number };

/** What becomes of the run's n-th message. */
export type MessageFault = { message: number; kind: 'lost' | 'duplicated' };

const POLL_MS = 20;
/** How long after its original a duplicate comes: together with it, while it is worked on, after its lease. */
const DUPLICATES_SECONDS = [0, 3, 15, 80, 400];
/** Ends every message at the dead-letter queue that came back so often. */
const MAX_RECEIVES = 10;

/**
 * A standard queue in virtual time: at least once, in no order, and messages get lost. Hands batches to `receive` whenever
 * one is visible and a worker is free; what is not deleted becomes visible again after the visibility timeout.
 */
export class VirtualQueue {
  sent = 0;
  readonly #time: VirtualTime;
  readonly #faults: ReadonlyMap<number, MessageFault['kind']>;
  readonly #options: { functionSeconds: number; workers: number; random: () => number };
  readonly #receive: (messages: readonly QueuedMessage[]) => Promise<{ comeAgain: ReadonlySet<string> }>;
  #visible: QueuedMessage[] = [];
  #busy = 0;

  constructor(
    time: VirtualTime,
    faults: readonly MessageFault[],
    options: {
      functionSeconds: number;
      workers: number;
      random: () => number;
      /** Settles when the invocation ended, however it ended. */
      receive: (messages: readonly QueuedMessage[]) => Promise<{ comeAgain: ReadonlySet<string> }>;
    },
  ) {
    this.#time = time;
    this.#faults = new Map(faults.map(({ message, kind }) => [message, kind]));
    this.#options = options;
    this.#receive = options.receive;
  }

  put(messages: readonly OutgoingMessage[]): void {
    for (const { delaySeconds, messageGroup, ...message } of messages) {
      const fault = this.#faults.get(this.sent);
      const { hopSeconds, remainingSeconds } = splitDelay(delaySeconds);
      const queued = {
        messageId: `message-${this.sent++}`,
        body: formatDeliveryMessage({ ...message, remainingSeconds }),
        messageGroup,
        receives: 0,
      };
      if (fault === 'lost') continue;
      this.#show(queued, hopSeconds);
      if (fault !== 'duplicated') continue;
      const lateSeconds = DUPLICATES_SECONDS[Math.floor(this.#options.random() * DUPLICATES_SECONDS.length)] ?? 0;
      this.#show({ ...queued, messageId: `${queued.messageId}-again` }, hopSeconds + lateSeconds);
    }
  }

  /** What another version, or nobody of ours, has sent. */
  putUnreadable(): void {
    this.#show({ messageId: 'unreadable', body: '{"v":2}', messageGroup: undefined, receives: 0 }, 0);
  }

  #show(message: QueuedMessage, delaySeconds: number): void {
    this.#time.after(delaySeconds * 1000, () => {
      this.#visible.push(message);
      // Messages that become visible together are handed over together.
      this.#time.after(POLL_MS, () => this.#serve());
    });
  }

  #serve(): void {
    if (this.#busy >= this.#options.workers || this.#visible.length === 0) return;
    this.#busy++;
    const share = 1 + Math.floor(this.#options.random() * QUEUE_BATCH_ENTRIES);
    const batch = this.#visible.splice(0, share).map((message) => ({ ...message, receives: message.receives + 1 }));
    const visibilitySeconds = visibilityTimeoutSeconds(this.#options.functionSeconds);
    void this.#receive(batch).then(({ comeAgain }) => {
      this.#busy--;
      for (const message of batch) {
        if (comeAgain.has(message.messageId) && message.receives < MAX_RECEIVES) this.#show(message, visibilitySeconds);
      }
      this.#serve();
    });
    this.#serve();
  }
}
