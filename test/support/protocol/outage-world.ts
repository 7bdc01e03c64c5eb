import { AccessTokens } from '../../../shared/credentials/access-tokens.ts';
import { attemptDelivery } from '../../../shared/deliver/attempt-delivery.ts';
import type { DeliverStore } from '../../../shared/deliver/deliver-store.ts';
import { deliverBatch } from '../../../shared/deliver/deliver-batch.ts';
import { announce } from '../../../shared/delivery/announce.ts';
import type { DeliveryQueue } from '../../../shared/delivery/delivery-queue.ts';
import { type EndpointPolicy, endpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import type { OutgoingRequest } from '../../../shared/egress/http-sender.ts';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { deliverTimeoutSeconds, leaseSeconds, SWEEP_INTERVAL_MINUTES } from '../../../shared/runtime/limits.ts';
import { DELIVERY_DEFAULTS, deliverySettings, readSettings } from '../../../shared/settings.ts';
import type { Outcome } from '../../../shared/delivery/outcome.ts';
import { Announcer } from '../../../shared/outcomes/announcer.ts';
import { sweepDeliveries } from '../../../shared/sweep/sweep-deliveries.ts';
import { FakeDeliveryStore, FakeTables } from '../store/fake-delivery-store.ts';
import { newDelivery, NOON } from '../store/store-world.ts';
import { seededRandom, VirtualTime } from '../time/virtual-time.ts';
import { SILENT, UNCOUNTED } from './silent-parts.ts';
import { type QueuedMessage, VirtualQueue } from './virtual-queue.ts';

const SECOND_MS = 1000;
const SWEEP_MS = SWEEP_INTERVAL_MINUTES * 60 * SECOND_MS;
/** A call of the Data API, there and back. */
const CALL_MS = 20;
const DEFAULTS = readSettings(DELIVERY_DEFAULTS, deliverySettings);

/** What a receiver does with a request. Undefined: nobody listens. */
export type ReceiverAnswer = { status: number; afterMs?: number } | undefined;

export type OutageRequest = {
  atSeconds: number;
  deliveryId: number;
  attempt: number;
  inFlight: number;
  status: number;
};

/**
 * The product's deliver and sweep with its default settings, over the fake store, for as many deliveries and as many hours as a
 * test wants. Nothing fails here but receivers: for everything else there is the protocol's world.
 */
export class OutageBench {
  readonly time = new VirtualTime(NOON);
  readonly tables = new FakeTables();
  /** In the order in which they reached a receiver. */
  readonly requests: OutageRequest[] = [];
  readonly #receive: (request: { url: string; atSeconds: number; inFlight: number }) => ReceiverAnswer;
  readonly #store: FakeDeliveryStore;
  readonly #queue: VirtualQueue;
  readonly #clock: Clock;
  readonly #uuidOf = new Map<string, number>();
  readonly #inFlight = new Map<string, number>();
  #uuids = 0;
  /** Outcomes whose events were put. */
  readonly told: Outcome[] = [];

  constructor(
    receive: (request: { url: string; atSeconds: number; inFlight: number }) => ReceiverAnswer,
    policy: Partial<EndpointPolicy> = {},
  ) {
    this.#receive = receive;
    const random = seededRandom(20_261_126);
    this.#clock = {
      nowMs: () => this.time.nowMs(),
      monotonicMs: () => this.time.elapsedMs(),
      random,
      uuid: () => `00000000-0000-4000-8000-${(++this.#uuids).toString(16).padStart(12, '0')}`,
      after: (delayMs, fire) => this.time.after(delayMs, fire),
    };
    const rules = {
      ...endpointRules({ ...DEFAULTS.endpoints, ...policy }, DEFAULTS, this.#clock),
      outcomes: DEFAULTS.outcomes,
    };
    const nowMs = () => this.time.nowMs();
    this.#store = new FakeDeliveryStore({ nowMs, rules, neverRefuses: true }, this.tables);
    this.#queue = new VirtualQueue(this.time, [], {
      functionSeconds: deliverTimeoutSeconds(DEFAULTS.attemptTimeoutSeconds),
      // As many as deliverConcurrency allows by default.
      workers: 50,
      random,
      receive: (messages) => this.#deliver(messages),
    });
    this.time.after(SWEEP_MS, () => this.#sweepForEver());
  }

  /** So many deliveries, now. */
  async enqueue(count: number, endpointUrl = 'https://receiver.example/hook'): Promise<void> {
    const { maxAttempts } = DEFAULTS;
    const deliveries = Array.from({ length: count }, () => newDelivery({ endpointUrl, maxAttempts }));
    const answers = await this.#store.acceptDeliveries(deliveries, 'register');
    const ids = answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
    const messages = ids.map((deliveryId) => ({ deliveryId, organizationId: 7, attempt: 1, delaySeconds: 0 }));
    await announce(messages, { queue: this.#queueOfAll(), metrics: UNCOUNTED });
  }

  /** Lets time run until then. */
  async runUntil(seconds: number): Promise<void> {
    await this.time.run(() => false, seconds * SECOND_MS);
  }

  /** Lets time run until nothing is pending; answers when that was, in seconds, to the second. */
  async runUntilOver(withinSeconds: number): Promise<number> {
    for (let seconds = Math.ceil(this.time.elapsedMs() / SECOND_MS); seconds <= withinSeconds; seconds++) {
      await this.runUntil(seconds);
      if (![...this.tables.rows.values()].some(({ status }) => status === 'pending')) return seconds;
    }
    throw new Error(`after ${withinSeconds} s there are pending deliveries`);
  }

  /** How many there are of each status, and of each reason of dead letters. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status, deadLetterReason } of this.tables.rows.values()) {
      const end = deadLetterReason === undefined ? status : `${status}: ${deadLetterReason}`;
      counts[end] = (counts[end] ?? 0) + 1;
    }
    return counts;
  }

  #queueOfAll(): DeliveryQueue {
    return {
      send: async (messages) => {
        this.#queue.put(messages);
        return { unsent: [] };
      },
      setAside: async () => ({ unsent: [] }),
    };
  }

  async #deliver(messages: readonly QueuedMessage[]): Promise<{ comeAgain: ReadonlySet<string> }> {
    const attempting = {
      connections: { close: async () => undefined, send: (_: number, request: OutgoingRequest) => this.#send(request) },
      credentials: { resolve: NO_CREDENTIAL, resolvePast: NO_CREDENTIAL },
      tokens: new AccessTokens({ clock: this.#clock }),
      clock: this.#clock,
      attemptTimeoutSeconds: DEFAULTS.attemptTimeoutSeconds,
      headerPrefix: DEFAULTS.headerPrefix,
      retryStatuses: DEFAULTS.retryStatuses,
      userAgent: 'surehook/test',
    };
    const store = this.#slowStore();
    const parts = {
      ...this.#parts(),
      store,
      announcer: new Announcer({ ...this.#parts(), store }),
      attempt: (...[delivery, mustStartBy]: Parameters<Parameters<typeof deliverBatch>[1]['attempt']>) => {
        this.#uuidOf.set(delivery.deliveryUuid, delivery.deliveryId);
        return attemptDelivery(delivery, attempting, mustStartBy);
      },
      retry: DEFAULTS.retry,
      attemptTimeoutSeconds: DEFAULTS.attemptTimeoutSeconds,
      leaseSeconds: leaseSeconds(DEFAULTS.attemptTimeoutSeconds),
      headerPrefix: DEFAULTS.headerPrefix,
      logPayload: 'none' as const,
    };
    const endsAtMs = this.time.elapsedMs() + deliverTimeoutSeconds(DEFAULTS.attemptTimeoutSeconds) * SECOND_MS;
    const { comeAgain } = await deliverBatch(messages, parts, endsAtMs);
    return { comeAgain: new Set(comeAgain) };
  }

  #send({ url, headers }: OutgoingRequest): Promise<SendResult> {
    const header = (name: string) => headers.find(([key]) => key === name)?.[1] ?? '';
    const inFlight = (this.#inFlight.get(url) ?? 0) + 1;
    const atSeconds = this.time.elapsedMs() / SECOND_MS;
    const answer = this.#receive({ url, atSeconds, inFlight });
    this.requests.push({
      atSeconds,
      deliveryId: this.#uuidOf.get(header('X-Dograh-Delivery-Id')) ?? 0,
      attempt: Number(header('X-Dograh-Delivery-Attempt')),
      inFlight,
      status: answer?.status ?? 0,
    });
    this.#inFlight.set(url, inFlight);
    return new Promise((resolve) =>
      this.time.after(answer?.afterMs ?? 0, () => {
        this.#inFlight.set(url, (this.#inFlight.get(url) ?? 1) - 1);
        if (answer === undefined) resolve(NOBODY_LISTENS);
        else resolve({ kind: 'response', status: answer.status, excerpt: new Uint8Array(), ...NO_WAIT });
      }),
    );
  }

  #sweepForEver(): void {
    this.time.after(SWEEP_MS, () => this.#sweepForEver());
    const stopAtMonotonicMs = this.time.elapsedMs() + SWEEP_MS;
    void sweepDeliveries({ ...this.#parts(), store: this.#store }, { mode: 'usual', stopAtMonotonicMs });
  }

  #parts() {
    return {
      queue: this.#queueOfAll(),
      bus: {
        put: async (outcomes: readonly Outcome[]) => {
          this.told.push(...outcomes);
          return { unput: [] };
        },
      },
      outcomes: DEFAULTS.outcomes,
      clock: this.#clock,
      log: SILENT,
      metrics: UNCOUNTED,
    };
  }

  #slowStore(): DeliverStore {
    const slowly = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
      new Promise((resolve, reject) => this.time.after(CALL_MS, () => void ask().then(resolve, reject)));
    const store = this.#store;
    return {
      claimDeliveries: (claims, lease) => slowly(() => store.claimDeliveries(claims, lease)),
      settleDeliveries: (settlements, limit, announced) =>
        slowly(() => store.settleDeliveries(settlements, limit, announced)),
      clearOutcomes: (ids) => slowly(() => store.clearOutcomes(ids)),
      releaseDeliveries: (releases) => slowly(() => store.releaseDeliveries(releases)),
      goOnInOrder: (step, lease) => slowly(() => store.goOnInOrder(step, lease)),
      callNextDeliveries: (keys) => slowly(() => store.callNextDeliveries(keys)),
      noteAttempt: (settled) => slowly(() => store.noteAttempt(settled)),
      buryDeliveries: (page) => slowly(() => store.buryDeliveries(page)),
    };
  }
}

const NOBODY_LISTENS: SendResult = { kind: 'failed', because: 'connection', detail: 'the connection was refused' };
const NO_WAIT = { retryAfter: undefined, date: undefined };
const NO_CREDENTIAL = () => Promise.reject(new Error('no delivery of the bench has a credential'));
