import type { AwsRequest } from '../aws-service.ts';
import { MAX_LENGTHS, MAX_REQUEST_BYTES, MIN_ARN_CHARACTERS } from './call-limits.ts';
import { DataApiFault } from './fault.ts';
import { isJsonObject, type JsonObject, parsedJsonObject } from '../../json-object.ts';
import type { ResultOptions } from './fields.ts';

type Operation =
  | 'BatchExecuteStatement'
  | 'BeginTransaction'
  | 'CommitTransaction'
  | 'ExecuteStatement'
  | 'RollbackTransaction';

/** A well-formed request; the resources it names may still be wrong. */
export type DataApiRequest = {
  operation: Operation;
  resourceArn: string;
  secretArn: string;
  database: string | undefined;
  transactionId: string | undefined;
  sql: string;
  /** As sent; `readParameters` judges them. */
  parameters: unknown;
  parameterSets: readonly unknown[];
  includeResultMetadata: boolean;
  continueAfterTimeout: boolean;
  formatRecordsAs: 'NONE' | 'JSON';
  resultOptions: ResultOptions;
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/BatchExecute': 'BatchExecuteStatement',
  '/BeginTransaction': 'BeginTransaction',
  '/CommitTransaction': 'CommitTransaction',
  '/Execute': 'ExecuteStatement',
  '/RollbackTransaction': 'RollbackTransaction',
};

type Name = keyof typeof MAX_LENGTHS;

const REQUIRED: Readonly<Record<Operation, readonly Name[]>> = {
  BatchExecuteStatement: ['resourceArn', 'secretArn', 'sql'],
  BeginTransaction: ['resourceArn', 'secretArn'],
  CommitTransaction: ['resourceArn', 'secretArn', 'transactionId'],
  ExecuteStatement: ['resourceArn', 'secretArn', 'sql'],
  RollbackTransaction: ['resourceArn', 'secretArn', 'transactionId'],
};

/** @throws DataApiFault for what the API reference does not allow. */
export function readRequest(request: AwsRequest): DataApiRequest {
  const operation = request.method === 'POST' ? OPERATIONS[request.path.split('?', 1)[0] ?? ''] : undefined;
  if (operation === undefined) throw new DataApiFault('UnknownOperationException');
  const headerBytes = Object.entries(request.headers).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    0,
  );
  if (request.body.length + headerBytes > MAX_REQUEST_BYTES) {
    throw new DataApiFault('RequestEntityTooLargeException', 'The request exceeds the size limit 4 MB.');
  }
  const body = readBody(request.body);
  const strings = Object.fromEntries(Object.keys(MAX_LENGTHS).map((name) => [name, readString(body, name)]));
  const violations = [...missing(strings, operation), ...ofWrongLength(strings)];
  if (violations.length > 0) {
    const noun = violations.length === 1 ? 'error' : 'errors';
    throw new DataApiFault(
      'ValidationException',
      `${violations.length} validation ${noun} detected: ${violations.join('; ')}`,
    );
  }
  // "When you include the Schema parameter in an API call, the Data API returns this error."
  if (readString(body, 'schema') !== undefined) {
    throw new DataApiFault('ValidationException', "The schema parameter isn't supported");
  }
  const options = readRecord(body, 'resultSetOptions');
  return {
    operation,
    resourceArn: strings['resourceArn'] ?? '',
    secretArn: strings['secretArn'] ?? '',
    database: strings['database'],
    transactionId: strings['transactionId'],
    sql: strings['sql'] ?? '',
    parameters: body['parameters'],
    parameterSets: readList(body, 'parameterSets'),
    includeResultMetadata: readBoolean(body, 'includeResultMetadata'),
    continueAfterTimeout: readBoolean(body, 'continueAfterTimeout'),
    formatRecordsAs: readChoice(body, 'formatRecordsAs', ['NONE', 'JSON']),
    resultOptions: {
      longReturnType: readChoice(options, 'longReturnType', ['LONG', 'STRING']),
      decimalReturnType: readChoice(options, 'decimalReturnType', ['STRING', 'DOUBLE_OR_LONG']),
    },
  };
}

function readBody(bytes: Buffer): JsonObject {
  const body = parsedJsonObject(bytes.toString());
  if (body === undefined) throw new DataApiFault('SerializationException', 'the body is not a JSON object');
  return body;
}

function missing(strings: Readonly<Record<string, string | undefined>>, operation: Operation): string[] {
  return REQUIRED[operation]
    .filter((name) => strings[name] === undefined)
    .map((name) => `Value null at '${name}' failed to satisfy constraint: Member must not be null`);
}

function ofWrongLength(strings: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(MAX_LENGTHS).flatMap(([name, longest]) => {
    const { length } = strings[name] ?? 'x'.repeat(MIN_ARN_CHARACTERS);
    const at = `Value at '${name}' failed to satisfy constraint: Member must have length`;
    if (length > longest) return [`${at} less than or equal to ${longest}`];
    const tooShort = name.endsWith('Arn') && length < MIN_ARN_CHARACTERS;
    return tooShort ? [`${at} greater than or equal to ${MIN_ARN_CHARACTERS}`] : [];
  });
}

function readString(body: JsonObject, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new DataApiFault('SerializationException', `${name} is not a string`);
}

function readBoolean(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw new DataApiFault('SerializationException', `${name} is not a boolean`);
}

function readList(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name] ?? [];
  if (Array.isArray(value)) return value;
  throw new DataApiFault('SerializationException', `${name} is not a list`);
}

function readRecord(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {};
  if (isJsonObject(value)) return value;
  throw new DataApiFault('SerializationException', `${name} is not a structure`);
}

/** A value of an enumeration; the first one if the field is absent. */
function readChoice<const Choice extends string>(
  body: JsonObject,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const value = readString(body, name) ?? choices[0];
  const chosen = choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new DataApiFault(
    'ValidationException',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${choices.join(', ')}]`,
  );
}
