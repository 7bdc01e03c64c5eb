// A statement whose answer is late is asked again, and then copies of it run at the same time. Real: the store, the SDK's
// client, the local Data API, PostgreSQL 17, where the copies are made to wait in the midst of their work.
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  claimed,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  newDelivery,
  NOON,
  settledAs,
  soon,
  stored,
  success,
} from '../../support/store/store-world.ts';
import { untilWaiting } from '../../local/data-api-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';

let bench: PostgresStoreBench;
let holder: PoolClient;

beforeAll(async () => {
  bench = await openPostgresStore();
  holder = await bench.pool.connect();
  // Who changes a row waits while the test has this lock, with all rows of its statement locked.
  await bench.pool.query(`
    create function wait_for_test() returns trigger language plpgsql
      as 'begin perform pg_advisory_xact_lock_shared(1); return new; end';
    create trigger waits before update on webhook_deliveries for each row execute function wait_for_test()`);
});
beforeEach(() => bench.reset());
beforeEach(() => void bench.setNow(NOON));
afterAll(async () => {
  holder.release();
  await bench.close();
});

/** Answers of two copies that both waited for what `lock` locks. */
async function twoCopies<T>(lock: string, ask: () => Promise<T>): Promise<T[]> {
  await holder.query('begin');
  await holder.query(lock);
  const copies = [ask(), ask()];
  await untilWaiting(bench.pool, 2);
  await holder.query('rollback');
  return Promise.all(copies);
}

/**
 * Answers of a first copy that has its rows and has not written them yet, of a second one meanwhile, and of a third when the
 * first is over.
 */
async function threeCopies<T>(ask: () => Promise<T>): Promise<{ first: T; meanwhile: T; again: T }> {
  await holder.query('begin');
  await holder.query('select pg_advisory_xact_lock(1)');
  const asked = ask();
  await untilWaiting(bench.pool, 1);
  const meanwhile = await ask();
  await holder.query('rollback');
  return { first: await asked, meanwhile, again: await ask() };
}

it('of a claim: locked meanwhile, then answered the same, and the attempt is counted once', async () => {
  const ids = [await stored(bench), await stored(bench)];
  const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  const copies = await threeCopies(() => bench.store.claimDeliveries(claims, LEASE_SECONDS, soon()));
  expect(copies.first.map(({ kind }) => kind)).toEqual(['claimed', 'claimed']);
  expect(copies.meanwhile.map(({ kind }) => kind)).toEqual(['locked', 'locked']);
  expect(copies.again).toEqual(copies.first);
  for (const id of ids) expect(await bench.delivery(id)).toMatchObject({ attemptCount: 1, claimCount: 1 });
});

it.each([
  ['success', success, { status: 'succeeded', attemptCount: 1 }],
  ['failure', failure, { status: 'pending', attemptCount: 1 }],
  ['death', death, { status: 'dead_letter', attemptCount: 1 }],
])('of the settle of a %s: locked meanwhile, and recorded once', async (_kind, settlement, row) => {
  const deliveryId = await stored(bench);
  const settled = settledAs(settlement, await claimed(bench, deliveryId));
  const { first, meanwhile, again } = await threeCopies(() => bench.store.settleDeliveries([settled], soon()));
  const verdicts = [first, meanwhile, again].map(({ answers: [answer] }) => answer?.verdict);
  expect(verdicts).toEqual(['recorded', 'locked', 'already_recorded']);
  expect(await bench.delivery(deliveryId)).toMatchObject(row);
  expect(await bench.attempts(deliveryId)).toHaveLength(1);
});

it('of a release: locked meanwhile, then answered the same, and the attempt is given back once', async () => {
  const deliveryId = await stored(bench);
  const { token } = await claimed(bench, deliveryId);
  const releases = [{ deliveryId, token, error: 'ours' }];
  const copies = await threeCopies(() => bench.store.releaseDeliveries(releases, soon()));
  expect(copies.first).toMatchObject([{ kind: 'released', attempt: 1 }]);
  expect(copies.meanwhile).toEqual([{ kind: 'locked', deliveryId }]);
  expect(copies.again).toEqual(copies.first);
  expect(await bench.delivery(deliveryId)).toMatchObject({ attemptCount: 0, claimCount: 1 });
});

describe('of an accept', () => {
  it('that has to wait for the table: one inserts, both answer the row as created', async () => {
    const deliveries = [newDelivery(), newDelivery()];
    const lock = 'lock table webhook_deliveries in share row exclusive mode';
    const [first, second] = await twoCopies(lock, () => bench.store.acceptDeliveries(deliveries, 'register', soon()));
    expect(first).toMatchObject(deliveries.map(({ deliveryUuid }) => ({ created: true, deliveryUuid })));
    expect(second).toEqual(first);
  });

  it('of which neither has seen the other’s row before writing its own: the same', async () => {
    // An index that makes who writes a row wait, after the key was looked at and before the unique indexes are written.
    await bench.pool.query(`
      create function waiting(id uuid) returns uuid immutable language plpgsql
        as 'begin perform pg_advisory_xact_lock_shared(1); return id; end';
      alter table webhook_deliveries
        drop constraint webhook_deliveries_once_per_node, drop constraint webhook_deliveries_uuid;
      create index waits on webhook_deliveries (waiting(delivery_uuid));
      alter table webhook_deliveries
        add constraint webhook_deliveries_once_per_node unique (workflow_run_id, webhook_node_id),
        add constraint webhook_deliveries_uuid unique (delivery_uuid)`);
    const deliveries = [newDelivery(), newDelivery()];
    const lock = 'select pg_advisory_xact_lock(1)';
    const [first, second] = await twoCopies(lock, () => bench.store.acceptDeliveries(deliveries, 'register', soon()));
    expect(first).toMatchObject(deliveries.map(({ deliveryUuid }) => ({ created: true, deliveryUuid })));
    expect(second).toEqual(first);
    expect((await bench.pool.query('select from webhook_deliveries')).rowCount).toBe(2);
  });
});
