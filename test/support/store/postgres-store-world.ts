import { createHash } from 'node:crypto';
import { createDataApiCalls } from '../../../shared/aws/clients.ts';
import { localSurroundings } from '../stack/local-surroundings.ts';
import { Client, escapeLiteral, type Pool } from 'pg';
import { createDataApi as createDataApiEndpoint, type DataApiOptions } from '../../../local/aws/data-api/service.ts';
import { createDataApi, type DataApi } from '../../../shared/aws/data-api.ts';
import { createDataApiInspectStore } from '../../../shared/aws/data-api-inspect-store.ts';
import { createDataApiRecordStore } from '../../../shared/aws/data-api-record-store.ts';
import type { RecordStore } from '../../../shared/operate/keep-records.ts';
import { createDataApiEndpoints } from '../../../shared/aws/data-api-endpoints.ts';
import { createDataApiOrderStore } from '../../../shared/aws/data-api-order-store.ts';
import type { InspectStore } from '../../../shared/operate/inspect-store.ts';
import { createDataApiAcceptStore } from '../../../shared/aws/data-api-accept-store.ts';
import { createDataApiAnnounceStore } from '../../../shared/aws/data-api-announce-store.ts';
import { createDataApiDeliverStore } from '../../../shared/aws/data-api-deliver-store.ts';
import { createDataApiSweepStore } from '../../../shared/aws/data-api-sweep-store.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { applicationTables } from '../postgres/application-tables.ts';
import { migrateUp, PUBLIC_SCHEMAS } from '../postgres/public-schemas.ts';
import { createTestDatabase, prepareTemplate } from '../postgres/test-database.ts';
import {
  type AttemptRecord,
  type DeliveryRecord,
  type EndpointRecord,
  RULES,
  type Store,
  type StoreBench,
} from './store-world.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';

const RESOURCE_ARN = 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef';

/** Names a template by what it holds: the server may be kept while the migrations change. */
const SCHEMA = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 12);

