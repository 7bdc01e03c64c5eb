import { acceptDeliveries } from '../shared/accept-delivery.ts';
import { attemptDelivery } from '../shared/attempt-delivery.ts';
import type { CredentialAnswer } from '../shared/credential-cache.ts';
import { deliverBatch } from '../shared/deliver-batch.ts';
import type { DeliveryQueue } from '../shared/delivery-queue.ts';
import { type CallLimit, type NewDelivery, StoreUnavailable } from '../shared/delivery-store.ts';
import type { AcceptedRequest } from '../shared/enqueue-request.ts';
import { deliverTimeoutSeconds, leaseSeconds, SWEEP_INTERVAL_MINUTES } from '../shared/limits.ts';
import type { SafeLog } from '../shared/log.ts';
import type { Metrics } from '../shared/metrics.ts';
import { redeliverDeliveries } from '../shared/redeliver-deliveries.ts';
import { sweepDeliveries } from '../shared/sweep-deliveries.ts';
import { newDelivery, NOON, type Store, verdictOf } from './delivery-store-bench.ts';
import { type Fault, FaultPlan, FaultyProcess, type Port } from './protocol-faults.ts';
import { type Inspect, ProtocolWatch } from './protocol-watch.ts';
import { type MessageFault, type QueuedMessage, VirtualQueue } from './virtual-queue.ts';
import { type Behaviour, VirtualReceivers } from './virtual-receivers.ts';
import { seededRandom, VirtualTime } from './virtual-time.ts';

const ATTEMPT_SECONDS = 30;
const FUNCTION_MS = deliverTimeoutSeconds(ATTEMPT_SECONDS) * 1000;
export const PROTOCOL_LEASE_SECONDS = leaseSeconds(ATTEMPT_SECONDS);
const SWEEP_MS = SWEEP_INTERVAL_MINUTES * 60_000;
const MINUTE_MS = 60_000;
/** A process that stood still past its timeout runs for so long before the platform kills it. */
const WAKING_MS = 5000;
/** Long after the last fault: the longest pause of a sweep is two hours. */
const GIVE_UP_MS = 24 * 60 * MINUTE_MS;

/** One run of the protocol: what is delivered to whom, and everything that goes wrong. */
export type Plan = {
  seed: number;
  deliveries: readonly { script: readonly Behaviour[]; dueInSeconds: number; hasCredential: boolean }[];
  faults: readonly Fault[];
  messageFaults: readonly MessageFault[];
  maxAttempts: number;
  /** An operator redelivers what is dead by then. */
  redeliversAfterMinutes?: number;
};

export type StoreBehind = { store: Store; inspect: Inspect };

/** What a variant of the protocol does otherwise; a mutant is a variant that the invariants must catch. */
export type Variant = {
  sweeps?: false;
  buries?: false;
  /** How a worker chooses tokens. */
  tokens?: 'one for a batch' | 'one for all';
  deadline?: 'ignored';
};

export type ProtocolRun = {
  violations: readonly string[];
  /** How often each port was called: what a plan of faults can hit. */
  calls: ReadonlyMap<Port, number>;
  /** How often what happened: verdicts of the store, faults, and what the product counts. */
  counts: ReadonlyMap<string, number>;
  requests: number;
};

/** Runs the product's own enqueue, deliver, sweep and redeliver over a store, in virtual time, until all is over. */
export async function runProtocol(
  plan: Plan,
  open: (time: VirtualTime) => StoreBehind,
  variant: Variant = {},
): Promise<ProtocolRun> {
  return await new ProtocolBench(plan, open, variant).run();
}

class ProtocolBench {
  readonly #plan: Plan;
  readonly #variant: Variant;
  readonly #time = new VirtualTime(NOON);
  readonly #random: () => number;
  readonly #faults: FaultPlan;
  readonly #watch: ProtocolWatch;
  readonly #store: Store;
  readonly #queue: VirtualQueue;
  readonly #receivers: VirtualReceivers;
  readonly #counts = new Map<string, number>();
  readonly #idOfUuid = new Map<string, number>();
  #uuids = 0;
  #waitingCallers = 0;

