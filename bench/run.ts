// npm run bench: what the stack on this machine does. docs/benchmarks.md says how to read it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coldStarts } from './cold-starts.ts';
import { sectionsOf } from './document.ts';
import type { Bench } from './measurement.ts';
import { type ReceiverProcess, startReceiver } from './receiver-process.ts';
import { type BenchResults, tablesOf, thisMachine } from './report.ts';
import { connectToStack } from './stack-client.ts';
import { statementCosts } from './statement-cost.ts';
import { sendingCosts } from './sending.ts';
import { type Choice, choose, measureStack, OTHERS, THROUGHPUT } from './scenarios.ts';
import { type StartedStack, startStack } from '../test/support/stack/stack-process.ts';

const HELP = `npm run bench -- [--only SCENARIO] … [--repeat 3] [--checkout FOLDER] [--into FILE]
  only      one scenario of these, as often as you like:
            ${[...THROUGHPUT.map(({ plan }) => plan.name), ...OTHERS].join('\n            ')}
  repeat    runs of each throughput scenario; the tables show the one in the middle
  checkout  the stack of another checkout of this project, for a comparison; only what needs a stack is measured then
  into      where the results go (bench-results.json)`;

/** A function that runs as often as it may throttles: callers repeat, and their latency shows it. */
const INVOKE_TRIES = 10;

const { values: given } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    repeat: { type: 'string' },
    checkout: { type: 'string' },
    into: { type: 'string', default: 'bench-results.json' },
    help: { type: 'boolean', default: false },
  },
});

const begunAt = performance.now();

function progress(line: string): void {
  process.stdout.write(`${((performance.now() - begunAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

async function main(): Promise<void> {
  if (given.help) return void process.stdout.write(`${HELP}\n`);
  const repeat = given.repeat === undefined ? undefined : Number(given.repeat);
  if (repeat !== undefined && !(Number.isInteger(repeat) && repeat > 0)) throw new Error('--repeat must be 1 or more');
  const choice = choose(given.only, repeat);
  const [loadBefore = 0] = loadavg();
  const date = new Date().toISOString().slice(0, 10);
  const dataDir = mkdtempSync(join(tmpdir(), 'surehook-bench-'));
  const receiver = await startReceiver();
  try {
    const stack = await measureRunningStack(choice, dataDir, receiver);
    const alone = given.checkout === undefined ? await measureAlone(choice, dataDir, receiver) : {};
    const results: BenchResults = { machine: thisMachine(), date, loadBefore, ...stack, ...alone };
    writeFileSync(given.into, `${JSON.stringify(results, null, 2)}\n`);
    const million = sectionsOf(results).find(({ name }) => name === 'million');
    process.stdout.write(`\n${tablesOf(results)}\n\n${million?.text ?? ''}\n\nwritten to ${given.into}\n`);
  } finally {
    receiver.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureRunningStack(choice: Choice, dataDir: string, receiver: ReceiverProcess) {
  let stack: StartedStack | undefined;
  const start = () => startStack(dataDir, {}, [], given.checkout);
  try {
    progress('starting the stack for the first time');
    stack = await start();
    const firstSeconds = stack.secondsToReady;
    await stack.process.stop();
    stack = await start();
    const { endpoints, secondsToReady } = stack;
    const client = connectToStack(endpoints, INVOKE_TRIES);
    const bench: Bench = { endpoints, client, receiver, progress };
    const measured = await measureStack(bench, choice);
    client.close();
    return { start: { firstSeconds, secondSeconds: secondsToReady }, ...measured };
  } finally {
    // Also the database must be gone before its folder is.
    await stack?.process.stop();
  }
}

async function measureAlone({ others }: Choice, dataDir: string, receiver: ReceiverProcess) {
  for (const other of others) if (!/^(?:latency|slow endpoint)$/.test(other)) progress(other);
  return {
    ...(others.has('statements') && { statements: await statementCosts() }),
    ...(others.has('sending') && { sending: await sendingCosts(receiver) }),
    ...(others.has('cold starts') && { coldStarts: await coldStarts(dataDir) }),
  };
}

await main();
