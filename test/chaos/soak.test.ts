// Real: the whole stack as `npm start` runs it, SIGKILL, an endpoint that fails, one that goes down and up every 20 s, and a proxy that loses calls to AWS. Doubles: none, not even the clock: it
// takes minutes. CHAOS_SEED repeats a run's choices (not its timing), CHAOS_DELIVERIES makes it shorter, CHAOS_SLOWER spreads it on
// a busy machine, CHAOS_KEEP leaves its folder.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_PROC } from '../../bench/process-tree.ts';
import { connectToStack, type Webhook } from '../../bench/stack-client.ts';
import { CLAIM_SECONDS } from '../../shared/runtime/limits.ts';
import { freePort } from '../../local/free-port.ts';
import { type FaultyReceiver, startFaultyReceiver } from '../support/receivers/faulty-receiver.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/stack/faulty-proxy.ts';
import { type StartedStack, startStack } from '../support/stack/stack-process.ts';
import { type Kill, type Killer, type KillKind, startKiller } from './killer.ts';
import { asked, type PersistentCaller, persistentCaller } from './persistent-caller.ts';
import { seededRandom } from './seeded-random.ts';
import { ROTTEN_PREFIX, startStranger, type Stranger } from './stranger.ts';
import { countPending, type LedgerAttempt, type LedgerDelivery, readAttempts, readDeliveries } from './soak-ledger.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const DELIVERIES = Number(process.env['CHAOS_DELIVERIES'] ?? 5_000);
/** For a look at functions.log and the database of a run that failed. */
const KEEPS_FOLDER = process.env['CHAOS_KEEP'] !== undefined;
/** On a machine that others use, too: fewer kills a second, so that what was killed can start again. */
const SLOWER = Number(process.env['CHAOS_SLOWER'] ?? 1);
const CALLERS = 4;
/** Requests are spread over this long, so that there is always something to kill. */
const ENQUEUE_FOR_MS = DELIVERIES * 16 * SLOWER;
/** A lease of 47 s, twice, and the retries behind it. */
const DRAIN_WITHIN_MS = 300_000;
const SETTINGS = {
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
  WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
  WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '5',
};
/** Of the calls of functions to AWS, a share is never answered, with or without having been carried out, and a share is refused. */
const HANGING = 0.01;
const REFUSED = 0.05;
/** And for so long the database answers nobody. */
const OUTAGE_MS = 30_000;
/** What a worker that was killed may have begun at most so long before: its function's timeout, and the clock's grain. */
const WORKER_LIVES_MS = 34_000;
/**
 * A claim may run so long after its worker has gone, or has given up: on a busy machine, or behind a database that comes
 * back. It then charges an attempt that nobody makes, as the README says.
 */
const ORPHANED_CLAIM_MS = (CLAIM_SECONDS + 2) * 1000;

const random = seededRandom(SEED);
let dataDir: string;
let stack: StartedStack | undefined;
let receiver: FaultyReceiver;
let killer: Killer;
let caller: PersistentCaller;
let stranger: Stranger;
let proxy: FaultyProxy;
/** Rows written past enqueue, which cannot be sent. */
let rotten: LedgerDelivery[];
let deliveries: LedgerDelivery[];
let attempts: LedgerAttempt[];
/** How often the functions told that an endpoint went down, or came up. */
let turns: { down: number; up: number };

function say(line: string): void {
  process.stdout.write(`chaos: ${line}\n`);
}

