import { isJsonObject, type JsonObject, parsedJsonObject } from '../../json-object.ts';
import { targetOperation } from '../aws-json.ts';
import type { AwsRequest } from '../aws-service.ts';
import { busNameOf } from '../events/service.ts';
import { functionAddress } from '../lambda/service.ts';
import { STS_TARGET } from '../sts/service.ts';

/** What a request needs a right for. */
export type RequestedAccess = {
  action: string;
  /** ARN, or `*` for an action without resources. */
  resource: string;
  /** How AWS names it in a refusal, if not by the ARN. */
  namedAs?: string;
  /** Condition keys of this one request. */
  context?: Readonly<Record<string, string | string[]>>;
};

export type AccessReader = (request: AwsRequest) => RequestedAccess[] | 'malformed' | 'unknown';

export type ReaderPlace = {
  region: string;
  accountId: string;
  /** Undefined if there is no such queue. */
  queueArn: (url: string) => string | undefined;
  /** By name or by whole or partial ARN; undefined if there is no such secret. */
  secretArn: (secretId: string) => string | undefined;
};

/**
 * How each service's requests are read, by its name in the SigV4 credential scope. `malformed`: the service refuses it
 * itself, because it reads the same fields. `unknown`: an operation that is not listed here, so no function may call it.
 */
export function accessReaders(place: ReaderPlace): Readonly<Record<string, AccessReader>> {
  return {
    sqs: (request) => sqsAccess(request, place),
    'rds-data': dataApiAccess,
    secretsmanager: (request) => secretsAccess(request, place),
    lambda: (request) => lambdaAccess(request, place),
    events: (request) => eventsAccess(request, place),
    cloudformation: (request) => stackAccess(request, place),
    monitoring: (request) => alarmAccess(request, place),
    logs: (request) => logAccess(request, place),
    // "No permissions are required to perform this operation." (GetCallerIdentity)
    sts: (request) => (targetOperation(request, STS_TARGET) === 'GetCallerIdentity' ? [] : 'unknown'),
  };
}

/** Stands for all resources of a kind: a star is no resource that could be judged. */
const EVERY = 'every';

/** Batches need the right to the single operation: IAM has no actions for them. */
const SQS_ACTIONS: Readonly<Record<string, string>> = {
  ChangeMessageVisibility: 'ChangeMessageVisibility',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  DeleteMessage: 'DeleteMessage',
  DeleteMessageBatch: 'DeleteMessage',
  GetQueueAttributes: 'GetQueueAttributes',
  PurgeQueue: 'PurgeQueue',
  ReceiveMessage: 'ReceiveMessage',
  SendMessage: 'SendMessage',
  SendMessageBatch: 'SendMessage',
};

function sqsAccess(request: AwsRequest, { queueArn }: ReaderPlace): ReturnType<AccessReader> {
  const action = SQS_ACTIONS[targetOperation(request, 'AmazonSQS.')];
  if (action === undefined) return 'unknown';
  const url = fieldsOf(request)['QueueUrl'];
  // No right is needed for a queue that does not exist: the service answers that there is none.
  const resource = typeof url === 'string' ? queueArn(url) : undefined;
  return resource === undefined ? 'malformed' : [{ action: `sqs:${action}`, resource }];
}

const DATA_API_ACTIONS: Readonly<Record<string, string>> = {
  '/BatchExecute': 'rds-data:BatchExecuteStatement',
  '/BeginTransaction': 'rds-data:BeginTransaction',
  '/CommitTransaction': 'rds-data:CommitTransaction',
  '/Execute': 'rds-data:ExecuteStatement',
  '/RollbackTransaction': 'rds-data:RollbackTransaction',
};

/** The Data API reads the secret on its caller's behalf, at every call. */
function dataApiAccess(request: AwsRequest): ReturnType<AccessReader> {
  const action = DATA_API_ACTIONS[request.path.split('?', 1)[0] ?? ''];
  if (action === undefined) return 'unknown';
  const { resourceArn, secretArn } = fieldsOf(request);
  if (!isArn(resourceArn) || !isArn(secretArn)) return 'malformed';
  return [
    { action, resource: resourceArn },
    { action: 'secretsmanager:GetSecretValue', resource: secretArn },
  ];
}

const SECRET_OPERATIONS = new Set(['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecret']);

