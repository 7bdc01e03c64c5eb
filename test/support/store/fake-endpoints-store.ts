import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import type {
  CalledDelivery,
  CalledPage,
  ClaimAnswer,
  EndpointMeasure,
  EndpointTurn,
  HeldPage,
} from '../../../shared/delivery/store-answers.ts';
import type { EndpointRequest } from '../../../shared/operate/endpoint-request.ts';
import * as limits from '../../../shared/runtime/limits.ts';
import { type FakeRow, FREE } from './fake-delivery-rules.ts';
import { linedUp, type PaceTables } from './fake-order-pace.ts';
import type { FakeTurn } from './fake-outcomes.ts';
import {
  allowedInFlight,
  CALL_GRACE_MS,
  dueMs,
  endpointKeys,
  type FakeEndpoint,
  type Gate,
  gateOf,
  heardBy,
  inFlight,
  isDownSince,
  isForgettable,
  isNews,
  isUp,
  keysOf,
  namedBy,
  newEndpoint,
  oldNewsEndsMs,
  type Said,
  turnEndpoint,
} from './fake-endpoints.ts';

type Tables = PaceTables & { rows: ReadonlyMap<number, FakeRow>; endpoints: Map<string, FakeEndpoint> };
type EndpointChange = { key: string; differs: boolean; apply: () => void };

const YEAR_MS = 366 * 86_400_000;

export const openEndpoints = (...given: ConstructorParameters<typeof FakeEndpoints>) => new FakeEndpoints(...given);

/** The part of the fake store that has to do with endpoints. */
export class FakeEndpoints {
  readonly #tables: Tables;
  readonly #nowMs: () => number;
  readonly #rules: EndpointRules;

  constructor(tables: Tables, nowMs: () => number, rules: EndpointRules) {
    this.#tables = tables;
    this.#nowMs = nowMs;
    this.#rules = rules;
  }

