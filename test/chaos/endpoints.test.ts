// Real: the whole stack as `npm start` runs it, SIGKILL, receivers on loopback that fail, hang and count. Doubles: none, not even the clock:
// it takes minutes. What a second of it shows is in test/end-to-end/endpoints.test.ts.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAS_PROC, processesOf } from '../../bench/process-tree.ts';
import { aDelivery } from '../end-to-end/a-delivery.ts';
import { makeDataDir } from '../support/stack/stack-process.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { type CountingReceiver, openCountingReceiver } from './counting-receiver.ts';

const SETTINGS = {
  WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
  WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '2',
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '5',
};
const WITHIN_MS = 240_000;

let stack: RunningStack;

async function enqueueMany(count: number, fields: (nth: number) => { endpoint_url: string } & Record<string, unknown>) {
  const ids: number[] = [];
  for (let from = 0; from < count; from += 100) {
    const deliveries = Array.from({ length: Math.min(100, count - from) }, (_, nth) => aDelivery(fields(from + nth)));
    const invoked = await stack.invoke('enqueue', { deliveries });
    if (!invoked.ok) throw new Error(invoked.errorMessage);
    const { results } = invoked.answer as { results: { delivery_id: number }[] };
    ids.push(...results.map((result) => result.delivery_id));
  }
  return ids;
}

/** Looks until it is so, and has the sweep repair meanwhile, as its rule does every five minutes. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAtMs = Date.now() + WITHIN_MS;
  for (let look = 0; !(await isSo()); look++) {
    if (Date.now() > endsAtMs) throw new Error('it did not come to pass');
    if (look % 10 === 9) await stack.invoke('sweep', {});
    await pause(250);
  }
}

async function count(where: string): Promise<number> {
  const [row] = await stack.rows<{ found: number }>(`select count(*) as found from webhook_deliveries where ${where}`);
  return row?.found ?? 0;
}

/** What became of them, and how often. */
async function endsOf(ids: readonly number[]): Promise<Record<string, number>> {
  const rows = await stack.rows<{ ending: string; found: number }>(
    `select concat_ws(': ', cast(status as text), dead_letter_reason) as ending, count(*) as found
     from webhook_deliveries where id in (${ids.join(',')}) group by 1`,
  );
  return Object.fromEntries(rows.map(({ ending, found }) => [ending, found]));
}

const among = (ids: readonly number[]) => `id in (${ids.join(',')})`;

describe.runIf(HAS_PROC)('endpoints in trouble, on the whole stack', () => {
  beforeAll(async () => {
    stack = await RunningStack.start(SETTINGS);
  });

  afterAll(() => stack.dispose());

  it('ten that never answer hold up nobody else: of 300 deliveries to a healthy one 95 % arrive within 2 s', async () => {
    const hanging = await Promise.all(Array.from({ length: 10 }, () => openCountingReceiver(() => ({ kind: 'hang' }))));
    const healthy = await openCountingReceiver(() => ({ kind: 'answer', status: 204, afterMs: 0 }));
    try {
      const ids = await enqueueMany(1000, (nth) => ({ endpoint_url: hanging[nth % 10]?.url ?? '' }));
      const enqueuedAtMs = new Map<number, number>();
      for (let nth = 0; nth < 30; nth++) {
        const atMs = Date.now();
        const some = await enqueueMany(10, () => ({ endpoint_url: healthy.url, organization_id: 8 }));
        for (const id of some) enqueuedAtMs.set(id, atMs);
        await pause(Math.max(0, atMs + 100 - Date.now()));
      }
      const served = [...enqueuedAtMs.keys()];
      await until(async () => (await count(`status = 'pending' and ${among(served)}`)) === 0);
      const arrivals = await arrivedAtMs(healthy, served);
      const waitedMs = served
        .map((id) => (arrivals.get(id) ?? Infinity) - (enqueuedAtMs.get(id) ?? 0))
        .toSorted((a, b) => a - b);
      const p95 = waitedMs[284] ?? Infinity;
      say(
        `healthy beside ten that hang: p95 ${p95} ms from the call of enqueue to the request, longest ${waitedMs.at(-1)} ms`,
      );
      expect(p95).toBeLessThanOrEqual(2000);
      expect(await endsOf(served)).toEqual({ succeeded: 300 });
      await until(async () => (await count(`held_by is not null and ${among(ids)}`)) >= 900);
      const sent = hanging.reduce((sum, { requests }) => sum + requests.length, 0);
      say(`requests that the ten got until their deliveries were held: ${sent}`);
    } finally {
      await Promise.all([...hanging, healthy].map((receiver) => receiver.close()));
    }
  });

  it('a limit of 5 a second: over any ten seconds 4.5 to 5.5 for 100 deliveries', async () => {
    const receiver = await openCountingReceiver(() => ({ kind: 'answer', status: 204, afterMs: 0 }));
    try {
      const limit = { action: 'set_endpoint', organization_id: 7, endpoint_url: receiver.url, max_per_second: 5 };
      expect(await stack.invoke('operate', limit)).toMatchObject({ ok: true });
      await enqueueMany(100, () => ({ endpoint_url: receiver.url }));
      await until(async () => receiver.requests.length >= 100);
      const atMs = receiver.requests.map((request) => request.atMs);
      // Every ten seconds that begin with a request, while there is enough to send.
      const rates = atMs
        .filter((begin) => begin + 10_000 <= (atMs.at(-1) ?? 0))
        .map((begin) => atMs.filter((at) => at >= begin && at < begin + 10_000).length / 10);
      say(`rates over ten seconds: ${Math.min(...rates)} to ${Math.max(...rates)} a second`);
      expect(rates.length).toBeGreaterThan(30);
      expect(Math.min(...rates)).toBeGreaterThanOrEqual(4.5);
      expect(Math.max(...rates)).toBeLessThanOrEqual(5.5);
    } finally {
      await receiver.close();
    }
  });

  it('60 deliveries to a dead host, each under a path of its own: it goes down once', async () => {
    const receiver = await openCountingReceiver(() => ({ kind: 'hang' }));
    const { origin } = new URL(receiver.url);
    await receiver.close();
    const ids = await enqueueMany(60, (nth) => ({ endpoint_url: `${origin}/hooks/${nth}` }));
    await until(async () => (await count(`held_by is not null and ${among(ids)}`)) >= 59);
    const rows = await stack.rows(
      `select scope from webhook_endpoints where down_since is not null and origin = '${origin}'`,
    );
    expect(rows).toEqual([{ scope: 'origin' }]);
    const told = stack.log.lines.filter((line) => line.includes('endpoint_down') && line.includes(origin));
    expect(told).toHaveLength(1);
  });

  it('down, everything killed, down again, then up while workers are killed: nothing is lost, and it is not overrun', async () => {
    let isBack = false;
    const receiver: CountingReceiver = await openCountingReceiver(() =>
      isBack ? { kind: 'answer', status: 204, afterMs: 30 } : { kind: 'answer', status: 503, afterMs: 0 },
    );
    try {
      const ids = await enqueueMany(300, () => ({ endpoint_url: receiver.url, max_attempts: 30 }));
      await until(async () => (await count(`held_by is not null and ${among(ids)}`)) >= 299);
      await stack.abandon();
      stack = await RunningStack.start(SETTINGS, stack.dataDir);
      const before = receiver.requests.length;
      await until(async () => receiver.requests.length >= before + 3);
      expect(receiver.requests.slice(before).map(({ inFlight }) => inFlight)).toEqual(
        receiver.requests.slice(before).map(() => 1),
      );
      isBack = true;
      const back = receiver.requests.length;
      const kills = await killWorkersUntil(async () => (await count(`status = 'pending' and ${among(ids)}`)) === 0);
      say(`workers killed during recovery: ${kills}`);
      expect(kills).toBeGreaterThanOrEqual(5);
      expect(await endsOf(ids)).toEqual({ succeeded: 300 });
      expect(receiver.breaches).toEqual([]);
      // One, two, and two more for each that was answered.
      const overrun = receiver.requests.slice(back).filter(({ inFlight, answered }) => {
        return inFlight > Math.max(1, answered + 1);
      });
      expect(overrun).toEqual([]);
    } finally {
      await receiver.close();
    }
  });
});

