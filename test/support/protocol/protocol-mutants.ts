import type {
  AcceptAnswer,
  BuriedDelivery,
  CalledPage,
  Claim,
  ClaimAnswer,
  NewDelivery,
  Release,
  ReleaseAnswer,
  Settled,
  SettledAttempt,
} from '../../../shared/delivery/store-answers.ts';
import type { OutcomePage, WaitingOutcome } from '../../../shared/delivery/outcome.ts';
import type { UnknownRuns } from '../../../shared/enqueue/accept-store.ts';
import { FakeDeliveryStore, type FakeStoreOptions, type FakeTables } from '../store/fake-delivery-store.ts';
import { FakeEndpoints } from '../store/fake-endpoints-store.ts';
import type { ClaimVerdict, FakeRow, ReleaseVerdict, SettleVerdict } from '../store/fake-delivery-rules.ts';
import type { OpenStore, Variant } from './protocol-run.ts';
import { openFake } from './protocol-plans.ts';
import type { Store } from '../store/store-world.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

/** The protocol with one of its rules taken out, and what must be seen to break without it. */
export type Mutant = {
  breaks: RegExp;
  variant?: Variant;
  open?: OpenStore;
};

class NoBury extends FakeDeliveryStore {
  override async buryDeliveries(): Promise<BuriedDelivery[]> {
    return [];
  }
}

class UnfencedSettle extends FakeDeliveryStore {
  protected override settleVerdict(): SettleVerdict {
    return 'recorded';
  }
}

class CountAtSettle extends FakeDeliveryStore {
  protected override countAtClaim(): void {
    // Counted when the outcome is known: a crash is free.
  }

  protected override countAtSettle(row: FakeRow): void {
    row.attemptCount++;
  }

  protected override releaseVerdict(row: FakeRow, release: Release): ReleaseVerdict {
    const verdict = super.releaseVerdict(row, release);
    // There is nothing to give back.
    if (verdict === 'released') row.attemptCount++;
    return verdict;
  }
}

class RepeatingRelease extends FakeDeliveryStore {
  protected override releaseVerdict(row: FakeRow, release: Release): ReleaseVerdict {
    return row.leaseToken === release.token && row.status === 'pending'
      ? 'released'
      : super.releaseVerdict(row, release);
  }
}

/** With one token for a batch a release finds all that the batch holds. */
class ReleaseByToken extends FakeDeliveryStore {
  protected override release(release: Release): ReleaseAnswer {
    const neighbours = [...this.tables.rows.values()].filter(
      ({ leaseToken, deliveryId }) => leaseToken === release.token && deliveryId !== release.deliveryId,
    );
    for (const { deliveryId } of neighbours) super.release({ ...release, deliveryId });
    return super.release(release);
  }
}

class LateSuccessDropped extends FakeDeliveryStore {
  protected override settleVerdict(row: FakeRow, settled: SettledAttempt): SettleVerdict {
    const verdict = super.settleVerdict(row, settled);
    return verdict === 'late_success' ? 'superseded' : verdict;
  }
}

class LateFailureCounts extends FakeDeliveryStore {
  protected override settleVerdict(row: FakeRow, settled: SettledAttempt): SettleVerdict {
    const verdict = super.settleVerdict(row, settled);
    return verdict === 'superseded' ? 'late_success' : verdict;
  }
}

class NoLease extends FakeDeliveryStore {
  protected override claimVerdict(row: FakeRow, claim: Claim & { hasCompany: boolean }): ClaimVerdict {
    const verdict = super.claimVerdict(row, claim);
    return verdict === 'held' && row.attemptCount < row.maxAttempts ? 'claimable' : verdict;
  }
}

class NotLookingAtDueTime extends FakeDeliveryStore {
  protected override claimVerdict(row: FakeRow, claim: Claim & { hasCompany: boolean }): ClaimVerdict {
    const verdict = super.claimVerdict(row, claim);
    return verdict === 'early' ? 'claimable' : verdict;
  }
}

