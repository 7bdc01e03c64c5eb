import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningStack } from '../support/stack/running-stack.ts';

let roles = 0;

/** Makes a role that may insert webhooks and nothing else, and answers how it connects to the stack's own PostgreSQL. */
export async function applicationUrl(stack: RunningStack): Promise<string> {
  const role = `application_${++roles}`;
  for (const statement of [
    `create role ${role} login password 'inserts'`,
    `grant usage on schema public to ${role}`,
    `grant insert on webhook_outbox to ${role}`,
    `grant select (id, delivery_uuid) on webhook_outbox to ${role}`,
  ]) {
    await stack.change(statement);
  }
  return `postgresql://${role}:inserts@127.0.0.1:${portOf(stack)}/${stack.endpoints.database.database}`;
}

/** In the fourth line of the server's own file. */
function portOf({ dataDir }: RunningStack): number {
  return Number(readFileSync(join(dataDir, 'postgres/cluster/data/postmaster.pid'), 'utf8').split('\n')[3]);
}
