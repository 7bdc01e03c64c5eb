import fc from 'fast-check';
import { FakeDeliveryStore, type FakeStoreOptions, FakeTables } from './fake-delivery-store.ts';
import { type Plan, PROTOCOL_LEASE_SECONDS, type StoreBehind } from './protocol-bench.ts';
import { FAULTS } from './protocol-faults.ts';
import type { Inspect } from './protocol-watch.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The calls whose failure matters most, the settlement above all. */
const DISTURBED = [
  'store.settleDeliveries',
  'store.settleDeliveries',
  'store.claimDeliveries',
  'store.claimDeliveries',
  'store.releaseDeliveries',
  'receiver.send',
  'credentials.resolve',
  'queue.send',
  'store.acceptDeliveries',
  'store.putBackDeliveries',
  'store.buryDeliveries',
  'store.redeliverDeliveries',
] as const;

/** Runs in which everything goes wrong that can: up to three deliveries, two attempts each, two workers. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    seed: fc.nat(),
    deliveries: fc.array(
      fc.record({
        script: fc.array(fc.constantFrom('accepts', 'accepts', 'accepts', 'unheard', 'fails', 'refuses', 'hangs'), {
          minLength: 1,
          maxLength: 3,
        }),
        dueInSeconds: fc.constantFrom(0, 0, 0, 45, 1000),
        hasCredential: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    faults: fc.array(
      fc.record({ port: fc.constantFrom(...DISTURBED), call: fc.nat({ max: 5 }), kind: fc.constantFrom(...FAULTS) }),
      { maxLength: 10 },
    ),
    messageFaults: fc.array(
      fc.record({ message: fc.nat({ max: 15 }), kind: fc.constantFrom('lost', 'duplicated') }),
      { maxLength: 4 },
    ),
    redelivery: fc.constantFrom(undefined, undefined, 20, 90),
  })
  .map(({ redelivery, ...plan }) => ({
    ...plan,
    maxAttempts: 2,
    ...(redelivery === undefined ? {} : { redeliversAfterMinutes: redelivery }),
  }));

/** Opens the fake, or a mutant of it. A small budget has batches claimed in several calls. */
export function openFake(
  make: (options: FakeStoreOptions, tables: FakeTables, time: VirtualTime) => FakeDeliveryStore = (options, tables) =>
    new FakeDeliveryStore(options, tables),
): (time: VirtualTime) => StoreBehind {
  return (time) => {
    const tables = new FakeTables();
    const options = {
      ...{ leaseSeconds: PROTOCOL_LEASE_SECONDS, nowMs: () => time.nowMs(), registerUnknownRuns: true },
      payloadBudgetBytes: 20,
    };
    return { store: make(options, tables, time), inspect: inspectFake(tables) };
  };
}

function inspectFake(tables: FakeTables): Inspect {
  return async () =>
    [...tables.rows.values()].map(({ attempts, ...row }) => ({
      ...{ deliveryId: row.deliveryId, status: row.status, attemptCount: row.attemptCount },
      ...{ maxAttempts: row.maxAttempts, scheduledForMs: row.scheduledForMs, succeededLate: row.succeededLate },
      attempts: [...attempts.keys()],
    }));
}
