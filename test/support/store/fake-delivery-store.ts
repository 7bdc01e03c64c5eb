import { FAILURE_CLASSES } from '../../../shared/delivery/attempt-outcome.ts';
import { formatExchange, withoutNames } from '../../../shared/delivery/exchange.ts';
import {
  type AcceptAnswer,
  type BuriedDelivery,
  type CalledPage,
  type CallLimit,
  type Claim,
  type ClaimAnswer,
  type EndpointMeasure,
  type HeldPage,
  type NewDelivery,
  type Refusal,
  type Release,
  type ReleaseAnswer,
  RowRefused,
  type Settled,
  type SettleAnswer,
  type SettledAttempt,
  StatementRefused,
  type StepInOrder,
  type SweepPage,
  type SweepPosition,
  type SweptDelivery,
  type UncountedDeath,
  type WhatIsLeft,
} from '../../../shared/delivery/store-answers.ts';
import type { NextDelivery, OrderingKey } from '../../../shared/delivery/ordering-key.ts';
import type { OutcomePage, Outcomes, WaitingOutcome } from '../../../shared/delivery/outcome.ts';
import type { UnknownRuns } from '../../../shared/enqueue/accept-store.ts';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  MAX_DELIVERIES_PER_REQUEST,
  MAX_CHAINED_DELAY_SECONDS,
  ORDERING_KEY_IDLE_SECONDS,
  SWEEP_HORIZON_SECONDS,
} from '../../../shared/runtime/limits.ts';
import type { EndpointStore, OrderStore } from '../../../shared/operate/order-store.ts';
import { type FakeOrder, FakeOrderStore } from './fake-order-store.ts';
import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import { openEndpoints, type FakeEndpoints } from './fake-endpoints-store.ts';
import { endpointKeys, type FakeEndpoint, type Said } from './fake-endpoints.ts';
import { FakeOrdering, type FakeSlot, orderingOf } from './fake-ordering.ts';
import { type FakeOutcome, FakeOutcomes } from './fake-outcomes.ts';
import { isOver } from './fake-order-rules.ts';
import { RULES, type Store } from './store-world.ts';
import {
  acceptAnswerOf,
  answerBytesOf,
  type ClaimVerdict,
  claimVerdict,
  compareDue,
  deliveryOf,
  type FakeRow,
  FREE,
  hasArrived,
  isPutBack,
  newRow,
  refuseUnsound,
  releaseDelaySeconds,
  type ReleaseVerdict,
  releaseVerdict,
  type SettleVerdict,
  settleVerdict,
  storable,
} from './fake-delivery-rules.ts';

export type FakeStoreOptions = {
  /** The clock of this database. */
  nowMs: () => number;
  payloadBudgetBytes?: number;
  /** Dead letters that one call looks at. Default: all. */
  rowsPerLook?: number;
  rules?: EndpointRules & { outcomes: Outcomes };
  /** Of a mutant: endpoints with one of their rules taken out. */
  openEndpoints?: typeof openEndpoints;
  /** No statement is ever undone: for runs so large that keeping what was before would take most of the time. */
  neverRefuses?: true;
};

/** The tables behind one or several fake stores. */
export class FakeTables {
  readonly rows = new Map<number, FakeRow>();
  readonly endpoints = new Map<string, FakeEndpoint>();
  /** The organization of each run; null: the run has none. */
  readonly runs = new Map<number, number | null>();
  /** Rows that somebody else's transaction holds. */
  readonly locked = new Set<number>();
  /** Rows that the database refuses to change, or of whose attempts it refuses to keep any. */
  readonly refused = new Map<number, { refusal: Refusal; what: 'ending' | 'any change' | 'its attempts' }>();
  /** Nodes of which the database refuses to store a delivery. */
  readonly refusedNodes = new Set<string>();
  readonly outcomes = new Map<number, FakeOutcome>();
  outcomesSoFar = 0;
  readonly orders = new Map<number, FakeOrder>();
  /** When the next delivery of an order to a host may be due. */
  readonly paces = new Map<string, number>();
  nextId = 1;
  /** Of the ordering keys that have an attempt in flight. */
  readonly slots = new Map<string, FakeSlot>();
  lastPosition = 0;

