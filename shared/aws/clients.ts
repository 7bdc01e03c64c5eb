import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '../runtime/clock.ts';
import { awsAccess } from './aws-access.ts';
import { type AwsCalls, type AwsProtocol, SignedCalls } from './aws-calls.ts';
import type { DataApiOperations } from './data-api-operations.ts';
import { createHttpPost } from './http-post.ts';
import type { SqsOperations } from './sqs-operations.ts';

/** Three tries, as in the SDK's standard mode. A statement or a send may run twice; all of them are safe to repeat. */
const MAX_TRIES = 3;
const CONNECT_TIMEOUT_MS = 2_000;

/** A function's surroundings: its environment names region, credentials and endpoint, and says anew for each invocation which trace it is of. */
export type Surroundings = { environment: Readonly<Record<string, string | undefined>>; clock: Clock };

export type DataApiCalls = AwsCalls<DataApiOperations>;
export type SqsCalls = AwsCalls<SqsOperations>;

const DATA_API_PATHS: Readonly<Record<keyof DataApiOperations, string>> = {
  ExecuteStatement: '/Execute',
  BeginTransaction: '/BeginTransaction',
  CommitTransaction: '/CommitTransaction',
  RollbackTransaction: '/RollbackTransaction',
};
const DATA_API: AwsProtocol<keyof DataApiOperations> = {
  service: 'rds-data',
  contentType: 'application/json',
  place: (operation) => ({ path: DATA_API_PATHS[operation] }),
};

const SQS: AwsProtocol<keyof SqsOperations> = {
  service: 'sqs',
  contentType: 'application/x-amz-json-1.0',
  place: (operation) => ({ path: '/', target: `AmazonSQS.${operation}` }),
  // A queue's URL is of its region and partition, whichever they are.
  endpoint: (input) => ('QueueUrl' in input ? URL.parse(String(input.QueueUrl))?.origin : undefined),
};

/** Every call has a limit of its own, by signal. */
export function createDataApiCalls(surroundings: Surroundings, maxTries = MAX_TRIES): DataApiCalls {
  return new SignedCalls<DataApiOperations>(DATA_API, { ...toolsOf(surroundings, 'RDS_DATA'), maxTries });
}

/** Every call has a limit of its own, by signal. */
export function createSqsCalls(surroundings: Surroundings, maxTries = MAX_TRIES): SqsCalls {
  return new SignedCalls<SqsOperations>(SQS, { ...toolsOf(surroundings, 'SQS'), maxTries });
}

function toolsOf({ environment, clock }: Surroundings, name: string) {
  return {
    access: () => awsAccess(environment, name),
    http: createHttpPost(clock, CONNECT_TIMEOUT_MS),
    clock,
    traceId: () => environment['_X_AMZN_TRACE_ID'],
  };
}

/** For asynchronous invokes, which answer at once. Region, credentials and endpoint come from the function's environment. */
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
