import type { Pool, PoolClient } from 'pg';

/** A page that takes longer is not worth the load: the database has deliveries to serve. */
const STATEMENT_TIMEOUT_MS = 3000;

/**
 * Runs reads in one short read-only transaction, on one snapshot. Every query of the console is meant for an index; without
 * fresh statistics the planner would rather read a big table whole, every two seconds.
 */
export async function readDatabase<Result>(
  database: Pool,
  read: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await database.connect();
  try {
    await client.query(
      'begin transaction isolation level repeatable read read only; ' +
        `set local statement_timeout = ${STATEMENT_TIMEOUT_MS}; set local enable_seqscan = off`,
    );
    const result = await read(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // Whatever state it is in, it does not go back to the pool.
    client.release(true);
    throw error;
  }
}
