/** The schemas that statements name: Surehook's own, and that of the application's `workflows` and `workflow_runs`. */
export type DatabaseSchemas = { surehook: string; application: string };

/**
 * Fills in the schemas of a statement: `{surehook}.webhook_deliveries`, `{application}.workflow_runs`. So nobody's search_path
 * decides which table is meant. The names must satisfy `isSchemaName`: statements also stand in texts and in code blocks.
 */
export function nameSchemas(sql: string, { surehook, application }: DatabaseSchemas): string {
  return sql.replaceAll('{surehook}', quoted(surehook)).replaceAll('{application}', quoted(application));
}

/** Letters, digits, `_` and `-`, at most 63 bytes, and none of PostgreSQL's own schemas. */
export function isSchemaName(text: string): boolean {
  return (
    /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(text) &&
    new TextEncoder().encode(text).length <= MAX_IDENTIFIER_BYTES &&
    !/^pg_|^information_schema$/.test(text)
  );
}

/** PostgreSQL's NAMEDATALEN less one: a longer name would be cut without a word. */
const MAX_IDENTIFIER_BYTES = 63;

function quoted(identifier: string): string {
  return `"${identifier}"`;
}
