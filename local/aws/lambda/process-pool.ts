import { availableParallelism } from 'node:os';
import { FunctionProcess, type ProcessSettings } from './function-process.ts';
import { faultResult, type FunctionFault, type Invocation, type InvocationResult } from './invocation.ts';
import type { ObservedInvocation } from './observed-invocation.ts';
import { SPARE_SHARE } from './processor-idleness.ts';

/** Concurrency of a function without a reservation; on AWS it would share the account's 1,000. */
const DEFAULT_CONCURRENCY = 60;
/** This many idle processes are kept for the next event, however long they are idle. */
const KEPT_IDLE_PROCESSES = 2;
/** A process beyond those is ended after it has been idle for this long. */
const IDLE_LIMIT_MS = 120_000;
/** More at once would only make all of them start later. */
const PARALLEL_STARTS = Math.max(2, availableParallelism());
/** This many are started without waiting for a busy process first. */
const PROMPT_PROCESSES = PARALLEL_STARTS;
/**
 * On AWS each process has its own processors; here all share a few, and one start needs as much processor time as two
 * hundred deliveries. While the processors have time to spare, a waiting event soon gets a new process: the busy ones are
 * waiting for slow receivers. While they have none, another process would only take time from the others.
 */
const PATIENCE_MS = 20;
/** The longest wait for a busy process, ms. */
const LONGEST_PATIENCE_MS = 1_000;

/** An event, or a poller that wants to know when one would be taken at once. */
type Waiting = { sinceMs: number } & ({ kind: 'event'; invocation: Invocation } | { kind: 'poller'; tell: () => void });

export type PoolSettings = ProcessSettings & {
  /** Called for every invocation; must not throw. */
  observe?: ((observed: ObservedInvocation) => void) | undefined;
};