function secretsAccess(request: AwsRequest, place: ReaderPlace): ReturnType<AccessReader> {
  const operation = targetOperation(request, 'secretsmanager.');
  if (!SECRET_OPERATIONS.has(operation)) return 'unknown';
  const secretId = fieldsOf(request)['SecretId'];
  if (typeof secretId !== 'string' || secretId === '') return 'malformed';
  const action = `secretsmanager:${operation}`;
  const resource = place.secretArn(secretId);
  if (resource !== undefined) return [{ action, resource }];
  if (isArn(secretId)) return [{ action, resource: secretId }];
  // A secret that does not exist has no six-character suffix yet; policies use question marks for it.
  const unborn = `arn:aws:secretsmanager:${place.region}:${place.accountId}:secret:${secretId}-??????`;
  return [{ action, resource: unborn, namedAs: secretId }];
}

function lambdaAccess(request: AwsRequest, { region, accountId }: ReaderPlace): ReturnType<AccessReader> {
  const path = request.path.split('?', 1)[0] ?? '';
  const [, encodedName = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/.exec(path) ?? [];
  if (request.method !== 'POST' || encodedName === '') return 'unknown';
  const address = functionAddress(decodeURIComponent(encodedName));
  if (address === undefined) return 'malformed';
  const qualifier = request.query.get('Qualifier') ?? address.qualifier;
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${address.name}`;
  return [{ action: 'lambda:InvokeFunction', resource: qualifier === undefined ? arn : `${arn}:${qualifier}` }];
}

/** Each entry is judged by its bus; a policy may also say which sources and detail types: to IAM these are lists. */
function eventsAccess(request: AwsRequest, { region, accountId }: ReaderPlace): ReturnType<AccessReader> {
  if (targetOperation(request, 'AWSEvents.') !== 'PutEvents') return 'unknown';
  const entries = fieldsOf(request)['Entries'];
  if (!Array.isArray(entries)) return 'malformed';
  return entries.filter(isJsonObject).map((entry) => ({
    action: 'events:PutEvents',
    resource: `arn:aws:events:${region}:${accountId}:event-bus/${busNameOf(entry['EventBusName'])}`,
    context: {
      ...(typeof entry['Source'] === 'string' && { 'events:source': [entry['Source']] }),
      ...(typeof entry['DetailType'] === 'string' && { 'events:detail-type': [entry['DetailType']] }),
    },
  }));
}

/** Without a name it is about every stack, which a policy for one of them does not allow. */
function stackAccess(request: AwsRequest, { region, accountId }: ReaderPlace): ReturnType<AccessReader> {
  if (targetOperation(request, 'CloudFormation_20100515.') !== 'DescribeStacks') return 'unknown';
  const name = fieldsOf(request)['StackName'];
  const prefix = `arn:aws:cloudformation:${region}:${accountId}:stack/`;
  const action = 'cloudformation:DescribeStacks';
  if (isArn(name)) return [{ action, resource: name }];
  if (typeof name === 'string') return [{ action, resource: `${prefix}${name}/local` }];
  return [{ action, resource: `${prefix}${EVERY}/${EVERY}`, namedAs: `${prefix}*/*` }];
}

function alarmAccess(request: AwsRequest, { region, accountId }: ReaderPlace): ReturnType<AccessReader> {
  if (targetOperation(request, 'GraniteServiceVersion20100801.') !== 'DescribeAlarms') return 'unknown';
  // Whatever is asked for: CloudWatch judges it by all alarms.
  const prefix = `arn:aws:cloudwatch:${region}:${accountId}:alarm:`;
  return [{ action: 'cloudwatch:DescribeAlarms', resource: prefix + EVERY, namedAs: `${prefix}*` }];
}

function logAccess(request: AwsRequest, { region, accountId }: ReaderPlace): ReturnType<AccessReader> {
  if (targetOperation(request, 'Logs_20140328.') !== 'FilterLogEvents') return 'unknown';
  const { logGroupName, logGroupIdentifier } = fieldsOf(request);
  const named = logGroupName ?? logGroupIdentifier;
  if (typeof named !== 'string') return 'malformed';
  const group = /:log-group:([^:]+)/.exec(named)?.[1] ?? named;
  // CloudWatch Logs names a group of streams, which a policy for the group alone does not cover.
  const resource = `arn:aws:logs:${region}:${accountId}:log-group:${group}:log-stream:`;
  return [{ action: 'logs:FilterLogEvents', resource }];
}

/** Empty for a body that is not a JSON object. */
function fieldsOf({ body }: AwsRequest): JsonObject {
  return parsedJsonObject(body.toString()) ?? {};
}

function isArn(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('arn:');
}