describe.runIf(HAS_PROC)(`${DELIVERIES} deliveries while functions and the database are killed (seed ${SEED})`, () => {
  beforeAll(soak, 15 * 60_000);

  afterAll(async () => {
    await killer.stop();
    await stranger.stop();
    // Also the database must be gone before its folder is.
    await stack?.process.stop();
    await proxy.close();
    await receiver.close();
    if (KEEPS_FOLDER) say(`kept ${dataDir}`);
    else rmSync(dataDir, { recursive: true, force: true });
  });

  test('kills of every kind happened, and hit somebody at work', () => {
    const counts = killCounts();
    expect(counts.deliver).toBeGreaterThanOrEqual(10);
    expect(counts.enqueue).toBeGreaterThanOrEqual(5);
    expect(counts.database).toBeGreaterThanOrEqual(1);
    expect(counts['database connection']).toBeGreaterThanOrEqual(1);
    expect(counts.everything).toBe(1);
    expect(attempts.some(({ errorClass }) => errorClass === 'outcome_unknown')).toBe(true);
    expect(caller.repeats()).toBeGreaterThan(0);
    expect(stranger.counts().locked).toBeGreaterThanOrEqual(5);
    expect(new Set(proxy.calls.map(({ fault }) => fault))).toEqual(new Set([undefined, 'hang', 'refuse']));
  });

  test('an endpoint went down and came up again, more than once', () => {
    expect(turns.down).toBeGreaterThanOrEqual(2);
    expect(turns.up).toBeGreaterThanOrEqual(2);
  });

  test('a row that cannot be sent ends as such, and so does every one of them', () => {
    expect(rotten.length).toBeGreaterThanOrEqual(10);
    const ends = new Set(rotten.map(({ status, deadLetterReason }) => `${status} ${deadLetterReason}`));
    // Of one whose worker was killed at the last attempt nobody knows more.
    ends.delete('dead_letter outcome_unknown');
    expect([...ends]).toEqual(['dead_letter invalid_row']);
  });

  test('no accepted delivery is lost, none is there twice, and each ends', () => {
    const uuidByKey = new Map(deliveries.map(({ key, uuid }) => [key, uuid]));
    const lost = [...caller.accepted].filter(([key, uuid]) => uuidByKey.get(key) !== uuid);
    expect(lost).toEqual([]);
    expect(caller.contradictions).toEqual([]);
    expect(uuidByKey.size).toBe(deliveries.length);
    expect(caller.accepted.size).toBe(DELIVERIES);
    expect(deliveries.filter(({ status }) => status === 'pending')).toEqual([]);
  });

  test('every delivery that succeeded was accepted by its receiver', () => {
    const unfounded = deliveries.filter(
      ({ status, uuid }) => status === 'succeeded' && (receiver.seen.get(uuid)?.acceptances ?? 0) === 0,
    );
    expect(unfounded).toEqual([]);
  });

  test('no delivery is sent by two workers at once, and no attempt twice', () => {
    expect(receiver.breaches).toEqual([]);
  });

  test('no delivery is sent more often than it was attempted and allowed', () => {
    const tooOften = deliveries.filter(({ uuid, attemptCount, maxAttempts }) => {
      const requests = receiver.seen.get(uuid)?.requests.length ?? 0;
      return requests > attemptCount || attemptCount > maxAttempts;
    });
    expect(tooOften).toEqual([]);
  });

  test('nothing is sent that has no row', () => {
    const uuids = new Set(deliveries.map(({ uuid }) => uuid));
    expect([...receiver.seen.keys()].filter((uuid) => !uuids.has(uuid))).toEqual([]);
  });

  test('an outcome is unknown only where a worker or the database was killed', () => {
    const harmful = killer.kills.filter(({ kind }) => kind !== 'enqueue' && kind !== 'sweep');
    const unknown = attempts.filter(({ errorClass }) => errorClass === 'outcome_unknown');
    for (const { deliveryId, startedAtMs } of unknown.filter((one) => !isKilledWithin(harmful, one, 0))) {
      const before = harmful.findLast(({ atMs }) => atMs < startedAtMs);
      say(`${deliveryId} was claimed ${startedAtMs - (before?.atMs ?? 0)} ms after the last kill (${before?.kind})`);
    }
    const unexplained = unknown.filter((one) => !isKilledWithin(harmful, one, ORPHANED_CLAIM_MS));
    expect(unexplained).toEqual([]);
  });

  test('a delivery is dead only for a refusal, or when its attempts are used up', () => {
    const early = deliveries.filter(
      ({ status, deadLetterReason, attemptCount, maxAttempts, uuid }) =>
        status === 'dead_letter' &&
        attemptCount < maxAttempts &&
        !(deadLetterReason === 'status' && random.of('gone', uuid) < 0.01),
    );
    expect(early).toEqual([]);
  });

  test('a receiver that accepted twice did so because nobody could record the first time', () => {
    const unexplained = acceptedTwice().filter(
      ({ id }) => !attempts.some(({ deliveryId, errorClass }) => deliveryId === id && isUnread(errorClass)),
    );
    expect(unexplained).toEqual([]);
  });
});

