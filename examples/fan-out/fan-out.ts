// An event of an organization goes to each of its endpoints that wants events of its type. Endpoints and events are in tables of the
// application's own, which customer-endpoints.sql makes. For each event Surehook gets one enqueueMany.
import type { Pool } from 'pg';
import { createSurehook, SurehookError } from 'surehook/client';

type CustomerEvent = {
  id: string;
  organization_id: string;
  type: string;
  data: { [name: string]: string | number };
  happened_at: Date;
};
type Endpoint = { id: string; url: string; credential_uuid: string | null };

const surehook = createSurehook({ functionName: process.env['ENQUEUE_FUNCTION'] ?? '' });

/**
 * Hands over what has not been, the oldest first. Insert an event in the transaction that makes it true, call this after the commit, and
 * every minute or so for what a crash has left. It may run twice at once: what was taken before is recognised.
 */
export async function handOverEvents(database: Pool): Promise<void> {
  const { rows } = await database.query<CustomerEvent>(
    `select id, organization_id, type, data, happened_at from customer_events where handed_over_at is null order by id limit 100`,
  );
  for (const event of rows) await handOver(database, event);
}

async function handOver(database: Pool, event: CustomerEvent): Promise<void> {
  const { rows: endpoints } = await database.query<Endpoint>(
    `select id, url, credential_uuid from customer_endpoints
     where organization_id = $1 and is_active and $2 = any (event_types) order by id`,
    [event.organization_id, event.type],
  );
  const results = await surehook.enqueueMany(
    endpoints.map((endpoint) => ({
      // The event is the run and the endpoint its node: so each endpoint gets each event as one delivery, however often this runs.
      workflow_run_id: Number(event.id),
      organization_id: Number(event.organization_id),
      webhook_node_id: `endpoint-${endpoint.id}`,
      endpoint_url: endpoint.url,
      credential_uuid: endpoint.credential_uuid,
      payload: { id: event.id, type: event.type, happened_at: event.happened_at.toISOString(), data: event.data },
    })),
  );
  const refused = results.flatMap((result, index) =>
    'error' in result ? [{ endpoint: endpoints[index]?.id, ...result.error }] : [],
  );
  // What passes is tried again with the whole event, which stays to be handed over.
  const passing = refused.find(({ errorType, errorMessage }) => new SurehookError(errorType, errorMessage).retryable);
  if (passing !== undefined) throw new SurehookError(passing.errorType, passing.errorMessage);
  await database.query('update customer_events set handed_over_at = now(), refused = $2 where id = $1', [
    event.id,
    JSON.stringify(refused),
  ]);
}
