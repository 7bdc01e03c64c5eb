import { describe, expect, it } from 'vitest';
import { MAX_ANNOUNCED, MAX_CHAINED_DELAY_SECONDS, SWEEP_GRACE_SECONDS } from '../../shared/runtime/limits.ts';
import type { NewDelivery } from '../../shared/delivery/store-answers.ts';
import {
  claimed,
  death,
  failure,
  freshToken,
  newDelivery,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  success,
} from '../support/store/store-world.ts';

/** What announcing deliveries promises that an application has inserted, whatever store keeps them. */
export function announceContract(bench: () => StoreBench): void {
  const announce = async (...uuids: string[]) => {
    const answer = await bench().announcements.announceDeliveries(uuids, soon());
    if ('refusal' in answer) throw new Error(answer.refusal.sqlState);
    return answer.found;
  };
  /** One that nobody has sent a message for. */
  async function inserted(delivery: Partial<NewDelivery> = {}) {
    const given = newDelivery(delivery);
    const [answer] = await bench().store.acceptDeliveries([given], 'register', soon());
    if (answer?.kind !== 'stored') throw new Error('the delivery was not stored');
    await bench().insertedByOther(answer.deliveryId);
    return { id: answer.deliveryId, uuid: given.deliveryUuid };
  }
  const putBack = () => bench().store.putBackDeliveries({ after: undefined, pageRows: 10 }, soon());

  describe('announcing', () => {
    it('answers what a message needs, notes that there is to be one, and leaves the rest of the row as it is', async () => {
      bench().setNow(NOON);
      const { id, uuid } = await inserted({ organizationId: 9 });
      const before = await bench().delivery(id);
      expect(before).toMatchObject({ awaitsHandOut: true });
      expect(await announce(uuid)).toEqual([
        {
          deliveryUuid: uuid,
          state: 'waiting',
          deliveryId: id,
          organizationId: 9,
          dueInSeconds: 0,
          scheduledForMs: Date.parse(NOON),
        },
      ]);
      expect(await bench().delivery(id)).toEqual({ ...before, awaitsHandOut: false });
      expect(await claimed(bench(), id)).toMatchObject({ attempt: 1 });
    });

    it('is left to the sweep where its worker died before the message: put back once it has been due for a while', async () => {
      bench().setNow(NOON);
      const { id, uuid } = await inserted();
      await announce(uuid);
      expect(await putBack()).toEqual([]);
      bench().setNow(noonAnd(SWEEP_GRACE_SECONDS));
      expect(await putBack()).toMatchObject([{ deliveryId: id, handedOut: false }]);
    });

    it('twice answers the same, as long as nobody has claimed it', async () => {
      const { uuid } = await inserted();
      expect(await announce(uuid)).toEqual(await announce(uuid));
    });

    it('tells how far off one is, and leaves what is beyond the reach of messages to the sweep', async () => {
      bench().setNow(NOON);
      const at = (seconds: number) => ({ scheduledForMs: Date.parse(noonAnd(seconds)) });
      const near = await inserted(at(MAX_CHAINED_DELAY_SECONDS));
      const far = await inserted(at(MAX_CHAINED_DELAY_SECONDS + 0.001));
      expect(await announce(near.uuid)).toMatchObject([{ dueInSeconds: MAX_CHAINED_DELAY_SECONDS }]);
      expect(await announce(far.uuid)).toMatchObject([{ dueInSeconds: MAX_CHAINED_DELAY_SECONDS + 1 }]);
      expect(await bench().delivery(near.id)).toMatchObject({ awaitsHandOut: false });
      expect(await bench().delivery(far.id)).toMatchObject({ awaitsHandOut: true });
    });

    it('says under way of what somebody has claimed, whatever came of it, and over of what has ended', async () => {
      const [flying, retried, released, delivered, dead] = await Promise.all(
        Array.from({ length: 5 }, (_, run) => inserted({ workflowRunId: 5000 + run })),
      );
      if (!flying || !retried || !released || !delivered || !dead) throw new Error('five were inserted');
      await claimed(bench(), flying.id);
      await settleOne(bench(), settledAs(failure, await claimed(bench(), retried.id)));
      const given = await claimed(bench(), released.id);
      await bench().store.releaseDeliveries(
        [{ deliveryId: released.id, token: given.token, error: 'no time' }],
        soon(),
      );
      await settleOne(bench(), settledAs(success, await claimed(bench(), delivered.id)));
      await settleOne(bench(), settledAs(death, await claimed(bench(), dead.id)));
      const stateOf = new Map(
        (await announce(...[flying, retried, released, delivered, dead].map(({ uuid }) => uuid))).map(
          ({ deliveryUuid, ...told }) => [deliveryUuid, told],
        ),
      );
      expect([flying, retried, released, delivered, dead].map(({ uuid }) => stateOf.get(uuid))).toEqual([
        { state: 'under_way' },
        { state: 'under_way' },
        { state: 'under_way' },
        { state: 'over' },
        { state: 'over' },
      ]);
    });

    it('answers nothing of what there is not, and the others all the same', async () => {
      const { uuid } = await inserted();
      expect((await announce(freshToken(), uuid)).map(({ deliveryUuid }) => deliveryUuid)).toEqual([uuid]);
    });

    it('waits for nobody who has the row locked', async () => {
      const { id, uuid } = await inserted();
      await using lock = await bench().lock(id);
      expect(await announce(uuid)).toMatchObject([{ state: 'waiting', deliveryId: id }]);
      await lock.commit();
      // Another message at the next sweep does no harm.
      expect(await bench().delivery(id)).toMatchObject({ awaitsHandOut: true });
    });

    it('takes a thousand at once', async () => {
      const deliveries = Array.from({ length: MAX_ANNOUNCED }, (_, run) =>
        newDelivery({ workflowRunId: 10_000 + run }),
      );
      await bench().store.acceptDeliveries(deliveries, 'register', soon());
      const found = await announce(...deliveries.map(({ deliveryUuid }) => deliveryUuid));
      expect(found).toHaveLength(MAX_ANNOUNCED);
    });
  });
}
