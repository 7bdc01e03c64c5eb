/**
 * Whether a SQLSTATE means that asking again can help. `passes`: the database has a passing problem; the same statement may
 * succeed a moment later and is asked again. The others are final: somebody must change something first. `row`: one row's
 * values are the cause, or a trigger that objects to them, so the other rows may be fine without it. `statement`: all rows
 * are affected alike.
 */
export type SqlStateRule = { kind: 'passes' | 'row' | 'statement'; because: string };

/** The rule of a code, else of its class (the first two characters), else that of codes made up by functions. */
export function sqlStateRule(sqlState: string): SqlStateRule {
  return SQL_STATE_RULES.get(sqlState) ?? SQL_STATE_RULES.get(sqlState.slice(0, 2)) ?? OF_SOMEBODY;
}

const passes = (because: string): SqlStateRule => ({ kind: 'passes', because });
const ofRow = (because: string): SqlStateRule => ({ kind: 'row', because });
const ofStatement = (because: string): SqlStateRule => ({ kind: 'statement', because });

/** For codes that PostgreSQL itself never uses: only functions raise them. */
const OF_SOMEBODY = ofRow('a function or trigger of the database refused it');

/**
 * Every class in appendix A of PostgreSQL 17 (72 is from 16 and earlier), and the codes that differ from their class. When in
 * doubt, a code counts as `row`, so that the row is separated from the others; a fault of the server passes.
 */
export const SQL_STATE_RULES: ReadonlyMap<string, SqlStateRule> = new Map([
  ['00', ofRow('raised as an error by a function, though it means success')],
  ['01', ofRow('raised as an error by a function, though it is a warning')],
  ['02', ofRow('a function found no data')],
  ['03', ofRow('a function left a statement unfinished')],
  ['08', passes('the connection failed, not the statement')],
  ['08P01', ofStatement('the call does not fit its statement, for example a parameter is missing')],
  ['09', ofRow('a trigger failed')],
  ['0A', ofStatement('the database has no such feature')],
  ['0B', ofStatement('no transaction can begin here')],
  ['0F', ofStatement('a large object is not valid')],
  ['0L', ofStatement('the role may not grant this')],
  ['0P', ofStatement('there is no such role')],
  ['0Z', ofRow('the error handler of a function failed')],
  ['20', ofRow('a function has no branch for this case')],
  ['21', ofRow('there were more rows than allowed')],
  ['22', ofRow('a value does not fit')],
  ['2200H', ofStatement('a sequence is used up')],
  ['23', ofRow('a constraint stands in the way')],
  ['24', ofRow('the cursor of a function is in the wrong state')],
  ['25', ofStatement('the transaction is in the wrong state')],
  ['25006', passes('the server is read-only: a failover has moved the writer')],
  ['25P03', passes('the server ended the transaction because it was idle too long')],
  ['25P04', passes('the server ended the transaction because it took too long')],
  ['26', passes('the Data API mixed up a connection: Surehook names no statements')],
  ['27', ofRow('a trigger changed the row that was being changed')],
  ['28', passes('the login failed: a password is being rotated, or a login repaired')],
  ['2B', ofStatement('other objects or rights depend on what was to be removed')],
  ['2D', ofStatement('no transaction can end here')],
  ['2F', ofRow('a function failed')],
  ['34', ofRow('a function named a cursor that does not exist')],
  ['38', ofRow('a function failed')],
  ['39', ofRow('a function or trigger was called wrongly')],
  ['3B', ofStatement('a savepoint does not exist')],
  ['3D', passes('the database does not exist: it is being restored or renamed')],
  ['3F', ofStatement('the schema does not exist')],
  ['40', passes('other transactions were in the way: a deadlock or a conflict')],
  ['40002', ofRow('a constraint that is checked at the end stands in the way')],
  ['42', ofStatement('the statement names something that does not exist, or that the role may not use')],
  ['42P05', passes('the Data API mixed up a connection: Surehook names no statements')],
  ['44', ofRow('a view refuses the row')],
  ['53', passes('the server is short of memory, disk or connections')],
  ['54', ofRow('what it writes or asks for exceeds a limit of the database')],
  ['55', ofStatement('an object is in the wrong state')],
  ['55P03', passes('somebody else holds a lock')],
  // 57014: statement_timeout, pg_cancel_backend, and the Data API's own 45 s ("canceling statement due to user request").
  ['57', passes('a timeout, an administrator or a restart ended it')],
  ['58', passes('the storage of the server failed')],
  ['72', passes('the snapshot was too old; the next one is new')],
  ['F0', passes('the server cannot read its configuration')],
  ['HV', ofStatement('a foreign table refuses it')],
  ['HV001', passes('the server is short of memory')],
  ['HV00N', passes('the server behind a foreign table cannot be reached')],
  ['P0', ofRow('a function or trigger of the database refused it')],
  // Seen: a relation just replaced by somebody's DDL, "tuple concurrently updated".
  ['XX', passes('the server reported an internal error')],
  ['XX001', ofRow('a row is damaged')],
  ['XX002', ofRow('an index is damaged')],
]);