export type PostgresStoreBench = StoreBench & {
  inspectStore: InspectStore & Pick<Store, 'findNamed'>;
  recordStore: RecordStore;
  url: string;
  /** Past the Data API, straight to the database. */
  pool: Pool;
  /** The product's own client, for further stores. */
  dataApi: DataApi;
  /** Empties every table. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** The real store: SDK client, HTTP over loopback, the local Data API, PostgreSQL 17. */
export async function openPostgresStore(
  options: Pick<DataApiOptions, 'intercept' | 'sessionSettings'> & {
    tries?: number;
    clock?: Clock;
    rowsPerLook?: number;
    /** Beside the tables of an application that delivered its webhooks itself, with its rows. */
    beside?: 'application';
    /** What is run in place of a statement. */
    rewrite?: (sql: string) => string;
  } = {},
): Promise<PostgresStoreBench> {
  const template =
    options.beside === undefined
      ? await prepareTemplate(`delivery_store_${SCHEMA}`, (url) => fill(url))
      : await prepareTemplate(`delivery_store_beside_${SCHEMA}`, (url) => fill(url, applicationTables('rows')));
  const database = await createTestDatabase({ template });
  const { hostname, port, username, password } = new URL(database.url);
  const endpoint = createDataApiEndpoint({
    connection: { host: hostname, port: Number(port), user: username, password, database: database.database },
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
    ...(options.intercept && { intercept: options.intercept }),
    ...(options.sessionSettings && { sessionSettings: options.sessionSettings }),
  });
  const served = await serveAwsService({ 'rds-data': endpoint.service });
  const client = createDataApiCalls(localSurroundings(served.endpoint), { maxTries: options.tries ?? 1 });
  const target = {
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
    database: database.database,
    schemas: PUBLIC_SCHEMAS,
  };
  const dataApi = rewritten(createDataApi(client, target, options.clock ?? systemClock), options.rewrite);
  const { rowsPerLook: rows } = options;
  const rowsPerLook = rows === undefined ? undefined : { counting: rows, finding: rows };
  let now: string | undefined;
  const rules = { ...RULES };
  const clock = () => now;
  return {
    ...behind(database.pool),
    store: {
      ...createDataApiAcceptStore(dataApi, clock),
      ...createDataApiDeliverStore(dataApi, rules, clock),
      ...createDataApiSweepStore(dataApi, rules, clock),
      ...createDataApiOrderStore(dataApi, clock, rowsPerLook),
      ...createDataApiEndpoints(dataApi, rules, clock),
    },
    announcements: createDataApiAnnounceStore(dataApi, clock),
    inspectStore: createDataApiInspectStore(dataApi, clock),
    recordStore: createDataApiRecordStore(dataApi, clock),
    setNow: (iso) => (now = iso),
    setRules: (some) => void Object.assign(rules, some),
    url: database.url,
    dataApi,
    pool: database.pool,
    async reset() {
      Object.assign(rules, RULES);
      await database.pool.query(ALLOW);
      await database.pool.query(
        'truncate webhook_ordering_keys, webhook_ordering_slots, webhook_outcomes, webhook_endpoints, webhook_deliveries, webhook_delivery_attempts, webhook_orders, webhook_redelivery_paces, workflow_runs, workflows restart identity cascade',
      );
    },
    async close() {
      client.destroy();
      await served.close();
      await endpoint.close();
      await database.drop();
    },
  };
}

function rewritten(dataApi: DataApi, rewrite: ((sql: string) => string) | undefined): DataApi {
  if (rewrite === undefined) return dataApi;
  return {
    ...dataApi,
    execute: (statement, ...rest) => dataApi.execute({ ...statement, sql: rewrite(statement.sql) }, ...rest),
  };
}

async function fill(url: string, more?: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await migrateUp(client);
  if (more !== undefined) await client.query(`${more} analyze`);
  await client.end();
}

function behind(pool: Pool): Omit<StoreBench, 'store' | 'announcements' | 'strictStore' | 'setNow' | 'setRules'> {
  return {
    async delivery(deliveryId) {
      const { rows } = await pool.query<{ record: NullableRecord<DeliveryRecord> }>(SHOW_DELIVERY, [deliveryId]);
      return rows[0] === undefined ? undefined : withoutNulls(rows[0].record);
    },
    async attempts(deliveryId) {
      const { rows } = await pool.query<{ record: NullableRecord<AttemptRecord> }>(SHOW_ATTEMPTS, [deliveryId]);
      return rows.map(({ record }) => withoutNulls(record));
    },
    async endpoints() {
      const { rows } = await pool.query<{ record: NullableRecord<EndpointRecord> }>(SHOW_ENDPOINTS);
      return rows.map(({ record }) => withoutNulls(record));
    },
    async setEndpoint(organizationId, endpointUrl, { maxInFlight, maxPerSecond, isStopped }) {
      await pool.query(
        `insert into webhook_endpoints (key, scope, organization_id, origin, max_in_flight, max_per_second, stopped_at)
        select key, scope, $1, origin, $3, $4, case when $5 then now() end
        from webhook_endpoint_keys($1, $2) where scope = 'endpoint'
        on conflict (key) do update set max_in_flight = excluded.max_in_flight,
          max_per_second = excluded.max_per_second, stopped_at = excluded.stopped_at`,
        [organizationId, endpointUrl, maxInFlight ?? null, maxPerSecond ?? null, isStopped ?? false],
      );
    },
    async addRun(runId, organizationId) {
      const { rows } = await pool.query<{ id: string }>(
        'insert into workflows (organization_id) values ($1) returning id',
        [organizationId ?? null],
      );
      await pool.query('insert into workflow_runs (id, workflow_id) values ($1, $2)', [runId, rows[0]?.id]);
    },
    async moveRun(runId, organizationId) {
      await pool.query(
        'update workflows set organization_id = $2 where id = (select workflow_id from workflow_runs where id = $1)',
        [runId, organizationId ?? null],
      );
    },
    async removeRun(runId) {
      await pool.query('delete from workflow_runs where id = $1', [runId]);
    },
    async remove(deliveryId) {
      await pool.query('delete from webhook_deliveries where id = $1', [deliveryId]);
    },
    async lock(deliveryId) {
      const holder = await pool.connect();
      await holder.query('begin');
      await holder.query('select from webhook_deliveries where id = $1 for update', [deliveryId]);
      let isOver = false;
      const commit = async (): Promise<void> => {
        if (isOver) return;
        isOver = true;
        await holder.query('commit');
        holder.release();
      };
      return { commit, [Symbol.asyncDispose]: commit };
    },
    async refuse(deliveryId, what) {
      await pool.query(REFUSE);
      if (what === 'its attempts') {
        await pool.query(
          `create trigger refuse before insert or update on webhook_delivery_attempts for each row
          when (new.delivery_id = ${deliveryId}) execute function refuse_change()`,
        );
        return;
      }
      await pool.query(
        `create trigger refuse before update on webhook_deliveries for each row
        when (old.id = ${deliveryId} and (${what === 'any change'} or new.status <> 'pending')) execute function refuse_change()`,
      );
    },
    async refuseToStore(webhookNodeId) {
      await pool.query(REFUSE);
      await pool.query(
        `create trigger refuse before insert on webhook_deliveries for each row
        when (new.webhook_node_id = ${escapeLiteral(webhookNodeId)}) execute function refuse_change()`,
      );
    },
    async refuseNothing() {
      await pool.query(ALLOW);
    },
    async insertedByOther(deliveryId) {
      await pool.query('update webhook_deliveries set awaits_hand_out = true where id = $1', [deliveryId]);
    },
    async setClaimCount(deliveryId, claimCount) {
      await pool.query('update webhook_deliveries set claim_count = $2 where id = $1', [deliveryId, claimCount]);
    },
  };
}

const REFUSE = `
  create or replace function refuse_change() returns trigger language plpgsql as
  $$ begin raise exception 'the application does not want this'; end $$`;

const ALLOW =
  'drop trigger if exists refuse on webhook_deliveries; drop trigger if exists refuse on webhook_delivery_attempts';

type NullableRecord<T> = { [name in keyof T]: T[name] | null };

function withoutNulls<T extends object>(record: NullableRecord<T>): T {
  // A null column is an undefined property: that is the whole difference of the two types.
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value ?? undefined])) as T;
}

