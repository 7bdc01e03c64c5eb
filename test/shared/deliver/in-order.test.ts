// Real: deliverBatch with its recorder. Doubles: the store (in memory, held to the contract of the real one), the queue, the attempts,
// time. What workers do with deliveries of one ordering key.
import { describe, expect, it } from 'vitest';
import { formatDeliveryMessage } from '../../../shared/delivery/delivery-message.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import {
  DeliverBatchBench,
  failed,
  givenBack,
  messagesFor,
  refused,
} from '../../support/protocol/deliver-batch-world.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openFakeStore } from '../../support/store/fake-store-world.ts';
import { claimed } from '../../support/store/store-world.ts';

const KEY = { orderingKey: 'customer 9' } as const;
const away = () => Promise.reject(new StoreUnavailable('away'));

async function benchWith(count: number, outcomes: 'all' | 'failures' = 'failures') {
  const bench = new DeliverBatchBench(outcomes);
  return { bench, ids: await bench.storedSeveral(count, KEY) };
}
const attempted = (bench: DeliverBatchBench) => bench.attempts.map(({ delivery }) => delivery.deliveryId);

describe('an invocation goes on with an ordering key', () => {
  it('from one delivery to the next, in one call each, without a message', async () => {
    const { bench, ids } = await benchWith(5);
    for (const id of ids)
      bench.answers.set(id, { afterMs: 20, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    expect(await bench.deliver(messagesFor(ids.slice(0, 1)))).toEqual([]);
    expect(attempted(bench)).toEqual(ids);
    expect(bench.attempts.map(({ beganMs }) => beganMs)).toEqual([0, 20, 40, 60, 80]);
    expect(bench.storeCalls).toEqual(['claim', 'go on', 'go on', 'go on', 'go on', 'settle', 'call next']);
    expect([bench.sent, bench.metrics.counts.get('DeliveriesSucceeded')]).toEqual([[], 5]);
  });

  it('where all outcomes are told, by a settle and a claim for each', async () => {
    const { bench, ids } = await benchWith(3, 'all');
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(attempted(bench)).toEqual(ids);
    const calls = bench.storeCalls.filter((call) => call !== 'clear');
    expect(calls).toEqual(['claim', 'go on', 'settle', 'claim', 'go on', 'settle', 'claim', 'settle', 'call next']);
  });

  it('for some seconds, and hands it over by a message', async () => {
    const { bench, ids } = await benchWith(10);
    for (const id of ids)
      bench.answers.set(id, { afterMs: 1500, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(attempted(bench)).toEqual(ids.slice(0, 4));
    expect(bench.sent).toMatchObject([
      { deliveryId: ids[4], attempt: 1, delaySeconds: 0, messageGroup: 'organization-7' },
    ]);
  });

  it('until one fails: its retry is all that is asked for', async () => {
    const { bench, ids } = await benchWith(4);
    bench.answers.set(ids[1] ?? 0, { outcome: failed });
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(attempted(bench)).toEqual(ids.slice(0, 2));
    expect(bench.sent).toMatchObject([{ deliveryId: ids[1], attempt: 2, delaySeconds: 30 }]);
  });

  it('past a dead letter', async () => {
    const { bench, ids } = await benchWith(3);
    bench.answers.set(ids[1] ?? 0, { outcome: refused });
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect([attempted(bench), bench.statuses(ids)]).toEqual([ids, ['succeeded', 'dead_letter', 'succeeded']]);
  });

  it('beside others, of which a slow one holds up nobody', async () => {
    const { bench, ids } = await benchWith(3);
    const other = await bench.stored({ orderingKey: 'slow' });
    bench.answers.set(other, { afterMs: 20_000, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    const state = bench.handOver(messagesFor([other, ids[0] ?? 0]));
    await bench.time.run(() => false, 200);
    expect(bench.statuses(ids)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    await bench.time.run(() => state.comeAgain !== undefined, 30_000);
    expect(state.comeAgain).toEqual([]);
  });

  it.each<[string, boolean]>([
    ['that was not carried out', false],
    ['whose answer was lost', true],
  ])('after a call %s, under the same tokens: no delivery is sent twice, and none is lost', async (_, isCarriedOut) => {
    const { bench, ids } = await benchWith(3);
    let calls = 0;
    bench.instead = {
      goOnInOrder: async (...asked) => {
        if (++calls > 1) return bench.store.goOnInOrder(...asked);
        if (isCarriedOut) await bench.store.goOnInOrder(...asked);
        return away();
      },
    };
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect([attempted(bench), bench.statuses(ids)]).toEqual([ids, ['succeeded', 'succeeded', 'succeeded']]);
    expect(ids.map((id) => bench.row(id).attemptCount)).toEqual([1, 1, 1]);
    expect(bench.metrics.counts.get('InternalFaults')).toBe(1);
  });
});

describe('whoever comes next of a key', () => {
  it('and was stored while the one before was being recorded, is called: its own message may be gone', async () => {
    const { bench, ids } = await benchWith(1);
    let late = 0;
    bench.instead = {
      settleDeliveries: async (...asked) => {
        const settled = await bench.store.settleDeliveries(...asked);
        if (late === 0) late = await bench.stored(KEY);
        return settled;
      },
    };
    await bench.deliver(messagesFor(ids));
    expect(attempted(bench)).toEqual([ids[0], late]);
  });

  it('and cannot be asked for, is left to the sweep, counted and logged', async () => {
    const { bench, ids } = await benchWith(1);
    bench.instead = { callNextDeliveries: away };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.row(ids[0] ?? 0).status).toBe('succeeded');
    expect(bench.metrics.counts.get('InternalFaults')).toBe(1);
    expect(bench.lines).toContainEqual({ event: 'next_not_found', fields: expect.anything() });
  });

  it('gets a message where an earlier one has come between', async () => {
    const { bench, ids } = await benchWith(3);
    const [first = 0] = ids;
    const bringBack = (id: number) =>
      Object.assign(bench.row(id), { status: 'pending', scheduledForMs: 0, deadLetterReason: undefined });
    bench.instead = {
      goOnInOrder: async () => undefined,
      claimDeliveries: (claims, ...rest) => {
        // An operator has brought the first back meanwhile.
        if (claims[0]?.deliveryId === ids[1]) bringBack(first);
        return bench.store.claimDeliveries(claims, ...rest);
      },
    };
    bench.answers.set(first, { outcome: refused });
    await bench.deliver(messagesFor([first]));
    expect(attempted(bench)).toEqual([first]);
    expect(bench.sent).toMatchObject([{ deliveryId: first, attempt: 2, delaySeconds: 0 }]);
  });

  it('is called where the one before ends without an attempt, too: by an outcome that came by a message', async () => {
    const { bench, ids } = await benchWith(2);
    const { token, deliveryId, attempt } = await claimed({ ...openFakeStore(), store: bench.store }, ids[0] ?? 0);
    const settlement = { kind: 'succeeded', statusCode: 200, excerpt: '' } as const;
    const outcome = { token, organizationId: 7, startedAtMs: 0, durationMs: 1, settlement };
    const body = formatDeliveryMessage({ deliveryId, attempt, remainingSeconds: 0, outcome });
    await bench.deliver([{ messageId: 'written', body, messageGroup: undefined }]);
    expect(bench.statuses(ids)).toEqual(['succeeded', 'pending']);
    expect(bench.sent).toMatchObject([{ deliveryId: ids[1], attempt: 1, delaySeconds: 0 }]);
  });

  it('is called where the one before is buried at its last claim', async () => {
    const { bench, ids } = await benchWith(2);
    const [first = 0, second = 0] = ids;
    Object.assign(bench.row(first), { claimCount: 499 });
    bench.answers.set(first, { outcome: givenBack });
    await bench.deliver(messagesFor([first]));
    expect(bench.row(first)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'never_sent' });
    expect(bench.sent).toMatchObject([{ deliveryId: second, attempt: 1, delaySeconds: 0 }]);
  });

  it('is not asked for where one is given back: that one comes again', async () => {
    const { bench, ids } = await benchWith(2);
    bench.answers.set(ids[0] ?? 0, { outcome: givenBack });
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(bench.sent).toMatchObject([{ deliveryId: ids[0], attempt: 1 }]);
  });

  it('is called where a worker finds the one before without an attempt left', async () => {
    const { bench, ids } = await benchWith(2);
    const [first = 0, second = 0] = ids;
    const { maxAttempts } = bench.row(first);
    Object.assign(bench.row(first), { attemptCount: maxAttempts, leaseToken: 'lost', leaseExpiresMs: 0 });
    await bench.deliver(
      messagesFor([first]).map((message) => ({
        ...message,
        body: message.body.replace('"attempt":1', `"attempt":${maxAttempts}`),
      })),
    );
    expect(bench.row(first).status).toBe('dead_letter');
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual([second]);
  });
});

describe('whoever comes next of a key is cancelled or erased while the one before is in flight', () => {
  const order = async (bench: DeliverBatchBench, request: object) => {
    const orders = new OrderBench(() => ({ ...openFakeStore(), store: bench.store }));
    await orders.give(request);
    return orders.sent;
  };
  /** The first is in flight for three seconds, and after one the operator gives the order. */
  const during = async (bench: DeliverBatchBench, ids: readonly number[], request: object) => {
    bench.answers.set(ids[0] ?? 0, { afterMs: 3000, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    const state = bench.handOver(messagesFor(ids));
    await bench.time.run(() => false, 1000);
    expect(await order(bench, request)).toEqual([]);
    await bench.time.run(() => state.comeAgain !== undefined, 30_000);
  };

  it.each([
    ['cancel', 'failures'],
    ['expunge', 'failures'],
    ['cancel', 'all'],
    ['expunge', 'all'],
  ] as const)('%s (outcomes: %s): the one behind it goes at once, without a message', async (action, outcomes) => {
    const { bench, ids } = await benchWith(3, outcomes);
    await during(bench, ids, { action, delivery_ids: ids.slice(1, 2) });
    expect(bench.statuses(ids)).toEqual(['succeeded', 'dead_letter', 'succeeded']);
    expect([attempted(bench), bench.sent]).toEqual([[ids[0], ids[2]], []]);
  });

  it('several in line: the first that is left goes', async () => {
    const { bench, ids } = await benchWith(5);
    await during(bench, ids, { action: 'cancel', delivery_ids: ids.slice(1, 3) });
    expect(attempted(bench)).toEqual([ids[0], ids[3], ids[4]]);
  });

  it('and the one behind it is scheduled: it is asked for by a message when it is due', async () => {
    const { bench, ids } = await benchWith(2);
    const later = await bench.stored({ ...KEY, scheduledForMs: bench.time.nowMs() + 60_000 });
    await during(bench, ids, { action: 'cancel', delivery_ids: ids.slice(1) });
    expect(attempted(bench)).toEqual(ids.slice(0, 1));
    expect(bench.sent).toMatchObject([{ deliveryId: later, attempt: 1, delaySeconds: 57 }]);
  });

  it('all in line: nobody is called', async () => {
    const { bench, ids } = await benchWith(3);
    await during(bench, ids, { action: 'cancel', delivery_ids: ids.slice(1) });
    expect([attempted(bench), bench.sent]).toEqual([ids.slice(0, 1), []]);
  });

  it('between the record that named it and its claim: the one behind it is called', async () => {
    const { bench, ids } = await benchWith(3, 'all');
    const [, second = 0, third] = ids;
    bench.instead = {
      goOnInOrder: async () => undefined,
      claimDeliveries: async (claims, ...rest) => {
        // An order that looked before the record was committed found nobody to call: what this one calls is left aside.
        if (claims[0]?.deliveryId === second) await order(bench, { action: 'cancel', delivery_ids: [second] });
        return bench.store.claimDeliveries(claims, ...rest);
      },
    };
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(attempted(bench)).toEqual(ids.slice(0, 1));
    expect(bench.sent).toMatchObject([{ deliveryId: third, attempt: 1, delaySeconds: 0 }]);
  });

  it('and its row is gone: the one behind it goes', async () => {
    const { bench, ids } = await benchWith(3);
    bench.instead = {
      goOnInOrder: async (...asked) => {
        bench.tables.rows.delete(ids[1] ?? 0);
        return bench.store.goOnInOrder(...asked);
      },
    };
    await bench.deliver(messagesFor(ids.slice(0, 1)));
    expect(attempted(bench)).toEqual([ids[0], ids[2]]);
  });
});

it('the message of one that waits goes, and nobody is asked anything more', async () => {
  const { bench, ids } = await benchWith(2);
  expect(await bench.deliver(messagesFor(ids.slice(1)))).toEqual([]);
  expect([bench.storeCalls, bench.sent, attempted(bench)]).toEqual([['claim'], [], []]);
});

it('deliveries without a key cost no call for the sake of keys', async () => {
  const bench = new DeliverBatchBench('failures');
  const ids = await bench.storedSeveral(4);
  bench.answers.set(ids[0] ?? 0, { outcome: failed });
  bench.answers.set(ids[1] ?? 0, { outcome: refused });
  await bench.deliver(messagesFor(ids));
  expect(bench.storeCalls.filter((call) => call !== 'clear')).toEqual(['claim', 'settle']);
});

it('an order that ends deliveries sends no message where none has a key', async () => {
  const bench = new DeliverBatchBench('failures');
  const ids = await bench.storedSeveral(2);
  const orders = new OrderBench(() => ({ ...openFakeStore(), store: bench.store }));
  await orders.give({ action: 'cancel', delivery_ids: ids });
  expect(orders.sent).toEqual([]);
});
