// What a sweep costs on a large table: 1,000,000 deliveries that are over and 100,000 that are due and lost their message.
// `npm run bench:sweep`. Real: PostgreSQL, the Data API and SQS endpoints over loopback HTTP, the sweep itself.
import { createDataApiCalls, createSqsCalls } from '../shared/aws/clients.ts';
import { localSurroundings } from '../test/support/stack/local-surroundings.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDataApi as createEndpoint } from '../local/aws/data-api/service.ts';
import { startPostgres } from '../local/postgres/postgres.ts';
import { createSqs } from '../local/aws/sqs/service.ts';
import { systemTimers } from '../local/timers.ts';
import { createDataApi } from '../shared/aws/data-api.ts';
import { createDataApiSweepStore } from '../shared/aws/data-api-sweep-store.ts';
import { createSqsDeliveryQueue } from '../shared/aws/sqs-delivery-queue.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { sweepDeliveries } from '../shared/sweep/sweep-deliveries.ts';
import * as queries from '../sql/compiled-queries.ts';
import { inPublic, migrateUp, PUBLIC_SCHEMAS } from '../test/support/postgres/public-schemas.ts';
import { serveAwsService } from '../test/local/serve-aws-service.ts';

const FINISHED = 1_000_000;
const DUE = 100_000;
const TARGET = {
  resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:bench',
  secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:bench-AbCdEf',
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const INSERT = `insert into webhook_deliveries
  (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, attempt_count, scheduled_for)`;

async function fill(client: Client): Promise<void> {
  await migrateUp(client);
  await client.query(`${INSERT}
    select n, 1 + n % 50, 'node', 'https://example.com/hook', '{"n":1}', 'succeeded', 1, null
    from generate_series(1, ${FINISHED}) as n`);
  await client.query(`${INSERT}
    select ${FINISHED} + n, 1 + n % 50, 'node', 'https://example.com/hook', '{"n":1}', 'pending', 0,
      now() - make_interval(secs => 120 + n * 0.01)
    from generate_series(1, ${DUE}) as n`);
  await client.query('vacuum analyze webhook_deliveries');
}

/** The plan of one page, in a transaction that is given up. */
async function planOf(client: Client, after: string | null): Promise<string> {
  const values: Record<string, string | null> = {
    after_due: after,
    after_id: after === null ? null : '0',
    page_rows: '500',
    grace_seconds: '60',
    horizon_seconds: '900',
    pause_seconds: '300',
    max_pause_seconds: '7200',
    now: null,
  };
  const text = inPublic(queries.putBackDeliveries.sql).replaceAll(/(?<!:):([a-z_]+)/g, (_, name: string) => {
    const value = values[name];
    return value === null || value === undefined ? 'null' : `'${value}'`;
  });
  await client.query('begin');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers, costs off) ${text}`);
  await client.query('rollback');
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'surehook-sweep-'));
const postgres = await startPostgres({ folder: join(folder, 'postgres') });
const client = new Client({ connectionString: postgres.url });
await client.connect();
try {
  say(`filling: ${FINISHED} finished, ${DUE} due`);
  await fill(client);
  say(`\nplan of the first page:\n${await planOf(client, null)}\n`);

  const endpoint = createEndpoint({ connection: postgres.connection, ...TARGET });
  const sqs = createSqs({
    timers: systemTimers,
    accountId: '000000000000',
    region: 'us-east-1',
    baseUrl: 'http://127.0.0.1',
  });
  const queue = sqs.queues.add({
    name: 'delivery',
    delaySeconds: 0,
    visibilityTimeoutSeconds: 60,
    retentionSeconds: 345_600,
    maximumMessageBytes: 1_048_576,
  });
  const served = await serveAwsService({ 'rds-data': endpoint.service, sqs: sqs.service });
  const surroundings = localSurroundings(served.endpoint);
  const dataApi = createDataApi(
    createDataApiCalls(surroundings),
    { ...TARGET, database: postgres.connection.database, schemas: PUBLIC_SCHEMAS },
    systemClock,
  );
  const quiet = { info() {}, warn() {}, error() {} };
  const uncounted = {
    count() {},
    deadLetters() {},
    milliseconds() {},
    seconds() {},
    gauge() {},
    standing() {},
    flush() {},
  };
  const parts = {
    store: createDataApiSweepStore(dataApi, { downAfterFailures: 5, maxInFlight: undefined, outcomes: 'none' }),
    bus: { put: async () => ({ unput: [] }) },
    outcomes: 'none' as const,
    queue: createSqsDeliveryQueue(createSqsCalls(surroundings), { deliveryQueueUrl: queue.url }, systemClock),
    clock: systemClock,
    log: quiet,
    metrics: uncounted,
  };
  for (const round of ['first sweep, everything is put back', 'second sweep, nothing is due for a message']) {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const report = await sweepDeliveries(parts, { mode: 'usual', stopAtMonotonicMs: performance.now() + 600_000 });
    const seconds = (performance.now() - started) / 1000;
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
    say(
      `${round}: ${report.putBack} put back in ${seconds.toFixed(1)} s; ${queue.depth().visible} messages; ` +
        `this process (sweep, Data API and SQS endpoints together) grew by ${grown.toFixed(0)} MiB`,
    );
  }
  await served.close();
  await endpoint.close();
} finally {
  await client.end();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
