import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { attemptDelivery } from '../shared/deliver/attempt-delivery.ts';
import { createSqsCalls } from '../shared/aws/clients.ts';
import { openMarkedDatabase } from '../shared/aws/database.ts';
import { createDataApiDeliverStore } from '../shared/aws/data-api-deliver-store.ts';
import { createEventBridgeBus } from '../shared/aws/event-bridge-bus.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createSecretsManagerCredentials } from '../shared/aws/secrets-manager-credentials.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { AccessTokens } from '../shared/credentials/access-tokens.ts';
import { readMarkerQueueUrl } from '../shared/delivery/read-marker-queue.ts';
import { CredentialCache } from '../shared/credentials/credential-cache.ts';
import { deliverBatch } from '../shared/deliver/deliver-batch.ts';
import { examineReceiver, readExamination } from '../shared/deliver/examine-receiver.ts';
import { endpointRules } from '../shared/endpoints/endpoint-policy.ts';
import { platformAuthorities } from '../shared/egress/platform-authorities.ts';
import { readEndpointPolicy } from '../shared/endpoints/read-endpoint-policy.ts';
import { Announcer } from '../shared/outcomes/announcer.ts';
import { readBus, readOutcomes } from '../shared/outcomes/read-outcomes.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { openEgress } from '../shared/egress/open-egress.ts';
import { leaseSeconds, refuseShortTimeout } from '../shared/runtime/limits.ts';
import {
  databaseSettings,
  readAttemptTimeoutSeconds,
  readCredentialPrefix,
  readEgressAllowCidrs,
  readHeaderPrefix,
  readLogPayload,
  readRetryPolicy,
  readRetryStatuses,
  readSettings,
} from '../shared/settings.ts';
import { VERSION } from '../shared/runtime/version.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';

// Called by Lambda, once per batch of the delivery queue's messages, and by inspect, to examine a receiver from here.
export const handler = buildOnce(build, deliver);

// Runs on a cold start only, and constructs every client.
function build(context: Context) {
  refuseUnsafeEnvironment(process.env);
  const settings = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    markerQueueUrl: readMarkerQueueUrl(reader),
    deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),
    deliveryDeadLetterQueueUrl: reader.required('DELIVERY_DEAD_LETTER_QUEUE_URL'),
    retry: readRetryPolicy(reader),
    endpoints: readEndpointPolicy(reader),
    retryStatuses: readRetryStatuses(reader),
    attemptTimeoutSeconds: readAttemptTimeoutSeconds(reader),
    headerPrefix: readHeaderPrefix(reader),
    allowCidrs: readEgressAllowCidrs(reader),
    credentialPrefix: readCredentialPrefix(reader),
    logPayload: readLogPayload(reader),
    outcomes: readOutcomes(reader),
    bus: readBus(reader),
  }));
  const { database, retry, attemptTimeoutSeconds, headerPrefix, allowCidrs, outcomes } = settings;
  const surroundings = { environment: process.env, clock: systemClock };
  const told = { ...surroundings, log: createPowertoolsLog(), metrics: createPowertoolsMetrics() };
  const sqs = createSqsCalls(told);
  const secrets = { source: createSecretsManagerCredentials(told), prefix: settings.credentialPrefix };
  refuseShortTimeout(attemptTimeoutSeconds, context.getRemainingTimeInMillis() / 1000);
  const { reaching, kept } = openEgress({ ...told, allowCidrs, blockedAuthorities: platformAuthorities(process.env) });
  const rules = { ...endpointRules(settings.endpoints, settings, systemClock), outcomes };
  const store = createDataApiDeliverStore(openMarkedDatabase(database, { ...told, ...settings, sqs }), rules);
  return {
    delivering: {
      ...told,
      store,
      queue: createSqsDeliveryQueue(sqs, settings, systemClock),
      announcer: new Announcer({ ...told, store, bus: createEventBridgeBus(settings.bus, told) }),
      retry,
      attemptTimeoutSeconds,
      leaseSeconds: leaseSeconds(attemptTimeoutSeconds),
      headerPrefix,
      logPayload: settings.logPayload,
    },
    attempting: {
      credentials: new CredentialCache({ ...secrets, clock: systemClock, headerPrefix }),
      tokens: new AccessTokens({ clock: systemClock }),
      clock: systemClock,
      attemptTimeoutSeconds,
      retryStatuses: settings.retryStatuses,
      headerPrefix,
      userAgent: `surehook/${VERSION}`,
      reaching,
    },
    kept,
  };
}

// Runs for every batch: parse, delegate, return. No request outlives it, because a Lambda is frozen between invocations.
async function deliver(event: SQSEvent, parts: ReturnType<typeof build>, context: Context) {
  const endsAtMonotonicMs = systemClock.monotonicMs() + context.getRemainingTimeInMillis();
  const sending = { ...parts.attempting, connections: parts.kept.begin() };
  try {
    const examination = readExamination(event);
    if (examination !== undefined) return { steps: await examineReceiver(examination, sending) };
    const { comeAgain } = await deliverBatch(
      event.Records.map(({ messageId, body, attributes: { MessageGroupId: messageGroup } }) => ({
        messageId,
        body,
        messageGroup,
      })),
      { ...parts.delivering, attempt: (delivery, mustStartBy) => attemptDelivery(delivery, sending, mustStartBy) },
      endsAtMonotonicMs,
    );
    return { batchItemFailures: comeAgain.map((itemIdentifier) => ({ itemIdentifier })) } satisfies SQSBatchResponse;
  } finally {
    await sending.connections.close();
    parts.delivering.metrics.flush();
  }
}
