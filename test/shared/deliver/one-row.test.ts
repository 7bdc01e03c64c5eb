// Real: deliverBatch with its recorder. Doubles: the store (in memory, held to the contract of the real one), the queue, the
// attempts, time. What one delivery's row, lock, fault or lost answer costs its neighbours: nothing.
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { formatDeliveryMessage, type OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import { DeliverBatchBench, failed, messagesFor } from '../../support/protocol/deliver-batch-world.ts';
import { freshToken, LEASE_SECONDS } from '../../support/store/store-world.ts';

const received = ({ deliveryId, attempt, outcome, lostTokens }: OutgoingMessage) => ({
  messageId: `told-${deliveryId}`,
  body: formatDeliveryMessage({
    deliveryId,
    attempt,
    remainingSeconds: 0,
    ...(outcome && { outcome }),
    ...(lostTokens && { lostTokens }),
  }),
  messageGroup: 'organization-7',
});

describe('a row that somebody else has locked', () => {
  it('at the claim keeps none of its neighbours waiting, and goes when the lock does', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const locked = ids[6] ?? 0;
    bench.tables.locked.add(locked);
    bench.time.after(1000, () => bench.tables.locked.delete(locked));
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    const began = bench.attempts.map(({ delivery, beganMs }) => [delivery.deliveryId, beganMs]);
    expect(began.filter(([id]) => id !== locked).map(([, ms]) => ms)).toEqual(ids.slice(1).map(() => 0));
    expect(began.find(([id]) => id === locked)?.[1]).toBeLessThanOrEqual(1500);
    expect(bench.row(locked)).toMatchObject({ status: 'succeeded', attemptCount: 1, claimCount: 1 });
  });

  it.each([
    [0, 2],
    [60, 8],
    [7200, 60],
  ])(
    'for longer, %i s overdue, is asked for again in %i s by a message of its own',
    async (overdueSeconds, delaySeconds) => {
      const bench = new DeliverBatchBench();
      const id = await bench.stored();
      await bench.time.run(() => false, overdueSeconds * 1000);
      bench.tables.locked.add(id);
      expect(await bench.deliver(messagesFor([id]))).toEqual([]);
      expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds }]);
      expect(bench.row(id)).toMatchObject({ attemptCount: 0, claimCount: 0 });
    },
  );

  it('is asked for again under the same token: a first run of the claim may be what has it', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    const tokens = new Set<string>();
    bench.tables.locked.add(id);
    bench.instead = {
      claimDeliveries: (claims, leaseSeconds, limit) => {
        claims.forEach(({ token }) => tokens.add(token));
        return bench.store.claimDeliveries(claims, leaseSeconds, limit);
      },
    };
    await bench.deliver(messagesFor([id]));
    expect([bench.storeCalls.length, tokens.size]).toEqual([5, 1]);
  });

  it('at the settle keeps no neighbour from being recorded, and is recorded when the lock goes, within its time', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const locked = ids[9] ?? 0;
    for (const id of ids) bench.answers.set(id, { afterMs: 10, outcome: failed });
    bench.time.after(5, () => bench.tables.locked.add(locked));
    bench.time.after(40_000, () => bench.tables.locked.delete(locked));
    const state = bench.handOver(messagesFor(ids));
    await bench.time.run(() => false, 100);
    expect(ids.filter((id) => bench.row(id).leaseExpiresMs === undefined)).toEqual(ids.slice(0, 9));
    expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual(ids.slice(0, 9));
    await bench.time.run(() => state.comeAgain !== undefined, 60_000);
    expect(state.comeAgain).toEqual([]);
    expect(bench.row(locked)).toMatchObject({ attemptCount: 1, leaseExpiresMs: undefined, lastStatusCode: 503 });
    expect(bench.sent.at(-1)).toMatchObject({ deliveryId: locked, attempt: 2 });
  });

  it('past the end of the invocation has its outcome told by a message, which is recorded before anything is claimed', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored({ maxAttempts: 1 });
    bench.answers.set(id, { afterMs: 10, outcome: { kind: 'accepted', status: 200, excerpt: 'thanks' } });
    bench.time.after(5, () => bench.tables.locked.add(id));
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    const [told] = bench.sent;
    expect(told).toMatchObject({ deliveryId: id, attempt: 1, outcome: { settlement: { kind: 'succeeded' } } });
    expect(
      JSON.stringify(received(told ?? { deliveryId: 0, attempt: 0, delaySeconds: 0, messageGroup: '' })),
    ).not.toContain('thanks');
    await bench.time.run(() => false, LEASE_SECONDS * 1000);
    bench.tables.locked.delete(id);
    expect(await bench.deliver([...messagesFor([id]), ...(told === undefined ? [] : [received(told)])])).toEqual([]);
    expect(bench.row(id)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    expect(bench.attempts).toHaveLength(1);
  });
});

