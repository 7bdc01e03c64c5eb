import type { Context } from 'aws-lambda';
import { createSqsCalls } from '../shared/aws/clients.ts';
import { openDatabase } from '../shared/aws/database.ts';
import { createDataApiAdoptionStore } from '../shared/aws/data-api-adoption-store.ts';
import { createDataApiOrderStore } from '../shared/aws/data-api-order-store.ts';
import { createDataApiSweepStore } from '../shared/aws/data-api-sweep-store.ts';
import { createEventBridgeBus } from '../shared/aws/event-bridge-bus.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { createSqsMarkers } from '../shared/aws/sqs-markers.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { readMarkerQueueUrl } from '../shared/delivery/read-marker-queue.ts';
import { createDataApiRecordStore } from '../shared/aws/data-api-record-store.ts';
import { continueOrders } from '../shared/operate/continue-orders.ts';
import { keepRecords, reportStanding } from '../shared/operate/keep-records.ts';
import { readEndpointPolicy } from '../shared/endpoints/read-endpoint-policy.ts';
import { MISTAKES } from '../shared/observe/metric-names.ts';
import { readBus, readOutcomes } from '../shared/outcomes/read-outcomes.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { isJsonObject } from '../shared/runtime/json-object.ts';
import { STOP_BEFORE_TIMEOUT_MS } from '../shared/runtime/limits.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { databaseSettings, readRetention, readSettings } from '../shared/settings.ts';
import { sweepDeliveries, type SweepOrder } from '../shared/sweep/sweep-deliveries.ts';
import { sweepUnlessIdle } from '../shared/sweep/sweep-unless-idle.ts';

// Called by Lambda: every five minutes; where the database may pause, also three times a day with {"look":true}, because
// otherwise it is asked only if there is a marker; and by an operator with {"messages_lost":true} after the queue was emptied.
export const handler = buildOnce(build, sweep);

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const surroundings = { environment: process.env, clock: systemClock };
  const { database, deliveryQueueUrl, markerQueueUrl, endpoints, outcomes, bus, ...rest } = readSettings(
    process.env,
    (reader) => ({
      database: databaseSettings(reader),
      deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
      markerQueueUrl: readMarkerQueueUrl(reader),
      retention: readRetention(reader),
      endpoints: readEndpointPolicy(reader),
      outcomes: readOutcomes(reader),
      bus: readBus(reader),
    }),
  );
  const dataApi = openDatabase(database, surroundings);
  const sqs = createSqsCalls(surroundings);
  return {
    ...rest,
    store: createDataApiSweepStore(dataApi, { ...endpoints, outcomes }),
    bus: createEventBridgeBus(bus, surroundings),
    outcomes,
    orders: createDataApiOrderStore(dataApi),
    adoption: createDataApiAdoptionStore(dataApi),
    records: createDataApiRecordStore(dataApi),
    queue: createSqsDeliveryQueue(sqs, { deliveryQueueUrl }, systemClock),
    markers: markerQueueUrl === undefined ? undefined : createSqsMarkers(sqs, markerQueueUrl, systemClock),
    clock: systemClock,
    log: createPowertoolsLog(),
    metrics: createPowertoolsMetrics(MISTAKES),
  };
}

// Runs for every event: parse, delegate, return.
async function sweep(event: unknown, parts: ReturnType<typeof build>, context: Context) {
  const { messages_lost: messagesLost, look } = isJsonObject(event) ? event : {};
  const runsForMs = Math.max(0, context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS);
  const order = {
    mode: messagesLost === true ? ('messages_lost' as const) : ('usual' as const),
    stopAtMonotonicMs: systemClock.monotonicMs() + runsForMs,
  };
  const { markers } = parts;
  try {
    if (markers === undefined) return await sweepAll(parts, order);
    const isTold = messagesLost === true || look === true;
    return await sweepUnlessIdle({ ...parts, markers }, isTold, (metrics) => sweepAll({ ...parts, metrics }, order));
  } finally {
    parts.metrics.flush();
  }
}

async function sweepAll(parts: ReturnType<typeof build>, order: SweepOrder) {
  const { stopAtMonotonicMs } = order;
  const report = await sweepDeliveries(parts, order);
  const standing = await reportStanding({ ...parts, store: parts.records });
  const ordersWorked = await continueOrders({ ...parts, store: parts.orders }, stopAtMonotonicMs);
  const kept = await keepRecords({ ...parts, store: parts.records }, parts.retention, stopAtMonotonicMs);
  return {
    buried: report.buried,
    put_back: report.putBack,
    handed_out: report.handedOut,
    called: report.called,
    unsent: report.unsent,
    refused: report.refused,
    announced: report.announced,
    unannounced: report.unannounced,
    standing_dead_letters: standing,
    orders_worked: ordersWorked,
    ...kept,
    oldest_due_seconds: report.oldestDueSeconds,
    complete: report.complete,
  };
}
