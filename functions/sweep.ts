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
import { systemClock } from '../shared/runtime/clock.ts';
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
import { sweepDeliveries } from '../shared/sweep/sweep-deliveries.ts';

// Called by Lambda: every five minutes, and by an operator with {"messages_lost":true} after the queue was emptied.
export const handler = buildOnce(build, sweep);

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const surroundings = { environment: process.env, clock: systemClock };
  const { database, deliveryQueueUrl, endpoints, retention, outcomes, bus } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
    retention: readRetention(reader),
    endpoints: readEndpointPolicy(reader),
    outcomes: readOutcomes(reader),
    bus: readBus(reader),
  }));
  const dataApi = openDatabase(database, surroundings);
  return {
    store: createDataApiSweepStore(dataApi, { ...endpoints, outcomes }),
    bus: createEventBridgeBus(bus, surroundings),
    outcomes,
    orders: createDataApiOrderStore(dataApi),
    adoption: createDataApiAdoptionStore(dataApi),
    records: createDataApiRecordStore(dataApi),
    retention,
    queue: createSqsDeliveryQueue(createSqsCalls(surroundings), { deliveryQueueUrl }, systemClock),
    clock: systemClock,
    log: createPowertoolsLog(),
    metrics: createPowertoolsMetrics(MISTAKES),
  };
}

// Runs for every event: parse, delegate, return.
async function sweep(event: unknown, parts: ReturnType<typeof build>, context: Context) {
  const messagesLost = isJsonObject(event) && event['messages_lost'] === true;
  const runsForMs = Math.max(0, context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS);
  const stopAtMonotonicMs = systemClock.monotonicMs() + runsForMs;
  try {
    const report = await sweepDeliveries(parts, {
      mode: messagesLost ? 'messages_lost' : 'usual',
      stopAtMonotonicMs,
    });
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
  } finally {
    parts.metrics.flush();
  }
}
