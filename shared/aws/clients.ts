import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Three tries, as in the SDK's standard mode. A statement or a send may run twice; all of them are safe to repeat. */
const MAX_TRIES = 3;
const CONNECT_TIMEOUT_MS = 2_000;

/** Region, credentials and endpoint come from the function's environment. */
export function createRdsDataClient(): RDSDataClient {
  return new RDSDataClient({
    maxAttempts: MAX_TRIES,
    // A statement may take 45 s. Every call has a limit of its own, by signal.
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: 46_000, throwOnRequestTimeout: true },
  });
}

export function createSqsClient(): SQSClient {
  return new SQSClient({
    maxAttempts: MAX_TRIES,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
}

/** For asynchronous invokes, which answer at once. */
export function createLambdaClient(): LambdaClient {
  return lambdaClient(5_000);
}

/** For invokes that wait for what the function answers. Every call has a limit of its own, by signal. */
export function createWaitingLambdaClient(): LambdaClient {
  return lambdaClient(60_000);
}

function lambdaClient(requestTimeout: number): LambdaClient {
  return new LambdaClient({
    maxAttempts: MAX_TRIES,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout, throwOnRequestTimeout: true },
  });
}
