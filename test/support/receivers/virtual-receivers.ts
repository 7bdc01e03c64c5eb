import type { Connections, OutgoingRequest, SendLimits } from '../../../shared/egress/http-sender.ts';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import type { FaultPlan, FaultyProcess } from '../protocol/protocol-faults.ts';
import type { ProtocolWatch } from '../protocol/protocol-watch.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

/** What a receiver does with one request. `unheard`: it accepts, and its answer gets lost. `lingers`: it accepts after 4 s. */
export type Behaviour = 'accepts' | 'lingers' | 'unheard' | 'fails' | 'refuses' | 'hangs';

const STATUS = { accepts: 204, lingers: 204, unheard: 204, fails: 503, refuses: 410, hangs: 200 } as const;
const SERVICE_MS = [0, 20, 1000, 20_000];
const LINGERS_MS = 4000;

/** Receivers in memory, which follow the script of their delivery; the last behaviour repeats. */
export class VirtualReceivers {
  readonly #time: VirtualTime;
  readonly #plan: FaultPlan;
  readonly #watch: ProtocolWatch;
  readonly #random: () => number;
  /** By workflow run: the delivery's id is not known before it is stored. */
  readonly #scripts: ReadonlyMap<string, readonly Behaviour[]>;
  readonly #served = new Map<string, number>();
  readonly #looksAtTheAct: boolean;

  constructor(
    time: VirtualTime,
    plan: FaultPlan,
    options: {
      watch: ProtocolWatch;
      random: () => number;
      scripts: ReadonlyMap<string, readonly Behaviour[]>;
      /** Whether a sender holds its limits against the clock again where the request is about to be written. */
      looksAtTheAct: boolean;
    },
  ) {
    this.#time = time;
    this.#plan = plan;
    this.#watch = options.watch;
    this.#random = options.random;
    this.#scripts = options.scripts;
    this.#looksAtTheAct = options.looksAtTheAct;
  }

  /** The connections of one invocation; a request ends with the process that made it. */
  connectionsOf(process: FaultyProcess, deliveryIdOf: (uuid: string) => number): Connections {
    return {
      close: () => Promise.resolve(),
      send: (_organizationId, request, limits) => {
        const header = (name: string) => request.headers.find(([key]) => key === name)?.[1] ?? '';
        const deliveryId = deliveryIdOf(header('X-Dograh-Delivery-Id'));
        return this.#send(process, { ...request, ...limits, deliveryId, run: header('X-Dograh-Workflow-Run-Id') });
      },
    };
  }

  #send(
    process: FaultyProcess,
    request: OutgoingRequest & SendLimits & { deliveryId: number; run: string },
  ): Promise<SendResult> {
    const { deliveryId, run, timeoutMs } = request;
    const startedAtMs = process.clock.monotonicMs();
    if (startedAtMs > request.mustStartByMonotonicMs) return Promise.resolve(TOO_LATE);
    const attempt = Number(request.headers.find(([key]) => key === 'X-Dograh-Delivery-Attempt')?.[1]);
    const fault = this.#plan.next('receiver.send');
    const arrivesMs = this.#plan.latencyMs();
    return new Promise((resolve) => {
      const answer = (atMs: number, result: SendResult) => process.after(atMs, () => resolve(result));
      if (fault === 'fails before') answer(arrivesMs, CONNECTION_LOST);
      if (fault === 'hangs before') answer(timeoutMs, TIMED_OUT);
      if (fault === 'fails before' || fault === 'hangs before') return;
      // While it connects; a process that stands still has written nothing.
      if (fault === 'stalls') process.freeze(this.#plan.stallMs());
      process.after(arrivesMs, () => {
        if (fault === 'dies before') process.end();
        if (!process.isAlive) return;
        if (this.#looksAtTheAct && process.clock.monotonicMs() >= startedAtMs + timeoutMs) return resolve(TOO_LATE);
        const behaviour = this.#nextOf(run);
        const servedMs = this.#servedMs(behaviour);
        const endsMs = Math.min(servedMs, timeoutMs - arrivesMs);
        this.#serve(process, { deliveryId, attempt, behaviour, endsMs });
        const isHeard = behaviour !== 'unheard' && fault !== 'fails after';
        if (fault === 'dies after') this.#time.after(endsMs, () => process.end());
        else if (servedMs > endsMs || fault === 'hangs after') answer(timeoutMs - arrivesMs, TIMED_OUT);
        else answer(endsMs, isHeard ? responseOf(STATUS[behaviour]) : CONNECTION_LOST);
      });
    });
  }

  #servedMs(behaviour: Behaviour): number {
    if (behaviour === 'hangs') return Infinity;
    return behaviour === 'lingers' ? LINGERS_MS : (SERVICE_MS[Math.floor(this.#random() * 4)] ?? 0);
  }

  #nextOf(run: string): Behaviour {
    const script = this.#scripts.get(run) ?? ['accepts'];
    const served = this.#served.get(run) ?? 0;
    this.#served.set(run, served + 1);
    return script[Math.min(served, script.length - 1)] ?? 'accepts';
  }

  #serve(
    process: FaultyProcess,
    {
      deliveryId,
      attempt,
      behaviour,
      endsMs,
    }: { deliveryId: number; attempt: number; behaviour: Behaviour; endsMs: number },
  ): void {
    this.#watch.requestBegins(deliveryId, attempt, this.#time.nowMs());
    let isOpen = true;
    const end = (): void => {
      if (!isOpen) return;
      isOpen = false;
      // It may accept although the sender has gone: whoever gets a whole request can.
      const accepted = behaviour === 'accepts' || behaviour === 'lingers' || behaviour === 'unheard';
      this.#watch.requestEnds(deliveryId, accepted ? 'accepted' : 'did not');
    };
    this.#time.after(endsMs, end);
    process.whenGone(end);
  }
}

const CONNECTION_LOST: SendResult = { kind: 'failed', because: 'connection', detail: 'the connection was reset' };
const TOO_LATE: SendResult = { kind: 'exhausted', detail: 'no time was left to begin the request' };
const TIMED_OUT: SendResult = { kind: 'failed', because: 'timeout', detail: 'no response in time' };

function responseOf(status: number): SendResult {
  return { kind: 'response', status, retryAfter: undefined, date: undefined, excerpt: new Uint8Array() };
}
