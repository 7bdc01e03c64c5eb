import { availableParallelism } from 'node:os';
import { FunctionProcess, type ProcessSettings } from './function-process.ts';
import { faultResult, type FunctionFault, type Invocation, type InvocationResult } from './invocation.ts';
import type { ObservedInvocation } from './observed-invocation.ts';

/** Concurrency of a function without a reservation; on AWS it would share the account's 1,000. */
const DEFAULT_CONCURRENCY = 60;
/** So many idle processes are kept for the next event, whatever the pause. */
const KEPT_IDLE_PROCESSES = 2;
/** Idle for so long, a process beyond the kept ones is ended. */
const IDLE_LIMIT_MS = 120_000;
/** More at once would only make all of them start later. */
const PARALLEL_STARTS = Math.max(2, availableParallelism());

export type PoolSettings = ProcessSettings & {
  /** Told of every invocation; must not throw. */
  observe?: ((observed: ObservedInvocation) => void) | undefined;
};

/** The processes of one function: one event at a time in each, as many as events run at once. */
export class ProcessPool {
  readonly concurrency: number;
  readonly #settings: PoolSettings;
  readonly #live = new Set<FunctionProcess>();
  readonly #starting = new Set<FunctionProcess>();
  /** The longest idle first: the last is reused, so that the first can be ended. */
  #idle: FunctionProcess[] = [];
  #waiting: Invocation[] = [];
  #inFlight = 0;
  #stopped = false;
  #reaping = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.concurrency = settings.lambdaFunction.reservedConcurrency ?? DEFAULT_CONCURRENCY;
  }

  /** Runs an event in a process that is free or started for it. Throttled when as many run as the function may. */
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
      this.#waiting.push(invocation);
      this.#dispatch();
    });
  }

  /** Process ids of the operating system. */
  pids(): number[] {
    return [...this.#live].flatMap((process) => process.pid ?? []);
  }

  /** Kills every process; what they were doing is settled as stopped. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const invocation of waiting) invocation.settle({ kind: 'stopped' });
    await Promise.all([...this.#live].map((process) => process.kill()));
  }

  #throttleReason(): 'ConcurrentInvocationLimitExceeded' | 'ReservedFunctionConcurrentInvocationLimitExceeded' {
    return this.#settings.lambdaFunction.reservedConcurrency === undefined
      ? 'ConcurrentInvocationLimitExceeded'
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  }

  /** Whichever process is free first takes the event that has waited longest, also before the one started for it. */
  #dispatch(): void {
    if (this.#stopped) return;
    while (this.#waiting.length > 0) {
      const process = this.#idle.pop();
      if (process === undefined) break;
      const invocation = this.#waiting.shift();
      if (invocation !== undefined) process.run(invocation);
    }
    const wanted = Math.min(this.#waiting.length, PARALLEL_STARTS);
    while (this.#starting.size < wanted && this.#live.size < this.concurrency) this.#startProcess();
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
        if (untouched !== undefined) this.#waiting.unshift(untouched);
        if (fault !== undefined) this.#failToStart(fault);
        this.#dispatch();
      },
    });
    this.#live.add(process);
    this.#starting.add(process);
  }

  /** Each failed start fails one event, so that a function that cannot start never starts in a loop. */
  #failToStart(fault: FunctionFault): void {
    const invocation = this.#waiting.shift();
    if (invocation === undefined) return;
    invocation.settle(faultResult(invocation.requestId, fault));
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
