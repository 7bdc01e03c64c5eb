import type { OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import { giveOrder, type OrderAnswer } from '../../../shared/operate/give-order.ts';
import { parseOperateRequest } from '../../../shared/operate/operate-request.ts';
import type { OperateParts } from '../../../shared/operate/order-work.ts';
import { workOrder } from '../../../shared/operate/work-order.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { freshToken, type StoreBench } from './store-world.ts';
import { NO_ADOPTION } from './no-adoption.ts';

/** Orders over a store, given and worked on as the product does it. Their messages go nowhere. */
export class OrderBench {
  /** The deliveries that they sent messages for. */
  readonly sent: number[] = [];
  readonly #bench: () => StoreBench;

  constructor(bench: () => StoreBench) {
    this.#bench = bench;
  }

  /** Gives an order and works on it to its end, or until time is up. */
  give(
    request: object,
    { ms = 30_000, store = this.#bench().store }: { ms?: number; store?: OperateParts['store'] } = {},
  ): Promise<OrderAnswer> {
    const parsed = parseOperateRequest(request);
    if (!parsed.ok || parsed.request.kind !== 'order') throw new Error('that is no order');
    const fallback = { stopAtMonotonicMs: performance.now() + ms, orderKey: freshToken(), moreAttempts: 5 };
    return giveOrder(this.#partsOf(store), parsed.request.order, fallback);
  }

  redeliver(request: object): Promise<OrderAnswer> {
    return this.give({ action: 'redeliver', ...request });
  }

  /** As the sweep and the order's own message do. */
  work({ order }: OrderAnswer) {
    return workOrder(this.#partsOf(this.#bench().store), order?.orderId ?? 0, performance.now() + 30_000);
  }

  /** Its state afterwards. */
  async change({ order }: OrderAnswer, verb: 'pause' | 'continue' | 'stop') {
    return (await this.#bench().store.changeOrder(order?.orderId ?? 0, verb))?.state;
  }

  #partsOf(store: OperateParts['store']) {
    return {
      store,
      adoption: NO_ADOPTION,
      // Locked rows are asked for again at once.
      clock: { ...systemClock, after: (_: number, fire: () => void) => systemClock.after(0, fire) },
      queue: {
        send: async (messages: readonly OutgoingMessage[]) => {
          this.sent.push(...messages.map(({ deliveryId }) => deliveryId));
          return { unsent: [] };
        },
        setAside: async () => ({ unsent: [] }),
      },
      log: { info: nothing, warn: nothing, error: nothing },
      metrics: {
        count: nothing,
        deadLetters: nothing,
        milliseconds: nothing,
        seconds: nothing,
        gauge: nothing,
        standing: nothing,
        flush: nothing,
      },
    };
  }
}

const nothing = () => undefined;
