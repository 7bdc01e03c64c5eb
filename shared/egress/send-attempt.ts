import type { Exchange, WirePhase } from '../delivery/exchange.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SendPhase } from './http-failure.ts';

/** What a send came to on the wire, beside its result. */
export type WireFacts = Pick<Exchange, 'connection' | 'phasesMs'> & {
  written: Exchange['request']['written'];
  /** Undefined where no header block was complete. */
  response?: { headerNames: readonly string[]; bodyBytes: number; isComplete: boolean };
};

/** The other end of a connection. */
export type Peer = Omit<NonNullable<WireFacts['connection']>, 'isKept'>;

const WIRE_PHASE_OF: Readonly<Record<SendPhase, WirePhase>> = {
  queue: 'wait',
  dns: 'resolve',
  connect: 'connect',
  tls: 'tls',
  exchange: 'first_byte',
};

/** A send in progress: its phase, a signal that aborts when its time is up, and what it came to so far. */
export class SendAttempt {
  readonly signal: AbortSignal;
  /** After this moment its request is not begun any more, whether or not the signal has arrived. */
  readonly endsAtMonotonicMs: number;
  /** Most of its time passed while it waited for its turn. */
  late = false;
  connection: WireFacts['connection'];
  isOver = false;
  #response: WireFacts['response'];
  /** More of the request may be on its way than was written when this is asked. */
  isUploading = (): boolean => false;
  readonly #clock: Clock;
  readonly #phasesMs: Partial<Record<WirePhase, number>> = {};
  #phase: SendPhase = 'queue';
  #wirePhase: WirePhase = 'wait';
  #written: WireFacts['written'] = 'nothing';
  #since: number;

  constructor({ clock, ...options }: { clock: Clock; signal: AbortSignal; endsAtMonotonicMs: number }) {
    this.#clock = clock;
    this.signal = options.signal;
    this.endsAtMonotonicMs = options.endsAtMonotonicMs;
    this.#since = clock.monotonicMs();
  }

  get phase(): SendPhase {
    return this.#phase;
  }

  enter(phase: SendPhase): void {
    this.#phase = phase;
    this.#enter(WIRE_PHASE_OF[phase]);
  }

  /** The header block is complete; its body follows. */
  answered(): void {
    this.#enter('body');
  }

  /** It will come to nothing more. Further calls change nothing. */
  end(response?: WireFacts['response']): void {
    if (this.isOver) return;
    this.#enter(this.#wirePhase);
    this.isOver = true;
    this.#response = response;
    if (this.#phase === 'exchange') this.#written = this.isUploading() ? 'part' : 'whole';
  }

  /** What it came to. */
  facts(): WireFacts {
    this.end();
    return {
      phasesMs: { ...this.#phasesMs },
      written: this.#written,
      ...(this.connection && { connection: this.connection }),
      ...(this.#response && { response: this.#response }),
    };
  }

  #enter(next: WirePhase): void {
    const now = this.#clock.monotonicMs();
    const so = this.#phasesMs[this.#wirePhase] ?? 0;
    this.#phasesMs[this.#wirePhase] = so + now - this.#since;
    this.#since = now;
    this.#wirePhase = next;
  }
}
