import { type DatabaseSchemas, nameSchemas } from '../../../shared/runtime/database-schemas.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';

/** As in a database of Surehook's own. */
export const PUBLIC_SCHEMAS: DatabaseSchemas = { surehook: 'public', application: 'public' };

/** Runs the migrations straight over a connection, up to and with `upTo`; default: all. */
export async function migrateUp(client: { query(sql: string): Promise<unknown> }, upTo = Infinity): Promise<void> {
  for (const { up, version } of migrations) if (version <= upTo) await client.query(inPublic(up));
}

/** A statement of the product, for `pg`. */
export function inPublic(sql: string): string {
  return nameSchemas(sql, PUBLIC_SCHEMAS);
}
