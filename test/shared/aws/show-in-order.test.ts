// What operators see of deliveries with an ordering key. Real: the rules of inspect, the statements, the Data API over HTTP, PostgreSQL.
// No doubles.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { deadLetter, stored } from '../../support/store/store-world.ts';

const KEY = { orderingKey: 'customer 9' } as const;

let bench: PostgresStoreBench;
const orders = new OrderBench(() => bench);
beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

type Shown = { delivery: Record<string, unknown>; explanation: string[] };

async function show(id: number): Promise<Shown> {
  const parsed = parseInspectRequest({ action: 'show', delivery_id: id });
  if (!parsed.ok) throw new Error(parsed.errorMessage);
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  const parts = { store: bench.inspectStore, examiner, clock: systemClock };
  return (await inspectDeliveries(parts, parsed.request, performance.now() + 10_000)) as unknown as Shown;
}

it('each tells its key, what becomes of those behind it, whom it waits behind and how many wait behind it', async () => {
  const first = await stored(bench, { ...KEY, orderingOnDeadLetter: 'hold' });
  const second = await stored(bench, KEY);
  await stored(bench, KEY);
  await stored(bench, { orderingKey: 'customer 8' });
  const common = { ordering_key: 'customer 9' };
  expect((await show(first)).delivery).toMatchObject({
    ...common,
    ordering_on_dead_letter: 'hold',
    behind: null,
    waiting_behind: 2,
  });
  expect((await show(second)).delivery).toMatchObject({
    ...common,
    ordering_on_dead_letter: 'continue',
    behind: first,
    waiting_behind: 1,
  });
});

it('a dead letter that holds its key tells how many wait behind it, until it is dismissed', async () => {
  const first = await deadLetter(bench, { ...KEY, orderingOnDeadLetter: 'hold' });
  await stored(bench, KEY);
  await stored(bench, KEY);
  const { delivery, explanation } = await show(first);
  expect(delivery['waiting_behind']).toBe(2);
  expect(explanation).toContain('2 deliveries wait behind it.');
  await orders.give({ action: 'dismiss', delivery_ids: [first] });
  expect((await show(first)).delivery).toMatchObject({ ordering_on_dead_letter: 'hold', waiting_behind: null });
});

it('more than a thousand are counted as a thousand', async () => {
  const first = await deadLetter(bench, { ...KEY, orderingOnDeadLetter: 'hold' });
  await bench.pool.query(
    `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, ordering_key)
     select n, 7, 'n', 'https://receiver.example/hook', '{}', $1 from generate_series(1000001, 1001001) n`,
    [KEY.orderingKey],
  );
  const { delivery, explanation } = await show(first);
  expect(delivery['waiting_behind']).toBe(1000);
  expect(explanation).toContain('1000 or more deliveries wait behind it.');
});

it('without a key, and once it is erased, it tells nothing of the kind', async () => {
  const plain = await stored(bench);
  const erased = await deadLetter(bench, { ...KEY, orderingOnDeadLetter: 'hold' });
  await orders.give({ action: 'expunge', delivery_ids: [erased] });
  for (const id of [plain, erased]) {
    expect((await show(id)).delivery).toMatchObject({
      ordering_key: null,
      ordering_on_dead_letter: null,
      behind: null,
      waiting_behind: null,
    });
  }
});
