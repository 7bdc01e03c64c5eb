import type { SettledAttempt } from '../../../shared/delivery/store-answers.ts';
import type { EndedDelivery, Outcome } from '../../../shared/delivery/outcome.ts';
import type { DeliveryStatus } from '../../../shared/delivery/delivery.ts';

/** What the watch reads of a row. */
export type WatchedRow = {
  deliveryId: number;
  status: DeliveryStatus;
  attemptCount: number;
  maxAttempts: number;
  scheduledForMs: number | undefined;
  succeededLate: boolean;
  claimCount: number;
  /** The order that has cancelled it, if one has. */
  cancelledBy: number | undefined;
  isErased: boolean;
  /** It has the ordering key, and comes behind those with a lower id. */
  isOrdered: boolean;
  /** Numbers of the attempts that left a row. */
  attempts: readonly number[];
};

export const UNMARKED = 'nothing is pending without a marker';

export type Inspect = () => Promise<WatchedRow[]>;

/**
 * The invariants of the protocol, watched while it runs. It looks at rows and at what receivers saw; what a worker believes
 * is no evidence.
 */
export class ProtocolWatch {
  readonly violations: string[] = [];
  readonly #inspect: Inspect;
  readonly #outcomes: 'all' | 'failures';
  #rows = new Map<number, WatchedRow>();
  readonly #inFlight = new Map<number, number>();
  readonly #requests = new Map<number, number[]>();
  readonly #accepted = new Set<number>();
  readonly #knownSuccesses = new Set<number>();
  readonly #redelivered = new Set<number>();
  readonly #everRedelivered = new Set<number>();
  /** Of the effect that is looked at next: these are the dead letters that they were, and that is no end. */
  readonly #resting = new Set<number>();
  /** How each delivery ended, each time, and the ids of the events that said so. */
  readonly #ends = new Map<number, EndedDelivery['type'][]>();
  readonly #events = new Map<number, Map<string, EndedDelivery['type']>>();
  /** The endpoints that were down when a delivery was claimed last, and those that a request in flight probes. */
  readonly #probed = new Map<number, readonly string[]>();
  readonly #probes = new Map<number, readonly string[]>();
  /** Those that have, or had, the ordering key. */
  readonly #ordered = new Set<number>();
  /** What an operator's hand has been on, as it was then. */
  readonly #cancelled = new Map<number, WatchedRow>();
  readonly #broughtBack = new Map<number, WatchedRow>();
  readonly #putToRest = new Map<number, WatchedRow>();

  constructor(inspect: Inspect, outcomes: 'all' | 'failures' = 'all') {
    this.#outcomes = outcomes;
    this.#inspect = inspect;
  }

