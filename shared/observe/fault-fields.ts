import { StatementRefused, StoreUnavailable, type Refusal } from '../delivery/store-answers.ts';
import type { LogFields } from './log.ts';
import { errorName } from './redaction.ts';

/**
 * What a log line says about a fault (`claim_failed`, `recording_failed`, `enqueue_failed`, …): its name and, for a fault of
 * the database, its SQLSTATE and the names it reports. No message, no value.
 */
export function faultFields(error: unknown): LogFields {
  const fault = errorName(error);
  if (!(error instanceof StoreUnavailable || error instanceof StatementRefused)) return { fault };
  const { sqlState, names } = error;
  return sqlState === undefined ? { fault } : { fault, ...refusalFields({ sqlState, ...names }) };
}

/**
 * What a log line says about a row that the database refuses to store or to change: names from the database and the right that is
 * missing, never a value.
 */
export function refusalFields({ sqlState, schema, relation, constraint, column, right }: Refusal): LogFields {
  return { sql_state: sqlState, schema, relation, constraint, column, right };
}
