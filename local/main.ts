import { join } from 'node:path';
import { createConsole } from '../console/create-console.ts';
import { createDashboardHandler } from './dashboard/dashboard-handler.ts';
import { type DataFolder, openDataFolder } from './twin/data-folder.ts';
import { createDeliveryNews, type DeliveryNews } from './twin/delivery-news.ts';
import { createDemoReceiver } from './demo/demo-receiver.ts';
import { readDeployedOutputs, writeDeployedOutputs } from './twin/deployed-outputs.ts';
import { endpointsOf, removeEndpoints, writeEndpoints } from './twin/endpoints-file.ts';
import { firstSteps } from './twin/first-steps.ts';
import { type FrontDoor, openFrontDoor } from './twin/front-door.ts';
import { openFunctionLog } from './twin/function-log.ts';
import { loadPolicyEngine } from './aws/iam/iam.ts';
import { invokeByName, invokeByRole } from './twin/invoke-by-role.ts';
import { createStackMetrics } from './aws/metrics/stack-metrics.ts';
import { watchDisk } from './twin/full-disk.ts';
import { jsonPage } from './twin/json-page.ts';
import { readStartOptions } from './twin/options.ts';
import { namedDatabase } from './postgres/named-database.ts';
import type { Postgres } from './postgres/postgres.ts';
import { forgetOtherDatabases, goneNpm, stopSignals, thisShell } from './twin/shell.ts';
import { createScreen } from './twin/screen.ts';
import { startFault } from './twin/start-fault.ts';
import { placeNotice, stackSource, withLoopback } from './twin/stack-source.ts';
import { loadStack } from './template/load-stack.ts';
import { systemTimers } from './timers.ts';
import { ACCOUNT_ID, buildTwin, databaseOf, databasePauseOf, REGION, startDatabase, type Twin } from './twin/twin.ts';
import { goneFolder, untilGone } from './twin/until-gone.ts';

/** After this a stop no longer waits for anything: children die with this process. */
const STOP_WITHIN_MS = 8_000;

const begunAt = performance.now();

/** What is running so far, to be stopped in the opposite order. */
type Running = {
  folder?: DataFolder;
  door?: FrontDoor;
  postgres?: Postgres;
  twin?: Twin;
  log?: ReturnType<typeof openFunctionLog>;
  news?: DeliveryNews;
};
const running: Running = {};
let stopping: Promise<void> | undefined;

const screen = createScreen(process.stdout);

function say(line: string): void {
  screen.say(line);
}

function progress(step: string): void {
  say(`${((performance.now() - begunAt) / 1000).toFixed(1).padStart(6)} s  ${step}`);
}

