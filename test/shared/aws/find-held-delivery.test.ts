// The answer to whoever lost the race for a key: the same as of the insert, also of what is held. Real: both statements, the SDK, the
// local Data API, PostgreSQL. No doubles.
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as queries from '../../../sql/compiled-queries.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { claimOne, freshToken, newDelivery, NOON, noonAnd, soon } from '../../support/store/store-world.ts';

let bench: PostgresStoreBench;
beforeAll(async () => {
  bench = await openPostgresStore();
});
afterAll(() => bench.close());

it.each([
  ['nothing holds', {}],
  ['an operator has stopped', { isStopped: true }],
  ['waits for its place in a rate', { maxPerSecond: 0.1 }],
])('a delivery that %s is told alike', async (_, settings) => {
  await bench.reset();
  bench.setNow(NOON);
  const deliveries = [newDelivery(), newDelivery()];
  const [given] = deliveries;
  if (given === undefined) throw new Error('there are two');
  const stored = await bench.store.acceptDeliveries(deliveries, 'register', soon());
  await bench.setEndpoint(given.organizationId, given.endpointUrl, settings);
  bench.setNow(noonAnd(60));
  for (const answer of stored) if (answer.kind === 'stored') await claimOne(bench, answer.deliveryId);
  for (const delivery of deliveries) {
    const again = { ...delivery, deliveryUuid: freshToken() };
    const [answer] = await bench.store.acceptDeliveries([again], 'register', soon());
    const keys = JSON.stringify([{ item: 0, run_id: delivery.workflowRunId, node_id: delivery.webhookNodeId }]);
    const [found] = await bench.dataApi.execute(queries.findDeliveries, { keys, now: noonAnd(60) }, soon());
    expect(answer).toMatchObject({
      created: false,
      scheduledForMs: found?.['scheduled_for_ms'],
      dueInSeconds: found?.['due_in_seconds'],
    });
  }
});
