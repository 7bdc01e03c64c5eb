import type { AttemptReport } from '../../../shared/deliver/attempt-delivery.ts';
import type { AttemptOutcome } from '../../../shared/delivery/attempt-outcome.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { DeliverParts } from '../../../shared/deliver/batch-context.ts';
import { deliverBatch, type ReceivedMessage } from '../../../shared/deliver/deliver-batch.ts';
import { formatDeliveryMessage, type OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import type { UnreadableMessage } from '../../../shared/delivery/delivery-queue.ts';
import type { Outcome, Outcomes } from '../../../shared/delivery/outcome.ts';
import type { CallLimit, NewDelivery } from '../../../shared/delivery/store-answers.ts';
import type { ClaimedDelivery } from '../../../shared/delivery/delivery.ts';
import { Announcer } from '../../../shared/outcomes/announcer.ts';
import { deliverTimeoutSeconds } from '../../../shared/runtime/limits.ts';
import type { Metrics } from '../../../shared/observe/metrics.ts';
import { freshToken, LEASE_SECONDS, newDelivery, NOON, RULES, soon, type Store } from '../store/store-world.ts';
import { FakeDeliveryStore, FakeTables } from '../store/fake-delivery-store.ts';
import { VirtualTime } from '../time/virtual-time.ts';

export const ATTEMPT_SECONDS = 30;
const FUNCTION_MS = deliverTimeoutSeconds(ATTEMPT_SECONDS) * 1000;

export const accepted: AttemptOutcome = { kind: 'accepted', status: 204, excerpt: '' };
export const failed: AttemptOutcome = { kind: 'failed', because: 'status', status: 503, detail: 'status 503' };
export const refused: AttemptOutcome = { kind: 'refused', because: 'status', status: 410, detail: 'status 410' };
export const givenBack: AttemptOutcome = { kind: 'released', detail: 'Secrets Manager did not answer' };

type Answer = { afterMs?: number; outcome: AttemptOutcome };

/** Metrics that add up. */
export class CountedMetrics implements Metrics {
  readonly counts = new Map<string, number>();
  flushes = 0;

  count(name: string, amount = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + amount);
  }

  deadLetters(reason: string, amount = 1): void {
    this.count(`dead: ${reason}`, amount);
  }

  milliseconds(): void {}

  standing(deadLetters: number): void {
    this.counts.set('StandingDeadLetters', deadLetters);
  }

  seconds(name: string, seconds: number): void {
    this.counts.set(name, seconds);
  }

  gauge(name: string, amount: number): void {
    this.counts.set(name, amount);
  }

  flush(): void {
    this.flushes++;
  }
}

/** One batch over the fake store in virtual time; receivers answer as told, at once with 204 where nothing was said. */
export class DeliverBatchBench {
  readonly time = new VirtualTime(NOON);
  readonly tables = new FakeTables();
  readonly store: Store;
  readonly metrics = new CountedMetrics();
  readonly lines: { event: string; fields: unknown }[] = [];
  readonly sent: OutgoingMessage[] = [];
  readonly setAside: UnreadableMessage[] = [];
  /** Names of the store's methods, as they were called. */
  readonly storeCalls: string[] = [];
  /** Deliveries as their attempts began, and by when they had to. */
  readonly attempts: { delivery: ClaimedDelivery; beganMs: number; mustStartByMs: number }[] = [];
  readonly answers = new Map<number, Answer>();
  /** Instead of the store's own. */
  instead: Partial<Store> = {};
  isQueueDown = false;
  /** Outcomes whose events were put, call by call. */
  readonly puts: Outcome[][] = [];
  /** What the bus does not take. */
  isUnput: (outcome: Outcome) => boolean = () => false;
  /** How long it takes to answer. */
  putMs = 0;
  readonly #announcer = new Announcer({
    bus: { put: (outcomes, limit) => this.#put(outcomes, limit) },
    store: { clearOutcomes: (ids) => this.#counted().clearOutcomes(ids) },
    clock: { monotonicMs: () => this.time.elapsedMs(), after: (delayMs, fire) => this.time.after(delayMs, fire) },
    log: {
      warn: (event, fields) => this.#write(event, fields),
      error: (event, fields) => this.#write(event, fields),
    },
    metrics: this.metrics,
  });
  /** What is told of outcomes; the short statements do nothing where all are. */
  constructor(outcomes: Outcomes = 'all') {
    this.store = new FakeDeliveryStore(
      // Of endpoints there are tests of their own.
      { nowMs: () => this.time.nowMs(), rules: { ...RULES, downAfterFailures: 0, outcomes } },
      this.tables,
    );
  }

