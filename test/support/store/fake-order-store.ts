import { formatExchange, parseExchange, withoutNames } from '../../../shared/delivery/exchange.ts';
import type { DueDelivery } from '../../../shared/delivery/announce.ts';
import type { NextDelivery, OrderingKey } from '../../../shared/delivery/ordering-key.ts';
import { RowRefused } from '../../../shared/delivery/store-answers.ts';
import type { OrderVerb } from '../../../shared/operate/operate-request.ts';
import type {
  MatchLook,
  NewOrder,
  OrderPage,
  OrderPosition,
  OrderProgress,
  OrderRecord,
  OrderSearch,
  OrderStep,
  OrderStore,
  OrderWorker,
  RefusedDelivery,
  RestPage,
  TakenOrder,
} from '../../../shared/operate/order-store.ts';
import { hostOf } from '../../../shared/operate/selection.ts';
import { MAX_CHAINED_DELAY_SECONDS, SWEEP_PAGE_ROWS } from '../../../shared/runtime/limits.ts';
import { type FakeRow, FREE } from './fake-delivery-rules.ts';
import type { FakeStoreOptions, FakeTables } from './fake-delivery-store.ts';
import { type FakeOrdering, orderingOf } from './fake-ordering.ts';
import { isStanding, isOver, newestFields, orderVerdict } from './fake-order-rules.ts';

export type FakeOrder = OrderRecord & {
  moreAttempts: number | undefined;
  position: OrderPosition;
  step: number;
  token: string | undefined;
  workerUntilMs: number;
};

/** Orders in memory: what the statements of orders say, said again in TypeScript. */
export class FakeOrderStore implements OrderStore {
  readonly #tables: FakeTables;
  readonly #options: FakeStoreOptions;

  readonly #ordering: FakeOrdering;

  constructor(options: FakeStoreOptions, tables: FakeTables, ordering: FakeOrdering) {
    this.#options = options;
    this.#ordering = ordering;
    this.#tables = tables;
  }

  async callNextDeliveries(keys: readonly OrderingKey[]): Promise<NextDelivery[]> {
    return this.#ordering.next(keys);
  }

  async countMatches(look: MatchLook, asked?: { tells: 'matched' | 'dealt with' }) {
    const { found, next } = this.#look(look);
    const isTold = asked?.tells === 'dealt with';
    const expunged = isTold ? found.filter(({ expungedMs }) => expungedMs !== undefined).length : 0;
    const isDismissed = (row: FakeRow) => row.expungedMs === undefined && row.dismissedBy !== undefined;
    return { matched: found.length, dismissed: isTold ? found.filter(isDismissed).length : 0, expunged, next };
  }

  async findMatches(look: MatchLook) {
    const { found, next, positionOf } = this.#look(look);
    const page = found.slice(0, SWEEP_PAGE_ROWS);
    const last = page.length < found.length ? page.at(-1) : undefined;
    return {
      deliveryIds: page.map(({ deliveryId }) => deliveryId),
      next: last === undefined ? next : positionOf(last),
    };
  }

