// Outcomes where workers meet. Real: the store, the local Data API, PostgreSQL 17 and its concurrency. A double: its clock.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Outcome } from '../../../shared/delivery/outcome.ts';
import { outcomeEvent } from '../../../shared/outcomes/outcome-event.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import {
  claimed,
  deadLetter,
  death,
  failure,
  NOON,
  noonAnd,
  settledAs,
  soon,
  stored,
  success,
} from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

async function waiting(): Promise<Outcome[]> {
  bench.setNow(noonAnd(3600));
  return (await bench.store.listOutcomes({ afterId: undefined, pageRows: 100 })).map(({ outcome }) => outcome);
}

it('workers that find an endpoint down at the same instant tell it once', async () => {
  bench.setRules({ downAfterFailures: 1 });
  // Somebody is about to insert the endpoint's row, and does not: all of them have looked before any of them writes.
  const settled = [];
  for (let count = 0; count < 4; count++) {
    const delivery = await claimed(bench, await stored(bench));
    settled.push({ ...settledAs(failure, delivery), evidence: { endpoint: 'failure', origin: 'answer' } as const });
  }
  const holder = await bench.pool.connect();
  await holder.query('begin');
  await holder.query(
    `insert into webhook_endpoints (key, scope)
     select key, scope from webhook_endpoint_keys(7, 'https://receiver.example/hook') where scope = 'endpoint'`,
  );
  const told = settled.map((one) => bench.store.settleDeliveries([one], soon()));
  await untilWaiting(settled.length);
  await holder.query('rollback');
  holder.release();
  const outcomes = (await Promise.all(told)).flatMap((answer) => answer.outcomes);
  expect(outcomes.map(({ type }) => type)).toEqual(['down']);
  expect(await waiting()).toEqual(outcomes);
  const { rows } = await bench.pool.query('select outage_id from webhook_endpoints');
  expect(rows).toEqual([{ outage_id: outcomes[0]?.eventId }]);
});

it.each(['infinity', '-infinity', '20000-01-01'])(
  'a delivery that was created at %s, as only SQL can write it, has an event all the same',
  async (createdAt) => {
    const deliveryId = await stored(bench);
    await bench.pool.query('update webhook_deliveries set created_at = $1 where id = $2', [createdAt, deliveryId]);
    const gone = settledAs(death, await claimed(bench, deliveryId));
    const { outcomes } = await bench.store.settleDeliveries([gone], soon());
    expect(await waiting()).toEqual(outcomes);
    const events = outcomes.map((outcome) => outcomeEvent(outcome, 'Acme/Webhooks').detail);
    expect(events).toMatchObject([{ delivery_id: deliveryId, created_at: NOON }]);
  },
);

it('a settlement and a sweep that remove the same outcomes wait for nobody', async () => {
  for (let count = 0; count < 3; count++) await deadLetter(bench);
  const ids = (await waiting()).map(({ id }) => id);
  const delivery = await claimed(bench, await stored(bench));
  await Promise.all([
    bench.store.clearOutcomes(ids),
    bench.store.settleDeliveries([settledAs(success, delivery)], soon(), ids.toReversed()),
    bench.store.clearOutcomes(ids.toReversed()),
  ]);
  bench.setNow(noonAnd(7200));
  expect(await waiting()).toEqual([]);
});

it('of rows written without enqueue no user info is told, and none that no event can name', async () => {
  const [odd, unnameable] = [await stored(bench, { maxAttempts: 1 }), await stored(bench, { maxAttempts: 1 })];
  for (const id of [odd, unnameable]) await claimed(bench, id);
  await bench.pool.query(`update webhook_deliveries set endpoint_url = $2 where id = $1`, [
    odd,
    'HTTPS://user:secret@receiver.example:8443/path?token=abc#top',
  ]);
  await bench.pool.query('update webhook_deliveries set organization_id = 9007199254740993 where id = $1', [
    unnameable,
  ]);
  bench.setNow(noonAnd(3600));
  await bench.store.buryDeliveries({ after: undefined, pageRows: 10 });
  expect(await waiting()).toMatchObject([{ deliveryId: odd, origin: 'HTTPS://receiver.example:8443' }]);
});

/** Until so many sessions wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await bench.pool.query<{ waiting: number }>(
      `select cast(count(*) as integer) as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= count) return;
  }
}