async function start(): Promise<void> {
  forgetOtherDatabases(thisShell);
  const options = readStartOptions(process.env, process.argv.slice(2));
  const { port, dataDir, databasePause, functionsEndpoint } = options;
  running.folder = await openDataFolder(dataDir);
  removeEndpoints(dataDir);
  running.door = await openFrontDoor(port);
  const endpoint = `http://127.0.0.1:${port}`;

  progress(options.app === undefined ? 'synthesizing the stack, starting the database' : 'starting the database');
  const [[source, policyEngine], server] = await bothOrNeither(
    Promise.all([stackSource(options), loadPolicyEngine({ accountId: ACCOUNT_ID, say })]),
    startDatabase(dataDir, say).then((started) => (running.postgres = started)),
  );
  const queueUrl = (name: string) => `${functionsEndpoint ?? endpoint}/000000000000/${name}`;
  const inlineFolder = join(dataDir, 'inline');
  const loaded = await loadStack({ ...source, inlineFolder, queueUrl });
  const stack = options.app === undefined ? loaded : withLoopback(loaded, options.settings);
  for (const notice of [...placeNotice(source, { accountId: ACCOUNT_ID, region: REGION }), ...stack.notices])
    say(`  not here  ${notice}`);
  const postgres = await namedDatabase(server, databaseOf(stack).databaseName ?? 'postgres');

  progress('functions: migrating the database');
  const log = (running.log = openFunctionLog(dataDir, say));
  const news = (running.news = createDeliveryNews({ screen, timers: systemTimers }));
  const metrics = createStackMetrics({ timers: systemTimers, alarms: stack.alarms });
  const twin = await buildTwin({
    deployedBefore: readDeployedOutputs(dataDir),
    databasePause,
    stack,
    postgres,
    policyEngine,
    dataDir,
    endpoint,
    functionsEndpoint,
    log: (line) => {
      log.write(line);
      metrics.readLine(line);
      news.readLine(line);
    },
    observe: metrics.observe,
    alarms: () => metrics.alarms.reports(),
    say,
  });
  running.twin = twin;
  metrics.watchQueues(twin.queues.all());
  const endpoints = endpointsOf(stack, endpoint);
  const demo = createDemoReceiver({ timers: systemTimers });
  const invoke = invokeByRole(twin.lambda, endpoints.functions);
  running.door.open({
    services: twin.services,
    pages: [
      demo.handle,
      twin.apiCalls.handle,
      jsonPage('/console/events.json', () => twin.events()),
      // The console itself asks the database, and so keeps it awake.
      jsonPage('/console/database.json', () => twin.database()),
      createDashboardHandler({
        dashboards: stack.dashboards,
        store: metrics.store,
        alarms: metrics.alarms,
        timers: systemTimers,
        origin: endpoint,
        invoke: (functionArn, event) => invokeByName(twin.lambda, functionArn, event),
      }),
      createConsole({
        invoke,
        origin: endpoint,
        stack: { name: 'local', options: '', dashboard: '/dashboard' },
        by: 'console',
        local: {
          dataDir,
          region: endpoints.region,
          functions: endpoints.functions,
          queues: namesOf(endpoints.queues),
          queueDepths: () => twin.queues.all().map((queue) => ({ name: queue.name, ...queue.depth() })),
          demoReceiver: demo,
          events: () => twin.events(),
        },
        reportFault: (fault) => say(`console: ${fault instanceof Error ? fault.message : 'unknown fault'}`),
      }),
    ],
  });
  await twin.deploy();
  writeDeployedOutputs(dataDir, stack.outputs);
  // If it was told to stop meanwhile, nothing may begin, and nobody may be told that it is ready.
  if (stopping !== undefined) return;
  twin.begin();

  watchDisk({ folder: dataDir, say, timers: systemTimers });
  stopByItself({ postgres, folders: [dataDir, join(dataDir, 'postgres', 'cluster'), source.assemblyFolder] });
  writeEndpoints(dataDir, endpoints);
  progress('ready');
  say(
    firstSteps(endpoints, {
      deployed: stack.functions,
      logFile: join(dataDir, 'functions.log'),
      pause: databasePauseOf(databaseOf(stack), databasePause),
    }),
  );
  // The queues start empty: whatever a row is waiting for, its message is lost.
  const swept = await invoke('sweep', { messages_lost: true });
  if (!swept.ok) say(`sweep: ${swept.errorMessage}`);
}

/** What ends a stack that nobody told to stop. */
function stopByItself({ postgres, folders }: { postgres: Postgres; folders: readonly string[] }): void {
  void postgres.exited.then(() =>
    stop(stopping === undefined ? 'the database ended and did not come back' : undefined),
  );
  void untilGone(goneFolder(folders), systemTimers).then((folder) =>
    stop(`${folder} was removed or replaced while this stack used it: start again`),
  );
}

/** The last part of a queue's url is its name. */
function namesOf(urls: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(urls).map(([role, url]) => [role, url.split('/').at(-1) ?? url]));
}

/** If one fails, the other must still be known, so that it can be stopped. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

function stop(because?: string): Promise<void> {
  stopping ??= takeDown().finally(() => {
    if (because !== undefined) process.stderr.write(`surehook: ${because}\n`);
    process.exit(because === undefined ? 0 : 1);
  });
  return stopping;
}

async function takeDown(): Promise<void> {
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  const { folder, door, twin, postgres, log, news } = running;
  news?.end();
  if (folder !== undefined) removeEndpoints(folder.path);
  await door?.close();
  await (twin?.stop() ?? postgres?.stop());
  await log?.close();
  folder?.release();
}

for (const signal of stopSignals(thisShell)) {
  process.on(signal, () => {
    if (stopping === undefined) say(`stopping: ${signal}`);
    void stop();
  });
}
if (!thisShell.hasTerminal) process.on('SIGHUP', () => undefined);
// The reader of the output has gone, as with `| head`.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => void stop());
void untilGone(goneNpm(thisShell), systemTimers).then(() => stop());

start().catch((error: unknown) => {
  if (stopping !== undefined) return;
  void stop(startFault(error, running.folder?.path ?? ''));
});
