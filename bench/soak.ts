// npm run soak: webhooks at a steady rate for an hour, while the memory of every process is watched. `npm run soak -- --help`
// names the options. It ends by itself; Ctrl-C ends it early, with what was seen until then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStack } from '../test/support/stack/stack-process.ts';
import { MemoryWatch } from './memory.ts';
import { webhooksFor } from './measurement.ts';
import { HAS_PROC } from './process-tree.ts';
import { type ReceiverProcess, startReceiver } from './receiver-process.ts';
import { thisMachine } from './report.ts';
import { type SoakResults, soakReport, soakVerdict } from './soak-report.ts';
import { connectToStack, type StackClient } from './stack-client.ts';

const HELP = `npm run soak -- [--minutes 60] [--per-second 100] [--batch 1] [--in-flight 40]
  minutes     for so long webhooks are enqueued, however many that are on a busy machine
  per-second  so many, to one endpoint of each of seven organizations
  batch       so many in one request
  in-flight   requests that may be unanswered; beyond that the next one waits, and the report says how late it was
It writes soak-results.json. It fails if a delivery was lost or recorded otherwise, or if a function's memory grows.`;

const RESULTS_FILE = 'soak-results.json';
const SCENARIO = 'soak';
const SAMPLE_SECONDS = 5;
/** After the last request; a retry of a delivery that met a fault may take a minute. */
const LAST_RECEIPT_SECONDS = 180;
const INVOKE_TRIES = 5;

const { values: given } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    'per-second': { type: 'string', default: '100' },
    batch: { type: 'string', default: '1' },
    'in-flight': { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  },
});

type Plan = { minutes: number; perSecond: number; batch: number; inFlight: number };

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return value;
}

function planOf(): Plan {
  return {
    minutes: positive('minutes', given.minutes),
    perSecond: positive('per-second', given['per-second']),
    batch: Math.min(100, Math.ceil(positive('batch', given.batch))),
    inFlight: Math.ceil(positive('in-flight', given['in-flight'])),
  };
}

type Enqueued = { accepted: Set<string>; refused: Map<string, number>; latestMs: number };

/** At the plan's rate, or as fast as it goes, until its time is over or `stopped`; resolves when the last request is answered. */
async function enqueueSteadily(
  client: StackClient,
  url: string,
  { plan, stopped }: { plan: Plan; stopped: () => boolean },
): Promise<Enqueued> {
  const enqueued: Enqueued = { accepted: new Set(), refused: new Map(), latestMs: 0 };
  const underWay = new Set<Promise<void>>();
  const begunAt = performance.now();
  const everyMs = (1000 * plan.batch) / plan.perSecond;
  const endsAt = begunAt + plan.minutes * 60_000;
  for (let planMs = begunAt; planMs < endsAt && performance.now() < endsAt && !stopped(); planMs += everyMs) {
    const early = planMs - performance.now();
    if (early > 1) await pause(early);
    while (underWay.size >= plan.inFlight) await Promise.race(underWay);
    enqueued.latestMs = Math.max(enqueued.latestMs, performance.now() - planMs);
    const one = enqueueOnce(client, url, { batch: plan.batch, enqueued }).finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.all(underWay);
  return enqueued;
}

async function enqueueOnce(
  client: StackClient,
  url: string,
  { batch, enqueued }: { batch: number; enqueued: Enqueued },
): Promise<void> {
  const webhooks = webhooksFor(SCENARIO, batch, () => url);
  const [only] = webhooks;
  try {
    const uuids =
      batch === 1 && only !== undefined ? [await client.enqueue(only)] : await client.enqueueBatch(webhooks);
    for (const uuid of uuids) enqueued.accepted.add(uuid);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    enqueued.refused.set(name, (enqueued.refused.get(name) ?? 0) + 1);
  }
}

/** Those that the receiver does not have after all the time they may take. */
async function lostOf(accepted: ReadonlySet<string>, receiver: ReceiverProcess): Promise<string[]> {
  const until = performance.now() + LAST_RECEIPT_SECONDS * 1000;
  for (;;) {
    const received = new Set(await receiver.received(SCENARIO));
    const lost = [...accepted].filter((uuid) => !received.has(uuid));
    if (lost.length === 0 || performance.now() > until) return lost;
    await pause(500);
  }
}

/** How many deliveries have each status, when none is pending any more or the time is over. */
async function recordedOf(client: StackClient): Promise<Record<string, number>> {
  const sql = `select status, count(*) as deliveries from webhook_deliveries
    where webhook_node_id = '${SCENARIO}' group by status order by status`;
  const until = performance.now() + LAST_RECEIPT_SECONDS * 1000;
  for (;;) {
    const rows = await client.query(sql);
    const counts = Object.fromEntries(rows.map((row) => [String(row['status']), Number(row['deliveries'])]));
    if (counts['pending'] === undefined || performance.now() > until) return counts;
    await pause(500);
  }
}

async function soak(plan: Plan, dataDir: string): Promise<SoakResults> {
  const receiver = await startReceiver();
  const stack = await startStack(dataDir);
  const { endpoints } = stack;
  const client = connectToStack(endpoints, INVOKE_TRIES);
  const watch = new MemoryWatch(endpoints.pid, endpoints.functions);
  const begunAt = performance.now();
  const seconds = (): number => (performance.now() - begunAt) / 1000;
  let isStopped = false;
  const stop = (): void => void (isStopped = true);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const loads: number[] = [];
  const sampler = setInterval(() => {
    watch.sample(seconds());
    loads.push(loadavg()[0] ?? 0);
  }, SAMPLE_SECONDS * 1000);
  const teller = setInterval(() => process.stdout.write(`${(seconds() / 60).toFixed(0).padStart(4)} min\n`), 60_000);
  try {
    const enqueued = await enqueueSteadily(client, receiver.url(0, SCENARIO), { plan, stopped: () => isStopped });
    const enqueueSeconds = seconds();
    const lost = await lostOf(enqueued.accepted, receiver);
    const recorded = await recordedOf(client);
    watch.sample(seconds());
    return {
      machine: thisMachine(),
      plan,
      endedEarly: isStopped,
      seconds: enqueueSeconds,
      accepted: enqueued.accepted.size,
      refused: Object.fromEntries(enqueued.refused),
      latestMs: enqueued.latestMs,
      received: await receiver.requests(SCENARIO),
      lost: lost.length,
      someLost: lost.slice(0, 10),
      recorded,
      highestLoad: Math.max(0, ...loads),
      processes: watch.processes(),
    };
  } finally {
    clearInterval(sampler);
    clearInterval(teller);
    client.close();
    receiver.stop();
    await stack.process.stop();
  }
}

async function main(): Promise<void> {
  if (given.help) return void process.stdout.write(`${HELP}\n`);
  if (!HAS_PROC) throw new Error('the soak reads the memory of processes from /proc, which this system does not have');
  const plan = planOf();
  const dataDir = mkdtempSync(join(tmpdir(), 'surehook-soak-'));
  try {
    const results = await soak(plan, dataDir);
    writeFileSync(RESULTS_FILE, `${JSON.stringify(results)}\n`);
    process.stdout.write(`\n${soakReport(results)}\n\nwritten to ${RESULTS_FILE}\n`);
    if (soakVerdict(results).faults.length > 0) process.exitCode = 1;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
