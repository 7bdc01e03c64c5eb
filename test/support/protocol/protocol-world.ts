import { acceptDeliveries } from '../../../shared/enqueue/accept-delivery.ts';
import { AccessTokens } from '../../../shared/credentials/access-tokens.ts';
import { attemptDelivery } from '../../../shared/deliver/attempt-delivery.ts';
import { deliverBatch } from '../../../shared/deliver/deliver-batch.ts';
import type { NewDelivery } from '../../../shared/delivery/store-answers.ts';
import type { AcceptedRequest } from '../../../shared/enqueue/enqueue-request.ts';
import {
  deliverTimeoutSeconds,
  leaseSeconds,
  LOOK_EVERY_HOURS,
  SWEEP_INTERVAL_MINUTES,
} from '../../../shared/runtime/limits.ts';
import { Announcer } from '../../../shared/outcomes/announcer.ts';
import { continueOrders } from '../../../shared/operate/continue-orders.ts';
import { sweepDeliveries, type SweepOrder } from '../../../shared/sweep/sweep-deliveries.ts';
import { sweepUnlessIdle } from '../../../shared/sweep/sweep-unless-idle.ts';
import { newDelivery, NOON } from '../store/store-world.ts';
import { FaultPlan, FaultyProcess } from './protocol-faults.ts';
import type { OpenStore, Plan, ProtocolRun, Variant } from './protocol-run.ts';
import { orderAll, stopRedeliveries } from './protocol-operator.ts';
import { ProtocolPorts } from './protocol-ports.ts';
import { ProtocolWatch } from './protocol-watch.ts';
import { SILENT, UNCOUNTED } from './silent-parts.ts';
import { VirtualMarkers } from './virtual-markers.ts';
import { type QueuedMessage, VirtualQueue } from './virtual-queue.ts';
import { VirtualReceivers } from '../receivers/virtual-receivers.ts';
import { seededRandom, VirtualTime } from '../time/virtual-time.ts';
import { NO_ADOPTION } from '../store/no-adoption.ts';

const ATTEMPT_SECONDS = 30;
const FUNCTION_MS = deliverTimeoutSeconds(ATTEMPT_SECONDS) * 1000;
const PROTOCOL_LEASE_SECONDS = leaseSeconds(ATTEMPT_SECONDS);
const MINUTE_MS = 60_000;
const SWEEP_MS = SWEEP_INTERVAL_MINUTES * MINUTE_MS;
const LOOK_MS = LOOK_EVERY_HOURS * 60 * MINUTE_MS;
/** A process that stood still past its timeout runs for so long before the platform kills it. */
const WAKING_MS = 5000;
/** Callers and operators ask again after so long. */
const AGAIN_MS = 10_000;
/** Statements and messages still on their way arrive within this. */
const AFTERMATH_MS = 30 * MINUTE_MS;
/** Long after the last fault: the longest pause of a sweep is two hours. */
const GIVE_UP_MS = 24 * 60 * MINUTE_MS;

/** Runs the product's own enqueue, deliver, sweep and redeliver over a store, in virtual time, until all is over. */
export async function runProtocol(plan: Plan, open: OpenStore, variant: Variant = {}): Promise<ProtocolRun> {
  return await new ProtocolBench(plan, open, variant).run();
}

class ProtocolBench {
  readonly #plan: Plan;
  readonly #variant: Variant;
  readonly #outcomes: 'failures' | undefined;
  readonly #time = new VirtualTime(NOON);
  readonly #random: () => number;
  readonly #faults: FaultPlan;
  readonly #watch: ProtocolWatch;
  readonly #queue: VirtualQueue;
  readonly #receivers: VirtualReceivers;
  readonly #ports: ProtocolPorts;
  readonly #markers: VirtualMarkers;
  readonly #counts = new Map<string, number>();
  readonly #idOfUuid = new Map<string, number>();
  #uuids = 0;
  /** Callers and operators that have not had their answer yet. */
  #waiting = 0;

