import type { Clock } from '../../../shared/runtime/clock.ts';
import type { OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import type { Outcome } from '../../../shared/delivery/outcome.ts';
import type { NewDelivery } from '../../../shared/delivery/store-answers.ts';
import type { SweepParts } from '../../../shared/sweep/sweep-deliveries.ts';
import { CountedMetrics } from './deliver-batch-world.ts';
import { freshToken, LEASE_SECONDS, newDelivery, NOON, soon, type Store } from '../store/store-world.ts';
import { FakeDeliveryStore, FakeTables } from '../store/fake-delivery-store.ts';
import { VirtualTime } from '../time/virtual-time.ts';

/** The parts of a sweep or a redelivery over the fake store. Each call of the store takes as long as the test says. */
export class SweepBench {
  readonly time = new VirtualTime(NOON);
  readonly tables = new FakeTables();
  readonly store: Store = new FakeDeliveryStore({ nowMs: () => this.time.nowMs() }, this.tables);
  readonly metrics = new CountedMetrics();
  readonly sent: OutgoingMessage[] = [];
  readonly lines: { event: string; fields: unknown }[] = [];
  readonly clock: Clock = {
    nowMs: () => this.time.nowMs(),
    monotonicMs: () => this.time.elapsedMs(),
    random: () => 0,
    uuid: freshToken,
    after: (delayMs, fire) => this.time.after(delayMs, fire),
  };
  /** Outcomes whose events the bus was asked to put, and what it does not take. */
  readonly put: Outcome[] = [];
  isUnput: (outcome: Outcome) => boolean = () => false;
  isUnsent: (message: OutgoingMessage) => boolean = () => false;

  parts(instead: Partial<Store> = {}): Omit<SweepParts, 'store'> & { store: Store } {
    // The methods sit on the prototype of the fake.
    const store = new Proxy(this.store, {
      get: (own, name) => Reflect.get(instead, name) ?? Reflect.get(own, name).bind(own),
    });
    return {
      store,
      bus: {
        put: async (outcomes) => {
          const unput = outcomes.filter(this.isUnput);
          this.put.push(...outcomes.filter((outcome) => !unput.includes(outcome)));
          return unput.length === 0 ? { unput } : { unput, because: 'ThrottlingException' };
        },
      },
      outcomes: 'all',
      clock: this.clock,
      metrics: this.metrics,
      queue: {
        send: async (messages) => {
          const unsent = messages.filter(this.isUnsent);
          this.sent.push(...messages.filter((message) => !unsent.includes(message)));
          return { unsent };
        },
        setAside: () => Promise.reject(new Error('a sweep sets nothing aside')),
      },
      log: {
        info: (event, fields) =>
          void this.lines.push({
            event,
            fields,
          }),
        warn: (event, fields) =>
          void this.lines.push({
            event,
            fields,
          }),
        error: (event, fields) =>
          void this.lines.push({
            event,
            fields,
          }),
      },
    };
  }

  async stored(count: number, delivery: Partial<NewDelivery> = {}): Promise<number[]> {
    const deliveries = Array.from({ length: count }, () => newDelivery(delivery));
    const answers = await this.store.acceptDeliveries(deliveries, 'register', soon());
    return answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
  }

  async claimed(ids: readonly number[]): Promise<void> {
    const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    await this.store.claimDeliveries(claims, LEASE_SECONDS, { untilMonotonicMs: Infinity });
  }

  async dead(count: number, delivery: Partial<NewDelivery> = {}): Promise<number[]> {
    const ids = await this.stored(count, delivery);
    for (const id of ids) {
      const row = this.tables.rows.get(id);
      Object.assign(row ?? {}, { status: 'dead_letter', scheduledForMs: undefined, deadLetterReason: 'status' });
    }
    return ids;
  }

  async pass(seconds: number): Promise<void> {
    await this.time.run(() => false, this.time.elapsedMs() + seconds * 1000);
  }
}
