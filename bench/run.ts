// npm run bench: what the stack on this machine does. docs/benchmarks.md says how to read it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coldStarts } from './cold-starts.ts';
import { latencyAt, oneSlowEndpointInTen } from './latency.ts';
import type { Bench } from './measurement.ts';
import { startReceiver } from './receiver-process.ts';
import { type BenchResults, tablesOf, thisMachine } from './report.ts';
import { connectToStack } from './stack-client.ts';
import { statementCosts } from './statement-cost.ts';
import { sendingCosts } from './sending.ts';
import { type StartedStack, startStack } from '../test/support/stack/stack-process.ts';
import { drainThroughput, liveThroughput, type Throughput } from './throughput.ts';

const RESULTS_FILE = 'bench-results.json';
const DELIVERIES = 2_000;
/** A function that runs as often as it may throttles: callers repeat, and their latency shows it. */
const INVOKE_TRIES = 10;

const begunAt = performance.now();

function progress(line: string): void {
  process.stdout.write(`${((performance.now() - begunAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'surehook-bench-'));
  const receiver = await startReceiver();
  let stack: StartedStack | undefined;
  try {
    progress('starting the stack for the first time');
    stack = await startStack(dataDir);
    const firstSeconds = stack.secondsToReady;
    await stack.process.stop();
    stack = await startStack(dataDir);
    const start = { firstSeconds, secondSeconds: stack.secondsToReady };

    const { endpoints } = stack;
    const bench: Bench = { endpoints, client: connectToStack(endpoints, INVOKE_TRIES), receiver, progress };
    const throughput = await measureThroughput(bench);
    const latency = await latencyAt(bench, { perSecond: 50, seconds: 20 });
    const slowEndpoint = await oneSlowEndpointInTen(bench, 500);
    bench.client.close();
    await stack.process.stop();

    progress('statements');
    const statements = await statementCosts();
    progress('sending with and without TLS');
    const sending = await sendingCosts(receiver);
    progress('cold starts');
    const results: BenchResults = {
      machine: thisMachine(),
      start,
      coldStarts: await coldStarts(dataDir),
      statements,
      throughput,
      sending,
      latency,
      slowEndpoint,
    };
    writeFileSync(RESULTS_FILE, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(`\n${tablesOf(results)}\n\nwritten to ${RESULTS_FILE}\n`);
  } finally {
    receiver.stop();
    // Also the database must be gone before its folder is.
    await stack?.process.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureThroughput(bench: Bench): Promise<Throughput[]> {
  const batches = { deliveries: DELIVERIES, enqueue: 'in batches' } as const;
  return [
    // The first run of all is a stack's first: processes start, and V8 has compiled nothing.
    await liveThroughput(bench, { ...batches, name: 'live, batches, cold', runs: 1, receiverMs: 0 }),
    await liveThroughput(bench, { ...batches, name: 'live, batches', runs: 3, receiverMs: 0 }),
    await liveThroughput(bench, {
      ...batches,
      name: 'live, batches, one organization',
      runs: 1,
      receiverMs: 0,
      organizations: 1,
    }),
    await liveThroughput(bench, { ...batches, name: 'live, batches, 50 ms', runs: 1, receiverMs: 50 }),
    await liveThroughput(bench, {
      name: 'live, singly',
      deliveries: DELIVERIES,
      enqueue: 'singly',
      runs: 1,
      receiverMs: 0,
    }),
    await drainThroughput(bench, { ...batches, name: 'drain', runs: 1, receiverMs: 0 }),
    await drainThroughput(bench, { ...batches, name: 'drain, 50 ms', runs: 1, receiverMs: 50 }),
  ];
}

await main();