  /** What chance brings, from 0 to below 1. */
  chance = 0;
  readonly clock: Clock = {
    nowMs: () => this.time.nowMs(),
    monotonicMs: () => this.time.elapsedMs(),
    random: () => this.chance,
    uuid: freshToken,
    after: (delayMs, fire) => this.time.after(delayMs, fire),
  };

  async stored(delivery: Partial<NewDelivery> = {}): Promise<number> {
    const [answer] = await this.store.acceptDeliveries([newDelivery(delivery)], 'register', soon());
    if (answer?.kind !== 'stored') throw new Error('the delivery was not stored');
    return answer.deliveryId;
  }

  async storedSeveral(count: number, delivery: Partial<NewDelivery> = {}): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) ids.push(await this.stored(delivery));
    return ids;
  }

  row(deliveryId: number) {
    const row = this.tables.rows.get(deliveryId);
    if (row === undefined) throw new Error('no such row');
    return row;
  }

  statuses(ids: readonly number[]): string[] {
    return ids.map((id) => this.row(id).status);
  }

  /** A batch that has been handed over, and what it answered once it has. */
  handOver(messages: readonly ReceivedMessage[], options: { leftMs?: number; parts?: Partial<DeliverParts> } = {}) {
    const endsAt = this.time.elapsedMs() + (options.leftMs ?? FUNCTION_MS);
    const state: { comeAgain?: string[]; fault?: unknown } = {};
    deliverBatch(messages, { ...this.#parts(), ...options.parts }, endsAt).then(
      ({ comeAgain }) => (state.comeAgain = comeAgain),
      (fault: unknown) => (state.fault = fault),
    );
    return state;
  }

  /** Hands over a batch and lets time run until it has answered: the ids of the messages that must come again. */
  async deliver(
    messages: readonly ReceivedMessage[],
    options: { leftMs?: number; parts?: Partial<DeliverParts> } = {},
  ): Promise<string[]> {
    const state = this.handOver(messages, options);
    await this.time.run(() => 'comeAgain' in state || 'fault' in state, this.time.elapsedMs() + 10 * FUNCTION_MS);
    if (state.comeAgain === undefined) throw new Error('the batch was not answered', { cause: state.fault });
    return state.comeAgain;
  }

  #parts(): DeliverParts {
    return {
      store: this.#counted(),
      announcer: this.#announcer,
      clock: this.clock,
      metrics: this.metrics,
      headerPrefix: 'X-Dograh',
      logPayload: 'shape',
      queue: {
        send: async (messages) => {
          if (this.isQueueDown) return { unsent: [...messages] };
          this.sent.push(...messages);
          return { unsent: [] };
        },
        setAside: async (messages) => {
          if (this.isQueueDown) return { unsent: [...messages] };
          this.setAside.push(...messages);
          return { unsent: [] };
        },
      },
      attempt: (delivery, mustStartByMs) => this.#attempt(delivery, mustStartByMs),
      log: {
        info: (event, fields) => this.#write(event, fields),
        warn: (event, fields) => this.#write(event, fields),
        error: (event, fields) => this.#write(event, fields),
      },
      retry: {
        baseDelaySeconds: 30,
        maxDelaySeconds: 600,
        scheduleSeconds: undefined,
      },
      attemptTimeoutSeconds: ATTEMPT_SECONDS,
      leaseSeconds: LEASE_SECONDS,
    };
  }

  async #put(outcomes: readonly Outcome[], { untilMonotonicMs }: CallLimit) {
    this.puts.push([...outcomes]);
    const endsMs = Math.min(this.time.elapsedMs() + this.putMs, untilMonotonicMs);
    await new Promise<void>((resolve) => void this.time.after(endsMs - this.time.elapsedMs(), resolve));
    const isLate = this.putMs > 0 && endsMs === untilMonotonicMs;
    return { unput: outcomes.filter((outcome) => isLate || this.isUnput(outcome)), because: 'ThrottlingException' };
  }

  #attempt(delivery: ClaimedDelivery, mustStartByMs: number): Promise<AttemptReport> {
    const startedMonotonicMs = this.time.elapsedMs();
    this.attempts.push({ delivery, beganMs: startedMonotonicMs, mustStartByMs });
    const { afterMs = 0, outcome } = this.answers.get(delivery.deliveryId) ?? { outcome: accepted };
    const report = { outcome, startedMonotonicMs, durationMs: afterMs, headers: [], skippedHeaders: 0 };
    return new Promise((resolve) => this.time.after(afterMs, () => resolve(report)));
  }

  #counted(): Store {
    const own: Store = { ...bound(this.store), ...this.instead };
    return {
      ...own,
      claimDeliveries: (...asked) => this.#called('claim', own.claimDeliveries(...asked)),
      settleDeliveries: (...asked) => this.#called('settle', own.settleDeliveries(...asked)),
      clearOutcomes: (ids) => this.#called('clear', own.clearOutcomes(ids)),
      releaseDeliveries: (releases, limit) => this.#called('release', own.releaseDeliveries(releases, limit)),
      buryDeliveries: (page, limit) => this.#called('bury', own.buryDeliveries(page, limit)),
      goOnInOrder: (...asked) => this.#called('go on', own.goOnInOrder(...asked)),
      callNextDeliveries: (keys, limit) => this.#called('call next', own.callNextDeliveries(keys, limit)),
      noteAttempt: (settled, limit) => this.#called('note', own.noteAttempt(settled, limit)),
    };
  }

  #called<Answer>(name: string, answer: Promise<Answer>): Promise<Answer> {
    this.storeCalls.push(name);
    return answer;
  }

  #write(event: string, fields: unknown): void {
    this.lines.push({ event, fields: typeof fields === 'function' ? fields() : fields });
  }
}

