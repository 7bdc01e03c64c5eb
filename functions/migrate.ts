import type { Context } from 'aws-lambda';
import {
  createCloudFormationClient,
  createCloudFormationRunningVersion,
} from '../shared/aws/cloudformation-running-version.ts';
import { createSqsCalls } from '../shared/aws/clients.ts';
import { openDatabase, openMarker } from '../shared/aws/database.ts';
import { createDataApiMigrationTarget } from '../shared/aws/data-api-migrations.ts';
import { oldestDueSeconds } from '../shared/aws/data-api-backlog.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { createPowertoolsLog } from '../shared/aws/powertools-log.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { readMarkerQueueUrl } from '../shared/delivery/read-marker-queue.ts';
import { MISTAKES } from '../shared/observe/metric-names.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { reportFirstFigure } from '../shared/operate/first-figure.ts';
import { refuseStrayMove } from '../shared/operate/database-move.ts';
import { migrateDatabase, parseMigrationOrder } from '../shared/operate/migrate-database.ts';
import { databaseSettings, readAlongside, readSettings } from '../shared/settings.ts';
import { migrations } from '../sql/compiled-migrations.ts';

// Called by Lambda: at each deployment, and by an operator with {"direction":"down","to_version":n}, plus "lose" if data would be lost.
export const handler = buildOnce(build, migrate);

/** A paused cluster takes 15–30 s to wake, a new one minutes until it accepts its first statement. */
const STOP_BEFORE_TIMEOUT_MS = 10_000;
/** At a first deployment, its role is seconds old. */
const RIGHTS_MAY_TAKE_MS = 120_000;
/** To count what is pending in a database that may not answer. */
const COUNT_MAY_TAKE_MS = 45_000;

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const { database, applicationTables, alongside, markerQueueUrl, ...stack } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    applicationTables: reader.oneOf('APPLICATION_TABLES', ['made', 'found']),
    alongside: readAlongside(reader),
    markerQueueUrl: readMarkerQueueUrl(reader),
    stackId: reader.required('STACK_ID'),
    outputPrefix: reader.maybeEmpty('OUTPUT_PREFIX'),
    movedFrom: reader.maybeEmpty('DATABASE_MOVED_FROM'),
  }));
  const place = { schemas: database.schemas, applicationTables, alongside };
  const surroundings = { environment: process.env, clock: systemClock };
  const told = { ...surroundings, log: createPowertoolsLog(), metrics: createPowertoolsMetrics(MISTAKES) };
  return {
    ...told,
    marker: openMarker({ ...told, sqs: createSqsCalls(told), markerQueueUrl }),
    dataApi: openDatabase(database, surroundings),
    surroundings,
    database,
    place,
    stack: { ...stack, client: createCloudFormationClient() },
  };
}

// Runs for every event: parse, delegate, return.
async function migrate(event: unknown, parts: ReturnType<typeof build>, context: Context) {
  const { dataApi, place, log } = parts;
  const begunAt = systemClock.monotonicMs();
  const order = parseMigrationOrder(event);
  if (order.direction === 'up') {
    const move = { next: parts.database, movedFrom: parts.stack.movedFrom };
    if ((await refuseStrayMove(runningVersion(parts, begunAt), move)) === 'could not look')
      log.warn('move_not_checked', {});
  }
  const target = createDataApiMigrationTarget(dataApi, {
    ...place,
    untilMonotonicMs: begunAt + context.getRemainingTimeInMillis() - STOP_BEFORE_TIMEOUT_MS,
    rightsUntilMonotonicMs: begunAt + RIGHTS_MAY_TAKE_MS,
  });
  const report = await migrateDatabase(target, migrations, order);
  log.info('migrated', report);
  if (order.direction === 'up') {
    // What the version before has made pending has no marker.
    await parts.marker?.put();
    await reportFirstFigure({ ...parts, oldestDueSeconds: () => oldestDueSeconds(dataApi) });
  }
  return report;
}

/** What is deployed, as far as CloudFormation and the database that is in use tell. */
function runningVersion({ stack, database, surroundings }: ReturnType<typeof build>, begunAt: number) {
  return createCloudFormationRunningVersion(stack.client, {
    ...stack,
    open: (inUse) => openDatabase({ ...database, ...inUse }, surroundings),
    clock: systemClock,
    rightsUntilMonotonicMs: begunAt + RIGHTS_MAY_TAKE_MS,
    untilMonotonicMs: begunAt + RIGHTS_MAY_TAKE_MS + COUNT_MAY_TAKE_MS,
  });
}
