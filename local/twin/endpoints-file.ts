import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackDescription } from '../template/stack-description.ts';
import { StartError } from '../start-error.ts';
import { databaseOf, REGION } from './twin.ts';

/** What other programs need to reach this stack. */
export type Endpoints = {
  aws: string;
  console: string;
  region: string;
  pid: number;
  functions: Record<string, string>;
  queues: Record<string, string>;
  database: { resourceArn: string; secretArn: string; database: string };
  /** By which enqueue judges a request: `surehook check` judges alike. */
  settings: Record<string, string>;
};

const JUDGED_BY: ReadonlySet<string> = new Set([
  'EGRESS_ALLOW_CIDRS',
  'WEBHOOK_HEADER_PREFIX',
  'WEBHOOK_DELIVERY_MAX_ATTEMPTS',
]);

/** Functions by their file's name and queues by their role, as the stack's outputs name them. */
export function endpointsOf(stack: StackDescription, endpoint: string): Endpoints {
  const prefix = outputPrefix(stack);
  const output = (name: string): string => {
    const value = stack.outputs[prefix + name];
    if (value === undefined) throw new StartError(`the template has no output ${prefix}${name}`);
    return value;
  };
  const functions = Object.entries(stack.outputs).flatMap(([name, value]) => {
    const role = name.startsWith(prefix) ? /^(\w+)FunctionName$/.exec(name.slice(prefix.length))?.[1] : undefined;
    return role === undefined ? [] : [[role.charAt(0).toLowerCase() + role.slice(1), value] as const];
  });
  const { resourceArn, secretArn } = databaseOf(stack);
  const enqueue = stack.functions.find(({ name }) => name === output('EnqueueFunctionName'));
  const set = Object.entries(enqueue?.environment ?? {});
  // Only where the database may sleep; no output names it, because no caller has to do with it.
  const markers = enqueue?.environment['MARKER_QUEUE_URL'];
  return {
    aws: endpoint,
    console: `${endpoint}/`,
    region: REGION,
    pid: process.pid,
    functions: Object.fromEntries(functions),
    queues: {
      intake: output('IntakeQueueUrl'),
      intakeDeadLetters: output('IntakeDeadLetterQueueUrl'),
      delivery: output('DeliveryQueueUrl'),
      deliveryDeadLetters: output('DeliveryDeadLetterQueueUrl'),
      ...(markers && { markers }),
    },
    database: { resourceArn, secretArn, database: output('DatabaseName') },
    settings: Object.fromEntries(set.filter(([name]) => JUDGED_BY.has(name))),
  };
}

/** In somebody's own stack the outputs are named after the construct. Of several constructs the first is meant. */
function outputPrefix({ outputs }: StackDescription): string {
  const name = Object.keys(outputs).find((candidate) => candidate.endsWith('EnqueueFunctionName')) ?? '';
  return name.slice(0, -'EnqueueFunctionName'.length);
}

/** Written by rename when everything is ready, so that readers never see an incomplete file. */
export function writeEndpoints(dataDir: string, endpoints: Endpoints): void {
  const file = join(dataDir, 'endpoints.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeEndpoints(dataDir: string): void {
  rmSync(join(dataDir, 'endpoints.json'), { force: true });
}
