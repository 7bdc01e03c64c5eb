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

/** Fills in `{foreign}` in a statement. Without a table, a text that would hold its name is empty. */
export function nameForeignTable(sql: string, table: ForeignTable | undefined): string {
  return table === undefined ? sql.replaceAll("'{foreign}'", "''") : sql.replaceAll('{foreign}', quotedTable(table));
}

export function quotedTable({ schema, table }: ForeignTable): string {
  return `"${schema}"."${table}"`;
}

/** Of the columns that hold JSON there. */
export type ForeignTypes = { json: 'json' | 'jsonb'; headersJson: 'json' | 'jsonb' };

/** Fills in their types, too. */
export function nameForeignTypes(sql: string, { json, headersJson }: ForeignTypes): string {
  return sql.replaceAll('{json}', json).replaceAll('{headers_json}', headersJson);
}

/** How the `last_error` of a row begins that has moved from a foreign table to Surehook. Nothing else marks it there. */
export const MOVED = 'moved to Surehook';
