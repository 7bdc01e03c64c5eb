// Real: the store with its pauses, the SDK's client, the local Data API, and a PostgreSQL that cancels what takes longer than
// 500 ms, as the owner of a shared database may have set it. No doubles.
import type { PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  claimed,
  claimOne,
  freshToken,
  newDelivery,
  settledAs,
  soon,
  stored,
  success,
  verdictOf,
} from '../../support/store/store-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';

let bench: PostgresStoreBench;
let holder: PoolClient;
let askedAgain = Promise.withResolvers<void>();
let lastSql = '';

beforeAll(async () => {
  bench = await openPostgresStore({
    intercept: ({ sql }) => {
      if (sql === lastSql) askedAgain.resolve();
      lastSql = sql;
      return { kind: 'proceed' };
    },
  });
  holder = await bench.pool.connect();
  // For connections that are made from now on: the Data API's.
  await holder.query(
    `do $$ begin execute format('alter database %I set statement_timeout = 500', current_database()); end $$`,
  );
});
beforeEach(() => bench.reset());
afterEach(() => holder.query('rollback'));
afterAll(async () => {
  holder.release();
  await bench.close();
});

/** Asks while somebody has the table for themselves, who lets go once the database has cancelled the first try. */
async function whileLocked<T>(ask: () => Promise<T>): Promise<T> {
  askedAgain = Promise.withResolvers();
  lastSql = '';
  await holder.query('begin; lock table webhook_deliveries in access exclusive mode');
  const asked = ask();
  await Promise.race([askedAgain.promise, asked]);
  await holder.query('rollback');
  return asked;
}

it('a delivery is accepted, once', async () => {
  const [answer] = await whileLocked(() => bench.store.acceptDeliveries([newDelivery()], 'register', soon()));
  expect(answer).toMatchObject({ kind: 'stored', created: true });
});

it('a delivery is claimed, and the attempt counted once', async () => {
  const deliveryId = await stored(bench);
  expect(verdictOf(await whileLocked(() => claimOne(bench, deliveryId, { token: freshToken() })))).toBe('claimed');
  expect(await bench.delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
});

it('a success is recorded: nothing of it is sent again', async () => {
  const deliveryId = await stored(bench);
  const delivery = await claimed(bench, deliveryId);
  const {
    answers: [answer],
  } = await whileLocked(() => bench.store.settleDeliveries([settledAs(success, delivery)], soon()));
  expect(answer).toEqual({ deliveryId, verdict: 'recorded' });
  expect(await bench.delivery(deliveryId)).toMatchObject({ status: 'succeeded' });
});
