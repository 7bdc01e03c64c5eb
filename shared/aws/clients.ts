import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '../runtime/clock.ts';
import { awsAccess } from './aws-access.ts';
import { type AwsCalls, type AwsProtocol, SignedCalls } from './aws-calls.ts';
import type { DataApiOperations } from './data-api-operations.ts';
import type { EventOperations } from './event-operations.ts';
import { createHttpPost, type HttpPost, type PostLimits } from './http-post.ts';
import type { SecretOperations } from './secret-operations.ts';
import type { SqsOperations } from './sqs-operations.ts';

/** Three tries, as in the SDK's standard mode. A statement or a send may run twice; all of them are safe to repeat. */
const MAX_TRIES = 3;
const CONNECT_TIMEOUT_MS = 2_000;
/** Three tries within the 5 s that a caller waits for a credential: each has this long to connect, and this long in all. */
const SECRET_LIMITS = { connectMs: 1_000, answerMs: 1_500 };
/** Two tries within the second that a worker waits for events. */
const EVENT_LIMITS = { connectMs: 500, answerMs: 2_000 };
const EVENT_TRIES = 2;

/** A function's surroundings: its environment names region, credentials and endpoint, and says anew for each invocation which trace it is of. */
export type Surroundings = { environment: Readonly<Record<string, string | undefined>>; clock: Clock };

/** `http`: what sends in place of connections of its own. */
type CallOptions = { maxTries?: number; http?: HttpPost };

export type DataApiCalls = AwsCalls<DataApiOperations>;
export type SqsCalls = AwsCalls<SqsOperations>;
export type SecretCalls = AwsCalls<SecretOperations>;
export type EventCalls = AwsCalls<EventOperations>;

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

const SECRETS_MANAGER: AwsProtocol<keyof SecretOperations> = {
  service: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
  place: (operation) => ({ path: '/', target: `secretsmanager.${operation}` }),
};

const EVENT_BRIDGE: AwsProtocol<keyof EventOperations> = {
  service: 'events',
  contentType: 'application/x-amz-json-1.1',
  place: (operation) => ({ path: '/', target: `AWSEvents.${operation}` }),
};

/** Every call has a limit of its own, by signal. */
export function createDataApiCalls(surroundings: Surroundings, options: CallOptions = {}): DataApiCalls {
  const { maxTries, ...sending } = { maxTries: MAX_TRIES, ...options };
  return new SignedCalls<DataApiOperations>(DATA_API, { ...toolsOf(surroundings, 'RDS_DATA'), ...sending, maxTries });
}

/** Every call has a limit of its own, by signal. */
export function createSqsCalls(surroundings: Surroundings, options: CallOptions = {}): SqsCalls {
  const { maxTries, ...sending } = { maxTries: MAX_TRIES, ...options };
  return new SignedCalls<SqsOperations>(SQS, { ...toolsOf(surroundings, 'SQS'), ...sending, maxTries });
}

export function createSecretCalls(surroundings: Surroundings): SecretCalls {
  const tools = toolsOf(surroundings, 'SECRETS_MANAGER', SECRET_LIMITS);
  return new SignedCalls<SecretOperations>(SECRETS_MANAGER, { ...tools, maxTries: MAX_TRIES });
}

export function createEventCalls(surroundings: Surroundings): EventCalls {
  const tools = toolsOf(surroundings, 'EVENTBRIDGE', EVENT_LIMITS);
  return new SignedCalls<EventOperations>(EVENT_BRIDGE, { ...tools, maxTries: EVENT_TRIES });
}

const SIGNAL_LIMITS: PostLimits = { connectMs: CONNECT_TIMEOUT_MS };

function toolsOf({ environment, clock }: Surroundings, name: string, limits = SIGNAL_LIMITS) {
  return {
    access: () => awsAccess(environment, name),
    http: createHttpPost(clock, limits),
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
