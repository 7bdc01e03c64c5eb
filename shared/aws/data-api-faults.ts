import { StatementRefused, StoreUnavailable } from '../delivery/store-answers.ts';
import { schemaNamesIn } from './schema-names.ts';
import { sqlStateRule } from './sql-states.ts';

/** No waiting helps against these. */
const HOPELESS = new Set([
  'AccessDeniedException',
  'ForbiddenException',
  'NotFoundException',
  'DatabaseNotFoundException',
  'HttpEndpointNotEnabledException',
  'InvalidResourceStateException',
  'UnsupportedResultException',
  'ValidationException',
]);

/**
 * What a failed call of the Data API means. `refused`: by PostgreSQL, for good. `hopeless` and `passing`: the database could
 * not be asked, and asking again at once helps nothing, or may.
 */
type Verdict = { kind: 'refused'; fault: StatementRefused } | { kind: 'hopeless' | 'passing'; fault: StoreUnavailable };

/**
 * Reads the SQLSTATE where there is one, else the exception's name. A call that took the Data API's 45 s is a
 * StatementTimeoutException; one that the database itself cancelled is a DatabaseErrorException with 57014.
 */
export function judgeFault(error: unknown): Verdict {
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) {
    const fault = new StoreUnavailable(`the database is unavailable: ${nameOf(error)}`, causeOf(error));
    return { kind: HOPELESS.has(nameOf(error)) ? 'hopeless' : 'passing', fault };
  }
  const { kind, because } = sqlStateRule(sqlState);
  const names = schemaNamesIn(messageOf(error), sqlState);
  if (kind !== 'passes') return { kind: 'refused', fault: new StatementRefused(sqlState, names, because) };
  // Without the error as its cause: it holds the database's words.
  const message = `the database is unavailable: ${nameOf(error)}, SQLSTATE ${sqlState} (${because})`;
  return { kind: 'passing', fault: new StoreUnavailable(message, { sqlState, names }) };
}

/** The message is the only place the Data API puts the code: `…; SQLState: 23505`. */
export function sqlStateOf(error: unknown): string | undefined {
  return /SQLState: ([0-9A-Z]{5})\s*$/.exec(messageOf(error))?.[1];
}

/** A fault of the network or the service says more by its code; one with the database's words is left out. */
function causeOf(error: unknown): { cause?: unknown } {
  return /^(?:DatabaseError|BadRequest)Exception$/.test(nameOf(error)) ? {} : { cause: error };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