  get requestCount(): number {
    return [...this.#requests.values()].reduce((sum, attempts) => sum + attempts.length, 0);
  }

  statuses(): DeliveryStatus[] {
    return [...this.#rows.values()].toSorted((a, b) => a.deliveryId - b.deliveryId).map(({ status }) => status);
  }

  ids(): number[] {
    return [...this.#rows.keys()];
  }

  /** After every effect on the store. */
  async look(): Promise<void> {
    const rows = await this.#inspect();
    for (const row of rows) {
      const before = this.#rows.get(row.deliveryId);
      const mayChange =
        before === undefined ||
        before.status === 'pending' ||
        before.status === row.status ||
        (before.status === 'dead_letter' && (row.status === 'succeeded' || this.#redelivered.has(row.deliveryId)));
      if (!mayChange) this.#report(row.deliveryId, `a terminal state absorbs: ${before.status} became ${row.status}`);
      const isAtRest = this.#resting.has(row.deliveryId);
      if (before !== undefined && before.status !== row.status && row.status !== 'pending' && !isAtRest) {
        const wasDead = before.status === 'dead_letter' || this.#everRedelivered.has(row.deliveryId);
        const type = row.status === 'dead_letter' ? 'dead_lettered' : wasDead ? 'recovered' : 'delivered';
        if (type !== 'delivered' || this.#outcomes === 'all') {
          this.#ends.set(row.deliveryId, [...(this.#ends.get(row.deliveryId) ?? []), type]);
        }
      }
      const isHonest = row.status !== 'succeeded' || this.#accepted.has(row.deliveryId);
      if (!isHonest) this.#report(row.deliveryId, 'no false success: succeeded, and no receiver accepted it');
      this.#lookAtOrders(row, before);
      if (row.isOrdered) this.#ordered.add(row.deliveryId);
      const isClaimed = before !== undefined && row.attemptCount > before.attemptCount;
      const overtakes = rows.some(
        (one) => one.isOrdered && one.deliveryId < row.deliveryId && one.status === 'pending',
      );
      if (row.isOrdered && isClaimed && overtakes) this.#report(row.deliveryId, 'nobody overtakes in an ordering key');
    }
    const there = new Set(rows.map(({ deliveryId }) => deliveryId));
    for (const deliveryId of this.#rows.keys()) {
      if (!there.has(deliveryId)) this.#report(deliveryId, 'no row goes: its id is remembered');
    }
    this.#rows = new Map(rows.map((row) => [row.deliveryId, row]));
    this.#redelivered.clear();
    this.#resting.clear();
  }

  #lookAtOrders(row: WatchedRow, before: WatchedRow | undefined): void {
    const { deliveryId, status, claimCount, cancelledBy, isErased } = row;
    if (isErased && status === 'pending') this.#report(deliveryId, 'nothing that is pending is erased');
    if (before?.isErased === true && !isErased) this.#report(deliveryId, 'what is erased stays erased');
    if (cancelledBy !== undefined && !this.#cancelled.has(deliveryId)) this.#cancelled.set(deliveryId, row);
    if (claimCount > (this.#cancelled.get(deliveryId)?.claimCount ?? Infinity)) {
      this.#report(deliveryId, 'nobody claims what was cancelled');
    }
  }

  /** Of the effect that is looked at next: only these may leave dead_letter. */
  redelivered(deliveryIds: readonly number[]): void {
    for (const deliveryId of deliveryIds) {
      this.#redelivered.add(deliveryId);
      this.#everRedelivered.add(deliveryId);
      this.#putToRest.delete(deliveryId);
      this.#cancelled.delete(deliveryId);
      const before = this.#rows.get(deliveryId);
      if (before !== undefined) this.#broughtBack.set(deliveryId, before);
    }
  }

  /** A stopped redelivery has taken these back. */
  putToRest(deliveryIds: readonly number[]): void {
    for (const deliveryId of deliveryIds) {
      const broughtBack = this.#broughtBack.get(deliveryId);
      const now = this.#rows.get(deliveryId);
      this.#resting.add(deliveryId);
      if (broughtBack === undefined || now === undefined) continue;
      this.#putToRest.set(deliveryId, now);
      const isUnattempted =
        now.attemptCount === broughtBack.attemptCount && (this.#inFlight.get(deliveryId) ?? 0) === 0;
      if (!isUnattempted) this.#report(deliveryId, 'a stop puts to rest only what nobody has attempted');
    }
  }

  /** Events that are put on the bus. */
  told(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (!('deliveryId' in outcome)) continue;
      const { deliveryId, eventId, type } = outcome;
      const events = this.#events.get(deliveryId) ?? new Map<string, EndedDelivery['type']>();
      this.#events.set(deliveryId, events.set(eventId, type));
      const told = [...events.values()].filter((one) => one === type).length;
      if (told > this.#ended(deliveryId, type)) this.#report(deliveryId, `one end has one event: ${type}`);
    }
  }

  /** Messages about to be sent. */
  sending(deliveryIds: readonly number[]): void {
    for (const id of deliveryIds)
      if (!this.#rows.has(id)) this.#report(id, 'no message names a row that does not exist');
  }

  claimed(deliveryId: number, down: readonly string[]): void {
    this.#probed.set(deliveryId, down);
  }

  settled(settlements: readonly SettledAttempt[]): void {
    for (const { deliveryId, settlement } of settlements) {
      if (settlement.kind === 'succeeded') this.#knownSuccesses.add(deliveryId);
    }
  }

  requestBegins(deliveryId: number, attempt: number, nowMs: number): void {
    const attempts = [...(this.#requests.get(deliveryId) ?? []), attempt];
    this.#requests.set(deliveryId, attempts);
    const inFlight = (this.#inFlight.get(deliveryId) ?? 0) + 1;
    this.#inFlight.set(deliveryId, inFlight);
    const row = this.#rows.get(deliveryId);
    const probed = this.#probed.get(deliveryId) ?? [];
    for (const key of probed) {
      const others = [...this.#probes].filter(([other, keys]) => other !== deliveryId && keys.includes(key));
      if (others.length > 0) this.#report(deliveryId, 'never two probes of an endpoint at once');
    }
    this.#probes.set(deliveryId, probed);
    if (inFlight > 1) this.#report(deliveryId, 'never two requests in flight');
    const isBeside = [...this.#ordered].some((other) => other !== deliveryId && (this.#inFlight.get(other) ?? 0) > 0);
    if (this.#ordered.has(deliveryId) && isBeside) {
      this.#report(deliveryId, 'never two requests of an ordering key in flight');
    }
    if (attempts.length > (row?.maxAttempts ?? 0)) this.#report(deliveryId, 'at most max_attempts requests');
    const last = this.#cancelled.get(deliveryId) ?? this.#putToRest.get(deliveryId);
    if (attempt > (last?.attemptCount ?? Infinity))
      this.#report(deliveryId, 'no request of what was cancelled or put to rest');
    if (new Set(attempts).size !== attempts.length) this.#report(deliveryId, 'no attempt number twice');
    // The due time of a claimed row is that of its attempt; once it is taken over or over, it is another's.
    const isOfThisAttempt = row?.status === 'pending' && row.attemptCount === attempt;
    if (isOfThisAttempt && (row.scheduledForMs ?? 0) > nowMs) this.#report(deliveryId, 'no request before it is due');
  }

  requestEnds(deliveryId: number, receiver: 'accepted' | 'did not'): void {
    this.#inFlight.set(deliveryId, (this.#inFlight.get(deliveryId) ?? 0) - 1);
    this.#probes.delete(deliveryId);
    if (receiver === 'accepted') this.#accepted.add(deliveryId);
  }

  /** There is no marker. */
  unmarked(): void {
    for (const { deliveryId, status } of this.#rows.values()) {
      if (status === 'pending') this.#report(deliveryId, UNMARKED);
    }
  }

  isOver(): boolean {
    return [...this.#rows.values()].every(({ status }) => status !== 'pending') && this.#untold().length === 0;
  }

  #ended(deliveryId: number, type: EndedDelivery['type']): number {
    return (this.#ends.get(deliveryId) ?? []).filter((one) => one === type).length;
  }

  #untold(): number[] {
    return [...this.#ends].flatMap(([deliveryId, ends]) => {
      const told = [...(this.#events.get(deliveryId)?.values() ?? [])].toSorted();
      return told.join() === ends.toSorted().join() ? [] : [deliveryId];
    });
  }

  /** When nothing fails any more and time has passed. */
  atTheEnd(): void {
    for (const deliveryId of this.#untold()) this.#report(deliveryId, 'each end is announced: one is not');
    for (const { deliveryId, status, succeededLate, attemptCount, attempts } of this.#rows.values()) {
      if (status === 'pending') this.#report(deliveryId, 'no delivery lost: it is still pending');
      if (this.#knownSuccesses.has(deliveryId) && status !== 'succeeded') {
        this.#report(deliveryId, `a known success is never lost: it is ${status}`);
      }
      const missing = Array.from({ length: attemptCount }, (_, index) => index + 1).filter(
        (n) => !attempts.includes(n),
      );
      // A late 2xx ends the delivery while another worker may hold it, which may then die before it reports.
      if (missing.length > 0 && !succeededLate) {
        this.#report(deliveryId, `each attempt leaves a row: ${missing.join(', ')} did not`);
      }
    }
  }

  #report(deliveryId: number, violation: string): void {
    const told = `delivery ${deliveryId}: ${violation}`;
    if (!violation.includes(UNMARKED) || !this.violations.includes(told)) this.violations.push(told);
  }
}
