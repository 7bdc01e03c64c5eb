import type { SecretValue } from './secret.ts';
import { SecretsError } from './secrets-error.ts';

/** A JSON object of a request, not yet judged. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Null is absent, as everywhere in the AWS JSON protocol. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(name, 'Member must be a string');
}

export function requiredText(fields: Fields, name: string): string {
  const text = optionalText(fields, name);
  if (text === undefined) throw invalid(name, 'Member must not be null');
  if (text === '') throw invalid(name, 'Member must have length greater than or equal to 1');
  return text;
}

export function flag(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

export function integerBetween(fields: Fields, name: string, range: { from: number; to: number }): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalid(name, 'Member must be an integer');
  if (value < range.from) throw invalid(name, `Member must have value greater than or equal to ${range.from}`);
  if (value > range.to) throw invalid(name, `Member must have value less than or equal to ${range.to}`);
  return value;
}

/** Undefined where the list is absent. */
export function optionalTexts(fields: Fields, name: string): string[] | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw invalid(name, 'Member must be a list of strings');
}

export function objects(fields: Fields, name: string): Fields[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw invalid(name, 'Member must be a list of objects');
}

/** "Length Constraints: Minimum length of 1. Maximum length of 65536." (CreateSecret, SecretString and SecretBinary) */
const MAX_VALUE_BYTES = 65_536;

/** Undefined where the request brings no value. Throws InvalidParameterException for both kinds at once. */
export function secretValue(fields: Fields): SecretValue | undefined {
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
export function requestToken(fields: Fields): string | undefined {
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