async function soak(): Promise<void> {
  say(`seed ${SEED}`);
  dataDir = mkdtempSync(join(tmpdir(), 'surehook-chaos-'));
  receiver = await startFaultyReceiver(random);
  killer = startKiller(() => stack, random, SLOWER);
  caller = persistentCaller(() => stack);
  stranger = startStranger(() => stack, random);
  const port = await freePort();
  proxy = await startFaultyProxy({ upstream: `http://127.0.0.1:${port}`, seed: SEED });
  const settings = { ...SETTINGS, PORT: String(port), FUNCTIONS_ENDPOINT_URL: proxy.endpoint };
  stack = await startStack(dataDir, settings);
  loseCalls();
  const sweeping = new AbortController();
  const sweeps = sweepNowAndThen(sweeping.signal);

  const enqueueing = enqueueAll();
  await Promise.race([enqueueing, pause(ENQUEUE_FOR_MS / 2)]);
  say(`killing everything, ${caller.accepted.size} accepted so far`);
  const killed = stack;
  stack = undefined;
  killer.note('everything');
  proxy.heal();
  await killed.process.killGroup();
  stack = await startStack(dataDir, settings);
  loseCalls();
  say(`back after ${stack.secondsToReady.toFixed(1)} s`);
  await outage();
  await enqueueing;
  await Promise.all([killer.stop(), stranger.stop()]);
  say(`${caller.accepted.size} accepted, no more kills`);

  await untilAllEnded();
  sweeping.abort();
  await sweeps;
  const client = connectToStack(stack.endpoints, 3);
  const everything = await readDeliveries(client);
  rotten = everything.filter(({ key }) => key.startsWith(ROTTEN_PREFIX));
  deliveries = everything.filter(({ key }) => !key.startsWith(ROTTEN_PREFIX));
  attempts = await readAttempts(client);
  client.close();
  const told = readFileSync(join(dataDir, 'functions.log'), 'utf8');
  turns = { down: told.split('"endpoint_down"').length - 1, up: told.split('"endpoint_up"').length - 1 };
  report();
  await stack.process.stop();
}

/** From now on. A start needs every call of its migration. */
function loseCalls(): void {
  proxy.fail({ fault: { kind: 'hang', effect: 'none' }, probability: HANGING / 2 });
  proxy.fail({ fault: { kind: 'hang', effect: 'done' }, probability: HANGING / 2 });
  proxy.fail({ fault: { kind: 'refuse', status: 503, errorType: 'ServiceUnavailable' }, probability: REFUSED });
}

async function outage(): Promise<void> {
  say('the database answers nobody');
  proxy.heal();
  proxy.fail({ service: 'rds-data', fault: { kind: 'hang', effect: 'none' } });
  await pause(OUTAGE_MS);
  proxy.heal();
  loseCalls();
  say(`it answers again`);
}

async function enqueueAll(): Promise<void> {
  const begunAtMs = Date.now();
  let next = 0;
  const enqueueSome = async (): Promise<void> => {
    while (next < DELIVERIES) {
      const count = Math.min(1 + Math.floor(random.next() * 20), DELIVERIES - next);
      const webhooks = Array.from({ length: count }, (_, index) => webhookNumber(next + index));
      next += count;
      await pause(Math.max(0, begunAtMs + (next / DELIVERIES) * ENQUEUE_FOR_MS - Date.now()));
      await caller.enqueue(webhooks);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, enqueueSome));
}

