import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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
  const found: ColdStart[] = [];
  for (const { functionName, file, environment } of bundlesOf(join(dataDir, assembly))) {
    const runs: [loadMs: number, processorMs: number][] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await load(file, environment));
    found.push({
      functionName,
      bundleBytes: statSync(file).size,
      loadMs: median(runs.map(([loadMs]) => loadMs)),
      processorMs: median(runs.map(([, processorMs]) => processorMs)),
    });
  }
  return found;
}

async function load(file: string, environment: Record<string, string>): Promise<[number, number]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', LOAD, '--', pathToFileURL(file).href],
    { env: { ...environment, AWS_REGION: 'us-east-1', PATH: process.env['PATH'] } },
  );
  const [loadMs = Number.NaN, processorMs = Number.NaN] = JSON.parse(stdout) as number[];
  return [loadMs, processorMs];
}

type Bundle = { functionName: string; file: string; environment: Record<string, string> };

type Template = {
  Resources: Record<
    string,
    {
      Type: string;
      Metadata?: { 'aws:asset:path'?: string };
      Properties?: { Environment?: { Variables?: Record<string, unknown> }; Description?: string };
    }
  >;
};

function bundlesOf(assemblyFolder: string): Bundle[] {
  const template = JSON.parse(readFileSync(join(assemblyFolder, 'WebhookDelivery.template.json'), 'utf8')) as Template;
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Metadata, Properties }]) => {
    const folder = Metadata?.['aws:asset:path'];
    const file = folder === undefined ? undefined : join(assemblyFolder, folder, 'index.mjs');
    // CDK's own functions are no part of the product.
    if (Type !== 'AWS::Lambda::Function' || file === undefined || !statSync(file, { throwIfNoEntry: false })) return [];
    const variables = Object.entries(Properties?.Environment?.Variables ?? {});
    // References, such as to a queue, are known to a running stack only; loading needs none of them.
    const environment = variables.map(([name, value]) => [name, typeof value === 'string' ? value : 'unresolved']);
    return [{ functionName: nameOf(logicalId), file, environment: Object.fromEntries(environment) }];
  });
}

/** `SurehookEnqueueD67ADA5A` is the function `enqueue`. */
function nameOf(logicalId: string): string {
  return (/([A-Z][a-z]+)[0-9A-F]{8}$/.exec(logicalId)?.[1] ?? logicalId).toLowerCase();
}
