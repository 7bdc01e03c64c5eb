/**
 * What a SQLSTATE says of asking again. A fault that passes is one of the database's hour: the same statement may succeed
 * a moment later, and is asked again. A final one is about the statement, what it met or what it may do: somebody must
 * change something first.
 */
export type SqlStateRule = { passes: boolean; because: string };

/** The rule of a code, else of its class (the first two characters), else: final. */
export function sqlStateRule(sqlState: string): SqlStateRule {
  return SQL_STATE_RULES.get(sqlState) ?? SQL_STATE_RULES.get(sqlState.slice(0, 2)) ?? OF_SOMEBODY;
}

const passes = (because: string): SqlStateRule => ({ passes: true, because });
const isFinal = (because: string): SqlStateRule => ({ passes: false, because });

/** Codes that no PostgreSQL makes are raised by functions. */
const OF_SOMEBODY = isFinal('a function or trigger of the database refused it');

/**
 * Every class of PostgreSQL 17's appendix A (72 is of 16 and before), and the codes that differ from their class. In doubt
 * a fault about one row is final, so that the row is told from its neighbours, and one about the server passes.
 */
export const SQL_STATE_RULES: ReadonlyMap<string, SqlStateRule> = new Map([
  ['00', isFinal('raised as an error by a function, though it means success')],
  ['01', isFinal('raised as an error by a function, though it is a warning')],
  ['02', isFinal('a function found no data')],
  ['03', isFinal('a function left a statement unfinished')],
  ['08', passes('the connection failed, not the statement')],
  ['08P01', isFinal('the call does not fit its statement, as with a parameter too few')],
  ['09', isFinal('a trigger failed')],
  ['0A', isFinal('the database has no such feature')],
  ['0B', isFinal('no transaction may begin here')],
  ['0F', isFinal('a large object is not what it was taken for')],
  ['0L', isFinal('the role may not grant this')],
  ['0P', isFinal('there is no such role')],
  ['0Z', isFinal('a handler of a function failed')],
  ['20', isFinal('a function met a case it does not know')],
  ['21', isFinal('more rows came than there may be')],
  ['22', isFinal('a value does not fit, or a sequence is used up')],
  ['23', isFinal('a constraint stands in the way')],
  ['24', isFinal('a cursor of a function is not in the right state')],
  ['25', isFinal('the transaction is not in the right state')],
  ['25006', passes('the server is read-only: a failover has moved the writer')],
  ['25P03', passes('the transaction was idle too long for the server, which ended it')],
  ['25P04', passes('the transaction was too long for the server, which ended it')],
  ['26', passes('no statement of ours has a name: the service mixed up a connection')],
  ['27', isFinal('a trigger changed the row that was being changed')],
  ['28', passes('the door was shut: a password is being rotated, or a login repaired')],
  ['2B', isFinal('others depend on what was to be taken away')],
  ['2D', isFinal('no transaction may end here')],
  ['2F', isFinal('a function failed')],
  ['34', isFinal('a function named a cursor that does not exist')],
  ['38', isFinal('a function failed')],
  ['39', isFinal('a function or trigger was called wrongly')],
  ['3B', isFinal('a savepoint is not there')],
  ['3D', passes('the database is not there: it is being restored or renamed')],
  ['3F', isFinal('the schema is not there')],
  ['40', passes('others were in the way: a deadlock, or a conflict of transactions')],
  ['40002', isFinal('a constraint, checked at the end, stands in the way')],
  ['42', isFinal('the statement names what is not there, or what the role may not touch')],
  ['42P05', passes('no statement of ours has a name: the service mixed up a connection')],
  ['44', isFinal('a view refuses the row')],
  ['53', passes('the server is short of memory, disk or connections')],
  ['54', isFinal('the statement is beyond a limit of the database')],
  ['55', isFinal('an object is not in the right state')],
  ['55P03', passes('somebody else holds a lock')],
  // 57014: statement_timeout, pg_cancel_backend, and the Data API's own 45 s ("canceling statement due to user request").
  ['57', passes('a timeout, an administrator or a restart ended it')],
  ['58', passes('the storage below the server failed')],
  ['72', passes('the snapshot was too old, a fresh one is not')],
  ['F0', passes('the server cannot read its configuration')],
  ['HV', isFinal('a foreign table refuses it')],
  ['HV001', passes('the server is short of memory')],
  ['HV00N', passes('the server behind a foreign table cannot be reached')],
  ['P0', isFinal('a function or trigger of the database refused it')],
  // Seen: a relation just replaced by somebody's DDL, "tuple concurrently updated".
  ['XX', passes('the server was at odds with itself')],
  ['XX001', isFinal('a row is damaged')],
  ['XX002', isFinal('an index is damaged')],
]);
