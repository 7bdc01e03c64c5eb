import type { Timers } from '../../timers.ts';
import { LongPolls, type LongPoll } from './long-polls.ts';
import {
  peekedMessage,
  receivedMessage,
  sentMessage,
  storedMessage,
  type OutgoingMessage,
  type PeekedMessage,
  type ReceivedMessage,
  type SentMessage,
  type StoredMessage,
} from './message.ts';
import { MessageStore, type QueueDepth } from './message-store.ts';
import type { QueueSettings } from './queue-settings.ts';
import { readReceiptHandle, receiptHandle } from './receipt-handle.ts';

export type ReceiveRequest = {
  /** 1-10. */
  max: number;
  waitMs: number;
  /** Undefined: the queue's own. */
  visibilityTimeoutSeconds?: number | undefined;
  signal: AbortSignal;
};

/** The outcome of a call that names a receipt handle. `gone`: deleted, expired, or received again since. */
export type ReceiptResult = 'done' | 'gone' | 'beyond 12 hours' | 'malformed';

type Surroundings = {
  timers: Timers;
  /** The queue that takes messages received too often; undefined while no queue has that ARN. */
  deadLetterQueue: (arn: string) => Queue | undefined;
};

/** "For most standard queues … approximately 120,000 in flight messages" (ReceiveMessage). */
export const MAX_IN_FLIGHT = 120_000;
/** A message is in flight for at most 12 hours from its receive, however often that is extended. */
const MAX_IN_FLIGHT_MS = 12 * 3600 * 1000;
/** "The message deletion process takes up to 60 seconds." (PurgeQueue) */
const PURGE_MS = 60_000;

/**
 * A standard queue in memory. A timer runs, for the earliest delayed or in-flight message, only during a long poll;
 * otherwise each call first catches up with the clock, so that an unused queue costs nothing.
 */