  constructor(plan: Plan, open: OpenStore, variant: Variant) {
    this.#plan = plan;
    this.#variant = variant;
    this.#outcomes = variant.outcomes ?? plan.outcomes;
    const random = seededRandom(plan.seed);
    this.#random = random;
    this.#faults = new FaultPlan(this.#time, plan.faults, random);
    const { store, inspect, lock, downOf } = open(this.#time, this.#outcomes);
    for (const { delivery, atSeconds, forSeconds } of plan.locks ?? []) {
      this.#time.after(atSeconds * 1000, () => {
        const unlock = lock?.(delivery + 1);
        this.#time.after(forSeconds * 1000, () => unlock?.());
      });
    }
    this.#watch = new ProtocolWatch(inspect, this.#outcomes);
    this.#queue = new VirtualQueue(this.#time, plan.messageFaults, {
      functionSeconds: FUNCTION_MS / 1e3,
      workers: 2,
      random,
      receive: (messages) => this.#deliver(messages),
    });
    const scripts = new Map(plan.deliveries.map(({ script }, index) => [String(index + 1), script]));
    this.#receivers = new VirtualReceivers(this.#time, this.#faults, {
      watch: this.#watch,
      random,
      scripts,
      looksAtTheAct: variant.deadline !== 'not at the act',
    });
    const count = (what: string) => void this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    const lookAtMarkers = () => {
      if (variant.trueIdle !== undefined && this.#markers.count === 0) this.#watch.unmarked();
    };
    this.#markers = new VirtualMarkers(this.#time, this.#faults, lookAtMarkers);
    this.#ports = new ProtocolPorts(this.#faults, this.#watch, {
      store,
      queue: this.#queue,
      count,
      downOf,
      looked: lookAtMarkers,
    });
  }

  async run(): Promise<ProtocolRun> {
    const { redeliversAfterMinutes, restoresAfterMinutes, hasUnreadableMessage } = this.#plan;
    const { stopsAfterMinutes, cancelsAfterSeconds, expungesAfterSeconds } = this.#plan;
    this.#await(inMinutes(this.#plan.enqueuesAfterSeconds) ?? 0, () => this.#enqueue());
    this.#await(redeliversAfterMinutes, () => this.#operate('redeliver'));
    this.#await(stopsAfterMinutes, () => this.#operate('stop'));
    this.#await(inMinutes(cancelsAfterSeconds), () => this.#operate('cancel'));
    this.#await(inMinutes(expungesAfterSeconds), () => this.#operate('expunge'));
    this.#await(restoresAfterMinutes, () => this.#sweep('messages_lost'));
    if (hasUnreadableMessage) this.#queue.putUnreadable();
    if (this.#variant.sweeps !== false) this.#time.after(SWEEP_MS, () => this.#sweepForEver());
    const { trueIdle } = this.#variant;
    if (trueIdle !== undefined && trueIdle !== 'no look') this.#time.after(LOOK_MS, () => this.#lookForEver());
    const isOver = () => this.#waiting === 0 && this.#watch.isOver();
    do {
      await this.#time.run(isOver, GIVE_UP_MS);
      await this.#time.run(() => false, this.#time.elapsedMs() + AFTERMATH_MS);
    } while (!isOver() && this.#time.elapsedMs() < GIVE_UP_MS);
    await this.#watch.look();
    this.#watch.atTheEnd();
    return {
      violations: this.#watch.violations,
      calls: this.#faults.calls,
      counts: new Map<string, number>([...this.#counts, ...this.#faults.happened]),
      requests: this.#watch.requestCount,
      statuses: this.#watch.statuses(),
      setAside: this.#ports.setAside,
    };
  }

  /** Somebody who asks, and asks again until there is an answer. */
  #await(minutes: number | undefined, ask: () => { process: FaultyProcess; work: Promise<unknown> }): void {
    if (minutes === undefined) return;
    this.#waiting++;
    const attempt = (): void => {
      const { process, work } = ask();
      this.#whenOver(process, work, (isDone) => {
        if (isDone) this.#waiting--;
        else this.#time.after(AGAIN_MS, attempt);
      });
    };
    this.#time.after(minutes * MINUTE_MS, attempt);
  }

  #enqueue() {
    const process = this.#start(MINUTE_MS);
    const requests = this.#plan.deliveries.map(
      ({ dueInSeconds, hasCredential, hasOwnEndpoint = false, hasOrderingKey = false }, index) => ({
        delivery: requested({
          workflowRunId: index + 1,
          maxAttempts: this.#plan.maxAttempts,
          ...(hasOrderingKey && { orderingKey: 'the key' }),
          ...(hasOwnEndpoint && { endpointUrl: `https://receiver.example/hook/${index}` }),
          ...(dueInSeconds > 0 ? { scheduledForMs: Date.parse(NOON) + dueInSeconds * 1e3 } : {}),
          ...(hasCredential ? { credentialUuid: '11111111-2222-4333-8444-555555555555' } : {}),
        }),
        warnings: [],
      }),
    );
    const limit = { untilMonotonicMs: process.clock.monotonicMs() + MINUTE_MS - 10_000 };
    const parts = { ...this.#partsOf(process), unknownRuns: 'register' as const };
    const work = acceptDeliveries(requests, parts, limit).then((answers) => {
      // Its caller is told so, and asks again.
      for (const answer of answers) if (answer.kind === 'failed') throw answer.fault;
    });
    return { process, work };
  }

  async #deliver(messages: readonly QueuedMessage[]): Promise<{ comeAgain: ReadonlySet<string> }> {
    const process = this.#start(FUNCTION_MS, this.#tokens());
    const endsAt = process.clock.monotonicMs() + FUNCTION_MS;
    const attempting = {
      connections: this.#receivers.connectionsOf(process, (uuid) => this.#idOfUuid.get(uuid) ?? 0),
      credentials: this.#ports.credentialsOf(process),
      tokens: new AccessTokens({ clock: process.clock }),
      clock: process.clock,
      attemptTimeoutSeconds: ATTEMPT_SECONDS,
      headerPrefix: 'X-Dograh',
      retryStatuses: [],
      userAgent: 'surehook/test',
    };
    const common = this.#partsOf(process);
    const parts = {
      ...common,
      announcer: new Announcer(common),
      attempt: (...[delivery, mustStartBy]: Parameters<Parameters<typeof deliverBatch>[1]['attempt']>) => {
        this.#idOfUuid.set(delivery.deliveryUuid, delivery.deliveryId);
        return attemptDelivery(delivery, attempting, this.#variant.deadline === 'ignored' ? Infinity : mustStartBy);
      },
      retry: {
        baseDelaySeconds: 30,
        maxDelaySeconds: 600,
        scheduleSeconds: undefined,
      },
      attemptTimeoutSeconds: ATTEMPT_SECONDS,
      leaseSeconds: PROTOCOL_LEASE_SECONDS,
      headerPrefix: 'X-Dograh',
      logPayload: 'shape' as const,
    };
    // Of a process that dies all messages come again.
    let comeAgain: ReadonlySet<string> = new Set(messages.map(({ messageId }) => messageId));
    const work = deliverBatch(messages, parts, endsAt).then((answer) => {
      comeAgain = new Set(answer.comeAgain);
    });
    return await new Promise((resolve) => this.#whenOver(process, work, () => resolve({ comeAgain })));
  }

  #sweepForEver(): void {
    this.#time.after(SWEEP_MS, () => this.#sweepForEver());
    const { process, work } = this.#sweep('usual');
    this.#whenOver(process, work, () => undefined);
  }

  #lookForEver(): void {
    this.#time.after(LOOK_MS, () => this.#lookForEver());
    const { process, work } = this.#sweep('usual', 'look');
    this.#whenOver(process, work, () => undefined);
  }

  #sweep(mode: SweepOrder['mode'], look?: 'look') {
    const process = this.#start(SWEEP_MS);
    const stopAtMonotonicMs = process.clock.monotonicMs() + SWEEP_MS - MINUTE_MS;
    const parts = { ...this.#partsOf(process), store: this.#ports.storeOf(process) };
    const all = async () => {
      const report = await sweepDeliveries(parts, { mode, stopAtMonotonicMs });
      await continueOrders({ ...parts, adoption: NO_ADOPTION }, stopAtMonotonicMs);
      return report;
    };
    if (this.#variant.trueIdle === undefined) return { process, work: all() };
    const markers = this.#markers.of(process);
    const take = async () => {
      const taken = await markers.take();
      return this.#variant.trueIdle === 'young markers go' ? taken?.map((one) => ({ ...one, sentAtMs: 0 })) : taken;
    };
    const isTold = mode === 'messages_lost' || look === 'look';
    return { process, work: sweepUnlessIdle({ ...parts, markers: { ...markers, take } }, isTold, all) };
  }

  /** An operator's hand: about every delivery that there is by then, or the only one that is to be ended. */
  #operate(action: 'redeliver' | 'cancel' | 'expunge' | 'stop') {
    const process = this.#start(5 * MINUTE_MS);
    const parts = { ...this.#partsOf(process), adoption: NO_ADOPTION };
    const stopAtMonotonicMs = process.clock.monotonicMs() + 4 * MINUTE_MS;
    const { perSecond = 10, endsOnly } = this.#plan;
    const isEnd = action === 'cancel' || action === 'expunge';
    const ids = this.#watch.ids();
    const deliveryIds = isEnd && endsOnly !== undefined ? ids.slice(endsOnly, endsOnly + 1) : ids;
    const work =
      action === 'stop'
        ? stopRedeliveries(parts, stopAtMonotonicMs)
        : orderAll(parts, { action, deliveryIds, perSecond }, stopAtMonotonicMs);
    return { process, work };
  }

  #start(timeoutMs: number, uuid = () => this.#uuid()): FaultyProcess {
    const offsetsMs = [0, 600_000, -600_000, 366 * 24 * 3_600_000, -366 * 24 * 3_600_000];
    const process = new FaultyProcess(this.#time, {
      random: this.#random,
      uuid,
      wallClockOffsetMs: offsetsMs[Math.floor(this.#random() * offsetsMs.length)] ?? 0,
    });
    process.after(timeoutMs, () => {
      if (process.hasStoodStill) process.after(WAKING_MS, () => process.end());
      else process.end();
    });
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

  #partsOf(process: FaultyProcess) {
    const unmarked = this.#ports.storeOf(process);
    const { trueIdle } = this.#variant;
    const store = trueIdle === undefined ? unmarked : this.#markers.marked(unmarked, process, trueIdle);
    return {
      store,
      queue: this.#ports.queueOf(process),
      bus: this.#ports.busOf(process),
      outcomes: this.#outcomes ?? ('all' as const),
      clock: process.clock,
      log: SILENT,
      metrics: UNCOUNTED,
    };
  }

  /** How the workers of a variant choose their tokens. */
  #tokens(): () => string {
    const shared = this.#uuid();
    const choices = {
      fresh: () => this.#uuid(),
      'one for a batch': () => shared,
      'one for all': () => '00000000-0000-4000-8000-ffffffffffff',
    };
    return choices[this.#variant.tokens ?? 'fresh'];
  }

  #uuid(): string {
    return `00000000-0000-4000-8000-${(++this.#uuids).toString(16).padStart(12, '0')}`;
  }
}

function inMinutes(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds / 60;
}

function requested(delivery: Partial<NewDelivery>): AcceptedRequest {
  return { ...newDelivery(delivery), customHeaders: [] };
}
