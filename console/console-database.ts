import { escapeIdentifier, type Pool, type QueryResult, type QueryResultRow } from 'pg';

/** The database as the console reads it. */
export type ConsoleDatabase = {
  pool: Pool;
  /** Where Surehook's tables are: what `{surehook}` means in a statement. */
  schema: string;
};

/** Runs one statement. */
export type Reader = {
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<QueryResult<Row>>;
};

/** A page that takes longer is not worth the load, because the database has deliveries to serve. */
const STATEMENT_TIMEOUT_MS = 3000;

/**
 * Every query of the console reads along an index and stops early. Without fresh statistics the planner would rather read a
 * whole table or index and sort it, every two seconds: 3 s instead of 30 ms just after a million rows were loaded.
 */
const ALONG_INDEXES = ['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']
  .map((setting) => `set local ${setting} = off`)
  .join('; ');

/** Runs reads in one short read-only transaction, on one snapshot. */
export async function readDatabase<Result>(
  { pool, schema }: ConsoleDatabase,
  read: (reader: Reader) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query(
      'begin transaction isolation level repeatable read read only; ' +
        `set local statement_timeout = ${STATEMENT_TIMEOUT_MS}; ${ALONG_INDEXES}`,
    );
    const result = await read({
      query: (sql, values) => client.query(sql.replaceAll('{surehook}', escapeIdentifier(schema)), values),
    });
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // Whatever state the connection is in, it must not go back to the pool.
    client.release(true);
    throw error;
  }
}
