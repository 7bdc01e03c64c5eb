// Real: enqueue, deliver, attempt, sweep, redeliver, the store, the Data API, PostgreSQL. Doubles: the queue, the receivers,
// time. Fewer runs than with the fake: they show that the statements keep the invariants, too.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { behindPostgres } from '../support/protocol/postgres-protocol.ts';
import { openPostgresStore, type PostgresStoreBench } from '../support/store/postgres-store-world.ts';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import { orderedPlans, plans } from '../support/protocol/protocol-plans.ts';

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
});

afterAll(() => bench.close());

it('the statements keep every invariant of the protocol', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      await bench.reset();
      // As by default: with all outcomes the short statement would record nothing.
      const { violations } = await runProtocol(plan, behindPostgres(bench), { outcomes: 'failures' });
      expect(violations).toEqual([]);
    }),
    { numRuns: 10 },
  );
});

it('the statements keep the order of an ordering key', async () => {
  await fc.assert(
    fc.asyncProperty(orderedPlans, async (plan) => {
      await bench.reset();
      const { violations } = await runProtocol(plan, behindPostgres(bench), { outcomes: 'failures' });
      expect(violations).toEqual([]);
    }),
    { numRuns: 10 },
  );
});