describe.runIf(HAS_PROC)('a stack with other settings of endpoints', () => {
  afterAll(() => stack.dispose());

  it('with WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES=0 each delivery uses up its attempts by itself, and no endpoint has a row', async () => {
    stack = await RunningStack.start({ ...SETTINGS, WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: '0' });
    const receiver = await openCountingReceiver(() => ({ kind: 'answer', status: 503, afterMs: 0 }));
    try {
      const ids = await enqueueMany(40, () => ({ endpoint_url: receiver.url, max_attempts: 3 }));
      await until(async () => (await count(`status = 'pending' and ${among(ids)}`)) === 0);
      expect(await endsOf(ids)).toEqual({ 'dead_letter: status': 40 });
      expect(receiver.requests).toHaveLength(120);
      expect(await stack.rows('select key from webhook_endpoints')).toEqual([]);
      expect(await count('held_since is not null or held_seconds > 0 or claim_count <> 3')).toBe(0);
    } finally {
      await receiver.close();
    }
    await stack.abandon();
  });

  it('with a hold of five seconds the sweep ends what is held for longer as endpoint_down', async () => {
    stack = await RunningStack.start({ ...SETTINGS, WEBHOOK_ENDPOINT_HOLD_SECONDS: '5' }, makeDataDir());
    const receiver = await openCountingReceiver(() => ({ kind: 'answer', status: 503, afterMs: 0 }));
    try {
      const ids = await enqueueMany(40, () => ({ endpoint_url: receiver.url, max_attempts: 30 }));
      await until(async () => (await count(`status = 'pending' and ${among(ids)}`)) === 0);
      expect(await endsOf(ids)).toEqual({ 'dead_letter: endpoint_down': 40 });
    } finally {
      await receiver.close();
    }
  });
});

/** When each of them reached its receiver first. */
async function arrivedAtMs(
  { requests }: CountingReceiver,
  ids: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await stack.rows<{ id: number; uuid: string }>(
    `select id, cast(delivery_uuid as text) as uuid from webhook_deliveries where ${among(ids)}`,
  );
  const atMs = new Map(requests.toReversed().map((request) => [request.deliveryId, request.atMs]));
  return new Map(rows.map(({ id, uuid }) => [id, atMs.get(uuid) ?? Infinity]));
}

/** Kills a random worker now and then, a dozen in all. Answers how many were there to be killed. */
async function killWorkersUntil(isOver: () => Promise<boolean>): Promise<number> {
  let kills = 0;
  await until(async () => {
    const workers = processesOf(stack.endpoints.pid, stack.endpoints.functions).filter(
      ({ role }) => role === 'deliver',
    );
    const worker = workers[Math.floor(Math.random() * workers.length)];
    if (worker !== undefined && kills < 12) {
      process.kill(worker.pid, 'SIGKILL');
      kills++;
    }
    return await isOver();
  });
  return kills;
}

function say(line: string): void {
  process.stdout.write(`endpoints: ${line}\n`);
}
