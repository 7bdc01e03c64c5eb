// Each rule of the protocol taken out in turn: the property must see what breaks without it, within the runs it makes for
// the product, or it proves nothing. Real and doubled as in protocol.test.ts; the seed is fixed, so that a mutant that is
// caught stays caught.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import { MUTANTS } from '../support/protocol/protocol-mutants.ts';
import { openFake, plans } from '../support/protocol/protocol-plans.ts';

const RUNS = 1500;
const SEED = 20_261_123;

it.each(Object.entries(MUTANTS))('%s: an invariant breaks', async (_, { breaks, variant, open = openFake() }) => {
  const broken = fc.asyncProperty(plans, async (plan) => {
    const { violations } = await runProtocol(plan, open, variant);
    expect(violations.filter((violation) => breaks.test(violation))).toEqual([]);
  });
  const { failed } = await fc.check(broken, { numRuns: RUNS, seed: SEED, endOnFailure: true });
  expect(failed).toBe(true);
});

it('none: every invariant holds under the same plans', async () => {
  const whole = fc.asyncProperty(plans, async (plan) => {
    expect((await runProtocol(plan, openFake())).violations).toEqual([]);
  });
  await fc.assert(whole, { numRuns: 200, seed: SEED });
});