export class Queue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly createdAtMs: number;
  settings: Readonly<QueueSettings>;
  readonly #around: Surroundings;
  readonly #polls: LongPolls;
  readonly #messages = new MessageStore();
  #purgedUntilMs = 0;
  #serveIsDue = false;
  #cancelTimer: () => void = () => {};

  constructor(identity: { name: string; arn: string; url: string }, settings: QueueSettings, around: Surroundings) {
    this.name = identity.name;
    this.arn = identity.arn;
    this.url = identity.url;
    this.settings = settings;
    this.createdAtMs = around.timers.nowMs();
    this.#around = around;
    this.#polls = new LongPolls(around.timers);
  }

  /** Takes the message as it is: the caller must refuse what SQS refuses (message-rules.ts). */
  send(message: OutgoingMessage): SentMessage {
    const nowMs = this.#around.timers.nowMs();
    const stored = storedMessage(message, nowMs);
    const delaySeconds = message.delaySeconds ?? this.settings.delaySeconds;
    if (delaySeconds > 0) this.#messages.addDelayed(stored, nowMs + delaySeconds * 1000);
    else this.#messages.addVisible(stored);
    this.#announce();
    return sentMessage(stored);
  }

  /** Resolves with up to `max` messages as soon as there is one, else with none after `waitMs` or when aborted. */
  async receive(request: ReceiveRequest): Promise<ReceivedMessage[]> {
    if (request.signal.aborted) return [];
    const seconds = request.visibilityTimeoutSeconds ?? this.settings.visibilityTimeoutSeconds;
    const poll = { max: request.max, visibilityTimeoutMs: seconds * 1000 };
    const messages = this.#take(poll);
    if (messages.length > 0 || request.waitMs <= 0) return messages;
    const wait = this.#polls.wait(poll, request.waitMs, request.signal);
    this.#armTimer();
    return wait;
  }

  /** `done`, or `gone` if there is nothing left to delete (SQS calls both a success), or `malformed`. */
  delete(handle: string): ReceiptResult {
    const message = this.#messageOf(handle);
    if (typeof message === 'string') return message;
    this.#messages.remove(message);
    return 'done';
  }

  /**
   * Counts the new timeout from now; 0 makes the message visible at once. SQS takes it even when the timeout has run out, as
   * long as nobody has received the message since: it is then in flight again.
   */
  changeVisibility(handle: string, timeoutSeconds: number): ReceiptResult {
    const message = this.#messageOf(handle);
    if (typeof message === 'string') return message;
    const visibleAtMs = this.#around.timers.nowMs() + timeoutSeconds * 1000;
    if (visibleAtMs > message.lastReceivedAtMs + MAX_IN_FLIGHT_MS) return 'beyond 12 hours';
    this.#messages.putInFlight(message, visibleAtMs);
    this.#announce();
    return 'done';
  }

  depth(): QueueDepth {
    this.#catchUp();
    return this.#messages.depth();
  }

  /** Up to `limit` messages in the order they came, received or not; changes nothing. */
  peek(limit: number): PeekedMessage[] {
    this.#catchUp();
    return [...this.#messages.all().take(limit)].map(peekedMessage);
  }

  /** Drops every message, whatever its state. SQS takes 60 seconds over it and allows no second purge meanwhile. */
  purge(): 'done' | 'still purging' {
    const nowMs = this.#around.timers.nowMs();
    if (nowMs < this.#purgedUntilMs) return 'still purging';
    this.#purgedUntilMs = nowMs + PURGE_MS;
    for (const message of this.#messages.all()) this.#messages.remove(message);
    return 'done';
  }

  /** Removes for good the visible messages that `wanted` picks. */
  drain(wanted: (message: StoredMessage) => boolean): StoredMessage[] {
    this.#catchUp();
    const drained = [...this.#messages.all()].filter((message) => message.state === 'visible' && wanted(message));
    for (const message of drained) this.#messages.remove(message);
    return drained;
  }

  /** Takes over a message of another queue, to be received at once, its age and receive count kept. */
  adopt(message: StoredMessage): void {
    this.#messages.addVisible(message);
    this.#announce();
  }

  #messageOf(handle: string): StoredMessage | 'gone' | 'malformed' {
    const receipt = readReceiptHandle(this.name, handle);
    if (receipt === undefined) return 'malformed';
    this.#catchUp();
    const message = this.#messages.get(receipt.messageId);
    return message?.receiveCount === receipt.receiveCount ? message : 'gone';
  }

  #take(poll: LongPoll): ReceivedMessage[] {
    this.#catchUp();
    const taken: ReceivedMessage[] = [];
    while (taken.length < poll.max && this.#messages.depth().inFlight < MAX_IN_FLIGHT) {
      const message = this.#messages.takeVisible();
      if (message === undefined) break;
      if (!this.#deadLetter(message)) taken.push(this.#handOut(message, poll.visibilityTimeoutMs));
    }
    return taken;
  }

  #handOut(message: StoredMessage, visibilityTimeoutMs: number): ReceivedMessage {
    const nowMs = this.#around.timers.nowMs();
    message.receiveCount += 1;
    message.firstReceivedAtMs ??= nowMs;
    message.lastReceivedAtMs = nowMs;
    this.#messages.putInFlight(message, nowMs + visibilityTimeoutMs);
    const receipt = { messageId: message.id, receiveCount: message.receiveCount };
    return receivedMessage(message, receiptHandle(this.name, receipt));
  }

  /** SQS moves a message at the receive that would exceed `maxReceiveCount`, not before. */
  #deadLetter(message: StoredMessage): boolean {
    const { redrive } = this.settings;
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = this.#around.deadLetterQueue(redrive.deadLetterTargetArn);
    if (target === undefined || target === this) return false;
    this.#messages.remove(message);
    message.sourceArn = this.arn;
    target.adopt(message);
    return true;
  }

  #catchUp(): void {
    const nowMs = this.#around.timers.nowMs();
    this.#messages.catchUp(nowMs, nowMs - this.settings.retentionSeconds * 1000);
  }

  /** Serves the polls after the whole batch of the caller has been added, so that one poll can take all of it. */
  #announce(): void {
    if (this.#polls.size === 0 || this.#serveIsDue) return;
    this.#serveIsDue = true;
    queueMicrotask(() => {
      this.#serveIsDue = false;
      this.#servePolls();
    });
  }

  #servePolls(): void {
    this.#polls.serve((poll) => this.#take(poll));
    this.#armTimer();
  }

  #armTimer(): void {
    this.#cancelTimer();
    const nextMs = this.#messages.nextVisibleAtMs();
    if (nextMs === undefined || this.#polls.size === 0) return;
    const { timers } = this.#around;
    this.#cancelTimer = timers.after(Math.max(0, nextMs - timers.nowMs()), () => this.#servePolls());
  }
}
