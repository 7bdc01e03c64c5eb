import { createServer } from 'node:http';
import type { Template } from 'aws-cdk-lib/assertions';
import { vi } from 'vitest';
import { contextOf, sqsEvent } from './platform-world.ts';
import { environmentOf, type FunctionId } from './synthesized-stack.ts';

type Handler = (event: never, context: ReturnType<typeof contextOf>) => Promise<unknown>;

/** The files whose bundles are deployed. */
const ENTRIES: Record<FunctionId, () => Promise<{ handler: Handler }>> = {
  Enqueue: () => import('../../../functions/enqueue.ts'),
  Deliver: () => import('../../../functions/deliver.ts'),
  Sweep: () => import('../../../functions/sweep.ts'),
  Migrate: () => import('../../../functions/migrate.ts'),
  Inspect: () => import('../../../functions/inspect.ts'),
  Operate: () => import('../../../functions/operate.ts'),
  Widget: () => import('../../../functions/widget.ts'),
};

/**
 * A function's environment by the template, without what a library reads by itself; some text stands for each name that only
 * a deployment knows.
 */
export function deployedEnvironment(template: Template, id: FunctionId): Record<string, string> {
  const variables = Object.entries(environmentOf(template, id)).filter(([name]) => !name.startsWith('POWERTOOLS_'));
  return Object.fromEntries(variables.map(([name, value]) => [name, typeof value === 'string' ? value : `a ${name}`]));
}

export type ColdStart = {
  /** Of the build, or of the work after it: AWS refuses whatever it is asked. */
  failure: Error | undefined;
  /** Names of the environment that the product's own files have read; sorted, without those the platform itself sets. */
  read: string[];
};

/**
 * Sends a function its first event in exactly this environment. Of one module this is a cold start until a build succeeds:
 * a failed one is forgotten.
 */
export async function coldStart(id: FunctionId, environment: Readonly<Record<string, string>>): Promise<ColdStart> {
  const { handler } = await ENTRIES[id]();
  const aws = await openRefusingAws();
  const read = new Set<string>();
  const own = process.env;
  const output = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
  process.env = recording({ ...environment, ...platformOf(aws.endpoint) }, read);
  try {
    await handler(sqsEvent() as never, contextOf(60));
    return { failure: undefined, read: [...read].sort() };
  } catch (failure) {
    if (!(failure instanceof Error)) throw failure;
    return { failure, read: [...read].sort() };
  } finally {
    process.env = own;
    for (const stream of output) stream.mockRestore();
    await aws.close();
  }
}

function platformOf(endpoint: string): Record<string, string> {
  const credentials = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
  return { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: endpoint, ...credentials };
}

/** Notes what is asked for from outside of node_modules. Names that begin with AWS_ or _X_AMZN_ can only be the platform's: Lambda sets them. */
function recording(environment: NodeJS.ProcessEnv, read: Set<string>): NodeJS.ProcessEnv {
  return new Proxy(environment, {
    get(target, name) {
      const asker = new Error().stack?.split('\n')[2] ?? '';
      if (!asker.includes('/node_modules/') && !/^(?:AWS_|_X_AMZN_)/.test(String(name))) read.add(String(name));
      return Reflect.get(target, name) as string | undefined;
    },
  });
}

/** Answers at once, and in a way that nobody tries again: a right that is missing would be waited for. */
async function openRefusingAws(): Promise<{ endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'x-amzn-errortype': 'ValidationException', connection: 'close' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
