import type { Context } from 'aws-lambda';
import { openDatabase } from '../shared/aws/database.ts';
import { createDataApiMigrationTarget } from '../shared/aws/data-api-migrations.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { migrateDatabase, parseMigrationOrder } from '../shared/operate/migrate-database.ts';
import { databaseSettings, readApplicationTables, readSettings } from '../shared/settings.ts';
import { migrations } from '../sql/compiled.ts';

// Called by Lambda: at each deployment, and by an operator with {"direction":"down","to_version":n}, plus "lose" if data would be lost.
export const handler = buildOnce(build, migrate);

/** A paused cluster takes 15–30 s to wake, a new one minutes until it accepts its first statement. */
const STOP_BEFORE_TIMEOUT_MS = 10_000;
/** At a first deployment, its role is seconds old. */
const RIGHTS_MAY_TAKE_MS = 120_000;

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const { database, applicationTables } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    applicationTables: readApplicationTables(reader),
  }));
  const place = { schemas: database.schemas, applicationTables };
  return { dataApi: openDatabase(database, systemClock), place, log: createPowertoolsLog() };
}

// Runs for every event: parse, delegate, return.
async function migrate(event: unknown, { dataApi, place, log }: ReturnType<typeof build>, context: Context) {
  const begunAt = systemClock.monotonicMs();
  const target = createDataApiMigrationTarget(dataApi, {
    ...place,
    untilMonotonicMs: begunAt + context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS,
    rightsUntilMonotonicMs: begunAt + RIGHTS_MAY_TAKE_MS,
  });
  const report = await migrateDatabase(target, migrations, parseMigrationOrder(event));
  log.info('migrated', report);
  return report;
}
