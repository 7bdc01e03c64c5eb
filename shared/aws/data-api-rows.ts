import { isJsonObject } from '../runtime/json-object.ts';
import type { Row } from './data-api.ts';

/** A row that is not as its statement promises: a bug in Surehook, or a row written without enqueue. The message holds no value. */
export class UnexpectedRow extends Error {
  static override readonly name = 'UnexpectedRow';
  override readonly name = 'UnexpectedRow';
  readonly code = 'unexpected_row';

  constructor(column: string, wanted: string) {
    super(`column ${column} is not ${wanted}`);
  }
}

export type Columns = ReturnType<typeof readColumns>;

/** Checked access to the columns of a row; null and absent are the same. */
export function readColumns(row: Row) {
  function optional<T>(column: string, wanted: string, is: (value: unknown) => value is T): T | undefined {
    const value: unknown = row[column];
    if (value === null || value === undefined) return undefined;
    if (!is(value)) throw new UnexpectedRow(column, wanted);
    return value;
  }
  function required<T>(column: string, wanted: string, is: (value: unknown) => value is T): T {
    const value = optional(column, wanted, is);
    if (value === undefined) throw new UnexpectedRow(column, wanted);
    return value;
  }
  return {
    integer: (column: string) => required(column, 'an integer', isInteger),
    optionalInteger: (column: string) => optional(column, 'an integer', isInteger),
    string: (column: string) => required(column, 'text', isString),
    optionalString: (column: string) => optional(column, 'text', isString),
    boolean: (column: string) => required(column, 'a boolean', isBoolean),
    optionalObject: (column: string) => optional(column, 'an object', isRow),
    headerList: (column: string) => optional(column, 'a list of headers', isHeaderList) ?? [],
    oneOf<const T extends string>(column: string, known: readonly T[]): T {
      const text = required(column, 'text', isString);
      const found = known.find((name) => name === text);
      if (found === undefined) throw new UnexpectedRow(column, `one of ${known.join(', ')}`);
      return found;
    },
  };
}

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isRow = (value: unknown): value is Row => isJsonObject(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

function isHeaderList(value: unknown): value is { key: string; value: string }[] {
  if (!Array.isArray(value)) return false;
  return value.every((entry: unknown) => {
    return isJsonObject(entry) && isString(entry['key']) && isString(entry['value']);
  });
}
