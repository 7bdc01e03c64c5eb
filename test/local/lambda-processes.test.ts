// Real: the child processes and their signals. Double: the clock, where a timeout or idle time passes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { FunctionLogLine } from '../../local/aws/lambda/lambda-function.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { LambdaBench, parsed } from './lambda-world.ts';

let bench: LambdaBench;
beforeEach(() => {
  bench = new LambdaBench();
});
afterEach(() => bench.close());

const WAITS_AT_GATE = `export const handler = async (event) => { await fetch(event.gate); return process.pid; };`;

test('uses a process again', async () => {
  const source = 'let count = 0; export const handler = async () => ({ pid: process.pid, count: ++count });';
  const lambda = bench.lambda([await bench.lambdaFunction(source)]);
  const answers = [await lambda.invoke('deliver', '{}'), await lambda.invoke('deliver', '{}')];
  const [first, second] = answers.map((answer) => parsed(answer.kind === 'returned' ? answer.payload : undefined));
  expect(second).toEqual({ pid: first?.['pid'], count: 2 });
});

test('runs as many processes as there are events at once, each with one event', async () => {
  const gate = await bench.gate();
  const lambda = bench.lambda([await bench.lambdaFunction(WAITS_AT_GATE, { reservedConcurrency: 4 })]);
  const running = Array.from({ length: 4 }, () => lambda.invoke('deliver', JSON.stringify({ gate: gate.url })));
  await bench.until(() => gate.waiting.length === 4);
  expect((await lambda.invoke('deliver', '{}')).kind).toBe('throttled');
  gate.letAllGo();
  const results = await Promise.all(running);
  const pids = results.map((result) => (result.kind === 'returned' ? result.payload.toString() : result.kind));
  expect(new Set(pids)).toEqual(new Set(lambda.pids('deliver').map(String)));
  expect(new Set(pids).size).toBe(4);
});

test('tells once that a process has gone, by a kill and by a stop', async () => {
  const ended: string[] = [];
  const started: string[] = [];
  const { promise: killed, resolve } = Promise.withResolvers<void>();
  const lambda = bench.lambda([await bench.lambdaFunction('export const handler = async () => process.pid;')], {
    environmentFor: (_lambdaFunction, processId) => {
      started.push(processId);
      return {};
    },
    processEnded: (processId) => {
      ended.push(processId);
      resolve();
    },
  });
  await lambda.invoke('deliver', '{}');
  expect(ended).toEqual([]);
  for (const pid of lambda.pids('deliver')) process.kill(pid, 'SIGKILL');
  await killed;
  await lambda.invoke('deliver', '{}');
  await lambda.stop();
  expect(started).toHaveLength(2);
  expect(ended).toEqual(started);
});

test('kills a process at the timeout of its function, and starts another for the next event', async () => {
  const timers = new ManualTimers();
  const gate = await bench.gate();
  const lambda = bench.lambda([await bench.lambdaFunction(WAITS_AT_GATE, { timeoutSeconds: 3 })], { timers });
  const running = lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));
  await bench.until(() => gate.waiting.length === 1);
  await timers.advance(2_999);
  expect(gate.waiting).toHaveLength(1);
  await timers.advance(1);
  const result = await running;
  expect(result).toMatchObject({ kind: 'failed', errorType: 'Sandbox.Timedout' });
  const { requestId } = result as { requestId: string };
  expect(result).toMatchObject({
    errorMessage: `2026-11-23T12:00:03.000Z ${requestId} Task timed out after 3.00 seconds`,
  });
  await bench.until(() => gate.lost === 1);

  const next = lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));
  await bench.until(() => gate.waiting.length === 1);
  gate.letAllGo();
  expect((await next).kind).toBe('returned');
});

test('a process killed from outside is one failed event, and a new process for the next', async () => {
  const gate = await bench.gate();
  const lambda = bench.lambda([await bench.lambdaFunction(WAITS_AT_GATE)]);
  const running = lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));
  await bench.until(() => gate.waiting.length === 1);
  const [pid] = lambda.pids('deliver');
  process.kill(pid ?? 0, 'SIGKILL');
  expect(await running).toMatchObject({
    kind: 'failed',
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringMatching(/^RequestId: .* Error: Runtime exited with error: signal: killed$/),
  });
  const next = lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));
  await bench.until(() => gate.waiting.length === 1);
  gate.letAllGo();
  const result = await next;
  expect(result.kind === 'returned' && result.payload.toString()).not.toBe(String(pid));
});

test('an idle process that is killed from outside is told of', async () => {
  const lambda = bench.lambda([await bench.lambdaFunction('export const handler = async () => 1;')]);
  await lambda.invoke('deliver', '{}');
  process.kill(lambda.pids('deliver')[0] ?? 0, 'SIGTERM');
  const told = () => bench.lines.find(({ stream }) => stream === 'platform');
  await bench.until(() => told() !== undefined);
  expect(told()?.text).toBe('An idle process ended: Runtime exited with error: signal: SIGTERM');
});

