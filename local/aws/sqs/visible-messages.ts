import { IndexedHeap, type Place } from './indexed-heap.ts';

type Grouped = { groupId: string | undefined };

/**
 * The messages of a queue that can be received now, oldest first; those of noisy groups come after everybody else's.
 * A noisy group's messages are set aside once each as they reach the head of the line, so that a backlog of one group
 * is not searched through for every message of another.
 */
export class VisibleMessages<M extends Grouped> {
  #line = new IndexedHeap<M>();
  #aside = new Map<string, IndexedHeap<M>>();
  #nextTurn = 0;

  get size(): number {
    let size = this.#line.size;
    for (const backlog of this.#aside.values()) size += backlog.size;
    return size;
  }

  add(message: M): Place<M> {
    return this.#line.push(this.#nextTurn++, message);
  }

  /** The next message to hand out. `moved` is called for each message set aside, with its new place. */
  take(isNoisy: (groupId: string) => boolean, moved: (place: Place<M>) => void): M | undefined {
    // A group that has become quiet again goes first: its messages have waited longest.
    for (const [groupId, backlog] of this.#aside) {
      if (backlog.size === 0) this.#aside.delete(groupId);
      else if (!isNoisy(groupId)) return backlog.takeFirst()?.value;
    }
    for (let head = this.#line.takeFirst(); head !== undefined; head = this.#line.takeFirst()) {
      const { groupId } = head.value;
      if (groupId === undefined || !isNoisy(groupId)) return head.value;
      moved(this.#backlogOf(groupId).push(head.key, head.value));
    }
    for (const backlog of this.#aside.values()) {
      const next = backlog.takeFirst();
      if (next !== undefined) return next.value;
    }
    return undefined;
  }

  #backlogOf(groupId: string): IndexedHeap<M> {
    const backlog = this.#aside.get(groupId) ?? new IndexedHeap<M>();
    this.#aside.set(groupId, backlog);
    return backlog;
  }
}
