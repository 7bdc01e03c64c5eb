import type { Context } from 'aws-lambda';
import { createLambdaClient, createSqsCalls } from '../shared/aws/clients.ts';
import { openMarkedDatabase } from '../shared/aws/database.ts';
import { createDataApiAdoptionStore } from '../shared/aws/data-api-adoption-store.ts';
import { createDataApiEndpoints } from '../shared/aws/data-api-endpoints.ts';
import { createDataApiOrderStore } from '../shared/aws/data-api-order-store.ts';
import { createLambdaOrderRelay } from '../shared/aws/lambda-order-relay.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { readEndpointPolicy } from '../shared/endpoints/read-endpoint-policy.ts';
import { answerOperator } from '../shared/operate/answer-operator.ts';
import { OperateRefused } from '../shared/operate/give-order.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { readMarkerQueueUrl } from '../shared/delivery/read-marker-queue.ts';
import { STOP_BEFORE_TIMEOUT_MS } from '../shared/runtime/limits.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { databaseSettings, readMaxAttempts, readSettings } from '../shared/settings.ts';

// Called by Lambda: by an operator, the command line, the console or the dashboard, and by itself to go on with an order.
export const handler = buildOnce(build, handle);

// Runs on a cold start only, and constructs every client.
function build({ functionName }: Context) {
  refuseUnsafeEnvironment(process.env);
  const { database, deliveryQueueUrl, moreAttempts, endpoints, ...rest } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    markerQueueUrl: readMarkerQueueUrl(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
    moreAttempts: readMaxAttempts(reader),
    endpoints: readEndpointPolicy(reader),
  }));
  const surroundings = { environment: process.env, clock: systemClock };
  const told = { ...surroundings, log: createPowertoolsLog(), metrics: createPowertoolsMetrics() };
  const sqs = createSqsCalls(told);
  const dataApi = openMarkedDatabase(database, { ...told, ...rest, sqs });
  return {
    ...told,
    store: { ...createDataApiOrderStore(dataApi), ...createDataApiEndpoints(dataApi, endpoints) },
    adoption: createDataApiAdoptionStore(dataApi),
    queue: createSqsDeliveryQueue(sqs, { deliveryQueueUrl }, systemClock),
    relay: createLambdaOrderRelay(createLambdaClient(), functionName, systemClock),
    moreAttempts,
  };
}

// Runs for every event: delegate, return.
async function handle(event: unknown, parts: ReturnType<typeof build>, context: Context) {
  const runsForMs = Math.max(0, context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS);
  try {
    // Lambda repeats an asynchronous event under its old id: that is the same order.
    const invocation = { id: context.awsRequestId, stopAtMonotonicMs: systemClock.monotonicMs() + runsForMs };
    return await answerOperator(event, parts, invocation);
  } catch (fault) {
    if (fault instanceof OperateRefused) parts.metrics.count('OperateMistakes');
    throw fault;
  } finally {
    parts.metrics.flush();
  }
}
