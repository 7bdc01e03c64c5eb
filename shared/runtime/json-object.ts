/**
 * Whether a value from outside, such as parsed JSON, is an object and neither a list nor null. What has a class of its own, such as
 * a number that keeps its digits, is none.
 */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
