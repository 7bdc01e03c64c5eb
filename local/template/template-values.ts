import { isJsonObject, type JsonObject } from '../json-object.ts';
import { StartError } from '../start-error.ts';

/** The stack cannot be described: the template lacks something, or uses what the local twin does not know. */
export class TemplateError extends StartError {
  override readonly code = 'TemplateError';
  override readonly name = 'TemplateError';
}

/** `value` as an object, where absent is empty. */
export function objectAt(value: unknown, where: string): JsonObject {
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw new TemplateError(`${where}: expected an object`);
  return value;
}

export function listAt(value: unknown, where: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TemplateError(`${where}: expected a list`);
  return value;
}

/** CloudFormation accepts a number or a boolean where it expects a string. */
export function textAt(value: unknown, where: string): string {
  const text = optionalTextAt(value, where);
  if (text === undefined) throw new TemplateError(`${where}: missing`);
  return text;
}

export function optionalTextAt(value: unknown, where: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${where}: expected a string`);
}

export function optionalNumberAt(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw new TemplateError(`${where}: expected a number`);
  return number;
}

export function numberAt(value: unknown, where: string, fallback: number): number {
  return optionalNumberAt(value, where) ?? fallback;
}

/** CloudFormation accepts the words as well. */
export function flagAt(value: unknown, where: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new TemplateError(`${where}: expected true or false`);
}
