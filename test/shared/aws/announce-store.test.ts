// What only the database shows of announcing. Real: the statement, the SDK, the local Data API, PostgreSQL. No doubles.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { newDelivery, soon } from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;
beforeAll(async () => {
  bench = await openPostgresStore();
});
afterAll(() => bench.close());

async function stored() {
  const given = newDelivery();
  await bench.store.acceptDeliveries([given], 'register', soon());
  return given.deliveryUuid;
}

it('a row under an id that JavaScript cannot hold is told without it, and the others as they are', async () => {
  const [odd, sound] = [await stored(), await stored()];
  await bench.pool.query('update webhook_deliveries set id = 9007199254740993 where delivery_uuid = $1', [odd]);
  const answer = await bench.announcements.announceDeliveries([odd, sound], soon());
  expect('found' in answer && answer.found.toSorted((a, b) => a.state.localeCompare(b.state))).toEqual([
    { deliveryUuid: odd, state: 'unnameable' },
    expect.objectContaining({ deliveryUuid: sound, state: 'waiting' }),
  ]);
});

it('a refusal of the database is an answer', async () => {
  const uuid = await stored();
  await bench.pool.query('alter table webhook_deliveries rename column delivery_uuid to moved');
  try {
    expect(await bench.announcements.announceDeliveries([uuid], soon())).toEqual({
      refusal: expect.objectContaining({ sqlState: '42703' }),
    });
  } finally {
    await bench.pool.query('alter table webhook_deliveries rename column moved to delivery_uuid');
  }
});
