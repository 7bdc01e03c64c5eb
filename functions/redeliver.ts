import type { Context } from 'aws-lambda';
import { createSqsClient } from '../shared/aws/clients.ts';
import { openDatabase } from '../shared/aws/database.ts';
import { createDataApiDeadLetters } from '../shared/aws/data-api-dead-letters.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { STOP_BEFORE_TIMEOUT_MS } from '../shared/runtime/limits.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { redeliverDeliveries, RedeliverRefused } from '../shared/operate/redeliver-deliveries.ts';
import { parseRedeliverRequest } from '../shared/operate/redeliver-request.ts';
import { databaseSettings, readMaxAttempts, readSettings } from '../shared/settings.ts';

// Called by Lambda, by an operator or from the console.
export const handler = buildOnce(build, redeliver);

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const { database, deliveryQueueUrl, defaultAttempts } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
    defaultAttempts: readMaxAttempts(reader),
  }));
  return {
    store: createDataApiDeadLetters(openDatabase(database, systemClock)),
    queue: createSqsDeliveryQueue(createSqsClient(), { deliveryQueueUrl }, systemClock),
    clock: systemClock,
    log: createPowertoolsLog(),
    metrics: createPowertoolsMetrics(),
    defaultAttempts,
  };
}

// Runs for every event: parse, delegate, return.
async function redeliver(event: unknown, parts: ReturnType<typeof build>, context: Context) {
  const runsForMs = Math.max(0, context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS);
  try {
    const parsed = parseRedeliverRequest(event, parts.defaultAttempts);
    if (!parsed.ok) throw new RedeliverRefused('InvalidRequest', parsed.errorMessage);
    const report = await redeliverDeliveries(parts, parsed.order, systemClock.monotonicMs() + runsForMs);
    return {
      matched: report.matched,
      redelivered: report.redelivered,
      refused: report.refused.map(({ deliveryId, because }) => ({ delivery_id: deliveryId, because })),
      last_due_in_seconds: report.lastDueInSeconds,
      complete: report.complete,
    };
  } catch (fault) {
    if (fault instanceof RedeliverRefused) parts.metrics.count('CallerMistakes');
    throw fault;
  } finally {
    parts.metrics.flush();
  }
}
