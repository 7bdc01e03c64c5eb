import { StatementRefused, StoreUnavailable } from '../delivery/store-answers.ts';
import { schemaNamesIn } from './schema-names.ts';
import { sqlStateRule } from './sql-states.ts';

/** Waiting does not help with these. */
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
 * What a failed call of the Data API means. `refused`: PostgreSQL refused it for good. `hopeless`: the database is unavailable,
 * and asking again at once does not help. `passing`: it is unavailable, and asking again may help.
 */
type Verdict = { kind: 'refused'; fault: StatementRefused } | { kind: 'hopeless' | 'passing'; fault: StoreUnavailable };

/**
 * Reads the SQLSTATE if there is one, else the exception's name. A call that took longer than the Data API's 45 s is a
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
  // The error is not kept as the cause, because it holds the database's message.
  const message = `the database is unavailable: ${nameOf(error)}, SQLSTATE ${sqlState} (${because})`;
  return { kind: 'passing', fault: new StoreUnavailable(message, { sqlState, names }) };
}

/** Whether a right of IAM is missing. */
export function isDenied(error: unknown): boolean {
  return /^(?:AccessDenied|Forbidden)Exception$/.test(nameOf(error));
}

/** The message is the only place the Data API puts the code: `…; SQLState: 23505`. */
export function sqlStateOf(error: unknown): string | undefined {
  return /SQLState: ([0-9A-Z]{5})\s*$/.exec(messageOf(error))?.[1];
}

/** The code of a network or service fault says more. An error that holds the database's message is left out. */
function causeOf(error: unknown): { cause?: unknown } {
  return /^(?:DatabaseError|BadRequest)Exception$/.test(nameOf(error)) ? {} : { cause: error };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
