// Real: everything. The stack as `npm start` runs it, 5,000 deliveries, receivers that fail at random, and a killer that ends
// functions, the database and once the whole process group with SIGKILL. Time passes: this is a soak, with a command of its
// own. Never asserted: how long anything takes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { processesOfFunction, withDescendants } from '../end-to-end/processes.ts';
import { RecordingReceiver } from '../end-to-end/recording-receiver.ts';
import { RunningStack } from '../end-to-end/running-stack.ts';
import { seededRandom } from './seeded-random.ts';

const DELIVERIES = 5_000;
const BATCH = 50;
const MAX_ATTEMPTS = 12;
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const KILL_EVERY_MS = 700;
const DATABASE_EVERY_KILLS = 25;
/** Of the deliveries that are over when the whole group is killed. */
const GROUP_KILL_AT = 0.4;
/** Nothing should take this long; past it what is left is told and the test fails. */
const GIVE_UP_MS = 15 * 60_000;

const SETTINGS = {
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
  WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '1',
  WEBHOOK_DELIVERY_MAX_ATTEMPTS: String(MAX_ATTEMPTS),
};

type Counts = { status: string; reason: string | null; count: number };

it('loses nothing and sends nothing twice at a time while functions and the database are killed at random', async () => {
  const random = seededRandom(SEED);
  const kills = { function: 0, database: 0, group: 0 };
  await using receiver = await RecordingReceiver.open(() => answerAtRandom(random));
  let stack = await RunningStack.start(SETTINGS);
  process.stdout.write(`seed ${SEED}\n`);
  try {
    const enqueuing = enqueueAll(() => stack, receiver.url());
    const until = performance.now() + GIVE_UP_MS;
    for (let over = 0; over < DELIVERIES && performance.now() < until;) {
      await pause(KILL_EVERY_MS);
      if (kills.group === 0 && over > DELIVERIES * GROUP_KILL_AT) {
        kills.group += 1;
        await stack.abandon();
        stack = await RunningStack.start(SETTINGS, stack.dataDir);
      } else if (over < DELIVERIES * 0.95) {
        killSomebody(stack, { random, kills });
      }
      over = await countOver(stack);
    }
    await enqueuing;
    const counts = await outcomes(stack);
    const requests = requestsPerDelivery(receiver);
    report({ kills, counts, requests, receiver });

    expect(kills.function).toBeGreaterThan(50);
    expect(kills.database).toBeGreaterThan(0);
    expect(kills.group).toBe(1);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(DELIVERIES);
    expect(counts.filter(({ status }) => status === 'pending')).toEqual([]);
    expect(receiver.mostAtOnce).toBe(1);
    expect(Math.max(...requests.values())).toBeLessThanOrEqual(MAX_ATTEMPTS);
    expect(await succeededWithoutRequest(stack, requests)).toEqual([]);
  } finally {
    await stack.dispose();
  }
});

/** Eight in ten accept, the rest fail in every way there is. */
async function answerAtRandom(random: () => number): Promise<number> {
  const chance = random();
  if (chance < 0.8) return 200;
  if (chance < 0.9) return 500;
  if (chance < 0.95) throw new Error('hang up');
  await pause(1_000);
  return chance < 0.98 ? 200 : 503;
}

/** Enqueuing is repeated until it is answered, as a caller would: the same requests find what was stored before. */
async function enqueueAll(stackOf: () => RunningStack, url: string): Promise<void> {
  for (let first = 0; first < DELIVERIES; first += BATCH) {
    const deliveries = Array.from({ length: BATCH }, (_, index) => ({
      workflow_run_id: first + index + 1,
      organization_id: 1 + (index % 5),
      webhook_node_id: 'node',
      endpoint_url: url,
      payload: { number: first + index },
    }));
    for (let isAnswered = false; !isAnswered;) {
      const invoked = await stackOf()
        .invoke('enqueue', { deliveries })
        .catch(() => undefined);
      isAnswered = invoked?.ok === true;
      if (!isAnswered) await pause(500);
    }
  }
}

function killSomebody(
  stack: RunningStack,
  { random, kills }: { random: () => number; kills: { function: number; database: number } },
): void {
  if ((kills.function + 1) % DATABASE_EVERY_KILLS === 0 && kills.database < 6) {
    const postmaster = Number(readFileSync(postmasterFile(stack), 'utf8').split('\n')[0]);
    if (kill(postmaster)) kills.database += 1;
    kills.function += 1;
    return;
  }
  const everybody = withDescendants(stack.process.pid);
  const roles = ['deliver', 'deliver', 'deliver', 'enqueue', 'sweep'];
  const role = roles[Math.floor(random() * roles.length)] ?? 'deliver';
  const candidates = processesOfFunction(stack.functionName(role), everybody);
  const victim = candidates[Math.floor(random() * candidates.length)];
  if (victim !== undefined && kill(victim)) kills.function += 1;
}

function postmasterFile(stack: RunningStack): string {
  return join(stack.dataDir, 'postgres', 'cluster', 'data', 'postmaster.pid');
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** The database may be down in this very second: then nothing is known, and nothing is over. */
async function countOver(stack: RunningStack): Promise<number> {
  const counts = await outcomes(stack).catch(() => []);
  return counts.filter(({ status }) => status !== 'pending').reduce((sum, { count }) => sum + count, 0);
}

function outcomes(stack: RunningStack): Promise<Counts[]> {
  return stack.rows<Counts>(
    `select cast(status as text) as status, dead_letter_reason as reason, count(*) as count
     from webhook_deliveries group by 1, 2 order by 1, 2`,
  );
}

function requestsPerDelivery({ received }: RecordingReceiver): Map<string, number> {
  const requests = new Map<string, number>();
  for (const { deliveryId } of received) requests.set(deliveryId, (requests.get(deliveryId) ?? 0) + 1);
  return requests;
}

async function succeededWithoutRequest(stack: RunningStack, requests: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await stack.rows<{ uuid: string }>(
    `select cast(delivery_uuid as text) as uuid from webhook_deliveries where status = 'succeeded' order by id`,
  );
  return rows.map(({ uuid }) => uuid).filter((uuid) => !requests.has(uuid));
}

function report(facts: {
  kills: Readonly<Record<string, number>>;
  counts: readonly Counts[];
  requests: ReadonlyMap<string, number>;
  receiver: RecordingReceiver;
}): void {
  const { kills, counts, requests, receiver } = facts;
  const more = [...requests.values()].filter((count) => count > 1).length;
  const lines = [
    `kills: ${Object.entries(kills)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
    `outcomes: ${counts.map(({ status, reason, count }) => `${count} ${status}${reason === null ? '' : ` (${reason})`}`).join(', ')}`,
    `requests: ${receiver.received.length}, most at once for one delivery: ${receiver.mostAtOnce}`,
    `deliveries sent more than once: ${more} (failed attempts, and attempts whose worker was killed)`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
