// Inserts one webhook in a transaction of its own: node insert.ts <endpoint URL> [run id]. Needs pg, and DATABASE_URL of a role that may
// insert into the outbox. OUTBOX_SCHEMA: where Surehook's tables are.
import { Client, DatabaseError } from 'pg';

const [endpointUrl, runId = '1001'] = process.argv.slice(2);
const client = new Client({ connectionString: process.env['DATABASE_URL'] });
await client.connect();
try {
  await client.query('begin');
  // Whatever makes the webhook true belongs here: both are committed, or neither is.
  const { rows } = await client.query(
    `insert into ${process.env['OUTBOX_SCHEMA'] ?? 'surehook'}.webhook_outbox
      (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
    values ($1, $2, $3, $4, $5) returning id, delivery_uuid`,
    [runId, 1, 'from-typescript', endpointUrl, JSON.stringify({ greeting: 'Hello TypeScript' })],
  );
  await client.query('commit');
  process.stdout.write(`${JSON.stringify(rows[0])}\n`);
} catch (fault) {
  await client.query('rollback');
  // check_violation: the message says of every column what is wrong with it.
  if (!(fault instanceof DatabaseError) || fault.code !== '23514') throw fault;
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = 1;
} finally {
  await client.end();
}