  async findNamed(named: { deliveryIds: readonly number[]; deliveryUuids: readonly string[] }) {
    return [...this.#tables.rows.values()]
      .filter((row) => named.deliveryIds.includes(row.deliveryId) || named.deliveryUuids.includes(row.deliveryUuid))
      .map(({ deliveryId, deliveryUuid, status }) => ({ deliveryId, deliveryUuid, status }));
  }

  async openOrder(order: NewOrder) {
    const { orders } = this.#tables;
    const known = [...orders.values()].find(({ orderKey }) => orderKey === order.orderKey);
    if (known !== undefined) {
      const isSame = known.action === order.action && JSON.stringify(known.request) === JSON.stringify(order.request);
      return { orderId: known.orderId, isSame };
    }
    const orderId = orders.size + 1;
    orders.set(orderId, newOrder(order, orderId, this.#nowMs()));
    return { orderId, isSame: true };
  }

  /** An order that is done in one step. */
  openDone(order: Pick<FakeOrder, 'orderKey' | 'action' | 'request' | 'note' | 'by'>, matched: number) {
    const { orders } = this.#tables;
    const known = [...orders.values()].find(({ orderKey }) => orderKey === order.orderKey);
    if (known !== undefined) {
      const isSame = known.action === order.action && JSON.stringify(known.request) === JSON.stringify(order.request);
      return { orderId: known.orderId, isSame, isNew: false };
    }
    const orderId = orders.size + 1;
    const nowMs = this.#nowMs();
    const done = { state: 'done', done: matched, finishedAtMs: nowMs } as const;
    orders.set(orderId, {
      ...newOrder({ ...order, matched, refused: [], perSecond: undefined, moreAttempts: undefined }, orderId, nowMs),
      ...done,
    });
    return { orderId, isSame: true, isNew: true };
  }

  async findOrders({ orderId, state, afterId = Infinity, pageRows, namedRows }: OrderSearch): Promise<OrderRecord[]> {
    return [...this.#tables.orders.values()]
      .filter((order) => (orderId === undefined || order.orderId === orderId) && order.orderId < afterId)
      .filter((order) => state === undefined || order.state === state)
      .toSorted((a, b) => b.orderId - a.orderId)
      .slice(0, pageRows)
      .map((order) => ({ ...newestFields(order), refusedNamed: order.refusedNamed.slice(0, namedRows) }));
  }

  async listUnfinishedOrders(pageRows: number): Promise<number[]> {
    return [...this.#tables.orders.values()]
      .filter((order) => !isOver(order) && order.workerUntilMs <= this.#nowMs())
      .map(({ orderId }) => orderId)
      .slice(0, pageRows);
  }

  async takeOrder(orderId: number, { token, leaseSeconds }: OrderWorker): Promise<TakenOrder | undefined> {
    const order = this.#tables.orders.get(orderId);
    if (order === undefined || isOver(order)) return undefined;
    if (order.workerUntilMs > this.#nowMs() && order.token !== token) return undefined;
    Object.assign(order, { token, workerUntilMs: this.#nowMs() + leaseSeconds * 1e3 });
    const { action, request, state, unwinds, step, position } = order;
    return {
      orderId,
      action: action as TakenOrder['action'],
      request,
      state,
      unwinds,
      step,
      position: structuredClone(position),
      givenAt: new Date(order.givenAtMs).toISOString(),
    };
  }

  async workPage(page: OrderPage) {
    const order = this.#mine(page);
    if (order === undefined || order.state !== 'running') return undefined;
    const ids = [...new Set(page.deliveryIds)].toSorted((a, b) => a - b);
    const judged = ids.map((deliveryId) => {
      const row = this.#tables.rows.get(deliveryId);
      const isLocked = this.#tables.locked.has(deliveryId);
      return { deliveryId, row, verdict: isLocked ? 'locked' : orderVerdict(order, row) };
    });
    const changed = judged.flatMap(({ row, verdict }) => (verdict === 'changed' && row !== undefined ? [row] : []));
    this.#refuse(changed);
    const keys = new Map(changed.map((row) => [row.deliveryId, orderingOf(row)]));
    const due = this.#change(order, changed, page);
    const goesOn = (row: FakeRow | undefined) =>
      row !== undefined && row.status !== 'pending' && order.action !== 'replay';
    const refused = judged.filter(({ verdict }) => verdict !== 'changed' && verdict !== 'locked');
    Object.assign(order, {
      step: order.step + 1,
      position: structuredClone(page.position),
      done: order.done + changed.length,
      refused: order.refused + refused.length,
      refusedNamed: [
        ...order.refusedNamed,
        ...refused.map(({ deliveryId, verdict }): RefusedDelivery => ({ delivery_id: deliveryId, because: verdict })),
      ],
    });
    return judged
      .map(({ deliveryId, row, verdict }) => ({
        deliveryId,
        verdict,
        due: due.get(deliveryId),
        ...(goesOn(row) && keys.get(deliveryId)),
      }))
      .toSorted(
        (a, b) =>
          (a.due?.delaySeconds ?? Infinity) - (b.due?.delaySeconds ?? Infinity) || a.deliveryId - b.deliveryId || 0,
      );
  }

  async restPage({ afterId, pageRows, doing, ...step }: RestPage) {
    const order = this.#mine(step);
    if (order === undefined || !order.unwinds) return [];
    const page = [...this.#tables.rows.values()]
      .filter((row) => row.redeliveredBy === order.orderId && row.status === 'pending' && row.deliveryId > afterId)
      .filter((row) => row.leaseExpiresMs === undefined && row.attemptCount === row.before?.attemptCount)
      .toSorted((a, b) => a.deliveryId - b.deliveryId)
      .slice(0, pageRows);
    const free = page.filter(({ deliveryId }) => doing === 'changing' && !this.#tables.locked.has(deliveryId));
    this.#refuse(free);
    for (const row of free) {
      const host = new URL(row.endpointUrl).host;
      const pace = this.#tables.paces.get(host);
      if (pace !== undefined) {
        this.#tables.paces.set(host, Math.max(this.#nowMs(), pace - 1000 / (order.perSecond ?? 1)));
      }
      Object.assign(row, row.before?.row, FREE, { redeliveredBy: undefined, before: undefined });
    }
    if (page.length > 0) Object.assign(order, { step: order.step + 1, done: Math.max(0, order.done - free.length) });
    return page.map((row) => {
      const isAtRest = free.includes(row);
      return { deliveryId: row.deliveryId, isAtRest, ...(isAtRest && orderingOf(row)) };
    });
  }

  async recordProgress({ outcome, refused, position, ...step }: OrderProgress): Promise<boolean> {
    const order = this.#mine(step);
    if (order === undefined || (outcome === 'done' && order.state !== 'running')) return false;
    Object.assign(order, {
      step: order.step + 1,
      position: structuredClone(position),
      refused: order.refused + refused.length,
      refusedNamed: [...order.refusedNamed, ...refused],
      state: outcome === 'done' ? 'done' : order.state,
      unwinds: order.unwinds && outcome !== 'unwound',
      ...(outcome === 'done' || outcome === 'unwound' ? { finishedAtMs: this.#nowMs() } : {}),
      ...(outcome === 'unwound' ? { lastDueAtMs: undefined } : {}),
      ...(outcome === 'going_on' ? {} : { token: undefined, workerUntilMs: 0 }),
    });
    return true;
  }

  async changeOrder(orderId: number, verb: OrderVerb) {
    const order = this.#tables.orders.get(orderId);
    if (order === undefined) return undefined;
    const { state } = order;
    const isRedelivery = order.action === 'redeliver';
    const mayRest = state === 'running' || (state === 'done' && isRedelivery);
    let next = state;
    if (verb === 'continue' && state === 'paused') next = 'running';
    if (verb === 'pause' && mayRest) next = 'paused';
    if (verb === 'stop' && (mayRest || state === 'paused')) next = 'stopped';
    if (next !== state) {
      Object.assign(order, {
        state: next,
        unwinds: isRedelivery && next !== 'running',
        position: next === 'running' && isRedelivery ? {} : order.position,
        step: order.step + 1,
        finishedAtMs: next === 'stopped' && !isRedelivery ? this.#nowMs() : undefined,
        token: undefined,
        workerUntilMs: 0,
      });
    }
    return { before: state, state: next };
  }

  #nowMs(): number {
    return this.#options.nowMs();
  }

  #mine({ orderId, token, step }: OrderStep): FakeOrder | undefined {
    const order = this.#tables.orders.get(orderId);
    return order?.token === token && order.step === step ? order : undefined;
  }

  #refuse(rows: readonly FakeRow[]): void {
    const refused = rows.flatMap(({ deliveryId }) => this.#tables.refused.get(deliveryId) ?? []);
    if (refused[0] !== undefined) throw new RowRefused(refused[0].refusal);
  }

  #look({ walk, selection, statuses, withoutCancelled, diedBy, after }: MatchLook) {
    const { rowsPerLook = Infinity } = this.#options;
    const atOf = (row: FakeRow) =>
      walk.startsWith('dead') ? row.updatedMs : walk === 'pending' ? (row.scheduledForMs ?? 0) : row.createdMs;
    const afterMs = after === undefined ? -Infinity : Date.parse(after.at);
    const host = hostOf(selection);
    const until = Math.min(selection.deadUntilMs ?? Infinity, diedBy === undefined ? Infinity : Date.parse(diedBy) + 1);
    const looked = [...this.#tables.rows.values()]
      .filter((row) => {
        if (walk === 'ids') return selection.deliveryIds?.includes(row.deliveryId);
        if (walk === 'run') return row.workflowRunId === selection.workflowRunId;
        if (walk === 'pending') return row.status === 'pending';
        if (walk === 'organization') return row.organizationId === selection.organizationId;
        if (walk === 'all') return true;
        const isThere = row.status === 'dead_letter' && row.updatedMs < until;
        return isThere && (walk !== 'dead_host' || new URL(row.endpointUrl).hostname === host?.host);
      })
      .filter((row) => !walk.startsWith('dead') || row.updatedMs >= (selection.deadSinceMs ?? -Infinity))
      .toSorted((a, b) => atOf(a) - atOf(b) || a.deliveryId - b.deliveryId)
      .filter((row) => atOf(row) > afterMs || (atOf(row) === afterMs && row.deliveryId > Number(after?.id)))
      .slice(0, rowsPerLook);
    const found = looked.filter((row) => {
      const { hostname, port, protocol } = new URL(row.endpointUrl);
      const { deliveryIds, workflowRunId, webhookNodeId, organizationId, reason, credentialUuid } = selection;
      return (
        statuses.includes(row.status) &&
        (deliveryIds === undefined || deliveryIds.includes(row.deliveryId)) &&
        (workflowRunId === undefined || workflowRunId === row.workflowRunId) &&
        (webhookNodeId === undefined || webhookNodeId === row.webhookNodeId) &&
        (selection.webhookName === undefined || selection.webhookName === row.webhookName) &&
        (selection.orderingKey === undefined || selection.orderingKey === row.orderingKey) &&
        (credentialUuid === undefined || credentialUuid === row.credentialUuid) &&
        (organizationId === undefined || organizationId === row.organizationId) &&
        (reason === undefined || reason === row.deadLetterReason) &&
        (selection.standing === undefined || isStanding(row)) &&
        !(withoutCancelled && row.deadLetterReason === 'cancelled') &&
        (host === undefined || host.host === hostname) &&
        (host?.port === undefined || String(host.port) === (port || (protocol === 'https:' ? '443' : '80'))) &&
        (selection.endpointUrl === undefined || selection.endpointUrl === row.endpointUrl.split('?')[0]) &&
        row.createdMs >= (selection.createdSinceMs ?? -Infinity) &&
        row.createdMs < (selection.createdUntilMs ?? Infinity) &&
        row.updatedMs >= (selection.deadSinceMs ?? -Infinity) &&
        row.updatedMs < until
      );
    });
    const last = looked.length < rowsPerLook ? undefined : looked.at(-1);
    const positionOf = (row: FakeRow) => ({ at: new Date(atOf(row)).toISOString(), id: String(row.deliveryId) });
    return { found, next: last && positionOf(last), positionOf };
  }

  #change(order: FakeOrder, rows: readonly FakeRow[], page: OrderPage): Map<number, DueDelivery> {
    const due = new Map<number, DueDelivery>();
    const nowMs = this.#nowMs();
    const isReplay = order.action === 'replay';
    const at = (row: FakeRow) => (isReplay ? row.createdMs : row.updatedMs);
    for (const row of rows.toSorted((a, b) => at(a) - at(b) || a.deliveryId - b.deliveryId)) {
      if (order.action === 'dismiss') Object.assign(row, { dismissedBy: order.orderId });
      else if (order.action === 'cancel' || order.action === 'expunge') this.#end(order, row);
      else {
        const host = new URL(row.endpointUrl).host;
        const atMs = Math.max(nowMs, this.#tables.paces.get(host) ?? 0);
        this.#tables.paces.set(host, atMs + 1000 / (order.perSecond ?? 1));
        const delaySeconds = (atMs - nowMs) / 1000;
        const target = isReplay ? this.#replay(order, row, page) : this.#bringBack(order, row);
        Object.assign(target, {
          scheduledForMs: atMs,
          awaitsHandOut: delaySeconds > MAX_CHAINED_DELAY_SECONDS,
          maxAttempts: target.attemptCount + (order.moreAttempts ?? 0),
        });
        order.lastDueAtMs = Math.max(order.lastDueAtMs ?? 0, atMs);
        due.set(row.deliveryId, {
          deliveryId: target.deliveryId,
          organizationId: row.organizationId,
          attempt: target.attemptCount + 1,
          delaySeconds: Math.ceil(delaySeconds),
        });
      }
    }
    return due;
  }

  #bringBack(order: FakeOrder, row: FakeRow): FakeRow {
    const { status, scheduledForMs, awaitsHandOut, deadLetterReason, maxAttempts, claimCount } = row;
    const { deathCounted, cancelledBy, dismissedBy, updatedMs, attemptCount } = row;
    const before = {
      status,
      scheduledForMs,
      awaitsHandOut,
      deadLetterReason,
      maxAttempts,
      claimCount,
      leaseToken: undefined,
      deathCounted,
      cancelledBy,
      dismissedBy,
      updatedMs,
    };
    return Object.assign(row, {
      status: 'pending' as const,
      updatedMs: this.#nowMs(),
      deadLetterReason: undefined,
      claimCount: attemptCount,
      heldSeconds: 0,
      putBackMs: undefined,
      leaseToken: undefined,
      deathCounted: false,
      cancelledBy: undefined,
      dismissedBy: undefined,
      redeliveredBy: order.orderId,
      before: { attemptCount, row: before },
    });
  }

  #replay(order: FakeOrder, row: FakeRow, page: OrderPage): FakeRow {
    const deliveryId = this.#tables.nextId++;
    const replayed: FakeRow = {
      ...row,
      deliveryId,
      deliveryUuid: page.newUuids[page.deliveryIds.indexOf(row.deliveryId)] ?? '',
      webhookNodeId: `${row.webhookNodeId} (replay ${order.orderId})`,
      replayOf: row.deliveryId,
      status: 'pending' as const,
      attemptCount: 0,
      claimCount: 0,
      ...FREE,
      heldSeconds: 0,
      updatedMs: this.#nowMs(),
      createdMs: this.#nowMs(),
      leaseToken: undefined,
      leaseExpiresMs: undefined,
      claimedMs: undefined,
      putBackMs: undefined,
      lastStatusCode: undefined,
      lastError: undefined,
      deadLetterReason: undefined,
      succeededLate: false,
      deathCounted: false,
      cancelledBy: undefined,
      dismissedBy: undefined,
      redeliveredBy: undefined,
      before: undefined,
      attempts: new Map(),
    };
    this.#ordering.place(replayed);
    this.#tables.rows.set(deliveryId, replayed);
    return replayed;
  }

  /** Of one in flight the attempt under way is the last. */
  #end(order: FakeOrder, row: FakeRow): void {
    const nowMs = this.#nowMs();
    const isPending = row.status === 'pending';
    const isInFlight = isPending && (row.leaseExpiresMs ?? 0) > nowMs;
    if (isPending) Object.assign(row, { cancelledBy: row.cancelledBy ?? order.orderId, deathCounted: true });
    if (isInFlight) {
      Object.assign(row, { maxAttempts: row.attemptCount, awaitsHandOut: false });
      if (order.action === 'expunge') row.expungeAtEnd = true;
      return;
    }
    if (isPending) {
      if (row.leaseExpiresMs !== undefined && row.attemptCount > 0 && !row.attempts.has(row.attemptCount)) {
        const { attemptCount: attempt, leaseToken } = row;
        row.attempts.set(attempt, { attempt, errorClass: 'outcome_unknown', error: 'never reported', leaseToken });
      }
      Object.assign(row, {
        ...FREE,
        status: 'dead_letter',
        deadLetterReason: 'cancelled',
        lastError: row.lastError ?? 'an operator ended it',
        scheduledForMs: undefined,
        awaitsHandOut: false,
        leaseToken: undefined,
        leaseExpiresMs: undefined,
        updatedMs: nowMs,
      });
    }
    if (order.action !== 'expunge') return;
    Object.assign(row, {
      expungedMs: nowMs,
      body: '',
      customHeaders: [],
      ...(row.trace && { trace: { traceparent: row.trace.traceparent.slice(0, 55) } }),
      endpointUrl: row.endpointUrl.split('?')[0],
      orderingKey: undefined,
      orderingPosition: undefined,
      orderingOnDeadLetter: undefined,
    });
    for (const attempt of row.attempts.values()) {
      attempt.excerpt = undefined;
      const exchange = parseExchange(attempt.exchange);
      attempt.exchange = exchange && formatExchange(withoutNames(exchange));
    }
  }
}

function newOrder(order: Omit<NewOrder, 'action'> & { action: string }, orderId: number, givenAtMs: number): FakeOrder {
  return {
    ...order,
    orderId,
    givenAtMs,
    state: 'running',
    done: 0,
    refused: order.refused.length,
    refusedNamed: [...order.refused],
    lastDueAtMs: undefined,
    finishedAtMs: undefined,
    unwinds: false,
    position: {},
    step: 0,
    token: undefined,
    workerUntilMs: 0,
  };
}
