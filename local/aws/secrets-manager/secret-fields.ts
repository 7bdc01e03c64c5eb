import { fieldReader } from '../aws-json.ts';
import type { JsonObject } from '../../json-object.ts';
import type { SecretValue } from './secret.ts';
import { SecretsError } from './secrets-error.ts';

/** JsonObject of a request; a fault in one is a ValidationException. */
export const { optionalText, requiredText, optionalInteger, optionalTexts, objects } = fieldReader((name, fault) => {
  switch (fault.kind) {
    case 'wrong type':
      return invalid(name, `Member must be ${fault.wanted}`);
    case 'missing':
      return invalid(name, 'Member must not be null');
    case 'empty':
      return invalid(name, 'Member must have length greater than or equal to 1');
    case 'out of range': {
      const { value, range } = fault;
      if (value < range.from) return invalid(name, `Member must have value greater than or equal to ${range.from}`);
      return invalid(name, `Member must have value less than or equal to ${range.to}`);
    }
  }
});

/** "The secret name can contain ASCII letters, numbers, and … /_+=.@-" (CreateSecret); `!` stands in managed names. */
const NAME = /^[A-Za-z0-9/_+=.@!-]+$/;
const MAX_NAME_CHARACTERS = 512;
/** SecretId: "Maximum length of 2048." */
const MAX_ID_CHARACTERS = 2_048;

/** The name of a new secret. Throws ValidationException. */
export function readName(input: JsonObject): string {
  return checkedName('Name', requiredText(input, 'Name'), MAX_NAME_CHARACTERS);
}

/** What an operation names a secret by: a name, or a whole or partial ARN. Throws ValidationException. */
export function readSecretId(input: JsonObject): string {
  return checkedSecretId(requiredText(input, 'SecretId'));
}

export function checkedSecretId(secretId: string): string {
  const name = /^arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:(.+)$/.exec(secretId)?.[1] ?? secretId;
  checkedName('SecretId', name, MAX_ID_CHARACTERS);
  return secretId;
}

function checkedName(field: string, name: string, maximum: number): string {
  if (name.length > maximum) throw invalid(field, `Member must have length less than or equal to ${maximum}`);
  if (NAME.test(name)) return name;
  throw new SecretsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );
}

/** "Length Constraints: Minimum length of 1. Maximum length of 65536." (CreateSecret, SecretString and SecretBinary) */
const MAX_VALUE_BYTES = 65_536;

/** Undefined if the request has no value. Throws InvalidParameterException for both kinds at once. */
export function secretValue(fields: JsonObject): SecretValue | undefined {
  const text = optionalText(fields, 'SecretString');
  const base64 = optionalText(fields, 'SecretBinary');
  if (text !== undefined && base64 !== undefined) {
    throw new SecretsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (text !== undefined) {
    checkSize('SecretString', Buffer.byteLength(text));
    return { kind: 'string', text };
  }
  if (base64 === undefined) return undefined;
  checkSize('SecretBinary', Buffer.byteLength(base64, 'base64'));
  return { kind: 'binary', base64 };
}

/** The version's id: what the caller chose so that a repeated request does nothing twice. The SDK always chooses one. */
export function requestToken(fields: JsonObject): string | undefined {
  const token = optionalText(fields, 'ClientRequestToken');
  if (token === undefined || (token.length >= 32 && token.length <= 64)) return token;
  throw new SecretsError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
}

function checkSize(name: string, bytes: number): void {
  if (bytes < 1) throw invalid(name, 'Member must have length greater than or equal to 1');
  if (bytes > MAX_VALUE_BYTES) throw invalid(name, `Member must have length less than or equal to ${MAX_VALUE_BYTES}`);
}

/** Worded like the framework's own, without the value: it may be the secret. */
export function invalid(name: string, constraint: string): SecretsError {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return new SecretsError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}