/** Ends while the worker is still at it. */
class ShortLease extends FakeDeliveryStore {
  override async claimDeliveries(claims: readonly Claim[]): Promise<ClaimAnswer[]> {
    return await super.claimDeliveries(claims, 5);
  }
}

/** Answers before the rows are there. */
class MessageBeforeRow extends FakeDeliveryStore {
  readonly #time: VirtualTime;

  constructor(options: FakeStoreOptions, tables: FakeTables, time: VirtualTime) {
    super(options, tables);
    this.#time = time;
  }

  override async acceptDeliveries(deliveries: readonly NewDelivery[], runs: UnknownRuns): Promise<AcceptAnswer[]> {
    const answers = await super.acceptDeliveries(deliveries, runs);
    for (const answer of answers) {
      const row = answer.kind === 'stored' && answer.created ? this.tables.rows.get(answer.deliveryId) : undefined;
      if (row === undefined) continue;
      this.tables.rows.delete(row.deliveryId);
      this.#time.after(10_000, () => this.tables.rows.set(row.deliveryId, row));
    }
    return answers;
  }
}

/** What is to be announced is in the worker's memory alone. */
class OutcomesInMemory extends FakeDeliveryStore {
  override async settleDeliveries(...asked: Parameters<FakeDeliveryStore['settleDeliveries']>): Promise<Settled> {
    const settled = await super.settleDeliveries(...asked);
    await this.clearOutcomes(settled.outcomes.map(({ id }) => id));
    return settled;
  }
}

/** Whoever reads what is to be announced takes it away. */
class TakingOutcomes extends FakeDeliveryStore {
  override async listOutcomes(page: OutcomePage): Promise<WaitingOutcome[]> {
    const waiting = await super.listOutcomes(page);
    await this.clearOutcomes(waiting.map(({ outcome }) => outcome.id));
    return waiting;
  }
}

class FreshEventIds extends FakeDeliveryStore {
  #events = 0;

  override async listOutcomes(page: OutcomePage): Promise<WaitingOutcome[]> {
    const waiting = await super.listOutcomes(page);
    return waiting.map(({ outcome, ...one }) => ({
      ...one,
      outcome: { ...outcome, eventId: `event ${++this.#events}` },
    }));
  }
}

/** Looks whether a place is free, and takes none. */
class NoPlace extends FakeEndpoints {
  override take(): void {
    // Whoever comes next finds it free as well.
  }
}

/** The place of a dead worker is never free again. */
class NoExpiry extends FakeEndpoints {
  override take(row: FakeRow, token: string): void {
    super.take(row, token, Infinity);
  }
}

class NoRepair extends FakeEndpoints {
  override callHeld(): CalledPage {
    return { called: [], lastKey: undefined };
  }
}

/** A worker that gives its attempt back gives back one that nobody wants any more. */
class ReleasedThoughCancelled extends FakeDeliveryStore {
  protected override releaseVerdict(row: FakeRow, release: Release): ReleaseVerdict {
    const { cancelledBy } = row;
    const verdict = super.releaseVerdict(Object.assign(row, { cancelledBy: undefined }), release);
    row.cancelledBy = cancelledBy;
    return verdict;
  }
}

class CancelSparesAttempts extends FakeDeliveryStore {
  override async workPage(...[page]: Parameters<Store['workPage']>): ReturnType<Store['workPage']> {
    const allowed = new Map([...this.tables.rows].map(([id, { maxAttempts }]) => [id, maxAttempts]));
    const answers = await super.workPage(page);
    for (const row of this.tables.rows.values()) {
      if (page.action === 'cancel') row.maxAttempts = allowed.get(row.deliveryId) ?? row.maxAttempts;
    }
    return answers;
  }

  protected override settleVerdict(row: FakeRow, settled: SettledAttempt): SettleVerdict {
    // A cancellation that the outcome of the attempt under way forgets.
    if (settled.settlement.kind !== 'succeeded') row.cancelledBy = undefined;
    return super.settleVerdict(row, settled);
  }
}

