// Real: processes, the Runtime API. Doubles: the clock, and what the processors are doing. The first two processes of a
// function start at once on two processors; with more of them more do, so the tests count from there.
import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchIdleShare } from '../../local/aws/lambda/processor-idleness.ts';
import type { Lambda } from '../../local/aws/lambda/service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { type Gate, LambdaBench } from './lambda-world.ts';

const PROMPT = Math.max(2, availableParallelism());
const WAITS_AT_GATE = `export const handler = async ({ gate }) => { await (await fetch(gate)).text(); return process.pid; };`;

let bench: LambdaBench;
let timers: ManualTimers;
let gate: Gate;

beforeEach(async () => {
  bench = new LambdaBench();
  timers = new ManualTimers();
  gate = await bench.gate();
});
afterEach(() => bench.close());

async function lambdaOn(processors: { idleShare: number }, source = WAITS_AT_GATE): Promise<Lambda> {
  return bench.lambda([await bench.lambdaFunction(source)], { timers, idleShare: () => processors.idleShare });
}

const invoke = (lambda: Lambda) => lambda.invoke('deliver', JSON.stringify({ gate: gate.url }));

async function keepBusy(lambda: Lambda): Promise<void> {
  for (let started = 0; started < PROMPT; started++) void invoke(lambda);
  await bench.until(() => gate.waiting.length === PROMPT);
}

test('a waiting event soon gets a process of its own while the processors have time', async () => {
  const lambda = await lambdaOn({ idleShare: 0.5 });
  await keepBusy(lambda);
  void invoke(lambda);
  expect(lambda.pids('deliver')).toHaveLength(PROMPT);
  await timers.advance(20);
  await bench.until(() => gate.waiting.length === PROMPT + 1);
});

test('while the processors have no time an event waits for a busy process, at most a second', async () => {
  const lambda = await lambdaOn({ idleShare: 0 });
  await keepBusy(lambda);
  void invoke(lambda);
  await timers.advance(980);
  expect(lambda.pids('deliver')).toHaveLength(PROMPT);
  await timers.advance(20);
  await bench.until(() => gate.waiting.length === PROMPT + 1);
});

test('a process that becomes free takes the waiting event, and none is started', async () => {
  const lambda = await lambdaOn({ idleShare: 0 });
  await keepBusy(lambda);
  const last = invoke(lambda);
  gate.letAllGo();
  await bench.until(() => gate.waiting.length === 1);
  gate.letAllGo();
  expect((await last).kind).toBe('returned');
  expect(lambda.pids('deliver')).toHaveLength(PROMPT);
});

test('a poller hears when a process is free', async () => {
  const lambda = await lambdaOn({ idleShare: 0 });
  await lambda.untilFree('deliver');
  await keepBusy(lambda);
  let told = false;
  const free = lambda.untilFree('deliver').then(() => (told = true));
  await timers.advance(980);
  expect(told).toBe(false);
  gate.letAllGo();
  await free;
  expect(lambda.pids('deliver')).toHaveLength(PROMPT);
});

test('a poller that waits for somebody slow gets a process started', async () => {
  const lambda = await lambdaOn({ idleShare: 1 });
  await keepBusy(lambda);
  const free = lambda.untilFree('deliver');
  await timers.advance(20);
  await free;
  expect(lambda.pids('deliver').length).toBeGreaterThan(PROMPT);
});

test('stopping lets a waiting poller go', async () => {
  const lambda = await lambdaOn({ idleShare: 0 });
  await keepBusy(lambda);
  const free = lambda.untilFree('deliver');
  await lambda.stop();
  await expect(free).resolves.toBeUndefined();
});

test('the idle share is measured between looks a window apart', () => {
  let nowMs = 0;
  let times = { idleMs: 0, totalMs: 0 };
  const idleShare = watchIdleShare(
    () => times,
    () => nowMs,
  );
  [nowMs, times] = [100, { idleMs: 50, totalMs: 200 }];
  expect(idleShare()).toBe(0.25);
  [nowMs, times] = [150, { idleMs: 150, totalMs: 300 }];
  expect(idleShare()).toBe(0.25);
  nowMs = 200;
  expect(idleShare()).toBe(1);
});

test('processors that cannot be counted are taken for idle', () => {
  let nowMs = 0;
  const idleShare = watchIdleShare(
    () => ({ idleMs: 0, totalMs: 0 }),
    () => nowMs,
  );
  nowMs = 100;
  expect(idleShare()).toBe(1);
});
