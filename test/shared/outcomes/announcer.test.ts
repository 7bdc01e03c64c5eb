// Real: how a worker announces, over the whole of deliver's batches where it matters. Doubles: the bus, the store in memory, time.
import { describe, expect, it } from 'vitest';
import { Announcer } from '../../../shared/outcomes/announcer.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import type { Outcome } from '../../../shared/delivery/outcome.ts';
import {
  CountedMetrics,
  DeliverBatchBench,
  failed,
  messagesFor,
  refused,
} from '../../support/protocol/deliver-batch-world.ts';
import { anOutcome } from '../../support/store/an-outcome.ts';

const typesOf = (puts: readonly (readonly Outcome[])[]) => puts.map((put) => put.map(({ type }) => type));

describe('a batch', () => {
  it('that arrives is announced by one call of the bus, and costs no further call of the database', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    ids.forEach((id, index) =>
      bench.answers.set(id, { afterMs: 30 * index, outcome: { kind: 'accepted', status: 204, excerpt: '' } }),
    );
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(typesOf(bench.puts)).toEqual([ids.map(() => 'delivered')]);
    expect(bench.storeCalls.filter((call) => call === 'clear')).toEqual([]);
    expect(bench.tables.outcomes.size).toBe(10);
  });

  it('records with its own outcomes that those of the batch before it were announced', async () => {
    const bench = new DeliverBatchBench();
    const [first = 0, second = 0] = await bench.storedSeveral(2);
    await bench.deliver(messagesFor([first]));
    await bench.deliver(messagesFor([second]));
    const left = [...bench.tables.outcomes.values()].map(({ outcome }) => outcome);
    expect(left).toMatchObject([{ deliveryId: second }]);
    expect(bench.storeCalls).toEqual(['claim', 'settle', 'claim', 'settle']);
  });

  it('with a dead letter has it announced once, and no sweep repeats it', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.answers.set(id, { outcome: refused });
    await bench.deliver(messagesFor([id]));
    expect(typesOf(bench.puts)).toEqual([['dead_lettered']]);
    expect(bench.storeCalls).toEqual(['claim', 'settle', 'clear']);
    expect(bench.tables.outcomes.size).toBe(0);
  });

  it('that only fails announces nothing', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.answers.set(id, { outcome: failed });
    await bench.deliver(messagesFor([id]));
    expect(bench.puts).toEqual([]);
  });

  it('with a slow receiver has the others announced within a second, while it still thinks', async () => {
    const bench = new DeliverBatchBench();
    const [quick = 0, slow = 0] = await bench.storedSeveral(2);
    bench.answers.set(slow, { afterMs: 20_000, outcome: refused });
    const state = bench.handOver(messagesFor([quick, slow]));
    await bench.time.run(() => bench.puts.length > 0, 30_000);
    expect(bench.time.elapsedMs()).toBeLessThan(2000);
    expect(state).not.toHaveProperty('comeAgain');
    await bench.time.run(() => 'comeAgain' in state, 30_000);
    expect(typesOf(bench.puts)).toEqual([['delivered'], ['dead_lettered']]);
  });

  it('whose bus refuses ends as it would without one, and its outcomes are left to the sweep', async () => {
    const bench = new DeliverBatchBench();
    const [good = 0, bad = 0] = await bench.storedSeveral(2);
    bench.answers.set(bad, { outcome: refused });
    bench.isUnput = ({ type }) => type === 'dead_lettered';
    expect(await bench.deliver(messagesFor([good, bad]))).toEqual([]);
    expect(bench.statuses([good, bad])).toEqual(['succeeded', 'dead_letter']);
    expect(Object.fromEntries(bench.metrics.counts)).toMatchObject({ OutcomesAnnounced: 1, OutcomesPutOff: 1 });
    expect(bench.lines).toContainEqual({
      event: 'outcomes_put_off',
      fields: { count: 1, because: 'ThrottlingException' },
    });
    expect([...bench.tables.outcomes.values()].map(({ outcome }) => outcome.type)).toContain('dead_lettered');
  });

  it('whose bus never answers waits a second for it, and the next ones not at all for a minute', async () => {
    const bench = new DeliverBatchBench();
    bench.putMs = 600_000;
    const ids = await bench.storedSeveral(4);
    const times: number[] = [];
    for (const id of ids.slice(0, 3)) {
      const before = bench.time.elapsedMs();
      await bench.deliver(messagesFor([id]));
      times.push(bench.time.elapsedMs() - before);
    }
    expect(times).toEqual([1000, 0, 0]);
    await bench.time.run(() => false, bench.time.elapsedMs() + 60_000);
    await bench.deliver(messagesFor(ids.slice(3)));
    expect(bench.puts).toHaveLength(2);
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'succeeded'));
  });

  it('whose settle is not answered still has what was announced before removed later', async () => {
    const bench = new DeliverBatchBench();
    const [first = 0, second = 0, third = 0] = await bench.storedSeveral(3);
    await bench.deliver(messagesFor([first]));
    bench.instead = { settleDeliveries: () => Promise.reject(new StoreUnavailable('away')) };
    await bench.deliver(messagesFor([second]));
    bench.instead = {};
    await bench.deliver(messagesFor([third]));
    const left = [...bench.tables.outcomes.values()].map(({ outcome }) => outcome);
    expect(left).toMatchObject([{ deliveryId: third }]);
  });
});

describe('an announcer', () => {
  function announcer(clearOutcomes: (ids: readonly number[]) => Promise<void> = async () => undefined) {
    const put: number[][] = [];
    const lines: string[] = [];
    const log = { warn: (event: string) => void lines.push(event), error: (event: string) => void lines.push(event) };
    const made = new Announcer({
      bus: {
        put: async (outcomes) => {
          put.push(outcomes.map(({ id }) => id));
          return { unput: [] };
        },
      },
      store: { clearOutcomes },
      clock: { monotonicMs: () => 0, after: () => () => undefined },
      log,
      metrics: new CountedMetrics(),
    });
    return { made, put, lines };
  }

  it('keeps what it could not have removed for the next statement, and says so', async () => {
    const { made, lines } = announcer(() => Promise.reject(new StoreUnavailable('away')));
    made.tell([anOutcome(1)]);
    await made.finish({ untilMonotonicMs: 10_000 });
    expect(lines).toEqual(['outcomes_uncleared']);
    expect(made.takeAnnounced().map(({ id }) => id)).toEqual([1]);
    expect(made.takeAnnounced()).toEqual([]);
  });

  it('begins nothing when its invocation is over', async () => {
    const { made, put } = announcer();
    made.tell([anOutcome(1)]);
    await made.finish({ untilMonotonicMs: 0 });
    expect(put).toEqual([]);
  });

  it('remembers no more than a statement can name', async () => {
    const { made } = announcer();
    for (let id = 0; id < 1500; id += 100) {
      made.tell(Array.from({ length: 100 }, (_, index) => anOutcome(id + index, { type: 'delivered' })));
      await made.finish({ untilMonotonicMs: 10_000 });
    }
    expect(made.takeAnnounced()).toHaveLength(1000);
  });
});
