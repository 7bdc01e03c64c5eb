import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import type { EventBridgeEvent } from 'aws-lambda';

/** What this needs of the details; surehook/webhook-dead-lettered.schema.json has them whole. */
type Ended = {
  workflow_run_id: number;
  webhook_node_id: string;
  status: 'succeeded' | 'dead_letter';
  reason: string | null;
  ended_at: string;
};

const database = new RDSDataClient();

/** An event may come twice, and an older one after a newer: what ended later stands. */
const NOTE = `
  insert into webhook_states as known (workflow_run_id, webhook_node_id, status, reason, ended_at)
  values (:run, :node, :status, :reason, cast(:ended_at as timestamptz))
  on conflict (workflow_run_id, webhook_node_id) do update
  set status = excluded.status, reason = excluded.reason, ended_at = excluded.ended_at
  where known.ended_at <= excluded.ended_at`;

/** Keeps in a table of the application what became of each webhook. webhook-states.sql makes the table. */
export async function handler({ detail }: EventBridgeEvent<string, Ended>): Promise<void> {
  const text = (name: string, value: string | null) => ({
    name,
    value: value === null ? { isNull: true } : { stringValue: value },
  });
  await database.send(
    new ExecuteStatementCommand({
      resourceArn: process.env['DATABASE_RESOURCE_ARN'],
      secretArn: process.env['DATABASE_SECRET_ARN'],
      database: process.env['DATABASE_NAME'],
      sql: NOTE,
      parameters: [
        { name: 'run', value: { longValue: detail.workflow_run_id } },
        text('node', detail.webhook_node_id),
        text('status', detail.status),
        text('reason', detail.reason),
        text('ended_at', detail.ended_at),
      ],
    }),
  );
}
