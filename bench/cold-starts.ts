import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { STACK_NAME } from '../local/twin/synthesize.ts';
import { loadStack } from '../local/template/load-stack.ts';
import { median } from './measurement.ts';

export type ColdStart = {
  /** The function's file. */
  functionName: string;
  bundleBytes: number;
  /** Loading the bundle in a process that has just started; of nine, the one in the middle. */
  loadMs: number;
  /** Processor time of that process in all, Node's own start among it. */
  processorMs: number;
};

const RUNS = 9;

/** Printed by the process: how long the import took, and its processor time. */
const LOAD = `
  const begunAt = performance.now();
  await import(process.argv[1]);
  const loadMs = performance.now() - begunAt;
  const { user, system } = process.cpuUsage();
  process.stdout.write(JSON.stringify([loadMs, (user + system) / 1000]));
  process.exit(0);
`;

/** Loads the bundle of each function, as the stack in this folder runs it, with the function's own environment. */
export async function coldStarts(dataDir: string): Promise<ColdStart[]> {
  const assembly = readdirSync(dataDir).find((name) => /^assembly-[0-9a-f]+$/.test(name));
  if (assembly === undefined) throw new Error('the stack left no assembly');
  const stack = await loadStack({
    stackName: STACK_NAME,
    assemblyFolder: join(dataDir, assembly),
    queueUrl: (name) => `http://127.0.0.1/000000000000/${name}`,
  });
  const found: ColdStart[] = [];
  for (const { logicalId, codeFolder, environment } of stack.functions) {
    const file = join(codeFolder, 'index.mjs');
    const runs: [loadMs: number, processorMs: number][] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await load(file, environment));
    found.push({
      functionName: nameOf(logicalId),
      bundleBytes: statSync(file).size,
      loadMs: median(runs.map(([loadMs]) => loadMs)),
      processorMs: median(runs.map(([, processorMs]) => processorMs)),
    });
  }
  return found;
}

async function load(file: string, environment: Readonly<Record<string, string>>): Promise<[number, number]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', LOAD, '--', pathToFileURL(file).href],
    { env: { ...environment, AWS_REGION: 'us-east-1', PATH: process.env['PATH'] } },
  );
  const [loadMs = Number.NaN, processorMs = Number.NaN] = JSON.parse(stdout) as number[];
  return [loadMs, processorMs];
}

/** `SurehookEnqueueD67ADA5A` is the function `enqueue`. */
function nameOf(logicalId: string): string {
  return (/([A-Z][a-z]+)[0-9A-F]{8}$/.exec(logicalId)?.[1] ?? logicalId).toLowerCase();
}
