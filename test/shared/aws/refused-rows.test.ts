// One row's fault is one row's fault, over everything that walks rows: a sweep and an order go round a row that a trigger of the
// application refuses to change, and round ids that no message can name. Real: the rules of sweep, orders and inspect, the
// statements, the Data API over HTTP, PostgreSQL. Doubles: the queue, the log, metrics, the database's clock.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../../shared/observe/log.ts';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { sweepDeliveries } from '../../../shared/sweep/sweep-deliveries.ts';
import { CountedMetrics } from '../../support/protocol/deliver-batch-world.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { claimOne, deadLetter, NOON, noonAnd, stored } from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;
let metrics: CountedMetrics;
let sent: number[];
let errors: { event: string; fields: unknown }[];
const orders = new OrderBench(() => bench);

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
  metrics = new CountedMetrics();
  sent = [];
  errors = [];
});
afterAll(() => bench.close());

function sweep() {
  const nothing: Log['info'] = () => undefined;
  const parts = {
    store: bench.store,
    bus: { put: async () => ({ unput: [] }) },
    outcomes: 'all' as const,
    clock: systemClock,
    metrics,
    queue: {
      send: async (messages: readonly { deliveryId: number }[]) => {
        sent.push(...messages.map(({ deliveryId }) => deliveryId));
        return { unsent: [] };
      },
      setAside: () => Promise.reject(new Error('a sweep sets nothing aside')),
    },
    log: {
      info: nothing,
      warn: nothing,
      error: (event: string, fields?: unknown) => void errors.push({ event, fields }),
    },
  };
  return sweepDeliveries(parts, { mode: 'usual', stopAtMonotonicMs: Infinity });
}

async function inspect(request: object) {
  const parsed = parseInspectRequest(request);
  if (!parsed.ok) throw new Error(parsed.errorMessage);
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  const parts = { store: bench.inspectStore, examiner, clock: systemClock };
  return inspectDeliveries(parts, parsed.request, Infinity);
}

async function listed(request: object) {
  const { deliveries, unreadable = [], next } = await inspect({ action: 'list', ...request });
  return {
    ids: (deliveries as { delivery_id: number }[]).map(({ delivery_id }) => delivery_id),
    unreadable: unreadable as string[],
    next,
  };
}

async function storedMany(count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) ids.push(await stored(bench));
  return ids;
}

const statusesOf = async (ids: readonly number[]) =>
  Promise.all(ids.map(async (id) => (await bench.delivery(id))?.status));

describe.each([0, 20, 40])('of 41 rows, the one at place %i that a trigger refuses to change', (place) => {
  it('keeps none of the 40 due ones from being put back by the first sweep, and is named and counted', async () => {
    const ids = await storedMany(41);
    const refused = ids[place] ?? 0;
    await bench.refuse(refused, 'any change');
    bench.setNow(noonAnd(100));
    expect(await sweep()).toMatchObject({ putBack: 40, refused: 1, oldestDueSeconds: 100, complete: true });
    expect(sent.toSorted((a, b) => a - b)).toEqual(ids.filter((id) => id !== refused));
    expect(errors).toEqual([
      {
        event: 'sweep_refused',
        fields: expect.objectContaining({ delivery_id: String(refused), sql_state: 'P0001' }) as unknown,
      },
    ]);
    expect(metrics.counts.get('RowsRefused')).toBe(1);
  });

  it('keeps none of its neighbours from being redelivered by reason by the first order, and is named', async () => {
    const ids: number[] = [];
    while (ids.length < 41) ids.push(await deadLetter(bench));
    const refused = ids[place] ?? 0;
    await bench.refuse(refused, 'any change');
    const answer = await orders.redeliver({ reason: 'status' });
    expect(answer).toMatchObject({ matched: 41, changed: 40, complete: true });
    expect(answer.refused).toEqual([{ delivery_id: refused, because: 'database_refused' }]);
    expect(await statusesOf(ids)).toEqual(ids.map((id) => (id === refused ? 'dead_letter' : 'pending')));
  });
});

