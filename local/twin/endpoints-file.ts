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
};

/** Functions by their file's name and queues by their role, as the stack's outputs name them. */
export function endpointsOf(stack: StackDescription, endpoint: string): Endpoints {
  const output = (name: string): string => {
    const value = stack.outputs[name];
    if (value === undefined) throw new StartError(`the template has no output ${name}`);
    return value;
  };
  const functions = Object.keys(stack.outputs).flatMap((name) => {
    const role = /^(\w+)FunctionName$/.exec(name)?.[1];
    return role === undefined ? [] : [[role.charAt(0).toLowerCase() + role.slice(1), output(name)] as const];
  });
  const { resourceArn, secretArn } = databaseOf(stack);
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
    },
    database: { resourceArn, secretArn, database: output('DatabaseName') },
  };
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
