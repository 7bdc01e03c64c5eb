// Real: enqueue, deliver, attempt, sweep and redeliver as the product has them. Doubles: the store (in memory, held to the
// contract of the real one), the queue, the receivers, time. Never to be asserted here: when something happens.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import { FAULTS } from '../support/protocol/protocol-faults.ts';
import { openFake, orderedPlans, plans } from '../support/protocol/protocol-plans.ts';

const RUNS = 1500;

/** What a test of chaos must have met, or it has proved nothing. */
const CHAOS = [
  ...FAULTS,
  'claim: claimed',
  'claim: deferred',
  'claim: apart',
  'claim: early',
  'claim: exhausted',
  'claim: finished',
  'claim: held',
  'claim: locked',
  'claim: stale',
  'settle: recorded',
  'settle: locked',
  'settle: already_recorded',
  'settle: late_success',
  'settle: superseded',
  'release: released',
  'release: not_held',
  'sweep: put back',
  'sweep: buried',
  'order: redeliver',
  'order: put to rest',
  'order: cancel',
  'order: expunge',
  'claim: holding',
  'settle: held',
  'endpoint: down',
  'endpoint: up',
  'endpoint: called',
];

const IN_ORDER = [
  'settle: late_success',
  'release: released',
  'sweep: buried',
  'order: redeliver',
  'order: put to rest',
  'claim: holding',
];

it('two workers keep every invariant through crashes, duplicates, lost messages and lost answers', async () => {
  const happened = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { violations, counts } = await runProtocol(plan, openFake());
      for (const [what, often] of counts) happened.set(what, (happened.get(what) ?? 0) + often);
      expect(violations).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  expect(CHAOS.filter((what) => !happened.has(what))).toEqual([]);
});

it('deliveries of one ordering key keep their order through the same, and are never two at a time (ORD-01)', async () => {
  const happened = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(orderedPlans, async (plan) => {
      const { violations, counts } = await runProtocol(plan, openFake());
      for (const [what, often] of counts) happened.set(what, (happened.get(what) ?? 0) + often);
      expect(violations).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  const wanted = [
    ...FAULTS,
    'claim: behind',
    'order: gone on',
    'order: not gone on',
    'order: next called',
    ...IN_ORDER,
  ];
  expect(wanted.filter((what) => !happened.has(what))).toEqual([]);
});