it('one of 41 rows that a trigger refuses to change keeps none of the 40 others from being erased by the first order', async () => {
  const ids = await storedMany(41);
  await bench.pool.query(
    "update webhook_deliveries set status = 'dead_letter', dead_letter_reason = 'status', scheduled_for = null",
  );
  const [, refused = 0] = ids;
  await bench.refuse(refused, 'any change');
  const answer = await orders.give({ action: 'expunge', reason: 'status' });
  expect(answer).toMatchObject({ matched: 41, changed: 40, complete: true });
  expect(answer.refused).toEqual([{ delivery_id: refused, because: 'database_refused' }]);
  const { rows: kept } = await bench.pool.query("select id from webhook_deliveries where payload <> ''");
  expect(kept).toEqual([{ id: String(refused) }]);
});

describe.each(['id', 'workflow_run_id', 'organization_id'])('a row whose %s is 2^53', (column) => {
  /** Gives the second of three rows that number. */
  async function spoilt(ids: number[]): Promise<{ neighbours: number[]; uuid: string }> {
    await bench.pool.query('delete from webhook_delivery_attempts where delivery_id = $1', [ids[1]]);
    const { rows } = await bench.pool.query<{ uuid: string }>(
      `update webhook_deliveries set ${column} = 9007199254740992 where id = $1 returning delivery_uuid as uuid`,
      [ids[1]],
    );
    return { neighbours: [ids[0] ?? 0, ids[2] ?? 0], uuid: rows[0]?.uuid ?? '' };
  }

  it('stops no sweep: its neighbours are put back, it is ended and counted', async () => {
    const { neighbours } = await spoilt(await storedMany(3));
    bench.setNow(noonAnd(100));
    expect(await sweep()).toMatchObject({ putBack: 2, buried: 1, refused: 0, complete: true });
    expect(sent).toEqual(neighbours);
    expect(metrics.counts.get('dead: invalid_row')).toBe(1);
    expect(await sweep()).toMatchObject({ buried: 0, refused: 0, complete: true });
  });

  it('stops no claim of its neighbours', async () => {
    const { neighbours } = await spoilt(await storedMany(3));
    for (const id of neighbours) expect(await claimOne(bench, id)).toMatchObject({ kind: 'claimed' });
  });

  it('stops no list: it is named by its UUID on the page where it belongs', async () => {
    const { neighbours, uuid } = await spoilt(await storedMany(3));
    const whole = await listed({ status: 'pending' });
    expect(whole.ids.toSorted((a, b) => a - b)).toEqual(neighbours);
    expect(whole).toMatchObject({ unreadable: [uuid], next: null });
    const told: unknown[] = [];
    let next: unknown;
    do {
      const page = await listed({ status: 'pending', limit: 1, ...(typeof next === 'string' ? { after: next } : {}) });
      const here = [...page.ids, ...page.unreadable];
      expect(here.length).toBeLessThanOrEqual(1);
      told.push(...here);
      next = page.next;
    } while (typeof next === 'string' && told.length < 10);
    expect(told).toHaveLength(3);
    expect(new Set(told)).toEqual(new Set([...neighbours, uuid]));
  });

  it('stops no count and no order', async () => {
    const ids = [await deadLetter(bench), await deadLetter(bench), await deadLetter(bench)];
    const { neighbours } = await spoilt(ids);
    const { counts } = await inspect({ action: 'count', reason: 'status', by: ['organization'] });
    expect(counts).toContainEqual({ organization: 7, count: column === 'workflow_run_id' ? 3 : 2 });
    const answer = await orders.redeliver({ reason: 'status' });
    expect(answer).toMatchObject({ changed: 2, complete: true });
    expect(answer.refused).toEqual(column === 'id' ? [] : [{ delivery_id: ids[1], because: 'invalid_row' }]);
    expect(await statusesOf(neighbours)).toEqual(['pending', 'pending']);
  });
});

it('an endpoint of an organization 2^53 stops no list of endpoints', async () => {
  const url = 'https://hooks.example.com/in';
  for (const organization of [7, 9007199254740992]) await bench.setEndpoint(organization, url, { maxInFlight: 1 });
  const { endpoints } = await inspect({ action: 'endpoints' });
  expect(endpoints).toMatchObject([{ organization_id: 7 }]);
});
