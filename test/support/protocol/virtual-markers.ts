import { MARKER_HELD_SECONDS, MARKER_KEPT_SECONDS } from '../../../shared/runtime/limits.ts';
import { PendingMarker } from '../../../shared/delivery/pending-marker.ts';
import type { HeldMarker, Markers } from '../../../shared/sweep/markers.ts';
import type { Store } from '../store/store-world.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { FaultPlan, FaultyProcess } from './protocol-faults.ts';

/** Longer than any latency of the bench: what fails is what a plan lets fail. */
const CALL_MS = 8000;

type Marker = { sentAtMs: number; showsAtMs: number; receiptHandle: string };

/** The queue of markers in virtual time, and what each process meets of it. */
export class VirtualMarkers {
  readonly #time: VirtualTime;
  readonly #plan: FaultPlan;
  /** Called whenever there are fewer. */
  readonly #look: () => void;
  #markers: Marker[] = [];
  #handles = 0;

  constructor(time: VirtualTime, plan: FaultPlan, look: () => void) {
    this.#time = time;
    this.#plan = plan;
    this.#look = look;
  }

  get count(): number {
    const nowMs = this.#time.nowMs();
    return this.#markers.filter(({ sentAtMs }) => nowMs - sentAtMs < MARKER_KEPT_SECONDS * 1000).length;
  }

  /** The store of a process that marks whatever it asks, as functions do it around the Data API. */
  marked(store: Store, process: FaultyProcess, how: true | string): Store {
    const queue = this.of(process);
    const marker = new PendingMarker(queue, process.clock, () => undefined);
    const around = <Answer>(statement: () => Promise<Answer>): Promise<Answer> =>
      how === 'marker behind the row' ? statement().finally(() => marker.put()) : marker.around(statement);
    return new Proxy(store, {
      get(own, name) {
        const method: unknown = Reflect.get(own, name);
        if (typeof method !== 'function') return method;
        return (...asked: unknown[]) => around(() => method.apply(own, asked) as Promise<unknown>);
      },
    });
  }

  of(process: FaultyProcess): Markers {
    const call = <Answer>(
      port: 'markers.put' | 'markers.take' | 'markers.hide' | 'markers.remove',
      effect: () => Answer,
      failed: () => Answer,
    ) => this.#plan.call(process, { port, limitMs: CALL_MS, effect, failed });
    return {
      put: () =>
        call(
          'markers.put',
          () => {
            const nowMs = this.#time.nowMs();
            this.#markers.push({ sentAtMs: nowMs, showsAtMs: nowMs, receiptHandle: this.#handle() });
            return true;
          },
          () => false,
        ),
      take: () =>
        call<HeldMarker[] | undefined>(
          'markers.take',
          () => this.#take(),
          () => undefined,
        ),
      hide: async (markers, seconds) => {
        if (markers.length === 0) return;
        await call(
          'markers.hide',
          () => this.#hide(markers, seconds),
          () => undefined,
        );
      },
      remove: async (markers) => {
        if (markers.length === 0) return;
        await call(
          'markers.remove',
          () => this.#remove(markers),
          () => undefined,
        );
      },
    };
  }

  #take(): HeldMarker[] {
    const nowMs = this.#time.nowMs();
    const shown = this.#markers.filter(({ showsAtMs }) => showsAtMs <= nowMs);
    for (const marker of shown) {
      marker.showsAtMs = nowMs + MARKER_HELD_SECONDS * 1000;
      marker.receiptHandle = this.#handle();
    }
    return shown.map(({ sentAtMs, receiptHandle }) => ({ sentAtMs, receiptHandle }));
  }

  #hide(markers: readonly HeldMarker[], seconds: number): void {
    for (const marker of this.#named(markers)) marker.showsAtMs = this.#time.nowMs() + seconds * 1000;
  }

  #remove(markers: readonly HeldMarker[]): void {
    const gone = this.#named(markers);
    this.#markers = this.#markers.filter((marker) => !gone.includes(marker));
    this.#look();
  }

  #named(markers: readonly HeldMarker[]): Marker[] {
    return this.#markers.filter(({ receiptHandle }) => markers.some((one) => one.receiptHandle === receiptHandle));
  }

  #handle(): string {
    return `handle ${++this.#handles}`;
  }
}
