import type {
  AcceptAnswer,
  Claim,
  ClaimAnswer,
  NewDelivery,
  Release,
  ReleaseAnswer,
  SettledAttempt,
  SettleAnswer,
} from '../../../shared/delivery/delivery-store.ts';
import type { UnknownRuns } from '../../../shared/enqueue/accept-store.ts';
import {
  CLAIM_PAYLOAD_BUDGET_BYTES,
  MAX_CHAINED_DELAY_SECONDS,
  SWEEP_HORIZON_SECONDS,
} from '../../../shared/runtime/limits.ts';
import type { RedeliveredDelivery, RedeliverPage } from '../../../shared/operate/redeliver-deliveries.ts';
import type { DeadLetterFilter } from '../../../shared/operate/redeliver-request.ts';
import type { SweepPage, SweptDelivery } from '../../../shared/sweep/sweep-deliveries.ts';
import type { Store } from './store-world.ts';
import {
  acceptAnswerOf,
  answerBytesOf,
  type ClaimVerdict,
  claimVerdict,
  compareDue,
  deliveryOf,
  type FakeRow,
  foundBy,
  hostOf,
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
};

/** The tables behind one or several fake stores. */
export class FakeTables {
  readonly rows = new Map<number, FakeRow>();
  /** The organization of each run; null: the run has none. */
  readonly runs = new Map<number, number | null>();
  nextId = 1;

  clear(): void {
    this.rows.clear();
    this.runs.clear();
  }
}

/**
 * The delivery store in memory, for tests that need thousands of runs. It passes the contract of the real one, and like a
 * database it does each call as a whole or, where a row would become unsound, refuses it. What a mutant changes is protected.
 */
export class FakeDeliveryStore implements Store {
  readonly tables: FakeTables;
  readonly #options: FakeStoreOptions;

  constructor(options: FakeStoreOptions, tables = new FakeTables()) {
    this.#options = options;
    this.tables = tables;
  }

  async acceptDeliveries(deliveries: readonly NewDelivery[], unknownRuns: UnknownRuns): Promise<AcceptAnswer[]> {
    return deliveries.map((delivery) => this.#accept(delivery, unknownRuns));
  }

  async claimDeliveries(claims: readonly Claim[], leaseSeconds: number): Promise<ClaimAnswer[]> {
    return this.#statement(() => {
      const judged = claims.map((claim) => {
        const row = this.tables.rows.get(claim.deliveryId);
        return { claim, row, verdict: row === undefined ? 'unknown' : this.claimVerdict(row, claim) };
      });
      const taken = this.#withinBudget(judged);
      return judged.map(({ claim: { deliveryId, token }, row, verdict }): ClaimAnswer => {
        if (row === undefined) return { kind: 'passed', deliveryId, because: 'unknown' };
        switch (verdict) {
          case 'mine':
            return { kind: 'claimed', delivery: deliveryOf(row, token) };
          case 'claimable':
            if (!taken.has(deliveryId)) return { kind: 'deferred', deliveryId };
            this.#lease(row, token, leaseSeconds);
            return { kind: 'claimed', delivery: deliveryOf(row, token) };
          case 'early':
            return { kind: 'early', deliveryId, dueInSeconds: Math.max(1, this.#dueInSeconds(row)) };
          default:
            return { kind: 'passed', deliveryId, because: verdict };
        }
      });
    }, refuseIncomplete);
  }

  async settleDeliveries(settlements: readonly SettledAttempt[]): Promise<SettleAnswer[]> {
    return this.#statement(() =>
      settlements.map((settled) => {
        const row = this.tables.rows.get(settled.deliveryId);
        const verdict = row === undefined ? 'vanished' : this.settleVerdict(row, settled);
        if (row !== undefined) this.#settle(row, settled, verdict);
        return { deliveryId: settled.deliveryId, verdict };
      }),
    );
  }

  async releaseDeliveries(releases: readonly Release[]): Promise<ReleaseAnswer[]> {
    return this.#statement(() => releases.map((release) => this.release(release)));
  }

