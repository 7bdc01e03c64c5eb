import type { DeliveryStatus } from '../../../shared/delivery/delivery.ts';
import type { Behaviour } from '../receivers/virtual-receivers.ts';
import type { Store } from '../store/store-world.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Fault, Port } from './protocol-faults.ts';
import type { Inspect } from './protocol-watch.ts';
import type { MessageFault } from './virtual-queue.ts';

/** One run of the protocol: what is delivered to whom, and everything that goes wrong. */
export type Plan = {
  seed: number;
  deliveries: readonly {
    script: readonly Behaviour[];
    dueInSeconds: number;
    hasCredential: boolean;
    /** Not the endpoint of the others. */
    hasOwnEndpoint?: boolean;
    /** The same as every other that has one. */
    hasOrderingKey?: boolean;
  }[];
  faults: readonly Fault[];
  messageFaults: readonly MessageFault[];
  maxAttempts: number;
  /** What is announced. Default: everything. Only without plain deliveries are the short statements asked. */
  outcomes?: 'failures';
  /** Default: at once. */
  enqueuesAfterSeconds?: number;
  /** An operator redelivers what is dead by then. */
  redeliversAfterMinutes?: number;
  /** At so many a second for each host; default 10. */
  perSecond?: number;
  /** And has second thoughts. */
  stopsAfterMinutes?: number;
  /** An operator cancels, or erases, everything, or only the one of that index. */
  cancelsAfterSeconds?: number;
  expungesAfterSeconds?: number;
  endsOnly?: number;
  /** An operator, who takes the queue's messages for lost, has every delivery get one. */
  restoresAfterMinutes?: number;
  /** Somebody else's transactions, each with one row. */
  locks?: readonly { delivery: number; atSeconds: number; forSeconds: number }[];
  /** Something else than a delivery message lies in the queue. */
  hasUnreadableMessage?: true;
};

/** `lock`: from now on somebody else has the row; the answer ends it. `downOf`: the endpoints that were down when it was claimed. */
export type StoreBehind = {
  store: Store;
  inspect: Inspect;
  lock?: (deliveryId: number) => () => void;
  downOf?: (deliveryId: number) => readonly string[];
};

export type OpenStore = (time: VirtualTime, outcomes?: 'failures') => StoreBehind;

/** What workers and stack do otherwise in a mutant. */
export type Variant = {
  sweeps?: false;
  tokens?: 'one for a batch' | 'one for all';
  /** When a worker looks at the time that is left: never, or not again where the request is about to be written. */
  deadline?: 'ignored' | 'not at the act';
  /** What is announced. Default: everything. */
  outcomes?: 'failures';
  /** The sweep asks only if there is a marker. In mutants markers are put or judged otherwise. */
  trueIdle?: true | 'marker behind the row' | 'young markers go' | 'no look';
};

export type ProtocolRun = {
  violations: readonly string[];
  /** How often each port was called: what a plan of faults can hit. */
  calls: ReadonlyMap<Port, number>;
  /** How often what happened: verdicts of the store, and faults. */
  counts: ReadonlyMap<string, number>;
  requests: number;
  /** What became of the deliveries, in the order of their ids. */
  statuses: readonly DeliveryStatus[];
  /** Unreadable messages that were set aside. */
  setAside: number;
};
