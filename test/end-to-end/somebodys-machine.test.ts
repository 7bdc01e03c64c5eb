// Real: everything, npm and the shell among it. No doubles. Never asserted: how fast a start is.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../local/free-port.ts';
import type { Endpoints } from '../../local/twin/endpoints-file.ts';
import { bringAssembly, keepAssembly } from '../support/stack/prepared-assembly.ts';
import { stillRunning, withDescendants } from '../support/stack/processes.ts';
import { makeDataDir, removeDataDir, type StackEnd, StackProcess } from '../support/stack/stack-process.ts';
import { aDelivery } from './a-delivery.ts';

/** What the contract allows a stop, ms. */
const STOPS_WITHIN_MS = 10_000;
/** A shell set up for somebody's other database. */
const OTHER_DATABASE = {
  PGSSLMODE: 'require',
  PGOPTIONS: '-c default_transaction_read_only=on',
  PGHOST: '127.0.0.2',
  PGUSER: 'somebody',
  PGPASSWORD: 'wrong',
};

/** A shell that trusts more than a function may. */
const OWN_AUTHORITIES = { NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../data/tls/ca.pem', import.meta.url)) };

type Started = { stack: StackProcess; endpoints: Endpoints };

/** A shell that has the stack's command as its arguments. */
function byShell(script: string | undefined): string[] {
  return script === undefined ? [] : ['/bin/sh', '-c', script, 'surehook-test'];
}

async function started(
  dataDir: string,
  { environment = {}, script }: { environment?: Record<string, string>; script?: string },
): Promise<Started> {
  const stack = new StackProcess(
    { ...environment, DATA_DIR: dataDir, PORT: String(await freePort()) },
    byShell(script),
  );
  const ready = await stack.ready(dataDir);
  if (!('aws' in ready)) throw new Error(`the stack did not start: ${ready.stderr}`);
  return { stack, endpoints: ready };
}

/** What enqueue answers. */
async function enqueueOne({ aws, functions }: Endpoints): Promise<unknown> {
  const answer = await fetch(`${aws}/2015-03-31/functions/${functions['enqueue']}/invocations`, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=any/20261123/us-east-1/lambda/aws4_request' },
    body: JSON.stringify(aDelivery({ endpoint_url: `${aws}/demo/ok` })),
  });
  return answer.json();
}

function assemblyIn(dataDir: string): string {
  return join(dataDir, readdirSync(dataDir).find((name) => name.startsWith('assembly-')) ?? 'none');
}

describe('on a machine with a life of its own', () => {
  let dataDir: string;
  let running: Started;
  beforeAll(async () => {
    dataDir = makeDataDir();
    // No assembly of an earlier start: what is tried is how one is made.
    running = await started(dataDir, {
      environment: { ...OTHER_DATABASE, ...OWN_AUTHORITIES },
      script: 'umask 000; exec "$@"',
    });
    keepAssembly(dataDir, {});
  });
  // One after the other: each test leaves the stack to the next as it says.
  afterAll(async () => {
    await running.stack.killGroup();
    removeDataDir(dataDir);
  });

  it('a shell whose PG… variables are about another database keeps nothing from its own', async () => {
    expect(await enqueueOne(running.endpoints)).toMatchObject({ created: true });
  });

  it('a shell with certificate authorities of its own stops no function: they get none of it', async () => {
    expect(await enqueueOne(running.endpoints)).toMatchObject({ created: true });
  });

  it('a umask of 000 lets nobody else write what functions run', () => {
    const assembly = assemblyIn(dataDir);
    const all = ['.', ...readdirSync(assembly, { recursive: true, encoding: 'utf8' })];
    expect(all.filter((path) => (statSync(join(assembly, path)).mode & 0o022) !== 0)).toEqual([]);
    expect(all.some((path) => path.endsWith('index.mjs'))).toBe(true);
  });

  it.each([
    ['a bundle', /index\.mjs$/],
    ['the template', /\.template\.json$/],
  ])('a kept assembly that has lost %s is made again', async (_what, lost) => {
    await running.stack.stop();
    const assembly = assemblyIn(dataDir);
    const files = readdirSync(assembly, { recursive: true, encoding: 'utf8' }).filter((path) => lost.test(path));
    for (const path of files) rmSync(join(assembly, path));

    const stack = new StackProcess({ DATA_DIR: dataDir, PORT: String(await freePort()) });
    running = { stack, endpoints: (await stack.ready(dataDir)) as Endpoints };

    expect(files.length).toBeGreaterThan(0);
    expect(await enqueueOne(running.endpoints)).toMatchObject({ created: true });
  });

  it('a data folder that is removed under it ends it with one line that says so', async () => {
    const processes = withDescendants(running.stack.pid);
    rmSync(dataDir, { recursive: true });
    const end = await running.stack.ended;
    // Removing takes a moment: what is in it may be missed before it is.
    const [line, ...others] = end.stderr.trimEnd().split('\n');
    expect([end.code, line?.startsWith(`surehook: ${dataDir}`), others]).toEqual([1, true, []]);
    expect(line).toMatch(/ was removed or replaced while this stack used it: start again$/);
    expect(await stillRunning(processes, STOPS_WITHIN_MS)).toEqual([]);
  });
});

describe('a file of secrets', () => {
  it.each([
    ['is damaged', (file: string) => writeFileSync(file, '{"format":1,"secrets":[{"name":"s3cret'), /is damaged/],
    ['cannot be read', (file: string) => mkdirSync(file), /cannot be read \(EISDIR\)/],
  ])('that %s ends the start with one line, without a trace', async (_what, spoil, says) => {
    const dataDir = makeDataDir();
    bringAssembly(dataDir, {});
    spoil(join(dataDir, 'secrets.json'));
    const end = await new StackProcess({ DATA_DIR: dataDir, PORT: String(await freePort()) }).ended;
    removeDataDir(dataDir);
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/^surehook: The file of secrets [^\n]*secrets\.json[^\n]*\n$/);
    expect(end.stderr).toMatch(says);
    expect(end.stderr).not.toContain('s3cret');
  });
});

it('a reader that goes away, as behind `| head -n 1`, ends it quietly', async () => {
  const dataDir = makeDataDir();
  bringAssembly(dataDir, {});
  const environment = { DATA_DIR: dataDir, PORT: String(await freePort()) };
  const end: StackEnd = await new StackProcess(environment, byShell('"$@" | head -n 1')).ended;
  const left = readdirSync(dataDir);
  removeDataDir(dataDir);
  expect(end).toMatchObject({ code: 0, stderr: '' });
  expect(end.stdout.split('\n')).toHaveLength(2);
  expect(left).not.toContain('endpoints.json');
});

it.each(['SIGTERM', 'SIGKILL'] as const)('npm start that gets %s leaves nothing running', async (signal) => {
  const dataDir = makeDataDir();
  bringAssembly(dataDir, {});
  const environment = { npm_config_update_notifier: 'false' };
  const { stack, endpoints } = await started(dataDir, { environment, script: 'exec npm start' });
  const processes = withDescendants(stack.pid);

  stack.signal(signal);
  const survivors = await stillRunning(processes, STOPS_WITHIN_MS);

  const left = readdirSync(dataDir);
  await stack.killGroup();
  removeDataDir(dataDir);
  expect(processes).toContain(endpoints.pid);
  expect(processes[0]).not.toBe(endpoints.pid);
  expect(survivors).toEqual([]);
  expect(left).not.toContain('endpoints.json');
});