  /** The answers about those that their endpoints do not let out. */
  admit(rows: readonly FakeRow[]): Map<number, ClaimAnswer> {
    const asked = new Set(rows.map(({ deliveryId }) => deliveryId));
    const kept = new Map<number, Gate>();
    const hasLimits = this.#rules.maxInFlight !== undefined || this.#rules.maxPerSecond !== undefined;
    const gates = new Map<string, Gate>();
    for (const row of rows) {
      for (const { key, scope, origin } of endpointKeys(row)) {
        const known = this.#tables.endpoints.get(key);
        if (known === undefined && scope === 'endpoint' && hasLimits) {
          const { organizationId } = row;
          this.#tables.endpoints.set(key, newEndpoint({ key, scope, organizationId, origin }));
        }
        const endpoint = this.#tables.endpoints.get(key);
        if (endpoint !== undefined) gates.set(key, gateOf(endpoint, this.#rules, this.#nowMs()));
      }
    }
    const isCalled = (row: FakeRow) => row.heldBy !== undefined && row.heldCalledMs !== undefined;
    const order = (a: FakeRow, b: FakeRow) =>
      Number(isCalled(b)) - Number(isCalled(a)) || dueMs(a) - dueMs(b) || a.deliveryId - b.deliveryId;
    for (const [key, gate] of gates) {
      const called = this.#called(key, asked).filter((row) => (row.heldCalledMs ?? 0) <= this.#nowMs()).length;
      const here = rows.filter((row) => endpointKeys(row).some((one) => one.key === key)).toSorted(order);
      here.forEach((row, index) => {
        const room = gate.room - (isCalled(row) || gate.room === Infinity ? 0 : called);
        if (index + 1 > room) kept.set(row.deliveryId, gate);
      });
    }
    const letOut = rows.filter(({ deliveryId }) => !kept.has(deliveryId));
    const putInLine = linedUp(letOut, { tables: this.#tables, rules: this.#rules, nowMs: this.#nowMs() });
    for (const row of letOut) if (putInLine.has(row.deliveryId)) this.letGo(row);
    return new Map([
      ...[...kept].map(([id, gate]) => [id, this.#hold(id, gate, { rows, kept, asked })] as const),
      ...putInLine,
      ...this.#pace(letOut.filter(({ deliveryId }) => !putInLine.has(deliveryId))),
    ]);
  }

  take(row: FakeRow, token: string, endsMs: number): void {
    for (const { key } of endpointKeys(row)) {
      const endpoint = this.#tables.endpoints.get(key);
      if (endpoint !== undefined && allowedInFlight(endpoint, this.#rules) < Infinity)
        endpoint.slots.set(token, endsMs);
    }
  }

  free(row: FakeRow, token: string): void {
    for (const { key } of endpointKeys(row)) this.#tables.endpoints.get(key)?.slots.delete(token);
  }

  /** Nothing holds it any more. */
  letGo(row: FakeRow): void {
    const { heldFor, heldSinceMs, heldDueMs } = row;
    if (heldFor === 'down' && heldSinceMs !== undefined) row.heldSeconds += (this.#nowMs() - heldSinceMs) / 1000;
    if (heldDueMs !== undefined) row.scheduledForMs = heldDueMs;
    Object.assign(row, FREE);
  }

  isHeldTooLong(row: FakeRow): boolean {
    const isStopped = endpointKeys(row).some(({ key }) => this.#tables.endpoints.get(key)?.isStopped === true);
    const endpoint = this.#tables.endpoints.get(row.heldBy ?? '');
    return row.heldFor === 'down' && !isStopped && endpoint !== undefined && isDownSince(endpoint, row.scheduledForMs);
  }

  /** What the outcomes of a statement say, after the rows have been settled as if there were no endpoints. */
  hear(said: readonly Said[]) {
    const turns: EndpointTurn[] = [];
    const moved: FakeTurn[] = [];
    const probes = new Set<number>();
    const heard: FakeEndpoint[] = [];
    for (const { key, scope, origin, organizationId } of keysOf(said)) {
      const here = said.filter(({ row }) => endpointKeys(row).some((one) => one.key === key));
      const known = this.#tables.endpoints.get(key);
      const endpoint = known ?? newEndpoint({ key, scope, organizationId, origin });
      const news = heardBy(endpoint, here, this.#nowMs());
      const isOff = this.#rules.downAfterFailures === 0;
      if (known === undefined && (isOff || news.answers > 0 || news.failures + news.waitSeconds === 0)) continue;
      if (endpoint.downSinceMs !== undefined) {
        for (const { settled, row } of here) {
          if (endpoint.slots.has(settled.token) && isNews(endpoint, row)) probes.add(settled.deliveryId);
        }
      }
      const { downSinceMs } = endpoint;
      const became = turnEndpoint(endpoint, news, { rules: this.#rules, nowMs: this.#nowMs() });
      for (const { settled } of here) endpoint.slots.delete(settled.token);
      this.#tables.endpoints.set(key, endpoint);
      heard.push(endpoint);
      if (became === undefined || organizationId === undefined || origin === undefined) continue;
      turns.push({ became, organizationId, origin, failures: endpoint.failures });
      moved.push({ became, endpoint: { ...endpoint, downSinceMs: endpoint.downSinceMs ?? downSinceMs } });
    }
    const held = this.#holdSettled(said, probes);
    const called = heard.flatMap((endpoint) => this.#callOut(endpoint, new Set(said.map(({ row }) => row.deliveryId))));
    for (const endpoint of heard.filter((one) => isUp(one) && this.#isFree(one, this.#rules.leaseSeconds))) {
      endpoint.window = undefined;
      const keepsSlots = this.#rules.maxInFlight !== undefined && inFlight(endpoint, this.#nowMs()) > 0;
      if (isForgettable(endpoint, this.#nowMs()) && !keepsSlots) this.#tables.endpoints.delete(endpoint.key);
    }
    return { turns, moved, called, held };
  }

  /** What `change_endpoint` does to the scope; answers what was otherwise before. */
  change(change: EndpointRequest): EndpointChange | undefined {
    const { action, organizationId, limits } = change;
    const found = namedBy(change, this.#tables.endpoints);
    if (found === undefined) return undefined;
    const { key, origin, scope } = found;
    const known = this.#tables.endpoints.get(key);
    const endpoint = { ...(known ?? newEndpoint({ key, scope, organizationId, origin })) };
    if (action === 'set_endpoint') {
      if (limits.maxInFlight !== undefined) endpoint.maxInFlight = limits.maxInFlight ?? undefined;
      if (limits.maxPerSecond !== undefined) endpoint.maxPerSecond = limits.maxPerSecond ?? undefined;
    } else endpoint.isStopped = action === 'hold';
    const differs =
      endpoint.maxInFlight !== known?.maxInFlight ||
      endpoint.maxPerSecond !== known?.maxPerSecond ||
      (endpoint.isStopped === true) !== (known?.isStopped === true);
    return { key, differs, apply: () => void this.#tables.endpoints.set(key, endpoint) };
  }

  callHeld({ afterKey, firstKey = '', pageKeys }: HeldPage): CalledPage {
    const pending = [...this.#tables.rows.values()].filter(({ status }) => status === 'pending');
    const keys = [...new Set(pending.flatMap(({ heldBy }) => heldBy ?? []))].toSorted();
    const page = keys.filter((key) => key >= firstKey && (afterKey === undefined || key > afterKey)).slice(0, pageKeys);
    const nowMs = this.#nowMs();
    const called = page.flatMap((key) => {
      const endpoint = this.#tables.endpoints.get(key);
      if (endpoint?.isStopped === true) return [];
      const allowed = endpoint === undefined ? Infinity : allowedInFlight(endpoint, this.#rules);
      const onTheirWay = this.#called(key, new Set(), limits.SWEEP_GRACE_SECONDS * 1000).length;
      const room =
        Math.min(allowed, limits.SWEEP_PAGE_ROWS) -
        (endpoint === undefined ? 0 : inFlight(endpoint, nowMs)) -
        onTheirWay;
      return this.#call(key, room, { opensAtMs: endpoint?.notBeforeMs, graceMs: limits.SWEEP_GRACE_SECONDS * 1000 });
    });
    return { called, lastKey: page.length < pageKeys ? undefined : page.at(-1) };
  }

  forget(): number {
    const idleMs = this.#nowMs() - limits.ENDPOINT_IDLE_SECONDS * 1000;
    const over = [...this.#tables.endpoints.values()].filter(
      (endpoint) =>
        isForgettable(endpoint, this.#nowMs()) &&
        this.#isFree(endpoint, limits.LONGEST_LEASE_SECONDS) &&
        inFlight(endpoint, this.#nowMs()) === 0 &&
        (isUp(endpoint) || (endpoint.lastFailedMs ?? 0) <= idleMs),
    );
    for (const { key } of over) this.#tables.endpoints.delete(key);
    return over.length;
  }

  measure(): EndpointMeasure {
    const down = [...this.#tables.endpoints.values()].flatMap(({ downSinceMs }) => downSinceMs ?? []);
    const held = [...this.#tables.rows.values()].filter((row) => row.status === 'pending' && row.heldBy !== undefined);
    const oldestMs = Math.min(...down, this.#nowMs());
    return { down: down.length, oldestDownSeconds: Math.floor((this.#nowMs() - oldestMs) / 1000), held: held.length };
  }

  #hold(
    deliveryId: number,
    gate: Gate,
    { rows, kept, asked }: { rows: readonly FakeRow[]; kept: ReadonlyMap<number, Gate>; asked: ReadonlySet<number> },
  ): ClaimAnswer {
    const row = rows.find((one) => one.deliveryId === deliveryId);
    if (row === undefined) throw new Error('a row that was not asked for is held');
    const { closedFor: heldFor, endpoint, opensAtMs } = gate;
    const isBefore = (other: FakeRow) =>
      dueMs(other) < dueMs(row) || (dueMs(other) === dueMs(row) && other.deliveryId < deliveryId);
    const isFirst = !rows.some((one) => kept.get(one.deliveryId)?.endpoint === endpoint && isBefore(one));
    const others = this.#called(endpoint.key, asked).filter((one) => row.heldCalledMs === undefined || isBefore(one));
    const calls = heldFor !== 'stopped' && isFirst && others.length === 0;
    this.#holdRow(row, { key: endpoint.key, heldFor, calledMs: calls ? opensAtMs : undefined });
    const askAgainInSeconds = calls ? Math.ceil((opensAtMs - this.#nowMs()) / 1000) : undefined;
    return { kind: 'holding', deliveryId, heldFor, askAgainInSeconds };
  }

  #holdRow(
    row: FakeRow,
    { key, heldFor, calledMs }: { key: string; heldFor: string; calledMs: number | undefined },
  ): void {
    const nowMs = this.#nowMs();
    const wasDown = row.heldFor === 'down';
    if (wasDown && heldFor !== 'down') row.heldSeconds += (nowMs - (row.heldSinceMs ?? nowMs)) / 1000;
    const isAnew = row.heldBy === undefined || wasDown !== (heldFor === 'down');
    const sinceMs = isAnew ? nowMs : (row.heldSinceMs ?? nowMs);
    Object.assign(row, {
      heldBy: key,
      heldFor,
      heldSinceMs: sinceMs,
      heldDueMs: dueMs(row),
      heldCalledMs: calledMs,
      awaitsHandOut: false,
      scheduledForMs:
        heldFor === 'down' ? sinceMs + Math.max(0, this.#rules.holdSeconds - row.heldSeconds) * 1000 : nowMs + YEAR_MS,
    });
  }

  #pace(rows: readonly FakeRow[]): [number, ClaimAnswer][] {
    const nowMs = this.#nowMs();
    return rows
      .toSorted((a, b) => dueMs(a) - dueMs(b) || a.deliveryId - b.deliveryId)
      .flatMap((row): [number, ClaimAnswer][] => {
        const [{ key }] = endpointKeys(row);
        const endpoint = this.#tables.endpoints.get(key);
        const perSecond = endpoint?.maxPerSecond ?? this.#rules.maxPerSecond;
        if (endpoint === undefined || perSecond === undefined) return [];
        const hasPlace = row.heldFor === 'rate' && (row.scheduledForMs ?? 0) >= nowMs - 1000;
        const placeMs = hasPlace ? (row.scheduledForMs ?? 0) : Math.max(endpoint.nextPlaceMs ?? nowMs, nowMs);
        if (!hasPlace) endpoint.nextPlaceMs = placeMs + 1000 / perSecond;
        row.placeMs = placeMs;
        row.scheduledForMs = placeMs;
        if (placeMs <= nowMs + 1000) return [];
        row.heldFor = 'rate';
        const dueInSeconds = Math.max(1, Math.floor((placeMs - nowMs) / 1000));
        return [[row.deliveryId, { kind: 'early', deliveryId: row.deliveryId, dueInSeconds }]];
      });
  }

  #holdSettled(said: readonly Said[], probes: ReadonlySet<number>): Set<number> {
    const held = new Set<number>();
    for (const { row, settled } of said.toSorted((a, b) => a.row.deliveryId - b.row.deliveryId)) {
      const { settlement } = settled;
      const isExhausted = settlement.kind === 'dead' && settlement.isExhausted === true;
      const isProbe = probes.has(row.deliveryId);
      const down = endpointKeys(row)
        .flatMap(({ key }) => this.#tables.endpoints.get(key) ?? [])
        .filter(({ downSinceMs }) => downSinceMs !== undefined)
        .toSorted((a, b) => (b.notBeforeMs ?? 0) - (a.notBeforeMs ?? 0))[0];
      if ((settlement.kind !== 'retry' && !isExhausted) || row.cancelledBy !== undefined) continue;
      const isSpared = isExhausted && (isProbe || (down !== undefined && this.#rules.exhausted === 'hold'));
      if (isProbe || isSpared) row.maxAttempts++;
      if (isSpared) Object.assign(row, { status: 'pending', deadLetterReason: undefined });
      if (isSpared) row.scheduledForMs = this.#nowMs() + (this.#rules.probeDelays()[0] ?? 0) * 1000;
      if (isSpared) held.add(row.deliveryId);
      if (down === undefined || row.status !== 'pending') continue;
      row.scheduledForMs = this.#nowMs();
      this.#holdRow(row, { key: down.key, heldFor: 'down', calledMs: undefined });
      held.add(row.deliveryId);
    }
    return held;
  }

  #callOut(endpoint: FakeEndpoint, settled: ReadonlySet<number>): CalledDelivery[] {
    if (endpoint.isStopped === true) return [];
    const allowed = Math.min(allowedInFlight(endpoint, this.#rules), 10 + this.#rules.downAfterFailures);
    const opensAtMs = Math.max(endpoint.notBeforeMs ?? 0, this.#nowMs());
    const onTheirWay = this.#called(endpoint.key, settled).filter((row) => (row.heldCalledMs ?? 0) <= opensAtMs).length;
    const room = allowed - inFlight(endpoint, this.#nowMs()) - onTheirWay;
    return this.#call(endpoint.key, room, { opensAtMs: endpoint.notBeforeMs, graceMs: CALL_GRACE_MS });
  }

  #call(
    key: string,
    room: number,
    { opensAtMs, graceMs }: { opensAtMs: number | undefined; graceMs: number },
  ): CalledDelivery[] {
    const nowMs = this.#nowMs();
    const atMs = Math.max(opensAtMs ?? nowMs, nowMs);
    return this.#heldBy(key)
      .filter(({ heldCalledMs = -Infinity }) => heldCalledMs <= nowMs - graceMs || heldCalledMs > atMs)
      .toSorted((a, b) => dueMs(a) - dueMs(b) || a.deliveryId - b.deliveryId)
      .slice(0, Math.max(0, room))
      .map((row) => {
        row.heldCalledMs = atMs;
        const { deliveryId, organizationId, attemptCount } = row;
        return {
          deliveryId,
          organizationId,
          attempt: attemptCount + 1,
          delaySeconds: Math.ceil((atMs - nowMs) / 1000),
        };
      });
  }

  #heldBy(key: string): FakeRow[] {
    return [...this.#tables.rows.values()].filter((row) => row.heldBy === key && row.status === 'pending');
  }

  #called(key: string, asked: ReadonlySet<number>, graceMs = CALL_GRACE_MS): FakeRow[] {
    const sinceMs = this.#nowMs() - graceMs;
    return this.#heldBy(key).filter((row) => (row.heldCalledMs ?? -Infinity) > sinceMs && !asked.has(row.deliveryId));
  }

  /** It holds nothing and waits for nothing. */
  #isFree(endpoint: FakeEndpoint, leaseSeconds: number): boolean {
    const openMs = Math.max(endpoint.notBeforeMs ?? 0, oldNewsEndsMs(endpoint, leaseSeconds));
    return openMs <= this.#nowMs() && this.#heldBy(endpoint.key).length === 0;
  }
}