/** The processes of one function: one event at a time in each, as many as events run at once. */
export class ProcessPool {
  /** Undefined: no reservation. It may change while the function runs. */
  reserved: number | undefined;
  readonly #settings: PoolSettings;
  readonly #live = new Set<FunctionProcess>();
  readonly #starting = new Set<FunctionProcess>();
  /** Longest idle first: the last one is reused, so that the first can be ended. */
  #idle: FunctionProcess[] = [];
  #waiting: Waiting[] = [];
  #cancelLook: () => void = () => {};
  #inFlight = 0;
  #stopped = false;
  #reaping = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.reserved = settings.lambdaFunction.reservedConcurrency;
  }

  /** How many events may run at once. */
  get concurrency(): number {
    return this.reserved ?? DEFAULT_CONCURRENCY;
  }

  /** Runs an event in a process that is free or started for it. Throttled when the function already runs at its limit. */
  invoke(event: Omit<Invocation, 'settle'>): Promise<InvocationResult> {
    if (this.#stopped) return Promise.resolve({ kind: 'stopped' });
    const { observe, timers, lambdaFunction } = this.#settings;
    const asked = { functionName: lambdaFunction.name, startedAtMs: timers.nowMs() };
    if (this.#inFlight >= this.concurrency) {
      observe?.({ ...asked, kind: 'throttled' });
      return Promise.resolve({ kind: 'throttled', reason: this.#throttleReason() });
    }
    this.#inFlight += 1;
    observe?.({ ...asked, kind: 'started', atOnce: this.#inFlight });
    return new Promise((resolve) => {
      const settle = (result: InvocationResult): void => {
        this.#inFlight -= 1;
        const { takenAtMs } = invocation;
        const durationMs = takenAtMs === undefined ? undefined : timers.nowMs() - takenAtMs;
        if (result.kind === 'returned' || result.kind === 'failed') {
          observe?.({ ...asked, kind: 'ended', outcome: result.kind, durationMs });
        }
        resolve(result);
      };
      const invocation: Invocation = { ...event, settle };
      this.#waiting.push({ kind: 'event', sinceMs: this.#nowMs(), invocation });
      this.#dispatch();
    });
  }

  /**
   * Resolves when a process is free; starts one if necessary. Messages that a poller fetches earlier would wait here in
   * small batches instead of in the queue, where batches fill up.
   */
  untilFree(): Promise<void> {
    if (this.#stopped || this.#idle.length > 0 || this.#live.size < PROMPT_PROCESSES) return Promise.resolve();
    return new Promise((tell) => {
      this.#waiting.push({ kind: 'poller', sinceMs: this.#nowMs(), tell });
      this.#dispatch();
    });
  }

  /** Process ids of the operating system. */
  pids(): number[] {
    return [...this.#live].flatMap((process) => process.pid ?? []);
  }

  /** Kills every process; their invocations are settled as stopped. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#cancelLook();
    for (const one of waiting) {
      if (one.kind === 'poller') one.tell();
      else one.invocation.settle({ kind: 'stopped' });
    }
    await Promise.all([...this.#live].map((process) => process.kill()));
  }

  #throttleReason(): 'ConcurrentInvocationLimitExceeded' | 'ReservedFunctionConcurrentInvocationLimitExceeded' {
    return this.reserved === undefined
      ? 'ConcurrentInvocationLimitExceeded'
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  }

  /** The first free process takes the event that has waited longest, even if another process was started for it. */
  #dispatch(): void {
    if (this.#stopped) return;
    while (this.#idle.length > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      if (next.kind === 'poller') next.tell();
      else this.#idle.pop()?.run(next.invocation);
    }
    const wanted = Math.min(this.#startsWanted(), PARALLEL_STARTS);
    while (this.#starting.size < wanted && this.#live.size < this.concurrency) this.#startProcess();
    this.#lookAgain();
  }

  #startsWanted(): number {
    const { length } = this.#waiting;
    const prompt = Math.min(length, PROMPT_PROCESSES - (this.#live.size - this.#starting.size));
    const nowMs = this.#nowMs();
    const patienceMs = this.#settings.idleShare() >= SPARE_SHARE ? PATIENCE_MS : LONGEST_PATIENCE_MS;
    const impatient = this.#waiting.filter(({ sinceMs }) => sinceMs + patienceMs <= nowMs);
    // A single poller stands for a whole queue.
    const isPolled = impatient.some(({ kind }) => kind === 'poller');
    return Math.max(prompt, isPolled ? PARALLEL_STARTS : impatient.length);
  }

  /**
   * Dispatches again later if something waits without a start under way: no other event may come before its patience ends.
   */
  #lookAgain(): void {
    this.#cancelLook();
    if (this.#waiting.length <= this.#starting.size || this.#live.size >= this.concurrency) return;
    this.#cancelLook = this.#settings.timers.after(PATIENCE_MS, () => this.#dispatch());
  }

  #startProcess(): void {
    const process = new FunctionProcess(this.#settings, {
      onFree: (free) => {
        this.#starting.delete(free);
        this.#idle.push(free);
        this.#dispatch();
        this.#reapLater();
      },
      onEnd: (ended, { fault, untouched }) => {
        this.#live.delete(ended);
        this.#starting.delete(ended);
        this.#idle = this.#idle.filter((other) => other !== ended);
        if (untouched !== undefined) this.#waiting.unshift({ kind: 'event', sinceMs: 0, invocation: untouched });
        if (fault !== undefined) this.#failToStart(fault);
        this.#dispatch();
      },
    });
    this.#live.add(process);
    this.#starting.add(process);
  }

  /** Each failed start fails one event, so that a function that cannot start never starts in a loop. */
  #failToStart(fault: FunctionFault): void {
    const event = this.#waiting.findIndex(({ kind }) => kind === 'event');
    const [failed] = this.#waiting.splice(Math.max(0, event), 1);
    if (failed?.kind === 'poller') failed.tell();
    else failed?.invocation.settle(faultResult(failed.invocation.requestId, fault));
  }

  #nowMs(): number {
    return this.#settings.timers.nowMs();
  }

  #reapLater(): void {
    if (this.#reaping || this.#stopped || this.#idle.length <= KEPT_IDLE_PROCESSES) return;
    this.#reaping = true;
    this.#settings.timers.after(IDLE_LIMIT_MS / 2, () => {
      this.#reaping = false;
      this.#reap();
      this.#reapLater();
    });
  }

  #reap(): void {
    const idleSince = this.#settings.timers.nowMs() - IDLE_LIMIT_MS;
    const surplus = this.#idle.slice(0, Math.max(0, this.#idle.length - KEPT_IDLE_PROCESSES));
    for (const process of surplus) if (process.freeSinceMs <= idleSince) void process.kill();
  }
}
