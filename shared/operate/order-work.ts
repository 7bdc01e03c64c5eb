import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { DeathStore } from '../observe/count-deaths.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AdoptionStore } from './adoption-store.ts';
import type { OrderPosition, OrderProgress, OrderStep, OrderStore, TakenOrder } from './order-store.ts';

export type OperateParts = {
  store: OrderStore & DeathStore;
  adoption: AdoptionStore;
  queue: DeliveryQueue;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

/** `left`: there is more to do, and it can be done at once. `later`: what is left is locked by somebody else. */
export type OrderProgressed = 'over' | 'left' | 'later' | 'not_ours';

export type OrderWork = {
  parts: OperateParts;
  taken: TakenOrder;
  stopAtMonotonicMs: number;
  /** Which page comes next. */
  step: OrderStep;
};

/** Records what is in no page. False: the order is no longer this worker's. */
export async function record(
  { parts, step }: OrderWork,
  position: OrderPosition,
  progress: Pick<OrderProgress, 'outcome' | 'refused'>,
): Promise<boolean> {
  const isOurs = await parts.store.recordProgress({ ...step, position, ...progress });
  if (isOurs) step.step++;
  return isOurs;
}
