import { invalidParameter, malformedInput, missingParameter } from './sqs-error.ts';

/** A JSON object of a request, not yet judged. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Null is absent, as everywhere in the AWS JSON protocol. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw malformedInput(`${name} must be a string.`);
}

/** Throws MissingParameter also for the empty string, as SQS does. */
export function requiredText(fields: Fields, name: string): string {
  const text = optionalText(fields, name);
  if (text === undefined || text === '') throw missingParameter(name);
  return text;
}

function optionalInteger(fields: Fields, name: string): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw malformedInput(`${name} must be an integer.`);
}

/** Throws InvalidParameterValue outside `from`…`to`; `reason` is SQS's wording for it. */
export function integerBetween(
  fields: Fields,
  name: string,
  range: { from: number; to: number; reason: string },
): number | undefined {
  const value = optionalInteger(fields, name);
  if (value === undefined || (value >= range.from && value <= range.to)) return value;
  throw invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${range.reason}`);
}

export function textList(fields: Fields, name: string): string[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw malformedInput(`${name} must be a list of strings.`);
}

export function optionalFields(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {};
  if (isFields(value)) return value;
  throw malformedInput(`${name} must be an object.`);
}
