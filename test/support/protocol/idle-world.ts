import { createDataApi as createDataApiEndpoint, type DataApi } from '../../../local/aws/data-api/service.ts';
import { createSqs, type Queues } from '../../../local/aws/sqs/service.ts';
import { createDataApiCalls, createSqsCalls, type DataApiCalls, type SqsCalls } from '../../../shared/aws/clients.ts';
import { createDataApi } from '../../../shared/aws/data-api.ts';
import { createDataApiAcceptStore } from '../../../shared/aws/data-api-accept-store.ts';
import { createDataApiSweepStore } from '../../../shared/aws/data-api-sweep-store.ts';
import { markedDatabase } from '../../../shared/aws/marked-database.ts';
import { createSqsDeliveryQueue } from '../../../shared/aws/sqs-delivery-queue.ts';
import { createSqsMarkerQueue, createSqsMarkers } from '../../../shared/aws/sqs-markers.ts';
import { PendingMarker } from '../../../shared/delivery/pending-marker.ts';
import { type Accepted, acceptDeliveries } from '../../../shared/enqueue/accept-delivery.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import {
  DATABASE_SLEEPS_AFTER_SECONDS,
  LOOK_EVERY_HOURS,
  SWEEP_INTERVAL_MINUTES,
} from '../../../shared/runtime/limits.ts';
import { sweepDeliveries } from '../../../shared/sweep/sweep-deliveries.ts';
import { sweepUnlessIdle } from '../../../shared/sweep/sweep-unless-idle.ts';
import { freshToken, newDelivery, NOON, RULES } from '../store/store-world.ts';
import { localSurroundings } from '../stack/local-surroundings.ts';
import { inProcess, inVirtualTime } from '../stack/in-process-aws.ts';
import { migrateUp, PUBLIC_SCHEMAS } from '../postgres/public-schemas.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { VirtualTime } from '../time/virtual-time.ts';
import { CountedMetrics } from './deliver-batch-world.ts';
import { SILENT } from './silent-parts.ts';

const RESOURCE_ARN = 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef';
const MINUTE_MS = 60_000;

/** As the stack has it; a cluster on AWS takes 15–30 s to wake. */
const PAUSE = { afterIdleMs: DATABASE_SLEEPS_AFTER_SECONDS * 1000, resumeMs: 20_000 };

/**
 * A stack whose database sleeps, in virtual time: the product's enqueue and sweep with its adapters, over the twin's SQS
 * and its Data API, in front of PostgreSQL. Nobody delivers: what the delivery queue holds is what would be.
 */