describe('an outage of the database', () => {
  it('in which two attempts of one delivery were answered keeps both outcomes, and the success stands', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    const away = () => Promise.reject(new StoreUnavailable('away'));
    bench.instead = { settleDeliveries: away };
    await bench.deliver(messagesFor([id]));
    await bench.time.run(() => false, bench.time.elapsedMs() + LEASE_SECONDS * 1000);
    bench.answers.set(id, { outcome: failed });
    await bench.deliver([received({ deliveryId: id, attempt: 2, delaySeconds: 0, messageGroup: '' })]);
    const told = bench.sent.splice(0);
    expect(told.map(({ attempt, outcome }) => [attempt, outcome?.settlement.kind])).toEqual([
      [1, 'succeeded'],
      [2, 'retry'],
    ]);
    expect(await bench.deliver(told.map(received))).toEqual([]);
    const again = bench.sent.splice(0);
    expect(again.map(({ attempt, outcome }) => [attempt, outcome?.token])).toEqual(
      told.map(({ attempt, outcome }) => [attempt, outcome?.token]),
    );
    bench.instead = {};
    expect(await bench.deliver(again.toReversed().map(received))).toEqual([]);
    expect(bench.row(id)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
    expect(bench.attempts).toHaveLength(2);
  });

  it.each([20, 45])('of %i s after ten receivers have answered costs nobody a second request', async (seconds) => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const endsMs = seconds * 1000;
    bench.instead = {
      settleDeliveries: async (settlements, limit) => {
        // As the adapter does: it asks again until its limit.
        const untilMs = Math.min(limit.untilMonotonicMs, endsMs);
        await new Promise<void>((resolve) => bench.time.after(Math.max(0, untilMs - bench.time.elapsedMs()), resolve));
        if (limit.untilMonotonicMs < endsMs) throw new StoreUnavailable('away');
        return await bench.store.settleDeliveries(settlements, limit);
      },
    };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'succeeded'));
    expect(bench.attempts).toHaveLength(10);
    expect(bench.sent).toEqual([]);
  });

  it('that outlives the invocation leaves what was answered to messages, which try for as long as it lasts', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(3);
    const away = () => Promise.reject(new StoreUnavailable('away'));
    bench.instead = { settleDeliveries: away, claimDeliveries: (...args) => bench.store.claimDeliveries(...args) };
    await bench.deliver(messagesFor(ids));
    for (let invocation = 0; invocation < 3; invocation++) {
      const told = bench.sent.splice(0);
      expect(told.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds])).toEqual(ids.map((id) => [id, 15]));
      // A message that asks for one of them meanwhile claims nothing: it would be sent again.
      expect(await bench.deliver([...told.map(received), ...messagesFor(ids, { attempt: 2 })])).toEqual([]);
    }
    bench.instead = {};
    expect(await bench.deliver(bench.sent.splice(0).map(received))).toEqual([]);
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'succeeded'));
    expect(bench.attempts).toHaveLength(3);
  });
});

describe('a claim that the database carries out after its worker has given up', () => {
  it('is given back by whoever asks again, and costs neither an attempt nor the time of its lease', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(3);
    let late: (() => Promise<unknown>) | undefined;
    bench.instead = {
      claimDeliveries: (claims, leaseSeconds, limit) => {
        late = () => bench.store.claimDeliveries(claims, leaseSeconds, limit);
        return Promise.reject(new StoreUnavailable('away'));
      },
      releaseDeliveries: () => Promise.reject(new StoreUnavailable('away')),
    };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    const carryOut = late;
    // The database is away for another claim: that of the first may still be carried out.
    expect(await bench.deliver(bench.sent.splice(0).map(received))).toEqual([]);
    await carryOut?.();
    expect(ids.map((id) => bench.row(id).attemptCount)).toEqual([1, 1, 1]);
    bench.instead = {};
    expect(await bench.deliver(bench.sent.splice(0).map(received))).toEqual([]);
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'succeeded'));
    expect(bench.attempts.map(({ delivery }) => delivery.attempt)).toEqual([1, 1, 1]);
    expect(bench.sent).toEqual([]);
  });
});

it('a lost claim that is carried out between its release and the next claim is given back seconds later', async () => {
  const bench = new DeliverBatchBench();
  const id = await bench.stored();
  let late: (() => Promise<unknown>) | undefined;
  const away = () => Promise.reject(new StoreUnavailable('away'));
  bench.instead = {
    claimDeliveries: (...asked) => {
      late = () => bench.store.claimDeliveries(...asked);
      return away();
    },
    releaseDeliveries: away,
  };
  await bench.deliver(messagesFor([id]));
  bench.instead = {
    releaseDeliveries: async (...asked) => {
      const answers = await bench.store.releaseDeliveries(...asked);
      await late?.();
      return answers;
    },
  };
  expect(await bench.deliver(bench.sent.splice(0).map(received))).toEqual([]);
  expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: 5 }]);
  bench.instead = {};
  expect(await bench.deliver(bench.sent.splice(0).map(received))).toEqual([]);
  expect(bench.row(id)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
});