function bound(store: Store): Store {
  return {
    acceptDeliveries: (...asked) => store.acceptDeliveries(...asked),
    claimDeliveries: (...asked) => store.claimDeliveries(...asked),
    settleDeliveries: (...asked) => store.settleDeliveries(...asked),
    listOutcomes: (page) => store.listOutcomes(page),
    clearOutcomes: (ids) => store.clearOutcomes(ids),
    releaseDeliveries: (releases, limit) => store.releaseDeliveries(releases, limit),
    putBackDeliveries: (page) => store.putBackDeliveries(page),
    restoreMessages: (page) => store.restoreMessages(page),
    buryDeliveries: (page, limit) => store.buryDeliveries(page, limit),
    noteAttempt: (settled, limit) => store.noteAttempt(settled, limit),
    listDueDeliveries: (page) => store.listDueDeliveries(page),
    listUncountedDeaths: (rows, among) => store.listUncountedDeaths(rows, among),
    markDeathsCounted: (deaths) => store.markDeathsCounted(deaths),
    callHeldDeliveries: (page) => store.callHeldDeliveries(page),
    goOnInOrder: (...asked) => store.goOnInOrder(...asked),
    callNextDeliveries: (keys, limit) => store.callNextDeliveries(keys, limit),
    forgetOrderingKeys: (rows) => store.forgetOrderingKeys(rows),
    forgetEndpoints: (rows) => store.forgetEndpoints(rows),
    measureEndpoints: () => store.measureEndpoints(),
    oldestDueSeconds: () => store.oldestDueSeconds(),
    whatIsLeft: () => store.whatIsLeft(),
    countMatches: (look, asked) => store.countMatches(look, asked),
    findMatches: (look) => store.findMatches(look),
    findNamed: (named) => store.findNamed(named),
    openOrder: (order) => store.openOrder(order),
    changeEndpoint: (order) => store.changeEndpoint(order),
    findOrders: (search) => store.findOrders(search),
    listUnfinishedOrders: (rows) => store.listUnfinishedOrders(rows),
    takeOrder: (orderId, worker) => store.takeOrder(orderId, worker),
    workPage: (page) => store.workPage(page),
    restPage: (page) => store.restPage(page),
    recordProgress: (progress) => store.recordProgress(progress),
    changeOrder: (orderId, verb) => store.changeOrder(orderId, verb),
  };
}

/** A message of the delivery queue for each id. */
export function messagesFor(ids: readonly number[], message: { attempt?: number; remainingSeconds?: number } = {}) {
  const { attempt = 1, remainingSeconds = 0 } = message;
  return ids.map((deliveryId) => ({
    messageId: `message-${deliveryId}`,
    body: formatDeliveryMessage({ deliveryId, attempt, remainingSeconds }),
    messageGroup: 'organization-7',
  }));
}
