import { StatementRefused, StoreUnavailable, type Refusal } from '../delivery/store-answers.ts';
import type { LogFields } from './log.ts';
import { errorName } from './redaction.ts';

/**
 * What a log line says of a fault (`claim_failed`, `recording_failed`, `enqueue_failed`, …): its name, and of the database's
 * own its SQLSTATE and the names it tells. No message, no value.
 */
export function faultFields(error: unknown): LogFields {
  const fault = errorName(error);
  if (!(error instanceof StoreUnavailable || error instanceof StatementRefused)) return { fault };
  const { sqlState, names } = error;
  return sqlState === undefined ? { fault } : { fault, ...refusalFields({ sqlState, ...names }) };
}

/** What a log line says about a row the database refuses to store or to change: names of the database's, never a value. */
export function refusalFields({ sqlState, schema, relation, constraint, column }: Refusal): LogFields {
  return { sql_state: sqlState, schema, relation, constraint, column };
}
