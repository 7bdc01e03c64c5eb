import { expect } from 'vitest';
import type { NewDelivery } from '../../shared/delivery/store-answers.ts';
import { OrderBench } from '../support/store/order-bench.ts';
import {
  claimed,
  claimOne,
  deadLetter,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  newDelivery,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';
import { describe, it } from './contract-runner.ts';

const KEY = { orderingKey: 'customer 9' } as const;
const ORDERING = { organizationId: 7, orderingKey: 'customer 9' } as const;

/** What a store promises about deliveries with an ordering key. */
export function orderingContract(bench: () => StoreBench): void {
  const orders = new OrderBench(bench);
  const inOrder = (delivery: Partial<NewDelivery> = {}) => stored(bench(), { ...KEY, ...delivery });
  const verdict = async (id: number, attempt = 1) => verdictOf(await claimOne(bench(), id, { attempt }));
  const statusOf = async (id: number) => (await bench().delivery(id))?.status;
  const settle = async (settled: Parameters<typeof settledAs>[0], delivery: Parameters<typeof settledAs>[1]) => {
    const { next } = await bench().store.settleDeliveries([settledAs(settled, delivery)], soon());
    return next.map(({ deliveryId, attempt }) => ({ deliveryId, attempt }));
  };
  const next = async () => (await bench().store.callNextDeliveries([ORDERING], soon())).map((one) => one.deliveryId);
  const sentBy = async (order: object) => {
    orders.sent.splice(0);
    await orders.give(order);
    return orders.sent.splice(0);
  };
  const putBack = async () =>
    (await bench().store.putBackDeliveries({ after: undefined, pageRows: 100 })).map((one) => one.deliveryId);

  describe('of deliveries with one ordering key', () => {
    it('one is attempted at a time, in the order in which they were stored', async () => {
      const ids = [await inOrder(), await inOrder(), await inOrder()];
      const order: string[] = [];
      for (const id of ids) {
        const before = ids.map((other) => (other < id ? 'over' : other > id ? verdict(other) : 'first'));
        const told = await Promise.all(before);
        const delivery = await claimed(bench(), id);
        told.push(...(await Promise.all(ids.filter((other) => other > id).map((other) => verdict(other)))));
        order.push(told.join(' '));
        const following = ids.filter((other) => other > id).slice(0, 1);
        expect(await settle(success, delivery)).toEqual(following.map((deliveryId) => ({ deliveryId, attempt: 1 })));
      }
      expect(order).toEqual(['first behind behind behind behind', 'over first behind behind', 'over over first']);
    });

    it('those of one request go as they stand in it, whatever their runs and nodes', async () => {
      const asked = [9, 3, 6].map((workflowRunId) =>
        newDelivery({ workflowRunId, webhookNodeId: `n${workflowRunId}`, ...KEY }),
      );
      const answers = await bench().store.acceptDeliveries(asked, 'register', soon());
      const ids = answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
      expect(await Promise.all(ids.map((id) => verdict(id)))).toEqual(['claimed', 'behind', 'behind']);
    });

    it('a claim that asks for several gets the first', async () => {
      const ids = [await inOrder(), await inOrder()];
      const claims = ids.toReversed().map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
      const answers = await bench().store.claimDeliveries(claims, LEASE_SECONDS, soon());
      expect(
        new Map(
          answers.map((answer) => [
            'delivery' in answer ? answer.delivery.deliveryId : answer.deliveryId,
            verdictOf(answer),
          ]),
        ),
      ).toEqual(
        new Map([
          [ids[0], 'claimed'],
          [ids[1], 'behind'],
        ]),
      );
      const again = await bench().store.claimDeliveries(claims, LEASE_SECONDS, soon());
      expect(again.map(verdictOf).toSorted()).toEqual(['behind', 'claimed']);
    });

    it('others wait for nobody: another key, another organization with the same key, and no key', async () => {
      await inOrder();
      const others = [
        await inOrder({ orderingKey: 'customer 8' }),
        await inOrder({ organizationId: 8 }),
        await stored(bench()),
      ];
      expect(await Promise.all(others.map((id) => verdict(id)))).toEqual(['claimed', 'claimed', 'claimed']);
    });

    it('a failure keeps the others waiting until the retry is over', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder(), await inOrder()];
      expect(await settle(failure, await claimed(bench(), first))).toEqual([]);
      expect(await verdict(second)).toBe('behind');
      expect(await next()).toEqual([first]);
      bench().setNow(noonAnd(30));
      expect(await settle(success, await claimed(bench(), first, { attempt: 2 }))).toEqual([
        { deliveryId: second, attempt: 1 },
      ]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('one that is scheduled keeps those behind it waiting until it has been delivered', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder({ scheduledForMs: Date.parse(noonAnd(600)) }), await inOrder()];
      expect([await verdict(first), await verdict(second)]).toEqual(['early', 'behind']);
      bench().setNow(noonAnd(600));
      await settle(success, await claimed(bench(), first));
      expect(await verdict(second)).toBe('claimed');
    });

    it('one that is given back is first again, and in nobody’s way', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder(), await inOrder()];
      const { token } = await claimed(bench(), first);
      await bench().store.releaseDeliveries([{ deliveryId: first, token, error: 'ours', dueAtOnce: true }], soon());
      expect([await verdict(second), await verdict(first)]).toEqual(['behind', 'claimed']);
    });

    it('a worker that dies keeps the others waiting until somebody has ended its delivery', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder({ maxAttempts: 1 }), await inOrder()];
      await claimed(bench(), first);
      bench().setNow(noonAnd(LEASE_SECONDS + 1));
      expect(await verdict(second)).toBe('behind');
      const buried = await bench().store.buryDeliveries({ after: undefined, pageRows: 10 });
      expect(buried).toMatchObject([{ status: 'dead_letter', ordering: ORDERING }]);
      expect(await next()).toEqual([second]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('a late success lets no other go while a newer attempt is in flight', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder(), await inOrder()];
      const late = await claimed(bench(), first);
      bench().setNow(noonAnd(LEASE_SECONDS + 1));
      const newer = await claimed(bench(), first, { attempt: 2 });
      expect(await settleOne(bench(), settledAs(success, late))).toBe('late_success');
      expect(await statusOf(first)).toBe('succeeded');
      expect(await verdict(second)).toBe('behind');
      expect(await settle(success, newer)).toEqual([{ deliveryId: second, attempt: 1 }]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('a settle that is repeated tells the next once more', async () => {
      const [first, second] = [await inOrder(), await inOrder()];
      const delivery = await claimed(bench(), first);
      const told = [{ deliveryId: second, attempt: 1 }];
      expect([await settle(success, delivery), await settle(success, delivery)]).toEqual([told, told]);
    });

    it('whoever is asked for next is not in flight, nor held, nor over', async () => {
      expect(await next()).toEqual([]);
      const first = await inOrder();
      expect(await next()).toEqual([first]);
      const delivery = await claimed(bench(), first);
      expect(await next()).toEqual([]);
      await settle(success, delivery);
      expect(await next()).toEqual([]);
    });

    it('those that wait need no message, and alarm nobody', async () => {
      bench().setNow(NOON);
      const ids = [await inOrder({ scheduledForMs: Date.parse(noonAnd(3600)) }), await inOrder(), await inOrder()];
      const ordinary = await stored(bench());
      bench().setNow(noonAnd(1000));
      expect(await putBack()).toEqual([ordinary]);
      await settle(success, await claimed(bench(), ordinary));
      expect(await bench().store.oldestDueSeconds()).toBe(0);
      bench().setNow(noonAnd(3700));
      expect(await putBack()).toEqual(ids.slice(0, 1));
      expect(await bench().store.oldestDueSeconds()).toBe(100);
      const lost = await bench().store.restoreMessages({ after: undefined, pageRows: 10 });
      expect(lost.map(({ deliveryId }) => deliveryId)).toEqual(ids.slice(0, 1));
    });

    it('the first one is held by its endpoint alone', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder(), await inOrder()];
      const endpointUrl = 'https://receiver.example/hook';
      await bench().setEndpoint(7, endpointUrl, { isStopped: true });
      expect([await verdict(first), await verdict(second)]).toEqual(['holding', 'behind']);
      expect((await bench().delivery(second))?.heldFor).toBeUndefined();
      expect(await next()).toEqual([]);
      expect(await bench().store.measureEndpoints()).toMatchObject({ held: 1 });
    });

    it('a repeated request takes no place, and changes none', async () => {
      const asked = newDelivery({ ...KEY });
      const first = await stored(bench(), asked);
      const second = await inOrder();
      await stored(bench(), { ...asked, deliveryUuid: freshToken() });
      expect([await verdict(second), await verdict(first)]).toEqual(['behind', 'claimed']);
    });

    it('forgetting a key that nobody uses leaves its deliveries in their order', async () => {
      bench().setNow(NOON);
      const ids = [await inOrder(), await inOrder()];
      bench().setNow(noonAnd(7200));
      await bench().store.forgetOrderingKeys(10);
      ids.push(await inOrder());
      expect(await Promise.all(ids.toReversed().map((id) => verdict(id)))).toEqual(['behind', 'behind', 'claimed']);
    });
  });

  describe('a dead letter with an ordering key', () => {
    it('lets the next go', async () => {
      const [first, second] = [await inOrder(), await inOrder()];
      expect(await settle(death, await claimed(bench(), first))).toEqual([{ deliveryId: second, attempt: 1 }]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('keeps the others waiting where it is to hold its key', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder({ orderingOnDeadLetter: 'hold' }), await inOrder()];
      expect(await settle(death, await claimed(bench(), first))).toEqual([]);
      bench().setNow(noonAnd(1000));
      expect([await verdict(second), await next(), await putBack()]).toEqual(['behind', [], []]);
    });

    for (const action of ['dismiss', 'expunge']) {
      it(`that holds its key lets the next go after an order to ${action} it`, async () => {
        const first = await deadLetter(bench(), { ...KEY, orderingOnDeadLetter: 'hold' });
        const second = await inOrder();
        expect(await sentBy({ action, delivery_ids: [first] })).toEqual([second]);
        expect(await verdict(second)).toBe('claimed');
      });
    }

    it('that holds its key lets the next go when a late success comes', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder({ orderingOnDeadLetter: 'hold', maxAttempts: 1 }), await inOrder()];
      const delivery = await claimed(bench(), first);
      bench().setNow(noonAnd(LEASE_SECONDS + 1));
      await bench().store.buryDeliveries({ after: undefined, pageRows: 10 });
      expect(await verdict(second)).toBe('behind');
      expect(await settle(success, delivery)).toEqual([{ deliveryId: second, attempt: 1 }]);
    });

    it('takes its old place again when it is redelivered, and never beside one that is in flight', async () => {
      bench().setNow(NOON);
      const [first, second, third] = [await deadLetter(bench(), KEY), await inOrder(), await inOrder()];
      const delivery = await claimed(bench(), second);
      bench().setNow(noonAnd(1));
      await orders.redeliver({ delivery_ids: [first] });
      expect([await verdict(first, 2), await verdict(third)]).toEqual(['behind', 'behind']);
      expect(await settle(success, delivery)).toEqual([{ deliveryId: first, attempt: 2 }]);
      expect(await verdict(third)).toBe('behind');
      expect(await settle(success, await claimed(bench(), first, { attempt: 2 }))).toEqual([
        { deliveryId: third, attempt: 1 },
      ]);
    });

    it('goes before one that is tried again, too', async () => {
      bench().setNow(NOON);
      const [first, second] = [await deadLetter(bench(), KEY), await inOrder()];
      const delivery = await claimed(bench(), second);
      await orders.redeliver({ delivery_ids: [first] });
      expect(await settle(failure, delivery)).toEqual([{ deliveryId: first, attempt: 2 }]);
      bench().setNow(noonAnd(60));
      expect([await verdict(second, 2), await verdict(first, 2)]).toEqual(['behind', 'claimed']);
    });

    it('that is put to rest again lets the next go', async () => {
      bench().setNow(NOON);
      const [first, second] = [await deadLetter(bench(), KEY), await inOrder()];
      const order = await orders.redeliver({ delivery_ids: [first] });
      expect(await verdict(second)).toBe('behind');
      orders.sent.splice(0);
      await orders.change(order, 'stop');
      await orders.work(order);
      expect(orders.sent.splice(0)).toEqual([second]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('makes nobody wait that its endpoint held before it was redelivered', async () => {
      bench().setNow(NOON);
      const [first, second] = [await deadLetter(bench(), KEY), await inOrder()];
      const endpointUrl = 'https://receiver.example/hook';
      await bench().setEndpoint(7, endpointUrl, { isStopped: true });
      expect(await verdict(second)).toBe('holding');
      bench().setNow(noonAnd(1));
      await orders.redeliver({ delivery_ids: [first] });
      expect(await verdict(second)).toBe('behind');
      expect(await bench().delivery(second)).toMatchObject({ scheduledForMs: Date.parse(NOON) });
      expect((await bench().delivery(second))?.heldFor).toBeUndefined();
    });
  });

  describe('an order about a delivery with an ordering key', () => {
    for (const action of ['cancel', 'expunge']) {
      it(`to ${action} it lets the next go`, async () => {
        const [first, second] = [await inOrder({ orderingOnDeadLetter: 'hold' }), await inOrder()];
        expect(await sentBy({ action, delivery_ids: [first] })).toEqual([second]);
        expect(await verdict(second)).toBe('claimed');
      });
    }

    for (const action of ['cancel', 'expunge']) {
      it(`to ${action} the next while one is in flight lets the one behind it go`, async () => {
        const [first, second, third] = [await inOrder(), await inOrder(), await inOrder()];
        const delivery = await claimed(bench(), first);
        expect(await sentBy({ action, delivery_ids: [second] })).toEqual([]);
        const following = { deliveryId: second, attempts: [1], token: freshToken() };
        const step = { settled: settledAs(success, delivery), next: following };
        expect(await bench().store.goOnInOrder(step, LEASE_SECONDS, soon())).toBeUndefined();
        expect(await settle(success, delivery)).toEqual([{ deliveryId: third, attempt: 1 }]);
        expect([await verdict(second), await next(), await verdict(third)]).toEqual(['finished', [third], 'claimed']);
      });
    }

    it('to cancel one in flight lets the next go when the attempt is over', async () => {
      const [first, second] = [await inOrder({ orderingOnDeadLetter: 'hold' }), await inOrder()];
      const delivery = await claimed(bench(), first);
      expect([await sentBy({ action: 'cancel', delivery_ids: [first] }), await verdict(second)]).toEqual([
        [],
        'behind',
      ]);
      expect(await settle(failure, delivery)).toEqual([{ deliveryId: second, attempt: 1 }]);
      expect(await verdict(second)).toBe('claimed');
    });

    it('to replay it puts the new one behind everything of its key', async () => {
      bench().setNow(NOON);
      const [first, second] = [await inOrder(), await inOrder()];
      await settle(success, await claimed(bench(), first));
      const [replay] = await sentBy({ action: 'replay', delivery_ids: [first] });
      if (replay === undefined) throw new Error('there is no replay');
      expect([await verdict(replay), await verdict(second)]).toEqual(['behind', 'claimed']);
    });
  });
}
