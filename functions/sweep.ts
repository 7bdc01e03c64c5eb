import type { Context } from 'aws-lambda';
import { createRdsDataClient, createSqsClient } from '../shared/aws/clients.ts';
import { createDataApi } from '../shared/aws/data-api.ts';
import { createDataApiSweepStore } from '../shared/aws/data-api-sweep-store.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { buildOnce } from '../shared/runtime/handler.ts';
import { databaseSettings, readSettings } from '../shared/settings.ts';
import { sweepDeliveries, type SweepParts } from '../shared/sweep/sweep-deliveries.ts';

// Called by Lambda: every five minutes, and by an operator with {"messages_lost":true} after the queue was emptied.
export const handler = buildOnce(build, sweep);

/**
 * What a page begun at the last moment can take while nothing answers: its statement 40 s, its sends 50 s (five rounds of ten
 * batches, two tries of 5 s), the statement after it 40 s.
 */
const STOP_BEFORE_TIMEOUT_MS = 140_000;

// Runs on a cold start only, and constructs every client.
function build(): SweepParts {
  const { database, deliveryQueueUrl } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
  }));
  const dataApi = createDataApi(createRdsDataClient(), database, systemClock);
  return {
    store: createDataApiSweepStore(dataApi),
    queue: createSqsDeliveryQueue(createSqsClient(), { deliveryQueueUrl }, systemClock),
    clock: systemClock,
    log: createPowertoolsLog({ service: 'surehook', level: 'INFO' }),
    metrics: createPowertoolsMetrics({ service: 'surehook' }),
  };
}

// Runs for every event: parse, delegate, return.
async function sweep(event: unknown, parts: SweepParts, context: Context) {
  const messagesLost =
    typeof event === 'object' && event !== null && 'messages_lost' in event && event.messages_lost === true;
  const runsForMs = Math.max(0, context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS);
  try {
    const report = await sweepDeliveries(parts, {
      mode: messagesLost ? 'messages_lost' : 'usual',
      stopAtMonotonicMs: systemClock.monotonicMs() + runsForMs,
    });
    return {
      buried: report.buried,
      put_back: report.putBack,
      handed_out: report.handedOut,
      unsent: report.unsent,
      oldest_due_seconds: report.oldestDueSeconds,
      complete: report.complete,
    };
  } finally {
    parts.metrics.flush();
  }
}
