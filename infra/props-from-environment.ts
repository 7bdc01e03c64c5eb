import { type Environment, readDeliverySettings } from '../shared/settings.ts';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** The settings of an environment as props; throws MalformedSettings. */
export function propsFromEnvironment(environment: Environment): WebhookDeliveryProps {
  const { maxAttempts, retry, retryStatuses, attemptTimeoutSeconds, enqueueTimeoutSeconds, ...others } =
    readDeliverySettings(environment);
  const { headerPrefix, credentialPrefix, logPayload, registerUnknownRuns } = others;
  return {
    maxAttempts,
    baseDelaySeconds: retry.baseDelaySeconds,
    maxDelaySeconds: retry.maxDelaySeconds,
    ...(retry.scheduleSeconds && { retryScheduleSeconds: retry.scheduleSeconds }),
    ...(retryStatuses.length > 0 && { retryStatuses }),
    attemptTimeoutSeconds,
    enqueueTimeoutSeconds,
    headerPrefix,
    credentialPrefix,
    logPayload,
    // Unset, it follows from the kind of database.
    ...(environment['REGISTER_UNKNOWN_RUNS']?.trim() && { registerUnknownRuns }),
  };
}
