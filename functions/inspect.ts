import type { Context } from 'aws-lambda';
import { createWaitingLambdaClient } from '../shared/aws/clients.ts';
import { openDatabase } from '../shared/aws/database.ts';
import { createDataApiInspectStore } from '../shared/aws/data-api-inspect-store.ts';
import { createLambdaExaminer } from '../shared/aws/lambda-examiner.ts';
import { createPowertoolsMetrics } from '../shared/aws/powertools-metrics.ts';
import { inspectDeliveries, InspectRefused } from '../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../shared/operate/inspect-request.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { INSPECT_LOOK_SECONDS } from '../shared/runtime/limits.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { databaseSettings, readSettings } from '../shared/settings.ts';

// Called by Lambda, by an operator, the command line, the console or the dashboard.
export const handler = buildOnce(build, inspect);

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const surroundings = { environment: process.env, clock: systemClock };
  const { database, deliverFunctionName } = readSettings(process.env, (reader) => ({
    database: databaseSettings(reader),
    deliverFunctionName: reader.required('DELIVER_FUNCTION_NAME'),
  }));
  return {
    store: createDataApiInspectStore(openDatabase(database, surroundings)),
    examiner: createLambdaExaminer(createWaitingLambdaClient(), deliverFunctionName, systemClock),
    clock: systemClock,
    metrics: createPowertoolsMetrics(),
  };
}

// Runs for every event: parse, delegate, return.
async function inspect(event: unknown, parts: ReturnType<typeof build>, _context: Context) {
  try {
    const parsed = parseInspectRequest(event);
    if (!parsed.ok) throw new InspectRefused('InvalidRequest', parsed.errorMessage);
    const stopAt = systemClock.monotonicMs() + INSPECT_LOOK_SECONDS * 1000;
    return await inspectDeliveries(parts, parsed.request, stopAt);
  } catch (fault) {
    if (fault instanceof InspectRefused) parts.metrics.count('InspectMistakes');
    throw fault;
  } finally {
    parts.metrics.flush();
  }
}
