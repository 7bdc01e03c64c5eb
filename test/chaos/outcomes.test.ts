// Real: the whole stack as `npm start` runs it, SIGKILL, a receiver that refuses some, and a proxy behind which the event bus refuses
// for a while. Doubles: none but one: that so much time has passed that the sweep announces, which the database is told.
// CHAOS_SEED repeats a run's choices (not its timing).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_PROC, processesOf } from '../../bench/process-tree.ts';
import { connectToStack, type StackClient } from '../../bench/stack-client.ts';
import type { KeptEvent } from '../../local/aws/events/service.ts';
import { freePort } from '../../local/free-port.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/stack/faulty-proxy.ts';
import { type StartedStack, startStack } from '../support/stack/stack-process.ts';
import { seededRandom } from './seeded-random.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const DELIVERIES = 600;
const SETTINGS = {
  WEBHOOK_OUTCOMES: 'all',
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
  WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
  WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '2',
};
/** A lease of 47 s, twice, and the retries behind it. */
const DRAIN_WITHIN_MS = 300_000;

type Row = { uuid: string; status: string };

const random = seededRandom(SEED);
const kept = new Map<string, KeptEvent>();
let puts = 0;
let kills = 0;
let dataDir: string;
let stack: StartedStack;
let client: StackClient;
let receiver: RecordingReceiver;
let proxy: FaultyProxy;
let rows: Row[];

function say(line: string): void {
  process.stdout.write(`chaos: ${line}\n`);
}

describe.runIf(HAS_PROC)(`${DELIVERIES} deliveries while deliver is killed and the bus refuses (seed ${SEED})`, () => {
  beforeAll(soak, 10 * 60_000);

  afterAll(async () => {
    client.close();
    await stack.process.stop();
    await proxy.close();
    await receiver[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('workers were killed, and the bus refused', () => {
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(proxy.calls.some(({ service, fault }) => service === 'events' && fault === 'refuse')).toBe(true);
  });

  test('every delivery has the event of its end', () => {
    const told = new Map<string, Set<string>>();
    for (const { detail, detail_type: type } of kept.values()) {
      const uuid = String(detail['delivery_uuid']);
      told.set(uuid, (told.get(uuid) ?? new Set()).add(type));
    }
    const wanted = (status: string) => (status === 'succeeded' ? 'Webhook Delivered' : 'Webhook Dead-Lettered');
    expect(
      rows.filter(({ uuid, status }) => told.get(uuid)?.has(wanted(status)) !== true && !isLate(told.get(uuid))),
    ).toEqual([]);
    expect(rows).toHaveLength(DELIVERIES);
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['succeeded', 'dead_letter']));
  });

  test('one end has one event id, however often it is repeated', () => {
    const idsOf = new Map<string, string[]>();
    for (const [id, { detail, detail_type: type }] of kept) {
      const end = `${String(detail['delivery_uuid'])} ${type}`;
      idsOf.set(end, [...(idsOf.get(end) ?? []), id]);
    }
    expect([...idsOf].filter(([, ids]) => ids.length > 1)).toEqual([]);
    expect(puts).toBeGreaterThanOrEqual(kept.size);
  });
});

/** Buried, and then it turned out to have arrived: told as that. */
function isLate(types: ReadonlySet<string> | undefined): boolean {
  return types?.has('Webhook Dead-Lettered') === true && types.has('Webhook Recovered');
}

async function soak(): Promise<void> {
  say(`seed ${SEED}`);
  dataDir = mkdtempSync(join(tmpdir(), 'surehook-chaos-'));
  receiver = await RecordingReceiver.open(async ({ path }) => {
    await pause(50 + random.next() * 400);
    return Number(path.slice(1)) % 10 === 0 ? 410 : 204;
  });
  const port = await freePort();
  proxy = await startFaultyProxy({ upstream: `http://127.0.0.1:${port}`, seed: SEED });
  stack = await startStack(dataDir, { ...SETTINGS, PORT: String(port), FUNCTIONS_ENDPOINT_URL: proxy.endpoint });
  client = connectToStack(stack.endpoints, 3);
  proxy.fail({
    service: 'events',
    fault: { kind: 'refuse', status: 400, errorType: 'ThrottlingException' },
    probability: 0.7,
  });
  for (let first = 0; first < DELIVERIES; first += 50) {
    const numbers = Array.from({ length: 50 }, (_, index) => first + index);
    await client.enqueueBatch(
      numbers.map((number) => ({
        workflow_run_id: 1 + number,
        organization_id: 7,
        webhook_node_id: 'node',
        // Endpoints of their own: none goes down.
        endpoint_url: receiver.url(`/${number}`),
        payload: { number },
        max_attempts: 20,
      })),
    );
  }
  await killUntilOver();
  proxy.heal();
  await untilAnnounced();
  rows = (await client.query(
    'select cast(delivery_uuid as text) as uuid, cast(status as text) as status from webhook_deliveries',
  )) as Row[];
  say(`${kills} kills, ${kept.size} events`);
}

async function count(sql: string): Promise<number> {
  const [row] = await client.query(`select count(*) as count from ${sql}`);
  return Number(row?.['count']);
}

async function killUntilOver(): Promise<void> {
  const untilMs = Date.now() + DRAIN_WITHIN_MS;
  for (let look = 1; ; look++) {
    const pids = processesOf(stack.endpoints.pid, stack.endpoints.functions).flatMap((one) =>
      one.role === 'deliver' ? [one.pid] : [],
    );
    const victim = pids[Math.floor(random.next() * pids.length)];
    if (victim !== undefined && kills < 40) {
      try {
        process.kill(victim, 'SIGKILL');
        kills++;
      } catch {
        // It has ended by itself since.
      }
    }
    await collect();
    if (look % 10 === 0) await client.invoke('sweep', kills < 40 ? {} : { messages_lost: true });
    const pending = await count("webhook_deliveries where status = 'pending'");
    if (pending === 0) return;
    if (look % 20 === 0) say(`${pending} pending, ${kills} kills, ${kept.size} events`);
    if (Date.now() > untilMs) throw new Error(`${pending} deliveries are still pending`);
    await pause(200 + random.next() * 300);
  }
}

async function untilAnnounced(): Promise<void> {
  for (let look = 0; look < 100; look++) {
    await client.query("update webhook_outcomes set due_at = now() - interval '1 second'");
    await client.invoke('sweep', {});
    await collect();
    if ((await count('webhook_outcomes')) === 0) return;
  }
  throw new Error('outcomes are still waiting');
}

/** The stack keeps the last thousand. */
async function collect(): Promise<void> {
  const answer = await fetch(`${stack.endpoints.aws}/console/events.json`);
  const events = (await answer.json()) as KeptEvent[];
  puts = Math.max(puts, events.length);
  for (const event of events) {
    if (event.detail_type.startsWith('Webhook')) kept.set(String(event.detail['event_id']), event);
  }
}
