import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  RollbackTransactionCommand,
  type SqlParameter,
} from '@aws-sdk/client-rds-data';
import type { Pool } from 'pg';
import { createDataApi, type DataApi, type DataApiOptions } from '../../local/aws/data-api/service.ts';
import { createTestDatabase } from '../support/postgres/test-database.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { serveAwsService } from './serve-aws-service.ts';

type Refusal = { name: string; message: string; status: number | undefined };

/** The real SDK client in front of the local Data API, in front of a PostgreSQL database of the suite's own. */
export type DataApiBench = {
  api: DataApi;
  /** Where it listens. */
  url: string;
  client: RDSDataClient;
  /** Turns the endpoint's clock. */
  timers: ManualTimers;
  /** Past the Data API, straight to the database. */
  pool: Pool;
  target: { resourceArn: string; secretArn: string; database: string };
  execute(sql: string, more?: Partial<ExecuteStatementCommandInput>): Promise<ExecuteStatementCommandOutput>;
  /** The first field of the first row. */
  value(sql: string, parameters?: SqlParameter[]): Promise<Field | undefined>;
  begin(): Promise<string>;
  commit(transactionId: string): Promise<string | undefined>;
  rollback(transactionId: string): Promise<string | undefined>;
  close(): Promise<void>;
};

const RESOURCE_ARN = 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef';

export async function startDataApiBench(
  options: Pick<DataApiOptions, 'intercept' | 'maxConnections' | 'pause'> & {
    attempts?: number;
    /** What somebody has set for the database, such as `timezone = 'Asia/Kathmandu'`. */
    databaseSettings?: readonly string[];
  } = {},
): Promise<DataApiBench> {
  const { attempts = 1, databaseSettings = [], ...apiOptions } = options;
  const database = await createTestDatabase({ settings: databaseSettings });
  const timers = new ManualTimers();
  const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database: database.database };
  const api = createDataApi({
    ...apiOptions,
    connection: connectionOf(database.url),
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
    timers,
  });
  const served = await serveAwsService({ 'rds-data': api.service });
  const client = new RDSDataClient({
    endpoint: served.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: attempts,
  });
  const execute: DataApiBench['execute'] = (sql, more = {}) =>
    client.send(new ExecuteStatementCommand({ ...target, sql, ...more }));
  const handle = (transactionId: string) => ({ resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, transactionId });
  return {
    api,
    url: served.endpoint,
    client,
    timers,
    pool: database.pool,
    target,
    execute,
    async value(sql, parameters = []) {
      const { records } = await execute(sql, { parameters });
      return records?.[0]?.[0];
    },
    async begin() {
      const { transactionId } = await client.send(new BeginTransactionCommand(target));
      if (transactionId === undefined) throw new Error('no transaction id');
      return transactionId;
    },
    commit: async (id) => (await client.send(new CommitTransactionCommand(handle(id)))).transactionStatus,
    rollback: async (id) => (await client.send(new RollbackTransactionCommand(handle(id)))).transactionStatus,
    async close() {
      client.destroy();
      await served.close();
      await api.close();
      await database.drop();
    },
  };
}

/** How the SDK reports that a call was refused; fails when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('the call was not refused');
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return { name: error.name, message: error.message, status: typeof status === 'number' ? status : undefined };
}

/** Resolves once a backend waits for a lock: the statement is in the midst of its work. */
export function untilSomebodyWaits(pool: Pool): Promise<void> {
  return untilWaiting(pool, 1);
}

/** Resolves once so many backends wait for a lock. */
export async function untilWaiting(pool: Pool, wanted: number): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    if (rowCount !== null && rowCount >= wanted) return;
  }
}

/** Resolves once the Data API has no statement at work. */
export async function untilNobodyWorks(pool: Pool): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      "select from pg_stat_activity where application_name = 'Data API' and state <> 'idle' and datname = current_database()",
    );
    if (rowCount === 0) return;
  }
}

function connectionOf(url: string): DataApiOptions['connection'] {
  const { hostname, port, username, password, pathname } = new URL(url);
  return { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) };
}
