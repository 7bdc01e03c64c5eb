import fc from 'fast-check';
import { FakeDeliveryStore, type FakeStoreOptions, FakeTables } from '../store/fake-delivery-store.ts';
import type { OpenStore, Plan } from './protocol-run.ts';
import { type FaultKind, FAULTS, type Port } from './protocol-faults.ts';
import type { Inspect } from './protocol-watch.ts';
import { endpointKeys, isNews } from '../store/fake-endpoints.ts';
import { RULES } from '../store/store-world.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

type Disturbed = { port: Port; weight: number; lastCall: number; above?: readonly FaultKind[] };

/** The calls whose failure matters most, as often as it matters, up to which of their calls, and by which faults above all. */
const DISTURBED: readonly Disturbed[] = [
  { port: 'store.settleDeliveries', weight: 5, lastCall: 4, above: ['late', 'late', 'twice'] },
  { port: 'store.claimDeliveries', weight: 4, lastCall: 4, above: ['late', 'twice', 'stalls'] },
  { port: 'credentials.resolve', weight: 4, lastCall: 3, above: ['fails before', 'fails before', 'stalls'] },
  { port: 'store.releaseDeliveries', weight: 4, lastCall: 2, above: ['twice', 'twice', 'twice', 'late'] },
  { port: 'receiver.send', weight: 3, lastCall: 4, above: ['stalls', 'stalls'] },
  { port: 'queue.send', weight: 2, lastCall: 3 },
  { port: 'bus.put', weight: 2, lastCall: 3 },
  { port: 'store.clearOutcomes', weight: 1, lastCall: 1 },
  { port: 'store.acceptDeliveries', weight: 1, lastCall: 1 },
  { port: 'store.putBackDeliveries', weight: 1, lastCall: 3 },
  { port: 'store.buryDeliveries', weight: 1, lastCall: 3 },
  { port: 'store.workPage', weight: 1, lastCall: 1 },
  { port: 'store.recordProgress', weight: 1, lastCall: 1 },
  { port: 'store.restPage', weight: 1, lastCall: 2 },
  { port: 'store.changeOrder', weight: 1, lastCall: 1 },
];

const faults = fc.oneof(
  ...DISTURBED.map(({ port, weight, lastCall, above = [] }) => ({
    weight,
    arbitrary: fc.record({
      port: fc.constant(port),
      call: fc.nat({ max: lastCall }),
      kind: fc.constantFrom<FaultKind[]>(...FAULTS, ...above),
    }),
  })),
);

/** In one run of four: what an operator ends takes no further part in what the others are about. */
function rarely(...seconds: number[]): fc.Arbitrary<number | undefined> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...seconds) },
  );
}

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
        hasCredential: fc.constantFrom(true, true, false),
        hasOwnEndpoint: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    faults: fc.array(faults, { maxLength: 10 }),
    messageFaults: fc.array(fc.record({ message: fc.nat({ max: 8 }), kind: fc.constantFrom('lost', 'duplicated') }), {
      maxLength: 4,
    }),
    locks: fc.array(
      fc.record({
        delivery: fc.nat({ max: 2 }),
        atSeconds: fc.constantFrom(0, 0, 0.02, 1, 3, 45),
        forSeconds: fc.constantFrom(0.5, 2, 20, 70, 600),
      }),
      { maxLength: 2 },
    ),
    redelivery: fc.constantFrom(undefined, undefined, 20, 90),
    /** Most redeliveries go at their pace; some so slowly that a stop comes before the last. */
    slowly: fc.constantFrom(false, true),
    stopAfter: fc.constantFrom(undefined, 0.1, 5),
    cancelSeconds: rarely(0.03, 20, 40, 600),
    expungeSeconds: rarely(0.03, 20, 40, 600, 7200),
  })
  .map(({ redelivery, slowly, stopAfter, cancelSeconds, expungeSeconds, ...plan }) => ({
    ...plan,
    maxAttempts: 2,
    ...(redelivery !== undefined && { redeliversAfterMinutes: redelivery, ...(slowly && { perSecond: 0.01 }) }),
    ...(redelivery !== undefined && stopAfter !== undefined && { stopsAfterMinutes: redelivery + stopAfter }),
    ...(cancelSeconds !== undefined && { cancelsAfterSeconds: cancelSeconds }),
    ...(expungeSeconds !== undefined && { expungesAfterSeconds: expungeSeconds }),
  }));

/** The same about deliveries of one ordering key, most of which are announced only if they fail. */
export const orderedPlans: fc.Arbitrary<Plan> = fc
  .record({ plan: plans, more: fc.nat({ max: 2 }), isPlain: fc.constantFrom(true, true, false) })
  .map(({ plan, more, isPlain }) => ({
    ...plan,
    ...(isPlain && { outcomes: 'failures' as const }),
    deliveries: [...plan.deliveries, ...plan.deliveries.slice(0, more)].map((delivery) => {
      return { ...delivery, dueInSeconds: Math.min(delivery.dueInSeconds, 45), hasOrderingKey: true };
    }),
  }));

/** What is held is over within the time of a run. */
const SHORT_RULES = { ...RULES, holdSeconds: 7200, outcomes: 'all' as const };

/** Opens the fake, or a mutant of it. A small budget has batches claimed in several calls. */
export function openFake(
  make: (options: FakeStoreOptions, tables: FakeTables, time: VirtualTime) => FakeDeliveryStore = (options, tables) =>
    new FakeDeliveryStore(options, tables),
): OpenStore {
  return (time, outcomes) => {
    const tables = new FakeTables();
    const options = {
      nowMs: () => time.nowMs(),
      payloadBudgetBytes: 20,
      rules: { ...SHORT_RULES, ...(outcomes && { outcomes }) },
    };
    const lock = (deliveryId: number) => {
      tables.locked.add(deliveryId);
      return () => void tables.locked.delete(deliveryId);
    };
    return {
      store: make(options, tables, time),
      inspect: inspectFake(tables),
      lock,
      downOf: (id) => downOf(tables, id),
    };
  };
}

/** Those that its claim probes. */
function downOf({ rows, endpoints }: FakeTables, deliveryId: number): string[] {
  const row = rows.get(deliveryId);
  if (row === undefined) return [];
  const down = endpointKeys(row).flatMap(({ key }) => endpoints.get(key) ?? []);
  return down.filter((one) => one.downSinceMs !== undefined && isNews(one, row)).map(({ key }) => key);
}

function inspectFake(tables: FakeTables): Inspect {
  return async () =>
    [...tables.rows.values()].map(({ attempts, ...row }) => ({
      deliveryId: row.deliveryId,
      status: row.status,
      attemptCount: row.attemptCount,
      maxAttempts: row.maxAttempts,
      scheduledForMs: row.scheduledForMs,
      succeededLate: row.succeededLate,
      claimCount: row.claimCount,
      cancelledBy: row.cancelledBy,
      isErased: row.expungedMs !== undefined,
      isOrdered: row.orderingKey !== undefined,
      attempts: [...attempts.keys()],
    }));
}
