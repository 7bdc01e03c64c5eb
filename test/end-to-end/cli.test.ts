// Real: the command in a process of its own, and for the runbook in this one, against a whole stack on this machine and the template's
// functions. Double: whoever is at the terminal.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSurehook } from '../../client/surehook-client.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import type { Said } from '../cli/cli-world.ts';
import { describeRunbook, inThisProcess } from './runbook-suite.ts';
import { describeWidget } from './widget-suite.ts';

const CLI = fileURLToPath(new URL('../../cli/surehook.ts', import.meta.url));

let stack: RunningStack;
beforeAll(async () => {
  stack = await RunningStack.start({});
});
afterAll(() => stack.dispose());

function surehook(args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const options = ['--data-dir', stack.dataDir];
    const child = execFile(process.execPath, [CLI, ...options, ...args], (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
    child.stdin?.end(input);
  });
}

/** The same without a process of its own, which costs a second. */
function surehookHere(args: readonly string[]): Promise<Said> {
  return inThisProcess(['--data-dir', stack.dataDir, ...args]);
}

function request(node: string): object {
  return {
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: node,
    endpoint_url: `${stack.endpoints.aws}/demo/ok`,
    payload: {},
  };
}

test('enqueue prints exactly what the function answered', async () => {
  const { code, out } = await surehook(['enqueue', '-', '--json'], JSON.stringify(request('one')));
  expect(JSON.parse(out)).toMatchObject({ created: true, status: 'pending', warnings: [] });
  expect(code).toBe(0);
});

test('enqueue takes a request a line, and says which were not taken', async () => {
  const lines = [request('two'), { ...request('three'), endpoint_url: 'ftp://example.com/' }];
  const { code, out, err } = await surehook(['enqueue', '-'], lines.map((line) => JSON.stringify(line)).join('\n'));
  expect(out).toMatch(/^delivery +uuid +created +status +due\n\d+ +[0-9a-f-]{36} +new +pending /);
  expect(err).toContain('InvalidRequest: request 2: endpoint_url: must start');
  expect(err).toContain('1 of the requests was not taken');
  expect(code).toBe(1);
});

test('an operator finds a delivery, has it explained, cancels it and sends it again', async () => {
  const later = { ...request('later'), scheduled_for: new Date(Date.now() + 3_600_000).toISOString() };
  const { delivery_id: id } = await stack.enqueue(later);
  const { endpoints } = stack;

  const listed = await surehookHere([
    'list',
    '--organization',
    '1',
    '--host',
    new URL(endpoints.aws).host,
    '--since',
    '1h',
  ]);
  expect(listed.out).toMatch(new RegExp(`^${id} .* later +http://127\\.0\\.0\\.1:\\d+ +scheduled +0/5 `, 'm'));
  expect((await surehookHere(['show', String(id)])).out).toContain(`delivery ${id}: scheduled`);
  expect((await surehookHere(['show', '--run', '1', '--node', 'later', '--json'])).out).toContain('"explanation":');
  const client = createSurehook({
    functionName: stack.functionName('enqueue'),
    inspectFunctionName: stack.functionName('inspect'),
    client: new LambdaClient({
      endpoint: endpoints.aws,
      region: endpoints.region,
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    }),
  });
  const state = await client.get({ workflowRunId: 1, webhookNodeId: 'later' });
  expect(state).toMatchObject({ delivery_id: id, phase: 'scheduled', attempt_count: 0, last_error: null });
  expect(Object.values(state ?? {})).not.toContain(undefined);
  await expect(client.get({ workflowRunId: 1, webhookNodeId: 'none' })).resolves.toBeUndefined();
  expect((await surehookHere(['count', '--status', 'pending'])).out).toMatch(/^status +count\npending +1/);

  const counted = await surehookHere(['cancel', String(id), '--dry-run']);
  expect(counted.out).toBe('1 match; nothing was changed');
  const cancelled = await surehookHere(['cancel', String(id), '--note', 'not today', '--yes']);
  expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringMatching(/^order \d+: 1 of 1 done$/)]);
  expect(await stack.delivery(id)).toMatchObject({ status: 'dead_letter', dead_letter_reason: 'cancelled' });

  const again = await surehookHere(['redeliver', String(id), '--reason', 'cancelled', '--yes', '--wait']);
  expect([again.code, again.err]).toEqual([0, '']);
  expect(await stack.over(id)).toMatchObject({ status: 'succeeded' });
  const replayed = await surehookHere(['replay', String(id), '--yes', '--wait']);
  expect(replayed.out).toMatch(/1 of 1 done/);

  const orders = await surehookHere(['orders']);
  expect(orders.out).toMatch(/^order +action +state/);
  expect(orders.out).toMatch(/ cancel +done +1\/1 .* not today$/m);
  expect((await surehookHere(['watch', '--times', '1'])).out).toMatch(/ due \d+ {2}in flight \d+ /);
});

test('console serves a stack that is found by its outputs, with the shell’s credentials, until it is interrupted', async () => {
  const { delivery_id: id } = await stack.enqueue({ ...request('served'), scheduled_for: inAnHour() });
  const { child, url } = await servedConsole();
  const { origin } = url;
  const first = await fetch(url, { redirect: 'manual' });
  const [cookie = ''] = first.headers.getSetCookie()[0]?.split(';') ?? [];
  const page = async (path: string) => (await fetch(`${origin}${path}`, { headers: { cookie } })).text();

  expect(await page('/')).toContain(`href="/deliveries/${id}"`);
  // Its outputs lead to AWS, where this stack is not.
  expect(await page('/')).toContain(`href="${stack.endpoints.aws}/dashboard"`);
  expect(await page(`/deliveries/${id}`)).toContain('It is scheduled: its first attempt is due in');
  expect(await page('/endpoints')).toContain('every endpoint is healthy');
  const counted = await page(`/order?action=cancel&delivery_ids=${id}`);
  expect(counted).toContain('Cancel 1');
  const fields = [...counted.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, value],
  );
  const given = await fetch(`${origin}/order`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin },
    body: new URLSearchParams([...fields, ['step', 'order'], ['note', 'not today']] as [string, string][]),
  });
  expect(await page(given.headers.get('location') ?? '')).toContain('not today');
  expect(await stack.delivery(id)).toMatchObject({ status: 'dead_letter', dead_letter_reason: 'cancelled' });

  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}

/** As for a deployed stack: the twin is what the SDK finds in place of AWS. */
async function servedConsole(): Promise<{ child: ChildProcess; url: URL }> {
  const { aws, region } = stack.endpoints;
  const credentials = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
  const args = ['console', '--stack', 'WebhookDelivery', '--region', region, '--port', '0'];
  const env = { ...process.env, ...credentials, AWS_ENDPOINT_URL: aws };
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, url: new URL(line) };
}

test('a refusal of a function is told in its words, and fails', async () => {
  const { code, err } = await surehook(['list', '--reason', 'weather']);
  expect(err).toMatch(/^surehook: InvalidRequest: reason: must be one of /);
  expect(code).toBe(1);
});

describeRunbook(() => stack);
describeWidget(() => stack);
