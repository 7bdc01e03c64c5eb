import type { AwsRequest, AwsResponse, AwsService } from '../aws-service.ts';
import { executedVersion, functionAddress } from './function-address.ts';
import type { InvocationResult, ThrottleReason } from './invocation.ts';
import { failure, json } from './lambda-answer.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** Request payload of a synchronous invoke, bytes: 6 MB (AWS manual, Lambda quotas). */
const MAX_SYNC_PAYLOAD_BYTES = 6 * 1024 * 1024;
/** Of an asynchronous one: 1 MB (AWS manual, API reference of Invoke). */
const MAX_ASYNC_PAYLOAD_BYTES = 1024 * 1024;

export type InvokeApiSettings = {
  region: string;
  accountId: string;
  functions: readonly LambdaFunction[];
  invoke: (
    name: string,
    payload: Buffer,
    options: { traceId: string | undefined; logType?: 'Tail' | undefined },
  ) => Promise<InvocationResult>;
  /** The end of what an invocation wrote whose `logType` was `Tail`. */
  logTail: (requestId: string) => Promise<string>;
  invokeEvent: (name: string, payload: Buffer, options: { traceId: string | undefined }) => string;
};

/** The REST API of Lambda, as far as callers of functions need it: Invoke, GetFunction, ListFunctions. */
export function invokeApi(settings: InvokeApiSettings): AwsService {
  return async (request) => {
    const path = request.path.split('?', 1)[0] ?? '';
    const [, encodedName, operation] = /^\/2015-03-31\/functions(?:\/([^/]+)(?:\/([\w-]+))?)?\/?$/.exec(path) ?? [];
    const route = `${request.method} ${operation ?? ''}`.trim();
    if (route === 'GET' && /\/functions\/?$/.test(path)) return listFunctions(settings);
    if (encodedName === undefined) return failure(404, 'UnknownOperationException', 'Unknown operation');

    const found = find(decodeURIComponent(encodedName), request.query.get('Qualifier') ?? undefined, settings);
    if ('status' in found) return found;
    switch (route) {
      case 'POST invocations':
        return invocation(request, found, settings);
      case 'GET':
        return json(200, { Configuration: configuration(found.lambdaFunction), Tags: {} });
      case 'GET configuration':
        return json(200, configuration(found.lambdaFunction));
      default:
        return failure(404, 'UnknownOperationException', 'Unknown operation');
    }
  };
}

type Found = { lambdaFunction: LambdaFunction; version: string };

function find(text: string, qualifier: string | undefined, settings: InvokeApiSettings): Found | AwsResponse {
  const address = functionAddress(text);
  if (address === undefined) {
    return failure(400, 'ValidationException', `1 validation error detected: '${text}' is not a function name or ARN`);
  }
  const lambdaFunction = settings.functions.find(({ name }) => name === address.name);
  const asked = qualifier ?? address.qualifier;
  const version = executedVersion(asked, lambdaFunction?.aliases ?? []);
  if (lambdaFunction !== undefined && version !== undefined) return { lambdaFunction, version };
  const arn = `arn:aws:lambda:${settings.region}:${settings.accountId}:function:${address.name}`;
  const missing = asked === undefined ? arn : `${arn}:${asked}`;
  return failure(404, 'ResourceNotFoundException', `Function not found: ${missing}`);
}

async function invocation(request: AwsRequest, found: Found, settings: InvokeApiSettings): Promise<AwsResponse> {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const limit = type === 'Event' ? MAX_ASYNC_PAYLOAD_BYTES : MAX_SYNC_PAYLOAD_BYTES;
  if (request.body.length > limit) {
    const message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`;
    return failure(413, 'RequestTooLargeException', message);
  }
  // An invoke without a payload gives the handler an empty object.
  const payload = request.body.length === 0 ? Buffer.from('{}') : request.body;
  const malformed = whyNotJson(payload);
  if (malformed !== undefined) {
    const message = `Could not parse request body into json: Could not parse payload into json: ${malformed}`;
    return failure(400, 'InvalidRequestContentException', message);
  }
  const options = { traceId: request.headers['x-amzn-trace-id'] };
  const { name } = found.lambdaFunction;
  switch (type) {
    case 'Event':
      return { status: 202, headers: { 'x-amzn-requestid': settings.invokeEvent(name, payload, options) }, body: '' };
    case 'DryRun':
      return { status: 204, headers: {}, body: '' };
    case 'RequestResponse':
      return synchronous(request, found, settings);
    default:
      return failure(400, 'InvalidParameterValueException', `Unsupported invocation type: ${type}`);
  }
}

async function synchronous(request: AwsRequest, found: Found, settings: InvokeApiSettings): Promise<AwsResponse> {
  const payload = request.body.length === 0 ? Buffer.from('{}') : request.body;
  const logType = request.headers['x-amz-log-type'] === 'Tail' ? 'Tail' : undefined;
  const options = { traceId: request.headers['x-amzn-trace-id'], logType } as const;
  const result = await settings.invoke(found.lambdaFunction.name, payload, options);
  const answered = answer(result, found.version);
  if (logType === undefined || !('requestId' in result)) return answered;
  const tail = Buffer.from(await settings.logTail(result.requestId)).toString('base64');
  return { ...answered, headers: { ...answered.headers, 'x-amz-log-result': tail } };
}

function answer(result: InvocationResult, version: string): AwsResponse {
  switch (result.kind) {
    case 'returned':
      return { status: 200, headers: resultHeaders(result.requestId, version), body: result.payload };
    case 'failed': {
      const headers = { ...resultHeaders(result.requestId, version), 'x-amz-function-error': 'Unhandled' };
      return { status: 200, headers, body: result.payload };
    }
    case 'throttled':
      return throttle(result.reason);
    case 'stopped':
      return failure(500, 'ServiceException', 'The local Lambda is stopping');
  }
}

function resultHeaders(requestId: string, version: string): Record<string, string> {
  return { 'content-type': 'application/json', 'x-amzn-requestid': requestId, 'x-amz-executed-version': version };
}

function throttle(reason: ThrottleReason): AwsResponse {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'TooManyRequestsException' };
  return { status: 429, headers, body: JSON.stringify({ Reason: reason, Type: 'User', message: 'Rate Exceeded.' }) };
}

function whyNotJson(payload: Buffer): string | undefined {
  try {
    JSON.parse(payload.toString());
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function listFunctions(settings: InvokeApiSettings): AwsResponse {
  return json(200, { Functions: settings.functions.map(configuration) });
}

function configuration(lambdaFunction: LambdaFunction): object {
  return {
    FunctionName: lambdaFunction.name,
    FunctionArn: lambdaFunction.arn,
    Runtime: lambdaFunction.runtime,
    Handler: lambdaFunction.handler,
    MemorySize: lambdaFunction.memoryMb,
    Timeout: lambdaFunction.timeoutSeconds,
    Version: '$LATEST',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Environment: { Variables: lambdaFunction.environment },
    LoggingConfig: {
      LogFormat: lambdaFunction.logFormat,
      LogGroup: lambdaFunction.logGroup,
      ...(lambdaFunction.logLevel !== undefined && { ApplicationLogLevel: lambdaFunction.logLevel }),
    },
  };
}
