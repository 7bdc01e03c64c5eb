/**
 * SQS developer guide, "How Amazon SQS fair queues work": a group is noisy with more than 10 % of the messages in flight…
 */
const NOISY_SHARE = 0.1;
/** …and at least 30 messages of its own. */
const NOISY_MESSAGES = 30;

/** How much of a queue is being worked on, and by which message groups. */
export class InFlight {
  total = 0;
  #byGroup = new Map<string, number>();

  add(groupId: string | undefined): void {
    this.#count(groupId, 1);
  }

  remove(groupId: string | undefined): void {
    this.#count(groupId, -1);
  }

  isNoisy(groupId: string): boolean {
    const own = this.#byGroup.get(groupId) ?? 0;
    return own >= NOISY_MESSAGES && own > this.total * NOISY_SHARE;
  }

  #count(groupId: string | undefined, change: 1 | -1): void {
    this.total += change;
    if (groupId === undefined) return;
    const own = (this.#byGroup.get(groupId) ?? 0) + change;
    if (own === 0) this.#byGroup.delete(groupId);
    else this.#byGroup.set(groupId, own);
  }
}
