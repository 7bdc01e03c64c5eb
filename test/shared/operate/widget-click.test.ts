// What a click on the dashboard's widget is answered. Real: the rules of operate. Doubles: the store (in memory, held to the contract of
// the real one), the queue, the relay, time.
import { describe, expect, it, test } from 'vitest';
import { answerOperator } from '../../../shared/operate/answer-operator.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';
import { NO_ADOPTION } from '../../support/store/no-adoption.ts';

describe('a click', () => {
  const click = (bench: SweepBench, request: object, id = 'request') => {
    const parts = {
      ...bench.parts({}),
      moreAttempts: 5,
      adoption: NO_ADOPTION,
      relay: { handOver: async () => undefined },
    };
    const invocation = { id, stopAtMonotonicMs: bench.clock.monotonicMs() + 160_000 };
    return answerOperator(request, parts, invocation);
  };
  const widgetContext = { dashboardName: 'Webhooks' };

  it('is answered in words, and twice it is one order', async () => {
    const bench = new SweepBench();
    const ids = await bench.stored(2);
    const hold = { action: 'hold', organization_id: 7, order_key: 'k', by: 'the dashboard', widgetContext };
    expect(await click(bench, hold)).toContain('Held: nothing of it is attempted until it is resumed.');
    const again = await click(bench, hold, 'again');
    expect(again).toContain('Order 1.');
    expect(again).toContain('once it is refreshed');
    // It is over as soon as it is given: nobody can follow or stop it.
    expect(again).not.toContain('surehook orders');
    expect(bench.tables.orders.size).toBe(1);
    const resume = { action: 'resume', organization_id: 7, widgetContext };
    expect(await click(bench, resume, 'second')).toContain('Resumed: what was held goes out now.');
    expect(await click(bench, resume, 'third')).toContain('It was not held.');
    const cancelled = await click(bench, { action: 'cancel', delivery_ids: ids, widgetContext }, 'fourth');
    expect(cancelled).toContain('2 of 2 cancelled.');
    const redelivered = await click(bench, { action: 'redeliver', delivery_ids: [...ids, 99], widgetContext }, 'fifth');
    expect(redelivered).toContain('0 of 0 pending again.');
    expect(redelivered).toContain('delivery 99: ');
  });

  it('that is refused says so in words: a thrown refusal would count against the function', async () => {
    const bench = new SweepBench();
    const answer = await click(bench, { action: 'redeliver', delivery_ids: ['<script>'], '<b>': 1, widgetContext });
    expect(answer).toContain('Nothing was changed.');
    expect(answer).toContain('delivery_ids[0]: must be an integer');
    expect(answer).not.toContain('<script>');
    const gone = await click(
      bench,
      { action: 'resume', endpoint_key: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f', widgetContext },
      'gone',
    );
    expect(gone).toContain('endpoint_key: no endpoint has it any more');
    expect(bench.tables.orders.size).toBe(0);
  });

  it('that fails for our reasons is an error of the function', async () => {
    const bench = new SweepBench();
    const broken = {
      ...bench.parts({ changeEndpoint: () => Promise.reject(new Error('no database')) }),
      moreAttempts: 5,
      adoption: NO_ADOPTION,
      relay: { handOver: async () => undefined },
    };
    const hold = { action: 'hold', everything: true, widgetContext };
    await expect(answerOperator(hold, broken, { id: 'x', stopAtMonotonicMs: 1e9 })).rejects.toThrow('no database');
  });

  test('whoever is no dashboard is answered and refused as ever', async () => {
    const bench = new SweepBench();
    await expect(click(bench, { action: 'hold' })).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(click(bench, { action: 'hold', everything: true, widgetContext: 'no object' })).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    expect(await click(bench, { action: 'hold', everything: true })).toMatchObject({ order_id: 1, changed: 1 });
  });
});
