import { createDataApiCalls } from '../shared/aws/clients.ts';
import { localSurroundings } from '../test/support/stack/local-surroundings.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDataApi as createEndpoint } from '../local/aws/data-api/service.ts';
import { startPostgres } from '../local/postgres/postgres.ts';
import { createDataApi, type DataApi } from '../shared/aws/data-api.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { serveAwsService } from '../test/local/serve-aws-service.ts';
import { migrateUp, PUBLIC_SCHEMAS } from '../test/support/postgres/public-schemas.ts';
import { type NamedValues, withNumberedParameters } from '../test/support/postgres/named-parameters.ts';

const TARGET = {
  resourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:bench',
  secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:bench-AbCdEf',
};

/** A migrated database of a benchmark's own, straight and behind the Data API; gone when it is closed. */
export type BenchDatabase = {
  client: Client;
  url: string;
  /** Opens the Data API on it; `close` ends its sessions, and with them their statistics are written. */
  openDataApi(): Promise<{ dataApi: DataApi; close(): Promise<void> }>;
  close(): Promise<void>;
};

/** Without fsync, and without full pages in the WAL: Aurora writes none, and they would hide what a statement itself writes. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  maintenance_work_mem: '256MB',
};

/** @param upTo the newest migration to apply; default: all */
export async function openBenchDatabase(upTo = Infinity): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-bench-'));
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), settings: SETTINGS });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await migrateUp(client, upTo);
  return {
    client,
    url: postgres.url,
    async openDataApi() {
      const endpoint = createEndpoint({ connection: postgres.connection, ...TARGET });
      const served = await serveAwsService({ 'rds-data': endpoint.service });
      const calls = createDataApiCalls(localSurroundings(served.endpoint));
      return {
        dataApi: createDataApi(
          calls,
          { ...TARGET, database: postgres.connection.database, schemas: PUBLIC_SCHEMAS },
          systemClock,
        ),
        async close() {
          calls.destroy();
          await served.close();
          await endpoint.close();
        },
      };
    },
    async close() {
      await client.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a statement costs, in a transaction that is given up: the middle of five runs, and its pages and plan. */
export async function costOfStatement(
  client: Client,
  sql: string,
  parameters: NamedValues,
): Promise<{ ms: number; pages: number; plan: string }> {
  const { text, values } = withNumberedParameters(sql, parameters);
  const runs: { ms: number; pages: number; plan: string }[] = [];
  for (let run = 0; run < 5; run++) {
    await client.query('begin');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, costs off) ${text}`,
      values,
    );
    await client.query('rollback');
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    const [, hit = '0', read = '0'] = /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(plan) ?? [];
    const ms = Number(/Planning Time: ([\d.]+)/.exec(plan)?.[1]) + Number(/Execution Time: ([\d.]+)/.exec(plan)?.[1]);
    runs.push({ ms, pages: Number(hit) + Number(read), plan });
  }
  return runs.toSorted((a, b) => a.ms - b.ms)[2] ?? { ms: Number.NaN, pages: 0, plan: '' };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
