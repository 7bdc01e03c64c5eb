import { readFileSync } from 'node:fs';
import { type ForeignTable, nameForeignTable, nameForeignTypes } from '../../../shared/runtime/foreign-table.ts';

const TABLES = read('tables.sql');

function read(file: string): string {
  return readFileSync(new URL(`../../data/application/${file}`, import.meta.url), 'utf8');
}

/** The application's tables in a schema `app` that is made for them; with `rows`, its runs and deliveries, too. */
export function applicationTables(holding: 'rows' | 'nothing'): string {
  const rows = holding === 'rows' ? read('rows.sql') : '';
  return `create schema app; set search_path = app; ${TABLES} ${rows}; reset search_path;`;
}

/** Its deliveries alone, in a schema of their own. */
export const FOREIGN: ForeignTable = { schema: 'theirs', table: 'webhook_deliveries' };
export const FOREIGN_TABLE = `create schema theirs; set search_path = theirs;
  ${/^create type webhook_delivery_status .*$/m.exec(TABLES)?.[0]}
  ${/^create table webhook_deliveries .*$/m.exec(TABLES)?.[0].replaceAll(/ references \w+\(id\) on delete cascade/g, '')}
  reset search_path;`;

/** A statement of the product about such a table. */
export function asForeign(sql: string): string {
  return nameForeignTypes(nameForeignTable(sql, FOREIGN), { json: 'json', headersJson: 'json' });
}
