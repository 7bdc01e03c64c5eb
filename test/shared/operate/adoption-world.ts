import { createDataApiAdoptionStore } from '../../../shared/aws/data-api-adoption-store.ts';
import type { DataApi } from '../../../shared/aws/data-api.ts';
import { createAlongsideAcceptStore } from '../../../shared/aws/data-api-alongside.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { operate } from '../../../shared/operate/operate.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { SILENT, UNCOUNTED } from '../../support/protocol/silent-parts.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { soon } from '../../support/store/store-world.ts';
import { EnqueueBench, request } from '../enqueue/enqueue-deliveries-world.ts';

/** Of the 4,875 rows. */
export const PENDING = 500;
const TABLE = { schema: 'app', table: 'webhook_deliveries' };

type Answer = Readonly<Record<string, unknown>>;

/** A database of its own with an application's tables and rows, and orders that move its deliveries. */
export class AdoptionBench {
  readonly store: PostgresStoreBench;
  /** What the queue was given. */
  readonly sent: { deliveryId: number; attempt: number; delaySeconds: number }[] = [];
  #waitedMs = 0;
  #orders = 0;

  private constructor(store: PostgresStoreBench) {
    this.store = store;
  }

  static async start(): Promise<AdoptionBench> {
    const bench = new AdoptionBench(await openPostgresStore({ beside: 'application' }));
    // A minute and two ago their workers were at it.
    await bench.store.pool.query(
      "update app.webhook_deliveries set updated_at = now() - interval '3 minutes' where status = 'pending'",
    );
    return bench;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  order(given: object, ms = 10_000_000): Promise<Answer> {
    const id = `order ${++this.#orders}`;
    return this.#operate({ action: 'adopt', table: `${TABLE.schema}.${TABLE.table}`, ...given }, id, ms);
  }

  goOn(order: unknown): Promise<Answer> {
    return this.#operate({ order_to_work_on: order }, `going on ${++this.#orders}`, 20_000);
  }

  /** A request that somebody repeats, of the organization that the run has. */
  async enqueue(
    { workflow_run_id, webhook_node_id }: { workflow_run_id: number; webhook_node_id: string },
    beside?: 'alongside',
  ): Promise<unknown> {
    const [owner] = await this.rowsOf<{ organization_id: number }>(
      `select organization_id from app.workflows w join app.workflow_runs r on r.workflow_id = w.id where r.id = ${workflow_run_id}`,
    );
    const { store, dataApi } = this.store;
    const enqueuing = new EnqueueBench();
    enqueuing.parts.queue = this.#parts().queue;
    enqueuing.parts.unknownRuns = 'refuse';
    enqueuing.parts.store = beside === undefined ? store : createAlongsideAcceptStore(store, dataApi, TABLE);
    return enqueueByInvoke(request({ workflow_run_id, webhook_node_id, ...owner }), enqueuing.parts, soon());
  }

  async rowsOf<Row extends object>(sql: string): Promise<Row[]> {
    return (await this.store.pool.query(sql)).rows as Row[];
  }

  #operate(event: object, id: string, ms: number): Promise<Answer> {
    return operate(event, this.#parts(), { id, stopAtMonotonicMs: this.#waitedMs + ms });
  }

  #parts(): AdoptingParts {
    /** Time passes by waiting alone: a pause takes its time at once. */
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => this.#waitedMs,
      after: (ms, fire) => {
        this.#waitedMs += ms;
        return systemClock.after(5, fire);
      },
    };
    const send: AdoptingParts['queue']['send'] = async (messages) => {
      for (const { deliveryId, attempt, delaySeconds } of messages)
        this.sent.push({ deliveryId, attempt, delaySeconds });
      return { unsent: [] };
    };
    return adoptingParts({ store: this.store.store, dataApi: this.store.dataApi, clock, send });
  }
}

type AdoptingParts = Parameters<typeof operate>[1];

/** What operate needs to move deliveries. */
export function adoptingParts({
  store,
  dataApi,
  clock,
  send = async () => ({ unsent: [] }),
}: {
  store: AdoptingParts['store'];
  dataApi: DataApi;
  clock: Clock;
  send?: AdoptingParts['queue']['send'];
}): AdoptingParts {
  return {
    store,
    adoption: createDataApiAdoptionStore(dataApi),
    relay: { handOver: async () => undefined },
    queue: { send, setAside: async () => ({ unsent: [] }) },
    clock,
    log: SILENT,
    metrics: UNCOUNTED,
    moreAttempts: 5,
  };
}