class ErasedInFlight extends FakeDeliveryStore {
  override async workPage(...[page]: Parameters<Store['workPage']>): ReturnType<Store['workPage']> {
    const answers = await super.workPage(page);
    for (const row of this.tables.rows.values()) if (row.expungeAtEnd) row.expungedMs = this.nowMs();
    return answers;
  }
}

class StopTakesAttempted extends FakeDeliveryStore {
  override async restPage(...[page]: Parameters<Store['restPage']>): ReturnType<Store['restPage']> {
    for (const row of this.tables.rows.values()) {
      if (row.before !== undefined) row.before.attemptCount = row.attemptCount;
    }
    return super.restPage(page);
  }
}

type Make = new (options: FakeStoreOptions, tables: FakeTables) => FakeDeliveryStore;

const made = (Store: Make) => openFake((options, tables) => new Store(options, tables));
const endpoints = (Endpoints: typeof FakeEndpoints) =>
  openFake((options, tables) => {
    const openEndpoints = (...given: ConstructorParameters<typeof FakeEndpoints>) => new Endpoints(...given);
    return new FakeDeliveryStore({ ...options, openEndpoints }, tables);
  });

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'unfenced settle': { breaks: /a terminal state absorbs/, open: made(UnfencedSettle) },
  'count at settle': { breaks: /at most max_attempts requests/, open: made(CountAtSettle) },
  'no sweep': { breaks: /no delivery lost/, variant: { sweeps: false } },
  'no bury': { breaks: /no delivery lost/, open: made(NoBury) },
  'token shared by a batch': {
    breaks: /at most max_attempts requests/,
    open: made(ReleaseByToken),
    variant: { tokens: 'one for a batch' },
  },
  'token shared by all': { breaks: /at most max_attempts requests/, variant: { tokens: 'one for all' } },
  'release that repeats': { breaks: /at most max_attempts requests/, open: made(RepeatingRelease) },
  'late 2xx dropped': { breaks: /a known success is never lost/, open: made(LateSuccessDropped) },
  'late failure recorded': { breaks: /a terminal state absorbs/, open: made(LateFailureCounts) },
  'no lease': { breaks: /never two requests in flight/, open: made(NoLease) },
  'lease shorter than an attempt': {
    breaks: /never two requests in flight/,
    open: made(ShortLease),
  },
  'no deadline before the request': { breaks: /never two requests in flight/, variant: { deadline: 'ignored' } },
  'no deadline where the request is written': {
    breaks: /never two requests in flight/,
    variant: { deadline: 'not at the act' },
  },
  'due time not looked at': { breaks: /no request before it is due/, open: made(NotLookingAtDueTime) },
  'outcome kept in memory': { breaks: /each end is announced/, open: made(OutcomesInMemory) },
  'outcome taken before its event is put': { breaks: /each end is announced/, open: made(TakingOutcomes) },
  'event id of each event': { breaks: /one end has one event/, open: made(FreshEventIds) },
  'a claim takes no place': { breaks: /never two probes of an endpoint at once/, open: endpoints(NoPlace) },
  'a place outlives its lease': { breaks: /no delivery lost/, open: endpoints(NoExpiry) },
  'nobody calls what lost its message': { breaks: /no delivery lost/, open: endpoints(NoRepair) },
  'a cancelled attempt is given back': {
    breaks: /nobody claims what was cancelled/,
    open: made(ReleasedThoughCancelled),
  },
  'a cancellation forgotten by the attempt under way': {
    breaks: /no request of what was cancelled|nobody claims what was cancelled/,
    open: made(CancelSparesAttempts),
  },
  'erased in flight': { breaks: /nothing that is pending is erased/, open: made(ErasedInFlight) },
  'a stop takes back what was attempted': {
    breaks: /a stop puts to rest only what nobody has attempted/,
    open: made(StopTakesAttempted),
  },
  'message before row': {
    breaks: /no message names a row that does not exist/,
    open: openFake((options, tables, time) => new MessageBeforeRow(options, tables, time)),
  },
};
