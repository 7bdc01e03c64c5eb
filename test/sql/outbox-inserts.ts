import pg, { type Pool, type PoolClient } from 'pg';

/** What a mapper's model names: every column that is documented. */
const COLUMNS = [
  'delivery_uuid',
  'workflow_run_id',
  'organization_id',
  'webhook_node_id',
  'webhook_name',
  'endpoint_url',
  'http_method',
  'payload',
  'custom_headers',
  'credential_uuid',
  'status',
  'attempt_count',
  'max_attempts',
  'scheduled_for',
  'last_status_code',
  'last_error',
  'created_at',
  'updated_at',
  'traceparent',
  'tracestate',
  'ordering_key',
  'ordering_on_dead_letter',
] as const;
export type Values = Partial<Record<(typeof COLUMNS)[number], unknown>>;

let runs = 100;

/** A sound webhook of a run of its own. */
export function webhook(values: Values = {}): Values {
  return {
    workflow_run_id: ++runs,
    organization_id: 7,
    webhook_node_id: 'node',
    endpoint_url: 'https://receiver.example/hook',
    payload: '{"n": 1.10}',
    ...values,
  };
}

/** Every column is named, and what has no value is an explicit null. `types`: as Parse names them; 0 leaves it to the server. */
export async function insert(
  client: Pool | PoolClient,
  values: Values,
  {
    into = 'public.webhook_outbox',
    types = {},
    returning = '',
  }: { into?: string; types?: Values; returning?: string } = {},
): Promise<{ rows: Record<string, unknown>[] }> {
  const oids = COLUMNS.map((column) => types[column] ?? 0);
  const query = {
    text: `insert into ${into} (${COLUMNS.join(', ')}) values (${COLUMNS.map((_, at) => `$${at + 1}`).join(', ')}) ${returning}`,
    values: COLUMNS.map((column) => values[column] ?? null),
    types: Object.assign(oids, { getTypeParser: pg.types.getTypeParser.bind(pg.types) }),
  };
  return client.query(query as unknown as string);
}

const VARCHAR = pg.types.builtins.VARCHAR;
const INT4 = pg.types.builtins.INT4;
/** As a model of the application's own table has them. */
export const MAPPED: Values = {
  delivery_uuid: VARCHAR,
  workflow_run_id: INT4,
  organization_id: INT4,
  webhook_node_id: VARCHAR,
  webhook_name: VARCHAR,
  endpoint_url: VARCHAR,
  http_method: VARCHAR,
  payload: pg.types.builtins.JSON,
  custom_headers: pg.types.builtins.JSON,
  credential_uuid: VARCHAR,
  status: VARCHAR,
  attempt_count: INT4,
  max_attempts: INT4,
  scheduled_for: pg.types.builtins.TIMESTAMPTZ,
  last_status_code: INT4,
  last_error: VARCHAR,
  traceparent: VARCHAR,
  tracestate: VARCHAR,
};