  clear(): void {
    this.rows.clear();
    this.endpoints.clear();
    this.outcomes.clear();
    this.runs.clear();
    this.locked.clear();
    this.refused.clear();
    this.refusedNodes.clear();
    this.orders.clear();
    this.paces.clear();
    this.slots.clear();
  }
}

/**
 * The delivery store in memory, for tests that need thousands of runs. It passes the contract of the real one, and like a
 * database it does each call as a whole or, where a row would become unsound, refuses it. What a mutant changes is protected.
 */
export class FakeDeliveryStore implements Store {
  readonly tables: FakeTables;
  readonly #options: FakeStoreOptions;
  readonly #endpoints: FakeEndpoints;
  readonly #outcomes: FakeOutcomes;
  readonly #orders: FakeOrderStore;
  readonly #ordering: FakeOrdering;

  constructor(options: FakeStoreOptions, tables = new FakeTables()) {
    this.#options = options;
    this.tables = tables;
    this.#endpoints = (options.openEndpoints ?? openEndpoints)(tables, options.nowMs, options.rules ?? RULES);
    this.#outcomes = new FakeOutcomes(tables, options.nowMs, options.rules ?? RULES);
    this.#ordering = new FakeOrdering(tables, options.nowMs);
    this.#orders = new FakeOrderStore(options, tables, this.#ordering);
  }

  async acceptDeliveries(deliveries: readonly NewDelivery[], unknownRuns: UnknownRuns): Promise<AcceptAnswer[]> {
    return deliveries.map((delivery, item) => {
      const answer = this.#accept(delivery, unknownRuns);
      return answer.kind === 'stored' && item >= MAX_DELIVERIES_PER_REQUEST
        ? { ...answer, lastError: undefined }
        : answer;
    });
  }

