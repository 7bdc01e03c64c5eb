// Real: enqueue, deliver, attempt, sweep and redeliver as the product has them. Doubles: the store (in memory, held to the
// contract of the real one), the queue, the receivers, time. Never to be asserted here: when something happens, or how often.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runProtocol } from '../protocol-bench.ts';
import { openFake, plans } from '../protocol-plans.ts';

it('holds', async () => {
  const t0 = performance.now();
  let n = 0, calls = 0;
  const totals = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const run = await runProtocol(plan, openFake());
      n++; calls += [...run.calls.values()].reduce((a,b)=>a+b,0);
      for (const [k, v] of run.counts) totals.set(k, (totals.get(k) ?? 0) + v);
      expect(run.violations).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  console.log(n, calls / n, performance.now() - t0, totals);
});
