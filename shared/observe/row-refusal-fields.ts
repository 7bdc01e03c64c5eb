import type { Refusal } from '../delivery/store-answers.ts';
import type { LogFields } from './log.ts';

/** What a log line says about a row the database refuses to store or to change: names of the database's, never a value. */
export function refusalFields({ sqlState, schema, relation, constraint, column }: Refusal): LogFields {
  return { sql_state: sqlState, schema, relation, constraint, column };
}
