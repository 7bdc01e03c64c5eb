// Real: the whole stack as `npm start` runs it, SIGKILL, receivers that refuse some. Doubles: none, not even the clock. CHAOS_SEED repeats
// a run's choices (not its timing), ORDER_CHAIN makes the long key shorter or longer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_PROC, processesOf } from '../../bench/process-tree.ts';
import { connectToStack, type StackClient, type Webhook } from '../../bench/stack-client.ts';
import { type OrderedReceiver, openOrderedReceiver } from '../support/receivers/ordered-receiver.ts';
import { type StartedStack, startStack } from '../support/stack/stack-process.ts';
import { seededRandom } from './seeded-random.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const CHAIN = Number(process.env['ORDER_CHAIN'] ?? 5_000);
const KEYS = 20;
const OF_EACH = 50;
/** This delivery of the first key is refused for good, and holds it; that of the second fails a while, and is accepted then. */
const FAILING = 10;
const FAILURES = 3;
const KILLED_APART_MS = 700;
/** A lease of 47 s, twice, the sweeps between, and the retries behind it. */
const DRAIN_WITHIN_MS = 8 * 60_000;
const SETTINGS = {
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
  WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
  WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '2',
};

function say(line: string): void {
  process.stdout.write(`chaos: ${line}\n`);
}

const webhook = (url: string, key: string, number: number, more: object = {}): Webhook => ({
  workflow_run_id: number + 1,
  organization_id: 1,
  webhook_node_id: key,
  endpoint_url: url,
  payload: { key, number },
  ordering_key: key,
  ...more,
});

describe.runIf(HAS_PROC)(`${KEYS} ordering keys while their workers are killed (seed ${SEED})`, () => {
  let dataDir: string;
  let stack: StartedStack;
  let client: StackClient;
  let receiver: OrderedReceiver;
  let kills = 0;

  const statuses = () =>
    client.query(
      'select webhook_node_id as key, cast(status as text) as status, count(*)::int as count from webhook_deliveries group by 1, 2',
    );
  const pending = async () => (await statuses()).filter(({ status }) => status === 'pending');

  beforeAll(async () => {
    const random = seededRandom(SEED);
    const behave = ({ key, number }: { key: string; number: number }, nth: number) => {
      if (number === FAILING && key === 'key 0') return { status: 410, afterMs: 2 };
      if (number === FAILING && key === 'key 1' && nth <= FAILURES) return { status: 500, afterMs: 2 };
      return { status: 200, afterMs: 2 + random.next() * 8 };
    };
    receiver = await openOrderedReceiver(behave);
    dataDir = mkdtempSync(join(tmpdir(), 'surehook-ordering-'));
    stack = await startStack(dataDir, SETTINGS);
    client = connectToStack(stack.endpoints, 3);
    for (let number = 0; number < OF_EACH; number++) {
      const hold = number === FAILING ? { ordering_on_dead_letter: 'hold' } : {};
      await client.enqueueBatch(
        Array.from({ length: KEYS }, (_, key) =>
          webhook(receiver.url, `key ${key}`, number, { max_attempts: 20, ...(key === 0 ? hold : {}) }),
        ),
      );
    }
    const untilMs = Date.now() + DRAIN_WITHIN_MS;
    while (Date.now() < untilMs) {
      await pause(KILLED_APART_MS);
      const [one] = processesOf(stack.endpoints.pid, stack.endpoints.functions)
        .filter(({ role }) => role === 'deliver')
        .toSorted(() => random.next() - 0.5);
      if (one !== undefined && kills < 30) {
        process.kill(one.pid, 'SIGKILL');
        kills++;
      }
      // What a killed worker held is found by the sweep, which is not waited for here.
      else await client.invoke('sweep', {});
      const left = await pending();
      if (left.every(({ key }) => key === 'key 0')) break;
    }
    say(`${kills} workers killed; ${receiver.requests.length} requests`);
  }, 15 * 60_000);

  afterAll(async () => {
    client.close();
    await stack.process.stop();
    await receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const numbersOf = (key: string) => receiver.requests.filter((one) => one.key === key).map(({ number }) => number);

  test('workers were killed', () => {
    expect(kills).toBeGreaterThanOrEqual(10);
  });

  test('of no key two requests were ever open at once', () => {
    expect(receiver.requests.filter(({ openOfKey }) => openOfKey > 0)).toEqual([]);
  });

  test('each key came in its order: repeats of one that was not recorded, and nothing else', () => {
    for (let key = 0; key < KEYS; key++) {
      const numbers = numbersOf(`key ${key}`);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test('all arrived but those behind the dead letter that holds its key', async () => {
    const wanted = Array.from({ length: OF_EACH }, (_, number) => number);
    for (let key = 1; key < KEYS; key++) expect([...new Set(numbersOf(`key ${key}`))]).toEqual(wanted);
    expect([...new Set(numbersOf('key 0'))]).toEqual(wanted.slice(0, FAILING + 1));
    expect(await pending()).toEqual([{ key: 'key 0', status: 'pending', count: OF_EACH - FAILING - 1 }]);
  });

  test('and these when somebody has dismissed it', async () => {
    await client.invoke('operate', {
      action: 'dismiss',
      organization_id: 1,
      ordering_key: 'key 0',
      status: 'dead_letter',
    });
    const untilMs = Date.now() + 60_000;
    while ((await pending()).length > 0 && Date.now() < untilMs) await pause(200);
    expect(numbersOf('key 0').slice(-(OF_EACH - FAILING - 1))).toEqual(
      Array.from({ length: OF_EACH - FAILING - 1 }, (_, number) => number + FAILING + 1),
    );
  });
});

describe(`an ordering key of ${CHAIN} deliveries`, () => {
  let dataDir: string;
  let stack: StartedStack;
  let client: StackClient;
  let receiver: OrderedReceiver;

  beforeAll(async () => {
    receiver = await openOrderedReceiver(() => ({ status: 200, afterMs: 5 }));
    dataDir = mkdtempSync(join(tmpdir(), 'surehook-chain-'));
    stack = await startStack(dataDir);
    client = connectToStack(stack.endpoints, 3);
    for (let number = 0; number < CHAIN; number += 100) {
      await client.enqueueBatch(
        Array.from({ length: Math.min(100, CHAIN - number) }, (_, at) => webhook(receiver.url, 'chain', number + at)),
      );
    }
    const untilMs = Date.now() + CHAIN * 100;
    while (receiver.requests.length < CHAIN && Date.now() < untilMs) await pause(200);
  }, 15 * 60_000);

  afterAll(async () => {
    client.close();
    await stack.process.stop();
    await receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('goes through one after the other, and says how fast: 50 a second and more where nothing else runs', () => {
    const [first, last] = [receiver.requests[0], receiver.requests.at(-1)];
    const seconds = ((last?.atMs ?? 0) - (first?.atMs ?? 0)) / 1000;
    say(`${CHAIN} in ${seconds.toFixed(1)} s: ${(CHAIN / seconds).toFixed(0)} a second`);
    expect(receiver.requests.map(({ number }) => number)).toEqual(Array.from({ length: CHAIN }, (_, number) => number));
    expect(receiver.requests.filter(({ openOfKey }) => openOfKey > 0)).toEqual([]);
  });
});
