// Real: the migrations, PostgreSQL 17 and its transactions. Nothing is doubled.
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';
import { claimOne, newDelivery, soon, verdictOf } from '../support/store/store-world.ts';
import { insert, webhook } from './outbox-inserts.ts';

let bench: PostgresStoreBench;
let pool: Pool;

beforeAll(async () => {
  bench = await openPostgresStore();
  ({ pool } = bench);
});

afterAll(() => bench.close());

const idOf = ({ rows }: { rows: Record<string, unknown>[] }) => Number(rows[0]?.['id']);
const verdict = async (id: number) => verdictOf(await claimOne(bench, id));

it('inserted deliveries of one ordering key wait for each other, and for enqueued ones', async () => {
  const key = { ordering_key: 'a' };
  const [first, second] = [
    idOf(await insert(pool, webhook(key), { returning: 'returning id' })),
    idOf(await insert(pool, webhook({ ...key, ordering_on_dead_letter: 'continue' }), { returning: 'returning id' })),
  ];
  const [answer] = await bench.store.acceptDeliveries([newDelivery({ orderingKey: 'a' })], 'register', soon());
  if (answer?.kind !== 'stored') throw new Error('not stored');
  expect([await verdict(answer.deliveryId), await verdict(second), await verdict(first)]).toEqual([
    'behind',
    'behind',
    'claimed',
  ]);
});

it('what commits later comes later, whoever began first: storing waits for the open transaction of the same key', async () => {
  const application = await pool.connect();
  await application.query('begin');
  const first = idOf(await insert(application, webhook({ ordering_key: 'b' }), { returning: 'returning id' }));
  // Another key waits for nobody.
  const [beside] = await bench.store.acceptDeliveries([newDelivery({ orderingKey: 'c' })], 'register', soon());
  expect(beside?.kind).toBe('stored');
  const other = bench.store
    .acceptDeliveries([newDelivery({ orderingKey: 'b' })], 'register', soon())
    .then(([answer]) => (answer?.kind === 'stored' ? answer.deliveryId : 0));
  await whenSomebodyWaits();
  await application.query('commit');
  application.release();
  const second = await other;
  expect([await verdict(second), await verdict(first)]).toEqual(['behind', 'claimed']);
});

/** Until some statement waits for another. */
async function whenSomebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ waits: boolean }>(
      'select exists (select from pg_locks where not granted) as waits',
    );
    if (rows[0]?.waits === true) return;
  }
}

it.each([
  [{ ordering_key: '' }, 'ordering_key: must have 1 to 255 characters'],
  [{ ordering_key: 'x'.repeat(256) }, 'ordering_key: must have 1 to 255 characters'],
  [{ ordering_key: 'x', ordering_on_dead_letter: 'stop' }, 'ordering_on_dead_letter: must be continue or hold'],
  [{ ordering_on_dead_letter: 'hold' }, 'ordering_on_dead_letter: hold needs an ordering_key'],
])('an insert with %o is refused by its column', async (values, fault) => {
  await expect(insert(pool, webhook(values))).rejects.toMatchObject({
    code: '23514',
    column: fault.split(':')[0],
    message: `this webhook cannot be sent: ${fault}`,
  });
});

it('a place without a key, and a key without a place, are no row', async () => {
  const row = `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, `;
  await expect(
    pool.query(`${row} ordering_position) values (9001, 7, 'n', 'https://a.example/', '{}', 1)`),
  ).rejects.toMatchObject({ constraint: 'webhook_deliveries_ordering' });
  const { rows } = await pool.query(
    `${row} ordering_key) values (9002, 7, 'n', 'https://a.example/', '{}', 'd') returning ordering_position > 0 as placed`,
  );
  expect(rows).toEqual([{ placed: true }]);
});
