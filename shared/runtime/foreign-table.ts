import { isSchemaName } from './database-schemas.ts';

/** The deliveries' table of another pipeline. */
export type ForeignTable = { schema: string; table: string };

/** Reads `schema.table`, both as `isSchemaName` allows; undefined if it is not that. */
export function parseForeignTable(text: string): ForeignTable | undefined {
  const [schema = '', table = '', ...more] = text.split('.');
  return more.length === 0 && [schema, table].every(isSchemaName) ? { schema, table } : undefined;
}

export function foreignTableName({ schema, table }: ForeignTable): string {
  return `${schema}.${table}`;
}

/** Fills in `{foreign}` in a statement. */
export function nameForeignTable(sql: string, { schema, table }: ForeignTable): string {
  return sql.replaceAll('{foreign}', `"${schema}"."${table}"`);
}

/** Of the columns that hold JSON there. */
export type ForeignTypes = { json: 'json' | 'jsonb'; headersJson: 'json' | 'jsonb' };

/** Fills in their types, too. */
export function nameForeignTypes(sql: string, { json, headersJson }: ForeignTypes): string {
  return sql.replaceAll('{json}', json).replaceAll('{headers_json}', headersJson);
}

/** How the `last_error` of a row begins that has moved from a foreign table to Surehook. Nothing else marks it there. */
export const MOVED = 'moved to Surehook';