  constructor(plan: Plan, open: (time: VirtualTime) => StoreBehind, variant: Variant) {
    this.#plan = plan;
    this.#variant = variant;
    this.#random = seededRandom(plan.seed);
    this.#faults = new FaultPlan(this.#time, plan.faults, this.#random);
    const { store, inspect } = open(this.#time);
    this.#store = store;
    this.#watch = new ProtocolWatch(inspect);
    const random = this.#random;
    this.#queue = new VirtualQueue(this.#time, plan.messageFaults, {
      ...{ functionSeconds: FUNCTION_MS / 1000, workers: 2, random },
      receive: (messages) => this.#deliver(messages),
    });
    const scripts = new Map(plan.deliveries.map(({ script }, index) => [String(index + 1), script]));
    this.#receivers = new VirtualReceivers(this.#time, this.#faults, { watch: this.#watch, random, scripts });
  }

  async run(): Promise<ProtocolRun> {
    this.#waitingCallers++;
    this.#enqueue();
    if (this.#variant.sweeps !== false) this.#time.after(SWEEP_MS, () => this.#sweepForEver());
    const redeliverAfter = this.#plan.redeliversAfterMinutes;
    if (redeliverAfter !== undefined) {
      this.#waitingCallers++;
      this.#time.after(redeliverAfter * MINUTE_MS, () => this.#redeliver());
    }
    const isOver = () => this.#waitingCallers === 0 && this.#watch.isOver();
    do {
      await this.#time.run(isOver, GIVE_UP_MS);
      // Statements and messages that are still on their way arrive at what is over.
      await this.#time.run(() => false, this.#time.elapsedMs() + 30 * MINUTE_MS);
    } while (!isOver() && this.#time.elapsedMs() < GIVE_UP_MS);
    await this.#watch.look();
    this.#watch.atTheEnd();
    return {
      violations: this.#watch.violations,
      calls: this.#faults.calls,
      counts: new Map<string, number>([...this.#counts, ...this.#faults.happened]),
      requests: this.#watch.requestCount,
    };
  }

  /** An upstream service that asks again until it is answered. */
  #enqueue(): void {
    const process = this.#start(60_000);
    const requests = this.#plan.deliveries.map(({ dueInSeconds, hasCredential }, index) => ({
      delivery: requested({
        ...{ workflowRunId: index + 1, maxAttempts: this.#plan.maxAttempts },
        ...(dueInSeconds > 0 ? { scheduledForMs: Date.parse(NOON) + dueInSeconds * 1000 } : {}),
        ...(hasCredential ? { credentialUuid: '11111111-2222-4333-8444-555555555555' } : {}),
      }),
      warnings: [],
    }));
    const limit = { untilMonotonicMs: process.clock.monotonicMs() + 50_000 };
    const accepted = acceptDeliveries(requests, { ...this.#ports(process), metrics: this.#metrics() }, limit);
    this.#whenOver(process, accepted, (isDone) => {
      if (isDone) this.#waitingCallers--;
      else this.#time.after(10_000, () => this.#enqueue());
    });
  }

  async #deliver(messages: readonly QueuedMessage[]): Promise<{ comeAgain: ReadonlySet<string> }> {
    const process = this.#start(FUNCTION_MS);
    const endsAt = process.clock.monotonicMs() + FUNCTION_MS;
    const connections = this.#receivers.connectionsOf(process, (uuid) => this.#idOfUuid.get(uuid) ?? 0);
    const attempting = {
      ...{ connections, credentials: this.#credentials(process), clock: process.clock },
      ...{ attemptTimeoutSeconds: ATTEMPT_SECONDS, headerPrefix: 'X-Dograh', userAgent: 'surehook/test' },
    };
    const delivering = deliverBatch(
      messages,
      {
        ...this.#ports(process),
        attempt: (delivery, mustStartBy) => {
          this.#idOfUuid.set(delivery.deliveryUuid, delivery.deliveryId);
          return attemptDelivery(delivery, attempting, this.#variant.deadline === 'ignored' ? Infinity : mustStartBy);
        },
        ...{ log: SILENT, metrics: this.#metrics(), headerPrefix: 'X-Dograh' },
        retry: { baseDelaySeconds: 30, maxDelaySeconds: 600, scheduleSeconds: undefined },
        ...{ attemptTimeoutSeconds: ATTEMPT_SECONDS, leaseSeconds: PROTOCOL_LEASE_SECONDS },
      },
      endsAt,
    );
    return await new Promise((resolve) => {
      const all = new Set(messages.map(({ messageId }) => messageId));
      let comeAgain: ReadonlySet<string> = all;
      const noted = delivering.then((answer) => {
        comeAgain = new Set(answer.comeAgain);
      });
      this.#whenOver(process, noted, () => resolve({ comeAgain }));
    });
  }

  #sweepForEver(): void {
    this.#time.after(SWEEP_MS, () => this.#sweepForEver());
    const process = this.#start(SWEEP_MS);
    const parts = { ...this.#ports(process), log: SILENT, metrics: this.#metrics() };
    const stopAtMonotonicMs = process.clock.monotonicMs() + SWEEP_MS - 60_000;
    this.#whenOver(process, sweepDeliveries(parts, { mode: 'usual', stopAtMonotonicMs }), () => undefined);
  }

  #redeliver(): void {
    const process = this.#start(300_000);
    const parts = { ...this.#ports(process), log: SILENT, metrics: this.#metrics() };
    const order = { filter: { organizationId: 7 }, dryRun: false, moreAttempts: 2, perSecond: 10 };
    const stopAt = process.clock.monotonicMs() + 240_000;
    this.#whenOver(process, redeliverDeliveries(parts, order, stopAt), () => this.#waitingCallers--);
  }

  #start(timeoutMs: number): FaultyProcess {
    const offsets = [0, 600_000, -600_000, 366 * 24 * 3_600_000, -366 * 24 * 3_600_000];
    const shared = this.#uuid();
    const uuid =
      this.#variant.tokens === 'one for all'
        ? () => '00000000-0000-4000-8000-ffffffffffff'
        : this.#variant.tokens === 'one for a batch'
          ? () => shared
          : () => this.#uuid();
    const wallClockOffsetMs = offsets[Math.floor(this.#random() * offsets.length)] ?? 0;
    const process = new FaultyProcess(this.#time, { random: this.#random, uuid, wallClockOffsetMs });
    // The platform kills it at its timeout; one that stands still is killed soon after it wakes.
    process.after(timeoutMs, () => process.after(WAKING_MS, () => process.end()));
    return process;
  }

  /** Ends the process with its work, and tells whether the work was done. */
  #whenOver(process: FaultyProcess, work: Promise<unknown>, over: (isDone: boolean) => void): void {
    let isDone = false;
    process.whenGone(() => over(isDone));
    work.then(
      () => {
        isDone = true;
        process.end();
      },
      () => process.end(),
    );
  }

  #ports(process: FaultyProcess) {
    return { store: this.#storeOf(process), queue: this.#queueOf(process), clock: process.clock };
  }

  #storeOf(process: FaultyProcess): Store {
    const call = <Answer>(
      name: keyof Store,
      effect: () => Promise<Answer>,
      more: { limit?: CallLimit | undefined; seen?: (answer: Answer) => ReadonlySet<number> | void } = {},
    ): Promise<Answer> => {
      const limitMs = more.limit === undefined ? 40_000 : more.limit.untilMonotonicMs - process.clock.monotonicMs();
      return this.#faults.call(process, {
        ...{ port: `store.${name}` as const, limitMs: Math.max(0, limitMs) },
        effect: async () => {
          const answer = await effect();
          const redelivered = more.seen?.(answer);
          await this.#watch.look(redelivered ?? new Set());
          return answer;
        },
        failed: () => {
          throw new StoreUnavailable('the database could not be asked');
        },
      });
    };
    const store = this.#store;
    return {
      acceptDeliveries: (deliveries, limit) =>
        call('acceptDeliveries', () => store.acceptDeliveries(deliveries), { limit }),
      claimDeliveries: (claims, limit) =>
        call('claimDeliveries', () => store.claimDeliveries(claims, limit), {
          limit,
          seen: (answers) => answers.forEach((answer) => this.#count(`claim: ${verdictOf(answer)}`)),
        }),
      settleDeliveries: (settlements, limit) =>
        call('settleDeliveries', () => store.settleDeliveries(settlements, limit), {
          limit,
          seen: (answers) => {
            this.#watch.settled(settlements);
            for (const { verdict } of answers) this.#count(`settled: ${verdict}`);
          },
        }),
      releaseDeliveries: (releases, limit) =>
        call('releaseDeliveries', () => store.releaseDeliveries(releases, limit), {
          limit,
          seen: (answers) => answers.forEach(({ kind }) => this.#count(`release: ${kind}`)),
        }),
      putBackDeliveries: (page) =>
        call('putBackDeliveries', () => store.putBackDeliveries(page), { seen: (answer) => this.#watch.swept(answer) }),
      restoreMessages: (page) => call('restoreMessages', () => store.restoreMessages(page)),
      buryDeliveries: (rows) =>
        call('buryDeliveries', () =>
          this.#variant.buries === false ? Promise.resolve([]) : store.buryDeliveries(rows),
        ),
      oldestDueSeconds: () => call('oldestDueSeconds', () => store.oldestDueSeconds()),
      countDeadLetters: (filter) => call('countDeadLetters', () => store.countDeadLetters(filter)),
      findStatuses: (ids) => call('findStatuses', () => store.findStatuses(ids)),
      redeliverDeliveries: (page) =>
        call('redeliverDeliveries', () => store.redeliverDeliveries(page), {
          seen: (answer) => new Set(answer.map(({ deliveryId }) => deliveryId)),
        }),
    };
  }

  #queueOf(process: FaultyProcess): DeliveryQueue {
    return {
      send: (messages) =>
        this.#faults.call(process, {
          ...{ port: 'queue.send', limitMs: 5000 },
          effect: () => {
            this.#watch.sending(messages.map(({ deliveryId }) => deliveryId));
            this.#queue.put(messages);
            return { unsent: [] };
          },
          failed: () => ({ unsent: [...messages] }),
        }),
      setAside: () => Promise.reject(new Error('the bench sends no unreadable messages')),
    };
  }

  #credentials(process: FaultyProcess) {
    const resolve = (): Promise<CredentialAnswer> =>
      this.#faults.call<CredentialAnswer>(process, {
        ...{ port: 'credentials.resolve', limitMs: 5000 },
        effect: () => ({
          kind: 'resolved',
          credential: { headers: [], signingSecrets: [], secretValues: [], fingerprint: 'same' },
        }),
        failed: () => ({ kind: 'unavailable', detail: 'Secrets Manager did not answer' }),
      });
    const unread = { kind: 'unavailable', detail: 'no receiver of this bench asks for another credential' } as const;
    return { resolve, resolvePast: () => Promise.resolve(unread) };
  }

  #metrics(): Metrics {
    return {
      count: (name, amount) => this.#count(name, amount),
      deadLetters: (reason, amount) => this.#count(`dead: ${reason}`, amount),
      milliseconds: () => undefined,
      seconds: () => undefined,
      flush: () => undefined,
    };
  }

  #count(name: string, amount = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + amount);
  }

  #uuid(): string {
    return `00000000-0000-4000-8000-${(++this.#uuids).toString(16).padStart(12, '0')}`;
  }
}

const SILENT: SafeLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

function requested(delivery: Partial<NewDelivery>): AcceptedRequest {
  return { ...newDelivery(delivery), customHeaders: [] };
}