const milliseconds = (column: string): string => `round(extract(epoch from ${column}) * 1000)`;

const SHOW_DELIVERY = `
  select json_build_object(
    'status', status, 'attemptCount', attempt_count, 'maxAttempts', max_attempts, 'claimCount', claim_count,
    'scheduledForMs', ${milliseconds('scheduled_for')}, 'awaitsHandOut', awaits_hand_out, 'leaseToken', lease_token,
    'leaseExpiresMs', ${milliseconds('lease_expires_at')}, 'putBackMs', ${milliseconds('put_back_at')},
    'lastStatusCode', last_status_code, 'lastError', last_error, 'deadLetterReason', dead_letter_reason,
    'succeededLate', succeeded_late, 'heldFor', held_for, 'heldDueMs', ${milliseconds('held_due_at')},
    'heldCalledMs', ${milliseconds('held_called_at')}, 'heldSeconds', held_seconds
  ) as record
  from webhook_deliveries where id = $1`;

const SHOW_ENDPOINTS = `
  select json_build_object(
    'key', key, 'scope', scope, 'failures', failures, 'downSinceMs', ${milliseconds('down_since')},
    'notBeforeMs', ${milliseconds('not_before')}, 'window', in_flight_window,
    'slots', (select count(*) from jsonb_object_keys(slots))
  ) as record
  from webhook_endpoints order by scope, key`;

const SHOW_ATTEMPTS = `
  select json_build_object(
    'attempt', attempt, 'statusCode', status_code, 'errorClass', error_class, 'error', error, 'excerpt', response_excerpt,
    'exchange', exchange
  ) as record
  from webhook_delivery_attempts where delivery_id = $1 order by attempt`;
