import type { NextDelivery, OrderingKey } from '../../../shared/delivery/ordering-key.ts';
import type { FakeRow } from './fake-delivery-rules.ts';
import type { FakeTables } from './fake-delivery-store.ts';

export type FakeSlot = { token: string; untilMs: number };

/** Deliveries with an ordering key: who comes first, and the one attempt of each key that is in flight. */
export class FakeOrdering {
  readonly #tables: FakeTables;
  readonly #nowMs: () => number;

  constructor(tables: FakeTables, nowMs: () => number) {
    this.#tables = tables;
    this.#nowMs = nowMs;
  }

  /** Behind everything that its key has had. */
  place(row: FakeRow): void {
    if (row.orderingKey === undefined) return;
    row.orderingPosition = ++this.#tables.lastPosition;
  }

  /** Whether an earlier one is not over, or another one in flight. */
  isBehind(row: FakeRow): boolean {
    if (row.orderingKey === undefined) return false;
    return this.#first(row) !== row || this.#isTaken(row);
  }

  waits(row: FakeRow): boolean {
    return row.orderingKey !== undefined && this.#first(row) !== row;
  }

  take(row: FakeRow, slot: FakeSlot): void {
    if (row.orderingKey !== undefined) this.#tables.slots.set(nameOf(row), slot);
  }

  free(row: FakeRow, token: string): void {
    if (this.#tables.slots.get(nameOf(row))?.token === token) this.#tables.slots.delete(nameOf(row));
  }

  holds(row: FakeRow, token: string): boolean {
    return this.#tables.slots.get(nameOf(row))?.token === token;
  }

  isNextAfter(row: FakeRow, following: FakeRow): boolean {
    return this.#waiting(row).find((one) => one !== row) === following;
  }

  followingOf(row: FakeRow): { followingId?: number } {
    const following = this.#waiting(row).find((one) => (one.orderingPosition ?? 0) > (row.orderingPosition ?? 0));
    const isFresh = following?.status === 'pending' && following.attemptCount === 0;
    return row.orderingKey !== undefined && isFresh ? { followingId: following.deliveryId } : {};
  }

  /** Of each key, whoever comes next; none where it is in flight, held, or a dead letter that holds its key. */
  next(keys: readonly { organizationId: number; orderingKey?: string | undefined }[]): NextDelivery[] {
    const distinct = new Map(keys.filter(({ orderingKey }) => orderingKey !== undefined).map((k) => [nameOf(k), k]));
    return [...distinct.values()].flatMap((key) => {
      const first = this.#first(key);
      if (first === undefined || first.status !== 'pending' || first.heldBy !== undefined) return [];
      if ((first.leaseExpiresMs ?? 0) > this.#nowMs()) return [];
      const { deliveryId, organizationId, attemptCount, scheduledForMs = 0 } = first;
      const delaySeconds = Math.max(0, Math.ceil((scheduledForMs - this.#nowMs()) / 1000));
      return [
        { deliveryId, organizationId, orderingKey: first.orderingKey ?? '', attempt: attemptCount + 1, delaySeconds },
      ];
    });
  }

  forget(idleMs: number): number {
    const idle = [...this.#tables.slots].filter(([, { untilMs }]) => untilMs < this.#nowMs() - idleMs);
    for (const [name] of idle) this.#tables.slots.delete(name);
    return idle.length;
  }

  #isTaken(row: FakeRow): boolean {
    return (this.#tables.slots.get(nameOf(row))?.untilMs ?? 0) > this.#nowMs();
  }

  #first(key: { organizationId: number; orderingKey?: string | undefined }): FakeRow | undefined {
    return this.#waiting(key)[0];
  }

  #waiting(key: { organizationId: number; orderingKey?: string | undefined }): FakeRow[] {
    if (key.orderingKey === undefined) return [];
    return [...this.#tables.rows.values()]
      .filter((row) => row.organizationId === key.organizationId && row.orderingKey === key.orderingKey)
      .filter(keepsWaiting)
      .toSorted((a, b) => (a.orderingPosition ?? 0) - (b.orderingPosition ?? 0));
  }
}

export function orderingOf({ organizationId, orderingKey }: FakeRow): { ordering?: OrderingKey } {
  return orderingKey === undefined ? {} : { ordering: { organizationId, orderingKey } };
}

function keepsWaiting(row: FakeRow): boolean {
  if (row.status === 'pending') return true;
  const isHolding = row.status === 'dead_letter' && row.orderingOnDeadLetter === 'hold';
  const isDealtWith =
    row.dismissedBy !== undefined || row.expungedMs !== undefined || row.deadLetterReason === 'cancelled';
  return isHolding && !isDealtWith;
}

function nameOf({ organizationId, orderingKey }: { organizationId: number; orderingKey?: string | undefined }): string {
  return `${organizationId} ${orderingKey}`;
}
