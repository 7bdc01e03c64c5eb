import { isJsonObject, parsedJsonObject } from '../../json-object.ts';
import type { AwsRequest, AwsResponse, AwsService } from '../aws-service.ts';
import type { EventSourceMappings, KnownMapping } from './event-source-mappings.ts';
import { functionAddress } from './function-address.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { failure, json } from './lambda-answer.ts';

export type OperatedFunction = {
  lambdaFunction: LambdaFunction;
  /** Undefined: no reservation. */
  reserved: () => number | undefined;
  reserve: (concurrency: number | undefined) => void;
};

export type OperatorApiSettings = {
  region: string;
  accountId: string;
  operated: (name: string) => OperatedFunction | undefined;
  mappings: EventSourceMappings;
};

/** What a new account may run at once, and what of it must stay unreserved (Lambda quotas). */
const ACCOUNT_CONCURRENCY = 1_000;
const LEAST_UNRESERVED = 100;

const FUNCTION_PATH = /^\/20\d\d-\d\d-\d\d\/functions\/([^/]+)\/(concurrency|recursion-config)\/?$/;
const MAPPING_PATH = /^\/2015-03-31\/event-source-mappings(?:\/([\da-f-]+))?\/?$/;
const ACCOUNT_PATH = /^\/2016-08-19\/account-settings\/?$/;

/**
 * What an operator does with functions beside invoking them: concurrency, event sources, recursion. Undefined for another
 * request. It lasts until the stack ends: the template decides at the next start.
 */
function operatorApi(settings: OperatorApiSettings): (request: AwsRequest) => AwsResponse | undefined {
  return (request) => {
    const path = request.path.split('?', 1)[0] ?? '';
    const ofFunction = FUNCTION_PATH.exec(path);
    if (ofFunction !== null) return functionAnswer(request, ofFunction, settings);
    const ofMapping = MAPPING_PATH.exec(path);
    if (ofMapping !== null) return mappingAnswer(request, ofMapping[1], settings);
    return ACCOUNT_PATH.test(path) && request.method === 'GET' ? accountSettings() : undefined;
  };
}

/** The operator's requests first, then everybody's. */
export function withOperatorApi(settings: OperatorApiSettings, serve: AwsService): AwsService {
  const operate = operatorApi(settings);
  return async (request) => operate(request) ?? serve(request);
}

function functionAnswer(
  request: AwsRequest,
  [, encodedName = '', what = '']: readonly string[],
  { operated, region, accountId }: OperatorApiSettings,
): AwsResponse {
  const name = functionAddress(decodeURIComponent(encodedName))?.name ?? '';
  const found = operated(name);
  if (found === undefined) {
    const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    return failure(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
  }
  switch (`${request.method} ${what}`) {
    case 'GET concurrency':
      return json(200, { ReservedConcurrentExecutions: found.reserved() });
    case 'PUT concurrency':
      return reservation(request, found);
    case 'DELETE concurrency':
      found.reserve(undefined);
      return { status: 204, headers: {}, body: '' };
    case 'GET recursion-config':
    case 'PUT recursion-config':
      // Recursion is not looked for here, so what the template allows is what is so.
      return json(200, { RecursiveLoop: 'Allow' });
    default:
      return failure(405, 'UnsupportedMethodException', `${request.method} is not possible here`);
  }
}

function reservation({ body }: AwsRequest, { reserve }: OperatedFunction): AwsResponse {
  const wanted = parsedJsonObject(body.toString())?.['ReservedConcurrentExecutions'];
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 0) {
    const message = 'ReservedConcurrentExecutions must be an integer of 0 or more';
    return failure(400, 'InvalidParameterValueException', message);
  }
  if (wanted > ACCOUNT_CONCURRENCY - LEAST_UNRESERVED) {
    const message = `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${LEAST_UNRESERVED}].`;
    return failure(400, 'InvalidParameterValueException', message);
  }
  reserve(wanted);
  return json(200, { ReservedConcurrentExecutions: wanted });
}

function mappingAnswer(
  request: AwsRequest,
  uuid: string | undefined,
  { mappings, ...place }: OperatorApiSettings,
): AwsResponse {
  if (uuid === undefined) {
    if (request.method !== 'GET')
      return failure(400, 'InvalidParameterValueException', 'The template makes event sources');
    const name = request.query.get('FunctionName');
    const source = request.query.get('EventSourceArn');
    const wanted = mappings
      .all()
      .filter(({ mapping }) => name === null || mapping.functionName === functionAddress(name)?.name)
      .filter(({ mapping }) => source === null || mapping.queueArn === source);
    return json(200, { EventSourceMappings: wanted.map((known) => described(known, place)) });
  }
  if (mappings.find(uuid) === undefined) {
    return failure(404, 'ResourceNotFoundException', 'The resource you requested does not exist.');
  }
  if (request.method === 'PUT') {
    const { Enabled, ScalingConfig, FunctionName: _same, ...others } = parsedJsonObject(request.body.toString()) ?? {};
    const [other] = Object.keys(others);
    if (other !== undefined)
      return failure(400, 'InvalidParameterValueException', `${other}: here the template decides`);
    if (ScalingConfig !== undefined) {
      const maximum = isJsonObject(ScalingConfig) ? ScalingConfig['MaximumConcurrency'] : null;
      if (!(maximum === undefined || isMaximumConcurrency(maximum))) {
        const message = 'ScalingConfig.MaximumConcurrency must be an integer from 2 to 1000';
        return failure(400, 'InvalidParameterValueException', message);
      }
      mappings.scale(uuid, maximum);
    }
    if (Enabled === true) mappings.enable(uuid);
    else if (Enabled === false) mappings.disable(uuid);
  }
  const known = mappings.find(uuid);
  return known === undefined ? failure(404, 'ResourceNotFoundException', '') : json(200, described(known, place));
}

/** Lambda's own bounds for queues. */
function isMaximumConcurrency(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= 1_000;
}

function described(
  { uuid, mapping }: KnownMapping,
  { region, accountId }: Omit<OperatorApiSettings, 'mappings'>,
): object {
  return {
    UUID: uuid,
    State: mapping.enabled ? 'Enabled' : 'Disabled',
    EventSourceArn: mapping.queueArn,
    FunctionArn: `arn:aws:lambda:${region}:${accountId}:function:${mapping.functionName}`,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.windowSeconds,
    FunctionResponseTypes: mapping.reportsBatchItemFailures ? ['ReportBatchItemFailures'] : [],
    ...(mapping.maximumConcurrency !== undefined && {
      ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency },
    }),
  };
}

function accountSettings(): AwsResponse {
  return json(200, {
    AccountLimit: {
      ConcurrentExecutions: ACCOUNT_CONCURRENCY,
      UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY,
    },
    AccountUsage: {},
  });
}
