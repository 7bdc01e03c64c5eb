import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { AwsRequest, AwsResponse, AwsService } from './aws-service.ts';

type Version = '1.0' | '1.1';

/** An error response of a service; `fields` is the body, including `__type`. */
export type AwsJsonRefusal = { status: number; fields: JsonObject; headers?: Readonly<Record<string, string>> };

export type AwsJsonApi = {
  version: Version;
  /** The prefix of the operation in `X-Amz-Target`, e.g. `AmazonSQS.` */
  targetPrefix: string;
  /** Throws the service's own error for a name it does not know. */
  operationNamed(name: string): (input: JsonObject, request: AwsRequest) => JsonObject | Promise<JsonObject>;
  malformedBody(why: string): Error;
  /** Undefined for an error that is not the service's own: a bug in the twin. */
  refusalOf(error: unknown): AwsJsonRefusal | undefined;
};

/** A service as its SDKs and the AWS CLI speak to it in AWS JSON: the operation in a header, fields in the body. */
export function awsJsonService(api: AwsJsonApi): AwsService {
  return async (request) => {
    try {
      const operation = api.operationNamed(targetOperation(request, api.targetPrefix));
      return awsJsonAnswer(api.version, { status: 200, fields: await operation(inputOf(request.body, api), request) });
    } catch (error) {
      const refusal = api.refusalOf(error);
      if (refusal === undefined) throw error;
      return awsJsonAnswer(api.version, refusal);
    }
  };
}

/** Empty if the header is absent or names another service. */
export function targetOperation({ headers }: AwsRequest, prefix: string): string {
  const target = headers['x-amz-target'] ?? '';
  return target.startsWith(prefix) ? target.slice(prefix.length) : '';
}

export function awsJsonAnswer(version: Version, { status, fields, headers }: AwsJsonRefusal): AwsResponse {
  const own = { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': randomUUID() };
  return { status, headers: { ...own, ...headers }, body: JSON.stringify(fields) };
}

function inputOf(body: Buffer, { malformedBody }: AwsJsonApi): JsonObject {
  let input: unknown;
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    // Without the parser's message: it quotes the body, which may hold a secret.
    throw malformedBody('The request body is not JSON.');
  }
  if (!isJsonObject(input)) throw malformedBody('The request body must be a JSON object.');
  return input;
}

/** `reason` is the service's own wording for a value out of range; not every service has one. */
type IntegerRange = { from: number; to: number; reason?: string };

/** What is wrong with a field, for its service to put into words. */
export type FieldFault =
  | { kind: 'wrong type'; wanted: string }
  | { kind: 'missing' }
  | { kind: 'empty' }
  | { kind: 'out of range'; value: number; range: IntegerRange };

/**
 * Reads fields by their names; null is absent, as everywhere in AWS JSON. Throws the error that `refuse` makes of a fault.
 */
export function fieldReader(refuse: (name: string, fault: FieldFault) => Error) {
  function optional<T>(fields: JsonObject, name: string, is: (value: unknown) => value is T, wanted: string) {
    const value = fields[name] ?? undefined;
    if (value === undefined || is(value)) return value;
    throw refuse(name, { kind: 'wrong type', wanted });
  }
  const optionalText = (fields: JsonObject, name: string) => optional(fields, name, isText, 'a string');
  return {
    optionalText,
    requiredText(fields: JsonObject, name: string): string {
      const text = optionalText(fields, name);
      if (text === undefined || text === '') throw refuse(name, { kind: text === undefined ? 'missing' : 'empty' });
      return text;
    },
    optionalInteger(fields: JsonObject, name: string, range: IntegerRange): number | undefined {
      const value = optional(fields, name, isInteger, 'an integer');
      if (value === undefined || (value >= range.from && value <= range.to)) return value;
      throw refuse(name, { kind: 'out of range', value, range });
    },
    optionalTexts: (fields: JsonObject, name: string) => optional(fields, name, isTexts, 'a list of strings'),
    /** None if the list is absent. */
    objects: (fields: JsonObject, name: string) => optional(fields, name, isObjects, 'a list of objects') ?? [],
    /** Empty if it is absent. */
    object: (fields: JsonObject, name: string) => optional(fields, name, isJsonObject, 'an object') ?? {},
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isObjects(value: unknown): value is JsonObject[] {
  return Array.isArray(value) && value.every(isJsonObject);
}