/** Most may be tried often, so that only a fault of the stack could lose them; every tenth twice. */
function webhookNumber(index: number): Webhook {
  return {
    workflow_run_id: 1 + (index % 400),
    organization_id: 1 + ((index % 400) % 7),
    webhook_node_id: `soak-${index}`,
    // Every fifth goes to an endpoint that goes down and up again.
    endpoint_url: index % 5 === 3 ? receiver.awayUrl : receiver.url,
    payload: { number: index },
    max_attempts: index % 10 === 0 ? 2 : 30,
  };
}

/** In place of the rule's five minutes. */
async function sweepNowAndThen(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await asked(
      () => stack,
      (client) => client.invoke('sweep', {}),
    );
    await pause(3_000, undefined, { signal }).catch(() => undefined);
  }
}

async function untilAllEnded(): Promise<void> {
  const untilMs = Date.now() + DRAIN_WITHIN_MS;
  for (let look = 0; ; look++) {
    // The messages of killed workers stay hidden for minutes: the operator's sweep does not wait for them.
    if (look % 10 === 0) {
      await asked(
        () => stack,
        (client) => client.invoke('sweep', { messages_lost: true }),
      );
    }
    const pending = await asked(() => stack, countPending);
    if (pending === 0) return;
    if (look % 5 === 0) say(`${pending} pending`);
    if (Date.now() > untilMs) return;
    await pause(2_000);
  }
}

function isKilledWithin(kills: readonly Kill[], { startedAtMs }: LedgerAttempt, orphanedMs: number): boolean {
  return kills.some(({ atMs }) => atMs >= startedAtMs - orphanedMs && atMs <= startedAtMs + WORKER_LIVES_MS);
}

/** An attempt that the receiver may have accepted and whose acceptance nobody read: the worker died, or gave up waiting. */
function isUnread(errorClass: string | null): boolean {
  return errorClass === 'outcome_unknown' || errorClass === 'timeout' || errorClass === 'connection';
}

function acceptedTwice(): LedgerDelivery[] {
  return deliveries.filter(({ uuid }) => (receiver.seen.get(uuid)?.acceptances ?? 0) > 1);
}

function killCounts(): Record<KillKind, number> {
  const counts = { enqueue: 0, deliver: 0, sweep: 0, database: 0, 'database connection': 0, everything: 0 };
  for (const { kind } of killer.kills) counts[kind] += 1;
  return counts;
}

function report(): void {
  const count = (is: (delivery: LedgerDelivery) => boolean): number => deliveries.filter(is).length;
  const reasons = new Map<string, number>();
  for (const { deadLetterReason } of deliveries) {
    if (deadLetterReason !== null) reasons.set(deadLetterReason, (reasons.get(deadLetterReason) ?? 0) + 1);
  }
  const requests = [...receiver.seen.values()].reduce((sum, { requests }) => sum + requests.length, 0);
  say(`kills: ${JSON.stringify(killCounts())}, by strangers: ${JSON.stringify(stranger.counts())}`);
  say(`deliveries: ${deliveries.length}, lost: ${DELIVERIES - deliveries.length}, requests sent: ${requests}`);
  say(
    `succeeded: ${count(({ status }) => status === 'succeeded')}, late: ${count(({ succeededLate }) => succeededLate)}`,
  );
  say(`dead: ${JSON.stringify(Object.fromEntries(reasons))}`);
  say(`endpoints went down ${turns.down} times, and came up ${turns.up} times`);
  say(`attempts without an outcome: ${attempts.filter(({ errorClass }) => errorClass === 'outcome_unknown').length}`);
  say(`accepted more than once: ${acceptedTwice().length}, their worker or the database killed in between`);
  const faults = proxy.calls.filter(({ fault }) => fault !== undefined).length;
  say(`calls of functions: ${proxy.calls.length}, of these lost or refused: ${faults}`);
  say(`enqueue requests repeated: ${caller.repeats()}`);
}
