import type { Context, SQSBatchResponse } from 'aws-lambda';
import { createSqsCalls } from '../shared/aws/clients.ts';
import { openMarkedDatabase } from '../shared/aws/database.ts';
import { createAlongsideAcceptStore } from '../shared/aws/data-api-alongside.ts';
import { createDataApiAcceptStore } from '../shared/aws/data-api-accept-store.ts';
import { createDataApiAnnounceStore } from '../shared/aws/data-api-announce-store.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { createSqsIntakeQueue } from '../shared/aws/sqs-intake-queue.ts';
import { createSqsRejectedRequests } from '../shared/aws/sqs-rejected-requests.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { readMarkerQueueUrl } from '../shared/delivery/read-marker-queue.ts';
import { platformAuthorities } from '../shared/egress/platform-authorities.ts';
import { egressPolicy } from '../shared/egress/egress-guard.ts';
import { parseEndpointUrl } from '../shared/egress/endpoint-url.ts';
import { enqueueByInvoke, type EnqueueResponse } from '../shared/enqueue/enqueue-deliveries.ts';
import { enqueueFromIntake, type IntakeParts } from '../shared/enqueue/enqueue-from-intake.ts';
import { intakeMessagesOf } from '../shared/enqueue/intake-event.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { ENQUEUE_ANSWER_SECONDS } from '../shared/runtime/limits.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import {
  databaseSettings,
  readAlongside,
  readEgressAllowCidrs,
  readEnqueueTimeoutSeconds,
  readHeaderPrefix,
  readMaxAttempts,
  readRegisterUnknownRuns,
  readSettings,
} from '../shared/settings.ts';

// Called by Lambda: with one request, by invoke, or with a batch of the intake queue's messages.
export const handler = buildOnce(build, enqueue);

// Runs on a cold start only, and constructs every client.
function build(): IntakeParts {
  refuseUnsafeEnvironment(process.env);
  const settings = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    markerQueueUrl: readMarkerQueueUrl(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
    intakeQueueUrl: reader.required('INTAKE_QUEUE_URL'),
    intakeDeadLetterQueueUrl: reader.required('INTAKE_DEAD_LETTER_QUEUE_URL'),
    maxAttempts: readMaxAttempts(reader),
    enqueueTimeoutSeconds: readEnqueueTimeoutSeconds(reader),
    headerPrefix: readHeaderPrefix(reader),
    allowCidrs: readEgressAllowCidrs(reader),
    alongside: readAlongside(reader),
    registerUnknownRuns: readRegisterUnknownRuns(reader),
  }));
  const { database, alongside, deliveryQueueUrl, intakeQueueUrl, intakeDeadLetterQueueUrl } = settings;
  const surroundings = { environment: process.env, clock: systemClock };
  const told = { ...surroundings, log: createPowertoolsLog(), metrics: createPowertoolsMetrics() };
  const sqs = createSqsCalls(told);
  const dataApi = openMarkedDatabase(database, { ...told, sqs, markerQueueUrl: settings.markerQueueUrl });
  const store = createDataApiAcceptStore(dataApi);
  const policy = egressPolicy({
    allowCidrs: settings.allowCidrs,
    blockedAuthorities: platformAuthorities(process.env),
  });
  return {
    ...told,
    store: alongside === undefined ? store : createAlongsideAcceptStore(store, dataApi, alongside),
    announcements: createDataApiAnnounceStore(dataApi),
    unknownRuns: settings.registerUnknownRuns ? 'register' : 'refuse',
    queue: createSqsDeliveryQueue(sqs, { deliveryQueueUrl }, systemClock),
    intake: createSqsIntakeQueue(sqs, intakeQueueUrl, systemClock),
    rejected: createSqsRejectedRequests(sqs, intakeDeadLetterQueueUrl, systemClock),
    answerWithinSeconds: settings.enqueueTimeoutSeconds,
    context: {
      judgeUrl: (raw) => parseEndpointUrl(raw, policy),
      defaultMaxAttempts: settings.maxAttempts,
      headerPrefix: settings.headerPrefix,
    },
  };
}

// Runs for every event: parse, delegate, return.
async function enqueue(
  event: unknown,
  parts: IntakeParts,
  context: Context,
): Promise<EnqueueResponse | SQSBatchResponse> {
  const leftMs = context.getRemainingTimeInMillis() - ENQUEUE_ANSWER_SECONDS * 1000;
  const limit = { untilMonotonicMs: systemClock.monotonicMs() + leftMs };
  try {
    const messages = intakeMessagesOf(event);
    if (messages === undefined) return await enqueueByInvoke(event, parts, limit);
    const { comeAgain } = await enqueueFromIntake(messages, parts, limit);
    return { batchItemFailures: comeAgain.map((itemIdentifier) => ({ itemIdentifier })) };
  } finally {
    parts.metrics.flush();
  }
}
