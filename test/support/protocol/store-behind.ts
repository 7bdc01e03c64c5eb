import type { Store } from '../store/store-world.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Inspect } from './protocol-watch.ts';

/** `lock`: from now on somebody else has the row; the answer ends it. `downOf`: the endpoints that were down when it was claimed. */
export type StoreBehind = {
  store: Store;
  inspect: Inspect;
  lock?: (deliveryId: number) => () => void;
  downOf?: (deliveryId: number) => readonly string[];
};

export type OpenStore = (time: VirtualTime, outcomes?: 'failures') => StoreBehind;
