import type { Clock } from '../../../shared/runtime/clock.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

/**
 * What can become of one call of one port. `before` and `after` its effect look the same to the caller. `late`: the caller
 * gives up, and the effect happens minutes later. `twice`: the SDK repeats it. `stalls`: the process stands still with the
 * answer in its hands. `dies`: the process is gone.
 */
export const FAULTS = [
  'fails before',
  'fails after',
  'hangs before',
  'hangs after',
  'dies before',
  'dies after',
  'late',
  'twice',
  'stalls',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** Every port and method that the life of a delivery calls, but those that only look, and those for a row that is refused. */
export const PORTS = [
  'store.acceptDeliveries',
  'store.claimDeliveries',
  'store.settleDeliveries',
  'store.releaseDeliveries',
  'store.putBackDeliveries',
  'store.restoreMessages',
  'store.buryDeliveries',
  'store.listUncountedDeaths',
  'store.markDeathsCounted',
  'store.callHeldDeliveries',
  'store.listOutcomes',
  'store.clearOutcomes',
  'store.forgetEndpoints',
  'store.callNextDeliveries',
  'store.goOnInOrder',
  'store.forgetOrderingKeys',
  'store.measureEndpoints',
  'store.oldestDueSeconds',
  'store.countMatches',
  'store.findMatches',
  'store.findNamed',
  'store.openOrder',
  'store.takeOrder',
  'store.workPage',
  'store.recordProgress',
  'store.findOrders',
  'store.listUnfinishedOrders',
  'store.restPage',
  'store.changeOrder',
  'queue.send',
  'queue.setAside',
  'bus.put',
  'credentials.resolve',
  'receiver.send',
] as const;
/** Those of markers, where the database may sleep. */
export const MARKER_PORTS = [
  'markers.put',
  'markers.take',
  'markers.hide',
  'markers.remove',
  'store.whatIsLeft',
] as const;
export type Port =
  | (typeof PORTS)[number]
  | (typeof MARKER_PORTS)[number]
  | 'store.noteAttempt'
  | 'store.listDueDeliveries'
  | 'store.changeEndpoint';

/** A fault of the n-th call of a port, counted from 0 through the whole run. */
export type Fault = { port: Port; call: number; kind: FaultKind };

export type PortCall<Answer> = {
  port: Port;
  /** When the port itself gives up. */
  limitMs: number;
  effect: () => Answer | Promise<Answer>;
  /** What the port answers where it gave up; it may throw. */
  failed: () => Answer;
};

/** Latencies that meet the edges of whole seconds as well as nothing at all. */
const LATENCIES_MS = [0, 0, 20, 20, 20, 1000, 3000];
/** Past the lease, and some of them until another worker is at it: the first sweep comes after 300 s. */
const STALLS_MS = [80_000, 120_000, 301_000, 305_000, 310_000, 320_000];
/** Past the next sweep and what it brings about: a statement that comes so late meets another worker, or a burial. */
const LATEST_MS = 900_000;

/** A Lambda process as the platform sees it: it may die or stand still at any call. */
export class FaultyProcess {
  readonly clock: Clock;
  readonly #time: VirtualTime;
  #isAlive = true;
  #frozenUntilMs = 0;
  #whenGone: (() => void)[] = [];

  constructor(time: VirtualTime, options: { random: () => number; uuid: () => string; wallClockOffsetMs: number }) {
    this.#time = time;
    this.clock = {
      // A worker's wall clock may be off by years: nothing of the protocol hangs on it.
      nowMs: () => time.nowMs() + options.wallClockOffsetMs,
      monotonicMs: () => time.elapsedMs(),
      random: options.random,
      uuid: options.uuid,
      after: (delayMs, fire) => this.after(delayMs, fire),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Fires once the process runs again, and never after its end. */
  after(delayMs: number, fire: () => void): () => void {
    let cancel: () => void = () => undefined;
    const whenDue = (): void => {
      if (!this.#isAlive) return;
      const frozenMs = this.#frozenUntilMs - this.#time.elapsedMs();
      if (frozenMs > 0) cancel = this.#time.after(frozenMs, whenDue);
      else fire();
    };
    cancel = this.#time.after(delayMs, whenDue);
    return () => cancel();
  }

  get hasStoodStill(): boolean {
    return this.#frozenUntilMs > 0;
  }

  whenGone(gone: () => void): void {
    this.#whenGone.push(gone);
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = this.#time.elapsedMs() + forMs;
  }

  /** Killed, or done. */
  end(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const gone of this.#whenGone) gone();
  }
}

type Course = { effectsAtMs: number[]; endsAtMs: number; end: 'answers' | 'fails' | 'dies'; freezesForMs?: number };

/** Carries calls out with the faults of a plan, one after the other as they come. */
export class FaultPlan {
  /** How often each port was called. */
  readonly calls = new Map<Port, number>();
  /** How often each kind of fault came to pass. */
  readonly happened = new Map<FaultKind, number>();
  readonly #faults: ReadonlyMap<string, FaultKind>;
  readonly #time: VirtualTime;
  readonly #random: () => number;

  constructor(time: VirtualTime, faults: readonly Fault[], random: () => number) {
    this.#time = time;
    this.#faults = new Map(faults.map(({ port, call, kind }) => [`${port} ${call}`, kind]));
    this.#random = random;
  }

  /** The fault of the port's next call. */
  next(port: Port): FaultKind | undefined {
    const call = this.calls.get(port) ?? 0;
    this.calls.set(port, call + 1);
    const fault = this.#faults.get(`${port} ${call}`);
    if (fault !== undefined) this.happened.set(fault, (this.happened.get(fault) ?? 0) + 1);
    return fault;
  }

  latencyMs(): number {
    return this.#oneOf(LATENCIES_MS);
  }

  stallMs(): number {
    return this.#oneOf(STALLS_MS);
  }

  call<Answer>(process: FaultyProcess, call: PortCall<Answer>): Promise<Answer> {
    const course = this.#courseOf(this.next(call.port), call.limitMs);
    return new Promise((resolve, reject) => {
      let last: Promise<Answer> | undefined;
      for (const atMs of course.effectsAtMs) {
        this.#time.after(atMs, () => {
          last = this.#time.outside(Promise.resolve().then(call.effect));
          last.catch(() => undefined);
          if (course.freezesForMs !== undefined) process.freeze(course.freezesForMs);
        });
      }
      if (course.end === 'dies') {
        this.#time.after(course.endsAtMs, () => process.end());
        return;
      }
      process.after(course.endsAtMs, () => {
        const answer = course.end === 'answers' && last !== undefined ? last : Promise.resolve().then(call.failed);
        answer.then(resolve, reject);
      });
    });
  }

  #oneOf(choices: readonly number[]): number {
    return choices[Math.floor(this.#random() * choices.length)] ?? 0;
  }

  #courseOf(fault: FaultKind | undefined, limitMs: number): Course {
    const before = this.latencyMs();
    const both = before + this.latencyMs();
    const course = this.#undisturbed(fault, { before, both, limitMs });
    return course.end === 'answers' && course.endsAtMs > limitMs && course.freezesForMs === undefined
      ? { ...course, endsAtMs: limitMs, end: 'fails' }
      : course;
  }

  #undisturbed(
    fault: FaultKind | undefined,
    { before, both, limitMs }: { before: number; both: number; limitMs: number },
  ): Course {
    switch (fault) {
      case undefined:
        return { effectsAtMs: [before], endsAtMs: both, end: 'answers' };
      case 'fails before':
        return { effectsAtMs: [], endsAtMs: before, end: 'fails' };
      case 'fails after':
        return { effectsAtMs: [before], endsAtMs: both, end: 'fails' };
      case 'hangs before':
        return { effectsAtMs: [], endsAtMs: limitMs, end: 'fails' };
      case 'hangs after':
        return { effectsAtMs: [before], endsAtMs: limitMs, end: 'fails' };
      case 'dies before':
        return { effectsAtMs: [], endsAtMs: before, end: 'dies' };
      case 'dies after':
        return { effectsAtMs: [before], endsAtMs: both, end: 'dies' };
      case 'late':
        return {
          effectsAtMs: [limitMs + 1000 + Math.floor(this.#random() * LATEST_MS)],
          endsAtMs: limitMs,
          end: 'fails',
        };
      case 'twice': {
        const again = both + 1000;
        return { effectsAtMs: [before, again], endsAtMs: again + before, end: 'answers' };
      }
      case 'stalls':
        return { effectsAtMs: [before], endsAtMs: both, end: 'answers', freezesForMs: this.stallMs() };
    }
  }
}
