import type { MarkerQueue } from '../delivery/pending-marker.ts';

/** A marker that a sweep holds: nobody else sees it for four minutes. */
export type HeldMarker = {
  receiptHandle: string;
  /** By the queue's clock, milliseconds since the epoch. */
  sentAtMs: number;
};

/** The queue of markers as the sweep needs it. Nothing rejects. */
export type Markers = MarkerQueue & {
  /** All that show, up to a bound. `undefined`: the queue did not answer, so there may be some. */
  take(): Promise<HeldMarker[] | undefined>;
  /** Hides them for so long from now; 0 shows them. Those that could not be told of show after four minutes. */
  hide(markers: readonly HeldMarker[], seconds: number): Promise<void>;
  /** Those that could not be removed show after four minutes. */
  remove(markers: readonly HeldMarker[]): Promise<void>;
};
