export type JsonRecord = Readonly<Record<string, unknown>>;

/** A JSON object, as opposed to a list, a null or a scalar. */
export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
