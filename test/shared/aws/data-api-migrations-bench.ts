import { createDataApiCalls } from '../../../shared/aws/clients.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import type { Pool } from 'pg';
import { createDataApi as createEndpoint, type DataApi as Endpoint } from '../../../local/aws/data-api/service.ts';
import { createDataApi, type DataApi } from '../../../shared/aws/data-api.ts';
import { createDataApiMigrationTarget } from '../../../shared/aws/data-api-migrations.ts';
import {
  type Migration,
  migrateDatabase,
  type MigrationOrder,
  type MigrationReport,
  type MigrationTarget,
} from '../../../shared/operate/migrate-database.ts';
import { migrations } from '../../../sql/compiled-migrations.ts';
import { createTestDatabase } from '../../support/postgres/test-database.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';
import { ManualTimers } from '../../support/time/manual-timers.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import type { ForeignTable } from '../../../shared/runtime/foreign-table.ts';
import type { DatabaseSchemas } from '../../../shared/runtime/database-schemas.ts';
import { PUBLIC_SCHEMAS } from '../../support/postgres/public-schemas.ts';

const RESOURCE_ARN = 'arn:aws:rds:us-east-1:000000000000:cluster:deliveries';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:deliveries-abcdef';

/** A database of one test's own, and runners in front of it as a deployment starts them. */
export type MigrationsBench = {
  /** Straight to the database. */
  pool: Pool;
  endpoint: Endpoint;
  /** The endpoint's. */
  timers: ManualTimers;
  /** Of every runner. */
  clock: TurnedClock;
  /** A runner of its own. */
  runner(options?: RunnerOptions): MigrationTarget;
  /** The Data API as the functions use it. */
  dataApi: DataApi;
  /** One run, by default up with the real migrations. */
  run(options?: RunOptions): Promise<MigrationReport>;
  close(): Promise<void>;
};

type RunnerOptions = { lockTimeoutMs?: number; applicationTables?: 'made' | 'found'; alongside?: ForeignTable };
type RunOptions = RunnerOptions & { order?: MigrationOrder; history?: readonly Migration[] };

/** So long that only a test that wants one sees a lock time out, however busy the machine is. */
const PATIENT_MS = 60_000;
const UP: MigrationOrder = { direction: 'up' };
export const DOWN_TO_NOTHING = { direction: 'down', toVersion: 0 } as const satisfies MigrationOrder;

/** `role`: who migrates; made here with no right but to log in. Default: the owner of everything. */
export async function startMigrationsBench(
  schemas: DatabaseSchemas = PUBLIC_SCHEMAS,
  role?: string,
): Promise<MigrationsBench> {
  const database = await createTestDatabase();
  const { hostname, port, username, password } = new URL(database.url);
  if (role !== undefined)
    await database.pool.query(`create role ${role} login password '${password}'; grant ${role} to current_user`);
  const timers = new ManualTimers();
  const clock = new TurnedClock();
  const endpoint = createEndpoint({
    connection: { host: hostname, port: Number(port), user: role ?? username, password, database: database.database },
    resourceArn: RESOURCE_ARN,
    secretArn: SECRET_ARN,
    timers,
  });
  const served = await serveAwsService({ 'rds-data': endpoint.service });
  const client = createDataApiCalls(localSurroundings(served.endpoint), { maxTries: 1 });
  const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database: database.database, schemas };
  const dataApi = createDataApi(client, target, clock);
  const runner: MigrationsBench['runner'] = ({
    lockTimeoutMs = PATIENT_MS,
    applicationTables = 'made',
    alongside,
  } = {}) =>
    createDataApiMigrationTarget(dataApi, {
      untilMonotonicMs: clock.monotonicMs() + 600_000,
      lockTimeoutMs,
      schemas,
      applicationTables,
      alongside,
    });
  return {
    dataApi,
    pool: database.pool,
    endpoint,
    timers,
    clock,
    runner,
    run: ({ order = UP, history = migrations, ...options } = {}) => migrateDatabase(runner(options), history, order),
    async close() {
      client.destroy();
      await served.close();
      await endpoint.close();
      await database.drop(role);
    },
  };
}