  async claimDeliveries(claims: readonly Claim[], leaseSeconds: number): Promise<ClaimAnswer[]> {
    return this.#statement(() => {
      const hasCompany = claims.length > 1;
      const judged = claims.map((claim) => {
        const row = this.tables.rows.get(claim.deliveryId);
        return {
          claim,
          row,
          verdict: row === undefined ? 'unknown' : this.#claimVerdict(row, { ...claim, hasCompany }),
        };
      });
      const claimable = judged.flatMap(({ row, verdict }) =>
        row !== undefined && verdict === 'claimable' ? [row] : [],
      );
      for (const { row, verdict } of judged) if (row !== undefined && verdict === 'behind') this.#endpoints.letGo(row);
      const kept = this.#endpoints.admit(claimable);
      const taken = this.#withinBudget(judged.filter(({ claim }) => !kept.has(claim.deliveryId)));
      return judged.map(({ claim: { deliveryId, token }, row, verdict }): ClaimAnswer => {
        if (row === undefined) return { kind: 'passed', deliveryId, because: 'unknown' };
        const answer = kept.get(deliveryId);
        if (answer !== undefined) return answer;
        switch (verdict) {
          case 'mine':
            return this.#claimed(row, token);
          case 'claimable': {
            if (!taken.has(deliveryId)) return { kind: 'deferred', deliveryId };
            if (this.#ordering.isBehind(row)) return { kind: 'passed', deliveryId, because: 'behind' };
            const refused = this.tables.refused.get(deliveryId);
            const leavesAttempt = row.leaseExpiresMs !== undefined && row.attemptCount > 0;
            if (refused?.what === 'any change' || (refused?.what === 'its attempts' && leavesAttempt)) {
              return { kind: 'refused', deliveryId, refusal: refused.refusal };
            }
            this.#endpoints.take(row, token, this.nowMs() + leaseSeconds * 1000);
            this.#ordering.take(row, { token, untilMs: this.nowMs() + leaseSeconds * 1000 });
            this.#lease(row, token, leaseSeconds);
            return this.#claimed(row, token);
          }
          case 'early':
            return { kind: 'early', deliveryId, dueInSeconds: Math.max(1, this.#dueInSeconds(row)) };
          case 'held':
            return { kind: 'held', deliveryId, dueInSeconds: Math.max(1, this.#freeInSeconds(row)) };
          case 'locked':
            return { kind: 'locked', deliveryId, overdueSeconds: -this.#dueInSeconds(row) };
          case 'apart':
            return { kind: 'apart', deliveryId };
          case 'arrived': {
            const { organizationId, attemptCount: attempt, leaseToken = '' } = row;
            const statusCode = row.attempts.get(attempt)?.statusCode ?? 0;
            return { kind: 'arrived', deliveryId, organizationId, attempt, token: leaseToken, statusCode };
          }
          default:
            return { kind: 'passed', deliveryId, because: verdict };
        }
      });
    });
  }

  async settleDeliveries(
    settlements: readonly SettledAttempt[],
    _limit?: CallLimit,
    announced: readonly number[] = [],
  ): Promise<Settled> {
    return this.#statement((before) => {
      const said: Said[] = [];
      const answers = settlements.map((settled): SettleAnswer => {
        const { deliveryId } = settled;
        const row = this.tables.rows.get(deliveryId);
        if (row === undefined) return { deliveryId, verdict: 'vanished' };
        if (this.tables.locked.has(deliveryId)) return { deliveryId, verdict: 'locked' };
        const verdict = this.settleVerdict(row, settled);
        const refused = this.tables.refused.get(deliveryId);
        const changes = verdict === 'recorded' || verdict === 'late_success';
        const isUnkept = refused?.what === 'its attempts';
        if (
          refused !== undefined &&
          changes &&
          !isUnkept &&
          (refused.what === 'any change' || settled.settlement.kind !== 'retry')
        ) {
          return { deliveryId, verdict: 'refused', refusal: refused.refusal };
        }
        const wasHeld = row.heldBy !== undefined;
        const attempts = new Map(row.attempts);
        const { leaseExpiresMs = 0 } = row;
        this.#settle(row, settled, verdict);
        if (isUnkept) row.attempts = attempts;
        if (verdict === 'recorded') said.push({ settled, row, leaseExpiresMs });
        const isHeld = verdict === 'already_recorded' && wasHeld;
        this.#ordering.free(row, settled.token);
        const beside = { ...(isUnkept && { unkept: refused.refusal }), ...orderingOf(row) };
        return { deliveryId, verdict, ...(isHeld && { isHeld }), ...beside };
      });
      const { turns, moved, called, held } = this.#endpoints.hear(said);
      const outcomes = [...this.#outcomes.ended(before, 'a worker'), ...this.#outcomes.turned(moved)];
      this.#outcomes.clear(announced);
      const told = answers.map((answer) =>
        held.has(answer.deliveryId) ? { ...answer, isHeld: true as const } : answer,
      );
      const keys = answers.flatMap((answer) => ('ordering' in answer ? (answer.ordering ?? []) : []));
      const next = this.#ordering.next(keys).filter((one) => answers.every((a) => a.deliveryId !== one.deliveryId));
      return { answers: told as SettleAnswer[], called, turns, next, outcomes };
    });
  }

  async goOnInOrder({ settled, next }: StepInOrder, leaseSeconds: number): Promise<ClaimAnswer | undefined> {
    const row = this.tables.rows.get(settled.deliveryId);
    const following = this.tables.rows.get(next.deliveryId);
    if (row === undefined || following === undefined || !this.#isOrdinaryStep({ row, following }, settled)) {
      return undefined;
    }
    // Both begin before anything else happens.
    const [, [answer]] = await Promise.all([
      this.settleDeliveries([settled]),
      this.claimDeliveries([next], leaseSeconds),
    ]);
    return answer;
  }

  async releaseDeliveries(releases: readonly Release[]): Promise<ReleaseAnswer[]> {
    return this.#statement((before) => {
      const answers = releases.map((release) =>
        this.tables.locked.has(release.deliveryId)
          ? { kind: 'locked' as const, deliveryId: release.deliveryId }
          : this.release(release),
      );
      this.#outcomes.ended(before, 'nobody');
      return answers;
    });
  }

  async noteAttempt({ deliveryId, token, attempt, settlement, exchange: sent }: SettledAttempt): Promise<boolean> {
    const row = this.tables.rows.get(deliveryId);
    if (row === undefined || row.leaseToken !== token) return false;
    const refused = this.tables.refused.get(deliveryId);
    if (refused?.what === 'its attempts') throw new StatementRefused(refused.refusal.sqlState);
    const { statusCode } = settlement;
    const { errorClass, error } = settlement.kind === 'succeeded' ? {} : settlement;
    const exchange = sent && formatExchange(sent);
    row.attempts.set(attempt, { ...row.attempts.get(attempt), attempt, statusCode, errorClass, error, exchange });
    row.attempts.set(attempt, { leaseToken: token, ...row.attempts.get(attempt), attempt });
    return true;
  }

  async putBackDeliveries(page: SweepPage): Promise<SweptDelivery[]> {
    const now = this.nowMs();
    const found = this.#page(page, SWEEP_HORIZON_SECONDS, (row) => isPutBack(row, now) && !this.#ordering.waits(row));
    return this.#swept(
      found,
      (row) => row.attemptCount + 1,
      (row) => row.scheduledForMs,
    );
  }

