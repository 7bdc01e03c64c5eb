import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { quoted } from '../shared/operate/curl-command.ts';
import { isJsonObject } from '../shared/runtime/json-object.ts';
import { CommandFault } from './command-fault.ts';
import { type AwsConfiguration, deployedStack, localStack, type StackAccess } from './stack-access.ts';

export type StackOptions = {
  stack?: string;
  construct?: string;
  region?: string;
  profile?: string;
  dataDir?: string;
};

const DEFAULT_STACK = 'WebhookDelivery';
const DEFAULT_DATA_DIR = '.surehook';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The local stack of `--data-dir`; without options that name a deployed one, the one that runs in `.surehook`; else the
 * deployed one. Throws CommandFault.
 */
export async function findStack(options: StackOptions, env: Environment): Promise<StackAccess> {
  const { stack, construct, region, profile, dataDir } = options;
  const namesDeployed = [stack, construct, region, profile].some((option) => option !== undefined);
  if (dataDir !== undefined) {
    if (namesDeployed) throw CommandFault.wrongUsage('--data-dir names a stack on this machine: it goes with no other');
    const running = runningIn(dataDir);
    if (running === undefined) throw CommandFault.failed(notRunning(dataDir));
    return localStack(running, dataDir);
  }
  const running = namesDeployed ? undefined : runningIn(env['DATA_DIR'] || DEFAULT_DATA_DIR);
  if (running !== undefined) return localStack(running, env['DATA_DIR'] || DEFAULT_DATA_DIR);
  const configuration: AwsConfiguration = { ...(region && { region }), ...(profile && { profile }) };
  const outputs = await outputsOf(stack ?? DEFAULT_STACK, configuration, () => otherwise(namesDeployed, env));
  const prefix = construct ?? onlyPrefix(Object.keys(outputs), stack ?? DEFAULT_STACK);
  const own = withoutPrefix(outputs, prefix);
  return deployedStack({ name: stack ?? DEFAULT_STACK, outputs: own, configuration, options: namedBy(options) });
}

/** What the environment of enqueue says in the local stack that a command is about; undefined if it is about none. Throws CommandFault. */
export function settingsHere(
  { stack, construct, region, profile, dataDir }: StackOptions,
  env: Environment,
): { dataDir: string; settings: Record<string, string> } | undefined {
  if ([stack, construct, region, profile].some((option) => option !== undefined)) return undefined;
  const folder = dataDir ?? (env['DATA_DIR'] || DEFAULT_DATA_DIR);
  const running = runningIn(folder);
  if (running === undefined && dataDir !== undefined) throw CommandFault.failed(notRunning(folder));
  const settings = running?.['settings'];
  if (!isJsonObject(settings)) return undefined;
  const texts = Object.entries(settings).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
  return { dataDir: folder, settings: Object.fromEntries(texts) as Record<string, string> };
}

function notRunning(dataDir: string): string {
  return `no stack is running in ${dataDir}: start it there first`;
}

/** What else there is to work with, where no deployed stack can be looked up. */
function otherwise(namesDeployed: boolean, env: Environment): string {
  const dataDir = env['DATA_DIR'] || DEFAULT_DATA_DIR;
  const running = namesDeployed ? runningIn(dataDir) : undefined;
  if (running === undefined) return `Nor is one running in ${dataDir} on this machine.`;
  return (
    `One is running in ${dataDir} on this machine: leave out --stack, --construct, --region and --profile for that one, ` +
    `or look it up as a deployed one after export AWS_ENDPOINT_URL=${String(running['aws'])} AWS_REGION=${String(running['region'])} ` +
    'AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local.'
  );
}

/** The options again, for somebody else: whose profile has the name of this one is not known. */
function namedBy({ stack, construct, region }: StackOptions): string {
  const given = Object.entries({ stack, construct, region }).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `--${name} ${quoted(value ?? '')}`).join(' ');
}

/** The endpoints of a local stack that is running. A file that a killed one left behind is none. */
function runningIn(dataDir: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, 'endpoints.json'), 'utf8');
  } catch {
    return undefined;
  }
  const endpoints: unknown = JSON.parse(text);
  if (!isJsonObject(endpoints) || !isRunning(Number(endpoints['pid']))) return undefined;
  return endpoints;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function outputsOf(
  stackName: string,
  configuration: AwsConfiguration,
  otherwise: () => string,
): Promise<Record<string, string>> {
  const client = new CloudFormationClient(configuration);
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return Object.fromEntries(
      (found?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw CommandFault.failed(`the stack ${stackName} cannot be looked up: ${why}. ${otherwise()}`, { cause });
  } finally {
    client.destroy();
  }
}

const LANDMARK = 'EnqueueFunctionName';

function onlyPrefix(names: readonly string[], stackName: string): string {
  const prefixes = names.filter((name) => name.endsWith(LANDMARK)).map((name) => name.slice(0, -LANDMARK.length));
  const [first, ...others] = prefixes;
  if (first === undefined)
    throw CommandFault.failed(`the stack ${stackName} has no output ${LANDMARK}: it is none of Surehook`);
  if (prefixes.includes('')) return '';
  if (others.length > 0) {
    throw CommandFault.wrongUsage(
      `the stack ${stackName} has several constructs: choose with --construct ${prefixes.join(' or ')}`,
    );
  }
  return first;
}

function withoutPrefix(outputs: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const own = Object.entries(outputs).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
