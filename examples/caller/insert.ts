// Inserts one webhook in a transaction of its own, and has it sent at once: node insert.ts <endpoint URL> [run id]. Needs pg, and
// DATABASE_URL of a role that may insert into the outbox; OUTBOX_SCHEMA: where Surehook's tables are; ENQUEUE_FUNCTION: whom to
// announce it to, without which the next sweep sends it.
import { Client, DatabaseError } from 'pg';
import { createSurehook } from 'surehook/client';

const [endpointUrl, runId = '1001'] = process.argv.slice(2);
const functionName = process.env['ENQUEUE_FUNCTION'] ?? '';
const client = new Client({ connectionString: process.env['DATABASE_URL'] });

type Inserted = { id: string; delivery_uuid: string };

async function insert(): Promise<Inserted | undefined> {
  await client.query('begin');
  try {
    // Whatever makes the webhook true belongs here: both are committed, or neither is.
    const { rows } = await client.query<Inserted>(
      `insert into ${process.env['OUTBOX_SCHEMA'] ?? 'surehook'}.webhook_outbox
        (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
      values ($1, $2, $3, $4, $5) returning id, delivery_uuid`,
      [runId, 1, 'from-typescript', endpointUrl, JSON.stringify({ greeting: 'Hello TypeScript' })],
    );
    await client.query('commit');
    return rows[0];
  } catch (fault) {
    await client.query('rollback');
    throw fault;
  }
}

await client.connect();
try {
  const inserted = await insert();
  process.stdout.write(`${JSON.stringify(inserted)}\n`);
  if (inserted !== undefined && functionName !== '') {
    // After the commit. A hint and no more: if it fails, or this process dies before it, the next sweep sends the webhook.
    const [announced] = await createSurehook({ functionName }).announce([inserted.delivery_uuid]);
    process.stdout.write(`${JSON.stringify(announced)}\n`);
  }
} catch (fault) {
  // check_violation: the message says of every column what is wrong with it.
  if (!(fault instanceof DatabaseError) || fault.code !== '23514') throw fault;
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = 1;
} finally {
  await client.end();
}