describe('a row that kills its worker', () => {
  it('takes nobody along a second time: what a dead worker left is tried one by one, at last', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    await bench.store.claimDeliveries(claims.slice(0, 9), LEASE_SECONDS, { untilMonotonicMs: 0 });
    await bench.time.run(() => false, LEASE_SECONDS * 1000);
    const startedMs = bench.time.elapsedMs();
    for (const id of ids)
      bench.answers.set(id, { afterMs: 100, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'succeeded'));
    const began = bench.attempts.map(({ delivery, beganMs }) => [delivery.deliveryId, beganMs - startedMs]);
    // The one that nobody has tried goes first; of the others each begins when the one before is recorded.
    expect(began).toEqual([ids[9], ...ids.slice(0, 9)].map((id, index) => [id, index * 100]));
  });

  it('leaves those that no time is left for to another invocation, seconds later', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(3);
    const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    await bench.store.claimDeliveries(claims, LEASE_SECONDS, { untilMonotonicMs: 0 });
    await bench.time.run(() => false, LEASE_SECONDS * 1000);
    for (const id of ids) bench.answers.set(id, { afterMs: 20_000, outcome: failed });
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.attempts.map(({ delivery }) => delivery.deliveryId)).toEqual([ids[0]]);
    const asked = bench.sent.filter(({ attempt }) => attempt === 1);
    expect(asked.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds])).toEqual([
      [ids[1], 5],
      [ids[2], 5],
    ]);
  });
});

describe('a row that the database refuses to change', () => {
  it('at the claim costs its neighbours nothing, is named, and looked at again in five minutes', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    bench.tables.refused.set(ids[2] ?? 0, { refusal: { sqlState: 'P0001' }, what: 'any change' });
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.attempts).toHaveLength(9);
    expect(bench.sent).toMatchObject([{ deliveryId: ids[2], attempt: 1, delaySeconds: 300 }]);
    expect(bench.lines.find(({ event }) => event === 'claim_refused')?.fields).toMatchObject({
      delivery_id: ids[2],
      sql_state: 'P0001',
    });
    expect(bench.metrics.counts.get('RowsRefused')).toBe(1);
  });

  it('although its webhook has arrived is not sent again while the cause stands, and recorded when it is gone', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.tables.refused.set(id, { refusal: { sqlState: 'P0001' }, what: 'ending' });
    for (let look = 0; look < 3; look++) {
      expect(await bench.deliver(messagesFor([id], { attempt: look === 0 ? 1 : 2 }))).toEqual([]);
      await bench.time.run(() => false, bench.time.elapsedMs() + LEASE_SECONDS * 1000);
    }
    expect(bench.attempts).toHaveLength(1);
    expect(bench.row(id)).toMatchObject({ status: 'pending', attemptCount: 1 });
    expect(bench.lines.find(({ event }) => event === 'recording_refused')?.fields).toMatchObject({
      delivery_id: id,
      attempt: 1,
      outcome: 'succeeded',
      status: 204,
      noted: true,
      sql_state: 'P0001',
    });
    bench.tables.refused.clear();
    await bench.deliver(messagesFor([id], { attempt: 2 }));
    expect(bench.row(id)).toMatchObject({ status: 'succeeded', lastStatusCode: 204, attemptCount: 1 });
    expect(bench.attempts).toHaveLength(1);
  });
});

it('a row that cannot be sent as it stands ends as invalid_row that says why, and its neighbours are sent', async () => {
  const bench = new DeliverBatchBench();
  const ids = await bench.storedSeveral(10);
  const rotten = ids[5] ?? 0;
  bench.instead = {
    claimDeliveries: async (claims, leaseSeconds, limit) => {
      const answers = await bench.store.claimDeliveries(claims, leaseSeconds, limit);
      return answers.map((answer) => {
        if (answer.kind !== 'claimed' || answer.delivery.deliveryId !== rotten) return answer;
        const { deliveryId, attempt, token } = answer.delivery;
        return {
          kind: 'invalid',
          deliveryId,
          attempt,
          token,
          detail: 'column custom_headers is not a list of headers',
        };
      });
    },
  };
  expect(await bench.deliver(messagesFor(ids))).toEqual([]);
  expect(bench.attempts).toHaveLength(9);
  expect(bench.row(rotten)).toMatchObject({
    status: 'dead_letter',
    deadLetterReason: 'invalid_row',
    lastError: 'invalid_row: column custom_headers is not a list of headers',
  });
});