export class IdleWorld {
  readonly time = new VirtualTime(NOON);
  readonly pool: TestDatabase['pool'];
  readonly metrics = new CountedMetrics();
  readonly queues: Queues;
  /** What each sweep answered, with its time in minutes. */
  readonly sweeps: { minutes: number; asked: boolean }[] = [];
  readonly #database: TestDatabase;
  readonly #dataApi: DataApi;
  readonly #sqs: SqsCalls;
  readonly #rds: DataApiCalls;
  readonly #clock: Clock = {
    nowMs: () => this.time.nowMs(),
    monotonicMs: () => this.time.elapsedMs(),
    random: () => 0.5,
    uuid: freshToken,
    after: (delayMs, fire) => this.time.after(delayMs, fire),
  };

  private constructor(database: TestDatabase, sweepEveryMinutes: number) {
    const { hostname, port, username, password } = new URL(database.url);
    this.#database = database;
    this.pool = database.pool;
    const timers = {
      nowMs: () => this.time.nowMs(),
      after: (delayMs: number, fire: () => void) => this.time.after(delayMs, fire),
    };
    this.#dataApi = createDataApiEndpoint({
      connection: { host: hostname, port: Number(port), user: username, password, database: database.database },
      resourceArn: RESOURCE_ARN,
      secretArn: SECRET_ARN,
      timers,
      pause: PAUSE,
    });
    const place = { timers, accountId: '000000000000', region: 'us-east-1', baseUrl: 'http://127.0.0.1:4566' };
    const { service, queues } = createSqs(place);
    this.queues = queues;
    const common = { delaySeconds: 0, maximumMessageBytes: 1_048_576 };
    queues.add({ ...common, name: 'delivery', visibilityTimeoutSeconds: 360, retentionSeconds: 345_600 });
    queues.add({ ...common, name: 'markers', visibilityTimeoutSeconds: 240, retentionSeconds: 1_209_600 });
    const { time } = this;
    const surroundings = { ...localSurroundings('http://127.0.0.1:4566'), clock: this.#clock };
    this.#rds = inVirtualTime(
      createDataApiCalls(surroundings, { http: inProcess(this.#dataApi.service, { time, waits: false }) }),
      time,
    );
    this.#sqs = inVirtualTime(createSqsCalls(surroundings, { http: inProcess(service, { time, waits: true }) }), time);
    time.after(sweepEveryMinutes * MINUTE_MS, () => this.#sweepForEver(sweepEveryMinutes));
    time.after(LOOK_EVERY_HOURS * 60 * MINUTE_MS, () => this.#lookForEver());
  }

  /** With a sweep less often, weeks take no longer. */
  static async open({ sweepEveryMinutes = SWEEP_INTERVAL_MINUTES } = {}): Promise<IdleWorld> {
    const database = await createTestDatabase();
    await migrateUp(database.pool);
    return new IdleWorld(database, sweepEveryMinutes);
  }

  async close(): Promise<void> {
    this.#rds.destroy();
    this.#sqs.destroy();
    await this.#dataApi.close();
    await this.#database.drop();
  }

  cluster() {
    return this.#dataApi.cluster();
  }

  markers(): { visible: number; inFlight: number } {
    return this.#depth('markers');
  }

  messages(): { visible: number; inFlight: number; delayed: number } {
    return this.#depth('delivery');
  }

  /** The queue loses all that it holds. */
  loseMessages(queue: 'delivery' | 'markers'): void {
    this.queues.byName(queue)?.purge();
  }

  /** One request by invoke to a process of its own. `dies`: when its row is written, before its message is sent. */
  async enqueue({ dueInSeconds = 0, dies = false, waitSeconds = 45, markers = 'markers' } = {}): Promise<Accepted> {
    const beganMs = this.time.elapsedMs();
    const url = (name: string) => `http://127.0.0.1:4566/000000000000/${name}`;
    const queue = createSqsMarkerQueue(this.#sqs, url(markers), this.#clock);
    const marker = new PendingMarker(queue, this.#clock, () => this.metrics.count('InternalFaults'));
    const scheduledForMs = dueInSeconds > 0 ? this.time.nowMs() + dueInSeconds * 1000 : undefined;
    const lost = { send: async () => ({ unsent: [] }), setAside: async () => ({ unsent: [] }) };
    const sending = createSqsDeliveryQueue(this.#sqs, { deliveryQueueUrl: url('delivery') }, this.#clock);
    const [accepted] = await acceptDeliveries(
      [{ delivery: { ...newDelivery({ scheduledForMs }), customHeaders: [] }, warnings: [] }],
      {
        store: createDataApiAcceptStore(markedDatabase(this.#product(), marker), () => this.#iso()),
        unknownRuns: 'register',
        queue: dies ? lost : sending,
        clock: this.#clock,
        metrics: this.metrics,
      },
      { untilMonotonicMs: beganMs + waitSeconds * 1000 },
    );
    if (accepted === undefined) throw new Error('no answer');
    return accepted;
  }

  /** Somebody who asks now, and how long he waits for the answer, seconds. */
  async waitFor<Answer>(asking: Promise<Answer>): Promise<{ answer: Answer; seconds: number }> {
    const beganMs = this.time.elapsedMs();
    let answered: { answer: Answer; seconds: number } | undefined;
    void asking.then((answer) => {
      answered = { answer, seconds: (this.time.elapsedMs() - beganMs) / 1000 };
    });
    await this.time.run(() => answered !== undefined, beganMs + 10 * MINUTE_MS);
    if (answered === undefined) throw new Error('no answer within ten minutes');
    return answered;
  }

  async pass(minutes: number): Promise<void> {
    await this.time.run(() => false, this.time.elapsedMs() + minutes * MINUTE_MS);
  }

  /** All that is pending is delivered, as workers would do it, past the Data API. */
  async deliverAll(): Promise<void> {
    await this.pool.query(
      "update webhook_deliveries set status = 'succeeded', scheduled_for = null, awaits_hand_out = false",
    );
    this.loseMessages('delivery');
  }

  #depth(name: string) {
    const queue = this.queues.byName(name);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue.depth();
  }

  #iso(): string {
    return new Date(this.time.nowMs()).toISOString();
  }

  #product() {
    const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database: this.#database.database };
    return createDataApi(this.#rds, { ...target, schemas: PUBLIC_SCHEMAS }, this.#clock);
  }

  #sweepForEver(everyMinutes: number): void {
    this.time.after(everyMinutes * MINUTE_MS, () => this.#sweepForEver(everyMinutes));
    void this.#sweep(false);
  }

  #lookForEver(): void {
    this.time.after(LOOK_EVERY_HOURS * 60 * MINUTE_MS, () => this.#lookForEver());
    void this.#sweep(true);
  }

  async #sweep(isTold: boolean): Promise<void> {
    const minutes = this.time.elapsedMs() / MINUTE_MS;
    const url = (name: string) => `http://127.0.0.1:4566/000000000000/${name}`;
    const parts = {
      store: createDataApiSweepStore(this.#product(), RULES, () => this.#iso()),
      markers: createSqsMarkers(this.#sqs, url('markers'), this.#clock),
      queue: createSqsDeliveryQueue(this.#sqs, { deliveryQueueUrl: url('delivery') }, this.#clock),
      bus: { put: async () => ({ unput: [] }) },
      outcomes: RULES.outcomes,
      clock: this.#clock,
      log: SILENT,
      metrics: this.metrics,
    };
    const order = { mode: 'usual' as const, stopAtMonotonicMs: this.#clock.monotonicMs() + 200_000 };
    const report = await sweepUnlessIdle(parts, isTold, (metrics) => sweepDeliveries({ ...parts, metrics }, order));
    this.sweeps.push({ minutes, asked: !('asked' in report) });
  }
}