// The answer and the exit lie before the twin at once: it is kept from looking until the process is dead, which only
// Linux tells without reaping it.
test.runIf(process.platform === 'linux')('an answer counts although its process has died since', async () => {
  const source = `import { connect } from 'node:net';
    export const handler = (event, context) => new Promise(() => {
      process.stdout.write('pid ' + process.pid + '\\n');
      setTimeout(answer, 20, context);
    });
    function answer(context) {
      const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
      const socket = connect(Number(port), host, () => {
        const path = '/2018-06-01/runtime/invocation/' + context.awsRequestId + '/response';
        const answer = 'POST ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 6\\r\\n\\r\\n"done"';
        socket.write(answer, () => process.kill(process.pid, 'SIGKILL'));
      });
    }`;
  const log = ({ text }: FunctionLogLine): void => {
    if (text.startsWith('pid ')) blockUntilDead(text.slice(4));
  };
  const lambda = bench.lambda([await bench.lambdaFunction(source)], { log });
  const result = await lambda.invoke('deliver', '{}');
  expect(result).toMatchObject({ kind: 'returned', payload: Buffer.from('"done"') });
});

function blockUntilDead(pid: string): void {
  const isZombie = (): boolean => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  while (!isZombie()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

test('a function that cannot start fails each of its events once, and is not started for nobody', async () => {
  const lambda = bench.lambda([await bench.lambdaFunction(`throw new Error('no settings');`)]);
  const results = await Promise.all([1, 2, 3].map(() => lambda.invoke('deliver', '{}')));
  expect(results.map((result) => (result.kind === 'failed' ? result.errorMessage : result.kind))).toEqual([
    'no settings',
    'no settings',
    'no settings',
  ]);
  await lambda.stop();
  expect(bench.lines.filter(({ text }) => text.startsWith('INIT_REPORT')).length).toBeLessThanOrEqual(5);
});

test('an initialisation that never ends fails the event after ten seconds and the timeout', async () => {
  const timers = new ManualTimers();
  const gate = await bench.gate();
  const source = `await fetch('${gate.url}'); export const handler = async () => 1;`;
  const lambda = bench.lambda([await bench.lambdaFunction(source, { timeoutSeconds: 5 })], { timers });
  const running = lambda.invoke('deliver', '{}');
  await bench.until(() => gate.waiting.length === 1);
  await timers.advance(15_000);
  expect(await running).toMatchObject({ kind: 'failed', errorType: 'Sandbox.Timedout' });
});

test('ends idle processes after two minutes, but for two', async () => {
  const timers = new ManualTimers();
  const gate = await bench.gate();
  const lambda = bench.lambda([await bench.lambdaFunction(WAITS_AT_GATE)], { timers });
  const running = Array.from({ length: 4 }, () => lambda.invoke('deliver', JSON.stringify({ gate: gate.url })));
  await bench.until(() => gate.waiting.length === 2);
  // Those beyond the first two are not started at once.
  await timers.advance(1_000);
  await bench.until(() => gate.waiting.length === 4);
  gate.letAllGo();
  await Promise.all(running);
  await timers.advance(119_000);
  expect(lambda.pids('deliver')).toHaveLength(4);
  await timers.advance(121_000);
  expect(lambda.pids('deliver')).toHaveLength(2);
});

test('stopping kills what runs and settles it as stopped', async () => {
  const gate = await bench.gate();
  const lambda = bench.lambda([await bench.lambdaFunction(WAITS_AT_GATE)]);
  const running = lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));
  await bench.until(() => gate.waiting.length === 1);
  await lambda.stop();
  expect(await running).toEqual({ kind: 'stopped' });
  await bench.until(() => gate.lost === 1);
  expect((await lambda.invoke('deliver', '{}')).kind).toBe('stopped');
});

test('a process dies with its parent, even when the parent alone is killed', async () => {
  const gate = await bench.gate();
  const lambdaFunction = await bench.lambdaFunction(WAITS_AT_GATE);
  const module = new URL('../../local/aws/lambda/service.ts', import.meta.url).href;
  const script = `import { createLambda } from '${module}';
    const lambda = createLambda({
      region: 'us-east-1', accountId: '000000000000', functions: [${JSON.stringify(lambdaFunction)}],
      environmentFor: () => ({}), log() {}, sendToQueue: async () => {},
    });
    await lambda.invoke('deliver', ${JSON.stringify(JSON.stringify({ gate: gate.url }))});`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
  await bench.until(() => gate.waiting.length === 1);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await bench.until(() => gate.lost > 0);
  // Only the death of the function's process ends its visit.
  expect(gate.lost).toBe(1);
});