  async putBackDeliveries(page: SweepPage): Promise<SweptDelivery[]> {
    const now = this.nowMs();
    const found = this.#page(page, SWEEP_HORIZON_SECONDS, (row) => isPutBack(row, now));
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
      (row) => row.attemptCount < row.maxAttempts || (row.leaseExpiresMs ?? 0) > now,
    );
    return this.#swept(
      found,
      (row) => (row.leaseExpiresMs === undefined ? row.attemptCount + 1 : row.attemptCount),
      (row) => Math.max(row.scheduledForMs ?? 0, row.leaseExpiresMs ?? 0),
    );
  }

  async buryDeliveries(pageRows: number): Promise<{ deliveryId: number; organizationId: number }[]> {
    const now = this.nowMs();
    const lost = this.#pending()
      .filter((row) => (row.scheduledForMs ?? 0) <= now && row.attemptCount >= row.maxAttempts)
      .filter((row) => (row.leaseExpiresMs ?? 0) <= now)
      .slice(0, pageRows);
    return this.#statement(() =>
      lost.map((row) => {
        this.#writeUnreported(row);
        Object.assign(row, TERMINAL, {
          ...{ status: 'dead_letter', deadLetterReason: 'outcome_unknown', lastError: 'never reported' },
          ...{ leaseToken: undefined, updatedMs: now },
        });
        return { deliveryId: row.deliveryId, organizationId: row.organizationId };
      }),
    );
  }

  async oldestDueSeconds(): Promise<number> {
    const oldest = this.#pending()[0]?.scheduledForMs ?? Infinity;
    return Math.max(0, Math.floor((this.nowMs() - Math.min(oldest, this.nowMs())) / 1000));
  }

  async countDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#deadLetters(filter).length;
  }

  async redeliverDeliveries(page: RedeliverPage): Promise<RedeliveredDelivery[]> {
    const given = new Map(page.already);
    const answers = this.#deadLetters(page.filter)
      .slice(0, page.pageRows)
      .map((row) => {
        const host = hostOf(row.endpointUrl);
        const delaySeconds = (given.get(host) ?? 0) / page.perSecond;
        given.set(host, (given.get(host) ?? 0) + 1);
        Object.assign(row, {
          ...{ status: 'pending', scheduledForMs: this.nowMs() + delaySeconds * 1000, updatedMs: this.nowMs() },
          ...{ awaitsHandOut: delaySeconds > MAX_CHAINED_DELAY_SECONDS, deadLetterReason: undefined },
          ...{ maxAttempts: row.attemptCount + page.moreAttempts, claimCount: row.attemptCount },
          ...{ putBackMs: undefined, leaseToken: undefined },
        });
        const { deliveryId, organizationId, attemptCount } = row;
        return { deliveryId, organizationId, attempt: attemptCount + 1, delaySeconds: Math.ceil(delaySeconds), host };
      });
    return answers.toSorted((a, b) => a.delaySeconds - b.delaySeconds || a.deliveryId - b.deliveryId);
  }

  async findStatuses(deliveryIds: readonly number[]): Promise<Map<number, FakeRow['status']>> {
    const known = deliveryIds.flatMap((id) => this.tables.rows.get(id) ?? []);
    return new Map(known.map(({ deliveryId, status }) => [deliveryId, status] as const));
  }

  protected nowMs(): number {
    return this.#options.nowMs();
  }

  protected claimVerdict(row: FakeRow, claim: Claim): ClaimVerdict {
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
      const delayMs = releaseDelaySeconds(row) * 1000;
      Object.assign(row, {
        ...{ attemptCount: row.attemptCount - 1, leaseExpiresMs: undefined, leaseToken: token },
        ...{ lastError: storable(error), updatedMs: this.nowMs(), scheduledForMs: this.nowMs() + delayMs },
        ...(verdict === 'buried' ? { ...TERMINAL, status: 'dead_letter', deadLetterReason: 'never_sent' } : {}),
      });
    }
    if (row.status !== 'pending') return { kind: 'buried', deliveryId, reason: 'never_sent' };
    const { organizationId, attemptCount } = row;
    const delaySeconds = Math.max(0, this.#dueInSeconds(row));
    return { kind: 'released', deliveryId, organizationId, attempt: attemptCount + 1, delaySeconds };
  }

  #accept(delivery: NewDelivery, unknownRuns: UnknownRuns): AcceptAnswer {
    const { runs, rows } = this.tables;
    const { workflowRunId, organizationId, webhookNodeId, deliveryUuid } = delivery;
    if (unknownRuns === 'register' && !runs.has(workflowRunId)) runs.set(workflowRunId, organizationId);
    const owner = runs.get(workflowRunId);
    if (owner === undefined) return { kind: 'run_not_found' };
    if (owner === null) return { kind: 'run_has_no_organization' };
    if (owner !== organizationId) return { kind: 'organization_mismatch' };
    const known = [...rows.values()].find(
      (row) => row.workflowRunId === workflowRunId && row.webhookNodeId === webhookNodeId,
    );
    const row = known ?? newRow(delivery, this.tables.nextId++, this.nowMs());
    rows.set(row.deliveryId, row);
    return acceptAnswerOf(row, deliveryUuid, this.nowMs());
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

  #lease(row: FakeRow, token: string, leaseSeconds: number): void {
    if (row.leaseExpiresMs !== undefined) this.#writeUnreported(row);
    this.countAtClaim(row);
    row.claimCount++;
    row.leaseToken = token;
    row.leaseExpiresMs = this.nowMs() + leaseSeconds * 1000;
    row.claimedMs = this.nowMs();
  }

  #writeUnreported(row: FakeRow): void {
    const attempt = row.attemptCount;
    if (attempt === 0 || row.attempts.has(attempt)) return;
    row.attempts.set(attempt, { attempt, errorClass: 'outcome_unknown', error: 'never reported' });
  }

  #settle(row: FakeRow, settled: SettledAttempt, verdict: SettleVerdict): void {
    const { settlement, attempt, token } = settled;
    const { statusCode, excerpt } = settlement;
    const { errorClass, error } = settlement.kind === 'succeeded' ? {} : settlement;
    const known = row.attempts.get(attempt);
    const record = {
      ...{ attempt, statusCode, errorClass },
      ...{ error: error && storable(error), excerpt: excerpt && storable(excerpt) },
    };
    const stands = verdict === 'recorded' || verdict === 'late_success';
    if (verdict !== 'already_recorded' && (known === undefined || (stands && known.errorClass === 'outcome_unknown'))) {
      row.attempts.set(attempt, record);
    }
    if (!stands) return;
    this.countAtSettle(row, settled);
    const isRetry = settlement.kind === 'retry';
    Object.assign(row, TERMINAL, {
      ...{ status: settlement.kind === 'succeeded' ? 'succeeded' : isRetry ? 'pending' : 'dead_letter' },
      ...(isRetry ? { scheduledForMs: this.nowMs() + settlement.delaySeconds * 1000 } : {}),
      ...{ awaitsHandOut: isRetry && settlement.delaySeconds > MAX_CHAINED_DELAY_SECONDS, leaseToken: token },
      ...{ lastStatusCode: statusCode, lastError: record.error, updatedMs: this.nowMs() },
      ...{ deadLetterReason: settlement.kind === 'dead' ? errorClass : undefined },
      ...{ succeededLate: verdict === 'late_success' },
    });
  }

  #pending(): FakeRow[] {
    return [...this.tables.rows.values()].filter(({ status }) => status === 'pending').toSorted(compareDue);
  }

  #page({ after, pageRows }: SweepPage, horizonSeconds: number, wanted: (row: FakeRow) => boolean): FakeRow[] {
    const until = this.nowMs() + horizonSeconds * 1000;
    const [afterMs, afterId] = after === undefined ? [-Infinity, 0] : [Date.parse(after.dueAt), after.deliveryId];
    return this.#pending()
      .filter(({ scheduledForMs = 0 }) => scheduledForMs <= until)
      .filter(
        ({ scheduledForMs = 0, deliveryId: id }) =>
          scheduledForMs > afterMs || (scheduledForMs === afterMs && id > afterId),
      )
      .filter(wanted)
      .slice(0, pageRows);
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
      const dueAt = new Date(row.scheduledForMs ?? 0).toISOString();
      return { deliveryId, organizationId, attempt: attemptOf(row), delaySeconds, handedOut, dueAt };
    });
  }

  #deadLetters(filter: DeadLetterFilter): FakeRow[] {
    return [...this.tables.rows.values()]
      .filter((row) => row.status === 'dead_letter' && foundBy(row, filter))
      .toSorted((a, b) => a.updatedMs - b.updatedMs || a.deliveryId - b.deliveryId);
  }

  #dueInSeconds({ scheduledForMs = 0 }: FakeRow): number {
    return Math.ceil((scheduledForMs - this.nowMs()) / 1000);
  }

  /** All of it or nothing, as a database does a statement. `afterwards` may refuse an answer whose effect stands. */
  #statement<Answer>(work: () => Answer, afterwards: (answer: Answer) => void = () => undefined): Answer {
    const before = structuredClone(this.tables.rows);
    let answer: Answer;
    try {
      answer = work();
      for (const row of this.tables.rows.values()) refuseUnsound(row);
    } catch (fault) {
      this.tables.rows.clear();
      for (const [id, row] of before) this.tables.rows.set(id, row);
      throw fault;
    }
    afterwards(answer);
    return answer;
  }
}

const TERMINAL = { scheduledForMs: undefined, leaseExpiresMs: undefined, awaitsHandOut: false } as const;

function refuseIncomplete(answers: readonly ClaimAnswer[]): void {
  for (const answer of answers) {
    if (answer.kind !== 'claimed' || (answer.delivery.body?.byteLength ?? 0) <= CLAIM_PAYLOAD_BUDGET_BYTES) continue;
    throw new Error('a claimed payload came incomplete');
  }
}