  async restoreMessages(page: SweepPage): Promise<SweptDelivery[]> {
    const now = this.nowMs();
    const found = this.#page(
      page,
      MAX_CHAINED_DELAY_SECONDS,
      (row) => (row.attemptCount < row.maxAttempts || (row.leaseExpiresMs ?? 0) > now) && !this.#ordering.waits(row),
    );
    return this.#swept(
      found,
      (row) => (row.leaseExpiresMs === undefined ? row.attemptCount + 1 : row.attemptCount),
      (row) => Math.max(row.scheduledForMs ?? 0, row.leaseExpiresMs ?? 0),
    );
  }

  async buryDeliveries(page: SweepPage): Promise<BuriedDelivery[]> {
    const now = this.nowMs();
    const lost = this.#page(
      page,
      0,
      (row) =>
        (row.leaseExpiresMs ?? 0) <= now && (row.attemptCount >= row.maxAttempts || this.#endpoints.isHeldTooLong(row)),
    );
    return this.#statement((before) => {
      const buried = lost.map((row) => {
        const position = positionOf(row);
        const known = row.attempts.get(row.attemptCount);
        if (row.attemptCount < row.maxAttempts) {
          Object.assign(row, TERMINAL, FREE, {
            status: 'dead_letter',
            deadLetterReason: 'endpoint_down',
            lastError: 'held for too long',
            updatedMs: now,
          });
          return { status: row.status, position, ...orderingOf(row) };
        }
        this.#writeUnreported(row);
        Object.assign(row, TERMINAL, { leaseToken: undefined, updatedMs: now });
        if (hasArrived(row)) Object.assign(row, { status: 'succeeded', succeededLate: true });
        else {
          const reason = row.cancelledBy === undefined ? (known?.errorClass ?? 'outcome_unknown') : 'cancelled';
          Object.assign(row, {
            status: 'dead_letter',
            deadLetterReason: reason,
            lastError: known?.error ?? 'never reported',
          });
        }
        return { status: row.status, position, ...orderingOf(row) };
      });
      this.#outcomes.ended(before, 'nobody');
      return buried;
    });
  }

  async listOutcomes(page: OutcomePage): Promise<WaitingOutcome[]> {
    return this.#outcomes.list(page);
  }

  async clearOutcomes(ids: readonly number[]): Promise<void> {
    this.#outcomes.clear(ids);
  }

  async listDueDeliveries({ after, pageRows }: Omit<SweepPage, 'only'>): Promise<SweepPosition[]> {
    return this.#pending()
      .filter((row) => isBehind(row, after))
      .slice(0, pageRows)
      .map(positionOf);
  }

  async listUncountedDeaths(pageRows: number, among?: readonly number[]): Promise<UncountedDeath[]> {
    const dead = [...this.tables.rows.values()].filter(
      ({ deliveryId, status, deathCounted }) =>
        status === 'dead_letter' &&
        !deathCounted &&
        !this.tables.locked.has(deliveryId) &&
        (among?.includes(deliveryId) ?? true),
    );
    return dead.slice(0, pageRows).map(({ deliveryId, deadLetterReason }) => ({
      id: String(deliveryId),
      reason: FAILURE_CLASSES.find((name) => name === deadLetterReason) ?? 'internal',
    }));
  }

  async markDeathsCounted(deaths: readonly UncountedDeath[]): Promise<void> {
    for (const { id } of deaths) {
      const row = this.tables.rows.get(Number(id));
      if (row !== undefined && !this.tables.locked.has(row.deliveryId)) row.deathCounted = true;
    }
  }

  async callHeldDeliveries(page: HeldPage): Promise<CalledPage> {
    return this.#endpoints.callHeld(page);
  }

  async forgetEndpoints(): Promise<number> {
    return this.#endpoints.forget();
  }

  async callNextDeliveries(keys: readonly OrderingKey[]): Promise<NextDelivery[]> {
    return this.#ordering.next(keys);
  }

  async forgetOrderingKeys(): Promise<number> {
    return this.#ordering.forget(ORDERING_KEY_IDLE_SECONDS * 1000);
  }

  async measureEndpoints(): Promise<EndpointMeasure> {
    return this.#endpoints.measure();
  }

  async oldestDueSeconds(): Promise<number> {
    const oldest = this.#pending().find((row) => !this.#ordering.waits(row))?.scheduledForMs ?? Infinity;
    return Math.max(0, Math.floor((this.nowMs() - Math.min(oldest, this.nowMs())) / 1000));
  }

  async whatIsLeft(): Promise<WhatIsLeft> {
    const rows = [...this.tables.rows.values()];
    const pending = rows.filter(({ status }) => status === 'pending');
    const nextDueMs = Math.min(...pending.map(({ scheduledForMs = Infinity }) => scheduledForMs));
    return {
      nowMs: Math.floor(this.nowMs()),
      hasWork:
        pending.some(({ heldBy }) => heldBy !== undefined) ||
        this.tables.outcomes.size > 0 ||
        [...this.tables.orders.values()].some((order) => !isOver(order)) ||
        rows.some(({ status, expungeAtEnd }) => status !== 'pending' && expungeAtEnd) ||
        rows.some(({ status, deathCounted }) => status === 'dead_letter' && !deathCounted),
      nextDueSeconds: pending.length === 0 ? undefined : Math.floor((nextDueMs - this.nowMs()) / 1000),
    };
  }

  countMatches: OrderStore['countMatches'] = (look, asked) => this.#orders.countMatches(look, asked);
  findMatches: OrderStore['findMatches'] = (look) => this.#orders.findMatches(look);
  findNamed: OrderStore['findNamed'] = (named) => this.#orders.findNamed(named);
  openOrder: OrderStore['openOrder'] = (order) => this.#orders.openOrder(order);
  changeEndpoint: EndpointStore['changeEndpoint'] = async ({ change, dryRun, ...order }) => {
    const found = this.#endpoints.change(change);
    if (found === undefined) return undefined;
    const { key, differs, apply } = found;
    if (dryRun) return { key, differs, orderId: undefined, isSame: true };
    const { isNew, ...opened } = this.#orders.openDone({ ...order, action: change.action }, differs ? 1 : 0);
    if (isNew && differs) apply();
    return { key, differs, ...opened };
  };
  findOrders: OrderStore['findOrders'] = (search) => this.#orders.findOrders(search);
  listUnfinishedOrders: OrderStore['listUnfinishedOrders'] = (rows) => this.#orders.listUnfinishedOrders(rows);
  takeOrder: OrderStore['takeOrder'] = (orderId, worker) => this.#orders.takeOrder(orderId, worker);
  recordProgress: OrderStore['recordProgress'] = (progress) => this.#orders.recordProgress(progress);
  changeOrder: OrderStore['changeOrder'] = (orderId, verb) => this.#orders.changeOrder(orderId, verb);

  async workPage(...[page]: Parameters<OrderStore['workPage']>): ReturnType<OrderStore['workPage']> {
    const before = structuredClone(this.tables.rows);
    const answers = await this.#orders.workPage(page);
    this.#outcomes.ended(before, 'nobody');
    return answers;
  }

  restPage(...[page]: Parameters<OrderStore['restPage']>): ReturnType<OrderStore['restPage']> {
    return this.#orders.restPage(page);
  }

  protected nowMs(): number {
    return this.#options.nowMs();
  }

  protected claimVerdict(row: FakeRow, claim: Claim & { hasCompany: boolean }): ClaimVerdict {
    return claimVerdict(row, claim, this.nowMs());
  }

  protected settleVerdict(row: FakeRow, settled: SettledAttempt): SettleVerdict {
    return settleVerdict(row, settled);
  }

  protected releaseVerdict(row: FakeRow, release: Release): ReleaseVerdict {
    return releaseVerdict(row, release);
  }

  protected countAtClaim(row: FakeRow): void {
    row.attemptCount++;
  }

  protected countAtSettle(_row: FakeRow, _settled: SettledAttempt): void {
    // The claim has counted.
  }

  protected release(release: Release): ReleaseAnswer {
    const { deliveryId, token, error } = release;
    const row = this.tables.rows.get(deliveryId);
    const verdict = row === undefined ? 'not_held' : this.releaseVerdict(row, release);
    if (row === undefined || verdict === 'not_held') return { kind: 'not_held', deliveryId };
    if (verdict === 'released' || verdict === 'buried') {
      this.#endpoints.free(row, token);
      this.#ordering.free(row, token);
      const delayMs = release.dueAtOnce === true ? 0 : releaseDelaySeconds(row) * 1000;
      Object.assign(row, {
        attemptCount: row.attemptCount - 1,
        leaseExpiresMs: undefined,
        leaseToken: token,
        lastError: storable(error),
        updatedMs: this.nowMs(),
        scheduledForMs: this.nowMs() + delayMs,
        ...(verdict === 'buried'
          ? {
              ...TERMINAL,
              status: 'dead_letter',
              deadLetterReason: row.cancelledBy === undefined ? 'never_sent' : 'cancelled',
            }
          : {}),
      });
    }
    if (row.status !== 'pending') return { kind: 'buried', deliveryId, ...orderingOf(row) };
    const { organizationId, attemptCount } = row;
    const delaySeconds = Math.max(0, this.#dueInSeconds(row));
    return {
      kind: 'released',
      deliveryId,
      organizationId,
      attempt: attemptCount + 1,
      delaySeconds,
      ...orderingOf(row),
    };
  }

  #accept(delivery: NewDelivery, unknownRuns: UnknownRuns): AcceptAnswer {
    const { runs, rows } = this.tables;
    const { workflowRunId, organizationId, webhookNodeId, deliveryUuid } = delivery;
    const ofRun = [...rows.values()].filter((row) => row.workflowRunId === workflowRunId);
    if (unknownRuns === 'register' && !runs.has(workflowRunId)) {
      runs.set(workflowRunId, ofRun[0]?.organizationId ?? organizationId);
    }
    const known = ofRun.find((row) => row.webhookNodeId === webhookNodeId);
    if (known?.organizationId === organizationId) return acceptAnswerOf(known, deliveryUuid, this.nowMs());
    const owner = runs.get(workflowRunId);
    if (owner === undefined) return { kind: 'run_not_found' };
    if (owner === null) return { kind: 'run_has_no_organization' };
    if (owner !== organizationId || known !== undefined) return { kind: 'organization_mismatch' };
    if (this.tables.refusedNodes.has(webhookNodeId)) return { kind: 'refused', refusal: { sqlState: 'P0001' } };
    const row = newRow(delivery, this.tables.nextId++, this.nowMs());
    this.#ordering.place(row);
    rows.set(row.deliveryId, row);
    return acceptAnswerOf(row, deliveryUuid, this.nowMs());
  }

  #isOrdinaryStep({ row, following }: Record<'row' | 'following', FakeRow>, settled: SettledAttempt): boolean {
    const { outcomes, maxInFlight, maxPerSecond } = this.#options.rules ?? RULES;
    const { scheduledForMs = 0, leaseExpiresMs, heldFor, attemptCount } = following;
    return (
      outcomes !== 'all' &&
      (maxInFlight ?? maxPerSecond) === undefined &&
      ![row, following].some(
        (one) => this.tables.locked.has(one.deliveryId) || this.tables.refused.has(one.deliveryId),
      ) &&
      ![row, following].some((one) => endpointKeys(one).some(({ key }) => this.tables.endpoints.has(key))) &&
      this.settleVerdict(row, settled) === 'recorded' &&
      (row.expungedMs ?? row.redeliveredBy) === undefined &&
      this.#ordering.holds(row, settled.token) &&
      this.#ordering.isNextAfter(row, following) &&
      attemptCount === 0 &&
      leaseExpiresMs === undefined &&
      heldFor === undefined &&
      scheduledForMs <= this.nowMs()
    );
  }

  /** The ids that fit the answer, in order; the first always does. */
  #withinBudget(judged: readonly { row: FakeRow | undefined; verdict: string }[]): Set<number> {
    const budget = this.#options.payloadBudgetBytes ?? CLAIM_PAYLOAD_BUDGET_BYTES;
    const isOver = (row: FakeRow) => Number(answerBytesOf(row).payload > budget);
    const places = judged
      .flatMap(({ row, verdict }) =>
        row !== undefined && (verdict === 'mine' || verdict === 'claimable') ? [{ row, verdict }] : [],
      )
      .toSorted(
        (a, b) =>
          Number(b.verdict === 'mine') - Number(a.verdict === 'mine') ||
          isOver(a.row) - isOver(b.row) ||
          a.row.deliveryId - b.row.deliveryId,
      );
    let bytes = 0;
    return new Set(
      places.flatMap(({ row }, place) => {
        const { payload, headers } = answerBytesOf(row);
        bytes += payload + headers;
        return place === 0 || bytes <= budget ? [row.deliveryId] : [];
      }),
    );
  }

  #claimVerdict(row: FakeRow, claim: Claim & { hasCompany: boolean }): ClaimVerdict | 'locked' {
    if (this.tables.locked.has(row.deliveryId)) return 'locked';
    const verdict = this.claimVerdict(row, claim);
    const wouldGo = verdict === 'claimable' || verdict === 'apart';
    return wouldGo && this.#ordering.waits(row) ? 'behind' : verdict;
  }

  #claimed(row: FakeRow, token: string): ClaimAnswer {
    const { deliveryId, attemptCount: attempt } = row;
    const budget = this.#options.payloadBudgetBytes ?? CLAIM_PAYLOAD_BUDGET_BYTES;
    const waitMs = Math.ceil(Math.max(0, (row.placeMs ?? 0) - this.nowMs()));
    if (answerBytesOf(row).payload <= budget) {
      const delivery = { ...deliveryOf(row, token), ...this.#ordering.followingOf(row) };
      return { kind: 'claimed', delivery, ...(waitMs > 0 && { waitMs }) };
    }
    return { kind: 'invalid', deliveryId, attempt, token, detail: `column payload is not at most ${budget} bytes` };
  }

  #lease(row: FakeRow, token: string, leaseSeconds: number): void {
    if (row.leaseExpiresMs !== undefined) this.#writeUnreported(row);
    this.countAtClaim(row);
    row.claimCount++;
    row.leaseToken = token;
    row.leaseExpiresMs = this.nowMs() + leaseSeconds * 1000;
    row.claimedMs = this.nowMs();
    this.#endpoints.letGo(row);
  }

  #writeUnreported(row: FakeRow): void {
    const attempt = row.attemptCount;
    if (attempt === 0 || row.attempts.has(attempt)) return;
    row.attempts.set(attempt, {
      attempt,
      errorClass: 'outcome_unknown',
      error: 'never reported',
      leaseToken: row.leaseToken,
    });
  }

  #settle(row: FakeRow, settled: SettledAttempt, verdict: SettleVerdict): void {
    const { settlement, attempt, token, exchange } = settled;
    const { statusCode, excerpt } = settlement;
    const { errorClass, error } = settlement.kind === 'succeeded' ? {} : settlement;
    const known = row.attempts.get(attempt);
    const record = {
      attempt,
      statusCode,
      errorClass,
      error: error && storable(error),
      recordedMs: this.nowMs(),
      excerpt: row.expungedMs === undefined ? excerpt && storable(excerpt) : undefined,
      exchange: exchange && formatExchange(row.expungedMs === undefined ? exchange : withoutNames(exchange)),
    };
    const stands = verdict === 'recorded' || verdict === 'late_success';
    if (verdict !== 'already_recorded' && (known === undefined || (stands && known.errorClass === 'outcome_unknown'))) {
      row.attempts.set(attempt, record);
    }
    if (!stands) return;
    this.countAtSettle(row, settled);
    // Of a cancelled one this attempt was the last.
    const isCancelled = row.cancelledBy !== undefined && settlement.kind !== 'succeeded';
    const isRetry = settlement.kind === 'retry' && !isCancelled;
    Object.assign(row, TERMINAL, {
      status: settlement.kind === 'succeeded' ? 'succeeded' : isRetry ? 'pending' : 'dead_letter',
      ...(isRetry && settlement.kind === 'retry'
        ? { scheduledForMs: this.nowMs() + settlement.delaySeconds * 1e3 }
        : {}),
      awaitsHandOut: isRetry && settlement.kind === 'retry' && settlement.delaySeconds > MAX_CHAINED_DELAY_SECONDS,
      leaseToken: token,
      lastStatusCode: statusCode,
      lastError: record.error,
      updatedMs: this.nowMs(),
      deadLetterReason: isCancelled ? 'cancelled' : settlement.kind === 'dead' ? errorClass : undefined,
      succeededLate: verdict === 'late_success',
    });
  }

  #pending(): FakeRow[] {
    return [...this.tables.rows.values()].filter(({ status }) => status === 'pending').toSorted(compareDue);
  }

  #page({ after, pageRows, only }: SweepPage, horizonSeconds: number, wanted: (row: FakeRow) => boolean): FakeRow[] {
    const until = this.nowMs() + horizonSeconds * 1000;
    const found = this.#pending()
      .filter(({ scheduledForMs = 0 }) => scheduledForMs <= until)
      .filter((row) => isBehind(row, after))
      .filter(({ deliveryId }) => only === undefined || only.some(({ id }) => id === String(deliveryId)))
      .filter((row) => wanted(row) && !this.tables.locked.has(row.deliveryId))
      .slice(0, pageRows);
    const refused = found
      .map(({ deliveryId }) => this.tables.refused.get(deliveryId))
      .find((one) => one?.what === 'any change');
    if (refused !== undefined) throw new RowRefused(refused.refusal);
    return found;
  }

  #swept(
    found: readonly FakeRow[],
    attemptOf: (row: FakeRow) => number,
    readyMs: (row: FakeRow) => number | undefined,
  ): SweptDelivery[] {
    return found.map((row) => {
      const { deliveryId, organizationId, awaitsHandOut: handedOut } = row;
      const delaySeconds = Math.max(0, Math.ceil(((readyMs(row) ?? 0) - this.nowMs()) / 1000));
      Object.assign(row, { putBackMs: this.nowMs(), awaitsHandOut: false });
      return {
        deliveryId,
        organizationId,
        attempt: attemptOf(row),
        delaySeconds,
        handedOut,
        position: positionOf(row),
      };
    });
  }

  #dueInSeconds({ scheduledForMs = 0 }: FakeRow): number {
    return Math.ceil((scheduledForMs - this.nowMs()) / 1000);
  }

  #freeInSeconds({ scheduledForMs = 0, leaseExpiresMs = 0 }: FakeRow): number {
    return Math.ceil((Math.max(scheduledForMs, leaseExpiresMs) - this.nowMs()) / 1000);
  }

  /** All of it or nothing, as a database does a statement. */
  #statement<Answer>(work: (before: ReadonlyMap<number, Pick<FakeRow, 'status' | 'redeliveredBy'>>) => Answer): Answer {
    if (this.#options.neverRefuses === true) {
      return work(
        new Map([...this.tables.rows].map(([id, { status, redeliveredBy }]) => [id, { status, redeliveredBy }])),
      );
    }
    const before = structuredClone(this.tables.rows);
    const endpoints = structuredClone(this.tables.endpoints);
    const outcomes = structuredClone(this.tables.outcomes);
    const slots = new Map(this.tables.slots);
    try {
      const answer = work(before);
      for (const row of this.tables.rows.values()) refuseUnsound(row);
      return answer;
    } catch (fault) {
      this.tables.rows.clear();
      for (const [id, row] of before) this.tables.rows.set(id, row);
      this.tables.endpoints.clear();
      for (const [key, endpoint] of endpoints) this.tables.endpoints.set(key, endpoint);
      this.tables.slots.clear();
      for (const [name, slot] of slots) this.tables.slots.set(name, slot);
      this.tables.outcomes.clear();
      for (const [id, outcome] of outcomes) this.tables.outcomes.set(id, outcome);
      throw fault;
    }
  }
}

const TERMINAL = { scheduledForMs: undefined, leaseExpiresMs: undefined, awaitsHandOut: false } as const;

function positionOf({ deliveryId, scheduledForMs }: FakeRow): SweepPosition {
  return { id: String(deliveryId), dueAt: new Date(scheduledForMs ?? 0).toISOString() };
}

function isBehind({ deliveryId, scheduledForMs = 0 }: FakeRow, after: SweepPosition | undefined): boolean {
  if (after === undefined) return true;
  const afterMs = Date.parse(after.dueAt);
  return scheduledForMs > afterMs || (scheduledForMs === afterMs && deliveryId > Number(after.id));
}
