// A stack whose database sleeps. Real: `npm start` with its processes, the template of minimum capacity 0, the SDK, a receiver. The cluster
// sleeps after seconds instead of minutes. Never asserted: how long anything takes at the most.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

const WAKES_IN_SECONDS = 3;

let folder: string;
let stack: RunningStack;
let receiver: RecordingReceiver;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-asleep-'));
  const settings = join(folder, 'asleep.settings.ts');
  writeFileSync(settings, "export default { database: { kind: 'new', minCapacity: 0 } };\n");
  receiver = await RecordingReceiver.open();
  stack = await RunningStack.start({
    SUREHOOK_SETTINGS: settings,
    DATABASE_PAUSE_AFTER_SECONDS: '2',
    DATABASE_WAKE_SECONDS: String(WAKES_IN_SECONDS),
  });
}, 240_000);

afterAll(async () => {
  await stack?.dispose();
  await receiver?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function database(): Promise<{ state: string; woken: number }> {
  const answer = await fetch(`${stack.endpoints.aws}/console/database.json`);
  return (await answer.json()) as { state: string; woken: number };
}

/** The page itself wakes nobody. */
async function untilAsleep(): Promise<{ woken: number }> {
  for (;;) {
    const found = await database();
    if (found.state === 'asleep') return found;
  }
}

test('says at its start that its database pauses, and names the queue of markers with the others', async () => {
  // It says so when it is ready, which its file says a moment before.
  const words = `  database  pauses after 2 seconds without a call; the next request wakes it, in ${WAKES_IN_SECONDS} seconds\n`;
  await expect.poll(() => stack.process.output, { timeout: 30_000 }).toContain(words);
  expect(Object.keys(stack.endpoints.queues)).toEqual([
    'intake',
    'intakeDeadLetters',
    'delivery',
    'deliveryDeadLetters',
    'markers',
  ]);
  expect(stack.endpoints.queues['markers']).toMatch(/Marker/);
});

test('its database falls asleep; the next request wakes it and is answered, late, and its webhook is delivered', async () => {
  const { woken } = await untilAsleep();
  const begunAt = performance.now();
  const accepted = await stack.enqueue(aDelivery({ endpoint_url: receiver.url('/late') }));
  expect(accepted.created).toBe(true);
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(WAKES_IN_SECONDS * 1000);
  expect(await database()).toMatchObject({ woken: woken + 1 });
  await receiver.until(({ received }) => received.length > 0);
  expect(receiver.received[0]?.path).toBe('/late');
});

test('every function may do with markers what it does with them', async () => {
  const swept = await stack.invoke('sweep', {});
  // There is the marker of the request before.
  expect(swept).toMatchObject({ ok: true, answer: { complete: true } });
  expect(swept.ok && swept.answer).not.toHaveProperty('asked');
  const said = (event: string) => stack.log.lines.filter((line) => line.includes(`"${event}"`));
  expect(said('markers_judged').at(-1)).toMatch(/"shown":[1-9]/);
  expect(said('marker_unput')).toEqual([]);
  expect(stack.log.lines.filter((line) => line.includes('AccessDenied'))).toEqual([]);
});
