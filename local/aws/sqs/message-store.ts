import { InFlight } from './in-flight.ts';
import { IndexedHeap } from './indexed-heap.ts';
import type { StoredMessage } from './message.ts';
import { VisibleMessages } from './visible-messages.ts';

export type QueueDepth = { visible: number; inFlight: number; delayed: number };

/**
 * The messages of one queue by their state. It has no clock: `catchUp` tells it the time. Every message is either visible or
 * waiting, and what is in flight is counted in the same step as it moves.
 */
export class MessageStore {
  #messages = new Map<string, StoredMessage>();
  #visible = new VisibleMessages<StoredMessage>();
  /** Delayed and in flight, by when they become visible. */
  #waiting = new IndexedHeap<StoredMessage>();
  #byAge = new IndexedHeap<StoredMessage>();
  #inFlight = new InFlight();

  get(id: string): StoredMessage | undefined {
    return this.#messages.get(id);
  }

  /** In the order they came, whatever their state. */
  all(): IteratorObject<StoredMessage> {
    return this.#messages.values();
  }

  depth(): QueueDepth {
    const inFlight = this.#inFlight.total;
    return { visible: this.#visible.size, inFlight, delayed: this.#waiting.size - inFlight };
  }

  /** When the next message becomes visible; undefined while none waits. */
  nextVisibleAtMs(): number | undefined {
    return this.#waiting.first()?.key;
  }

  addVisible(message: StoredMessage): void {
    this.#add(message);
    this.#show(message);
  }

  addDelayed(message: StoredMessage, visibleAtMs: number): void {
    this.#add(message);
    this.#wait(message, visibleAtMs);
    message.state = 'delayed';
  }

  /** The next visible message. It stays visible until it is put in flight or removed. */
  takeVisible(): StoredMessage | undefined {
    return this.#visible.take(
      (groupId) => this.#inFlight.isNoisy(groupId),
      (place) => (place.value.place = place),
    );
  }

  putInFlight(message: StoredMessage, visibleAtMs: number): void {
    this.#wait(message, visibleAtMs);
    message.state = 'in flight';
    this.#inFlight.add(message.groupId);
  }

  remove(message: StoredMessage): void {
    this.#leave(message);
    if (message.agePlace !== undefined) this.#byAge.remove(message.agePlace);
    this.#messages.delete(message.id);
  }

  /**
   * Makes messages visible that have waited long enough at `nowMs`, and drops those first sent at `expiredAtMs` or before.
   */
  catchUp(nowMs: number, expiredAtMs: number): void {
    for (let next = this.#waiting.first(); next !== undefined && next.key <= nowMs; next = this.#waiting.first()) {
      this.#show(next.value);
    }
    for (let oldest = this.#byAge.first(); oldest !== undefined; oldest = this.#byAge.first()) {
      if (oldest.key > expiredAtMs) return;
      this.remove(oldest.value);
    }
  }

  #add(message: StoredMessage): void {
    this.#messages.set(message.id, message);
    message.agePlace = this.#byAge.push(message.sentAtMs, message);
  }

  #show(message: StoredMessage): void {
    this.#leave(message);
    message.state = 'visible';
    message.place = this.#visible.add(message);
  }

  #wait(message: StoredMessage, visibleAtMs: number): void {
    this.#leave(message);
    message.visibleAtMs = visibleAtMs;
    message.place = this.#waiting.push(visibleAtMs, message);
  }

  #leave(message: StoredMessage): void {
    const { place } = message;
    if (place === undefined) return;
    if (message.state === 'in flight') this.#inFlight.remove(message.groupId);
    place.heap.remove(place);
    message.place = undefined;
  }
}
