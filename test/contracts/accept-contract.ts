import { describe, expect, it } from 'vitest';
import {
  claimed,
  claimOne,
  failure,
  freshToken,
  newDelivery,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  type StoreBench,
  stored,
  success,
} from '../support/store/store-world.ts';

/** What accepting deliveries promises, whatever store keeps them. */
export function acceptContract(bench: () => StoreBench): void {
  describe('accepting', () => {
    it('stores a delivery pending and due now, with the uuid chosen for it', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const delivery = newDelivery();
      expect(await store.acceptDeliveries([delivery], 'register', soon())).toEqual([
        {
          kind: 'stored',
          created: true,
          deliveryId: expect.any(Number),
          deliveryUuid: delivery.deliveryUuid,
          status: 'pending',
          requestDigest: 'digest',
          scheduledForMs: Date.parse(NOON),
          dueInSeconds: 0,
          attemptCount: 0,
          lastStatusCode: undefined,
          lastError: undefined,
        },
      ]);
    });

    it('takes a past time for now, and tells how far off a future one is', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const past = newDelivery({ scheduledForMs: Date.parse(noonAnd(-3600)) });
      const future = newDelivery({ scheduledForMs: Date.parse(noonAnd(90.25)) });
      expect(await store.acceptDeliveries([past, future], 'register', soon())).toMatchObject([
        { scheduledForMs: Date.parse(NOON), dueInSeconds: 0 },
        { scheduledForMs: Date.parse(noonAnd(90.25)), dueInSeconds: 91 },
      ]);
    });

    it('answers a repeated key with the first row, whatever became of it', async () => {
      const { store } = bench();
      const first = newDelivery();
      const again = { ...first, deliveryUuid: freshToken(), requestDigest: 'another', body: '{"other":1}' };
      const [created] = await store.acceptDeliveries([first], 'register', soon());
      const found = { created: false, deliveryUuid: first.deliveryUuid, requestDigest: 'digest' };
      expect(await store.acceptDeliveries([again], 'register', soon())).toMatchObject([
        { ...found, status: 'pending' },
      ]);
      if (created?.kind !== 'stored') throw new Error('not stored');
      await settleOne(bench(), settledAs(success, await claimed(bench(), created.deliveryId)));
      expect(await store.acceptDeliveries([again], 'register', soon())).toMatchObject([
        { ...found, status: 'succeeded', scheduledForMs: undefined, dueInSeconds: 0 },
      ]);
    });

    it('answers a repeated key with what became of it so far', async () => {
      const { store } = bench();
      const first = newDelivery();
      const again = { ...first, deliveryUuid: freshToken() };
      const [created] = await store.acceptDeliveries([first], 'register', soon());
      if (created?.kind !== 'stored') throw new Error('not stored');
      await settleOne(bench(), settledAs(failure, await claimed(bench(), created.deliveryId)));
      expect(await store.acceptDeliveries([again], 'register', soon())).toMatchObject([
        { created: false, status: 'pending', attemptCount: 1, lastStatusCode: 503, lastError: 'status 503' },
      ]);
    });

    it('answers of a repeated key that is held when it would be due, not the end of the wait', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const first = newDelivery();
      const [created] = await store.acceptDeliveries([first], 'register', soon());
      if (created?.kind !== 'stored') throw new Error('not stored');
      await bench().setEndpoint(first.organizationId, first.endpointUrl, { isStopped: true });
      setNow(noonAnd(60));
      expect((await claimOne(bench(), created.deliveryId)).kind).toBe('holding');
      expect((await bench().delivery(created.deliveryId))?.scheduledForMs).toBeGreaterThan(Date.parse(noonAnd(86_400)));
      const [held] = await store.acceptDeliveries([{ ...first, deliveryUuid: freshToken() }], 'register', soon());
      expect(held).toMatchObject({ created: false, scheduledForMs: Date.parse(NOON), dueInSeconds: 0 });
    });

    it('answers of a repeated key that has a place in a rate that place', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const [one, other] = [newDelivery(), newDelivery()];
      const ids = (await store.acceptDeliveries([one, other], 'register', soon())).map((answer) =>
        answer.kind === 'stored' ? answer.deliveryId : 0,
      );
      // Held before, so that it has the time of that, too.
      for (const settings of [{ isStopped: true }, { maxPerSecond: 0.1 }]) {
        await bench().setEndpoint(one.organizationId, one.endpointUrl, settings);
        for (const id of ids) await claimOne(bench(), id);
      }
      const [placed] = await store.acceptDeliveries([{ ...other, deliveryUuid: freshToken() }], 'register', soon());
      expect(placed).toMatchObject({ created: false, scheduledForMs: Date.parse(noonAnd(10)), dueInSeconds: 10 });
    });

    it('tells the errors of the first hundred of a thousand repeats, so that the answer has room', async () => {
      const { store } = bench();
      const deliveries = Array.from({ length: 101 }, () => newDelivery());
      await store.acceptDeliveries(deliveries, 'register', soon());
      const [first, last] = [deliveries[0], deliveries[100]];
      for (const delivery of [first, last]) {
        if (delivery === undefined) throw new Error('there are a hundred and one');
        const [found] = await store.acceptDeliveries([delivery], 'register', soon());
        if (found?.kind !== 'stored') throw new Error('not stored');
        await settleOne(bench(), settledAs(failure, await claimed(bench(), found.deliveryId)));
      }
      const answers = await store.acceptDeliveries(deliveries, 'register', soon());
      expect([answers[0], answers[100]]).toMatchObject([
        { attemptCount: 1, lastStatusCode: 503, lastError: 'status 503' },
        { attemptCount: 1, lastStatusCode: 503, lastError: undefined },
      ]);
    });

    it('has created a row also when the statement that did so ran before and its answer was lost', async () => {
      const { store } = bench();
      const delivery = newDelivery();
      const [first] = await store.acceptDeliveries([delivery], 'register', soon());
      expect(await store.acceptDeliveries([delivery], 'register', soon())).toEqual([first]);
    });

    it('stores the first of two items with one key, and answers both in order', async () => {
      const { store } = bench();
      const first = newDelivery();
      const other = newDelivery();
      const second = { ...first, deliveryUuid: freshToken() };
      expect(await store.acceptDeliveries([first, other, second], 'register', soon())).toMatchObject([
        { created: true, deliveryUuid: first.deliveryUuid },
        { created: true, deliveryUuid: other.deliveryUuid },
        { created: false, deliveryUuid: first.deliveryUuid },
      ]);
    });

    it('creates a key once, however many ask for it at once', async () => {
      const { store } = bench();
      const first = newDelivery();
      const rivals = Array.from({ length: 20 }, () => ({ ...first, deliveryUuid: freshToken() }));
      const answers = (
        await Promise.all(rivals.map((rival) => store.acceptDeliveries([rival], 'register', soon())))
      ).flat();
      const kept = answers.flatMap((a) => (a.kind === 'stored' ? [a] : []));
      expect(kept).toHaveLength(20);
      expect(kept.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(kept.map(({ deliveryUuid }) => deliveryUuid)).size).toBe(1);
    });

    it('waits for nobody in a circle when batches with the same keys come in any order', async () => {
      const { store } = bench();
      const keys = Array.from({ length: 12 }, () => newDelivery());
      const batches = Array.from({ length: 12 }, (_, turn) =>
        [...keys.slice(turn), ...keys.slice(0, turn)].map((key) => ({ ...key, deliveryUuid: freshToken() })),
      );
      const answers = await Promise.all(batches.map((batch) => store.acceptDeliveries(batch, 'register', soon())));
      expect(answers.flat().filter((a) => a.kind === 'stored' && a.created)).toHaveLength(keys.length);
    });

    it('leaves what lies further off than messages reach to the hand-out of the sweep', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const near = await stored(bench(), { scheduledForMs: Date.parse(noonAnd(43_200)) });
      const far = await stored(bench(), { scheduledForMs: Date.parse(noonAnd(43_200.5)) });
      expect(await bench().delivery(near)).toMatchObject({ awaitsHandOut: false });
      expect(await bench().delivery(far)).toMatchObject({ awaitsHandOut: true });
    });
  });

  describe('a delivery that the database refuses to store', () => {
    const refused = { kind: 'refused', refusal: { sqlState: 'P0001' } };

    it('says so, and costs its neighbours nothing, wherever it stands', async () => {
      const { store, refuseToStore, refuseNothing } = bench();
      await refuseToStore('refused');
      const isRefused: ((place: number) => boolean)[] = [
        (place) => place === 0,
        (place) => place === 6,
        (place) => place === 12,
        (place) => place % 2 === 1,
      ];
      for (const refuses of isRefused) {
        const deliveries = Array.from({ length: 13 }, (_, place) =>
          newDelivery(refuses(place) ? { webhookNodeId: 'refused' } : {}),
        );
        const answers = await store.acceptDeliveries(deliveries, 'register', soon());
        expect(answers).toMatchObject(
          deliveries.map(({ deliveryUuid }, place) => (refuses(place) ? refused : { created: true, deliveryUuid })),
        );
      }
      await refuseNothing();
    });

    it('is stored once the cause is gone, and a row that is there is answered all the while', async () => {
      const { store, refuseToStore, refuseNothing } = bench();
      const [before, late] = [newDelivery({ webhookNodeId: 'refused' }), newDelivery({ webhookNodeId: 'refused' })];
      await store.acceptDeliveries([before], 'register', soon());
      await refuseToStore('refused');
      expect(await store.acceptDeliveries([before, late], 'register', soon())).toMatchObject([
        { kind: 'stored', deliveryUuid: before.deliveryUuid },
        refused,
      ]);
      await refuseNothing();
      expect(await store.acceptDeliveries([late], 'register', soon())).toMatchObject([{ created: true }]);
    });
  });

  describe('the organization of a run', () => {
    it('is asked of the application, and unknown runs are refused', async () => {
      const { store, addRun } = bench();
      await addRun(501, 7);
      await addRun(502, undefined);
      await addRun(503, 8);
      const answers = await store.acceptDeliveries(
        [
          newDelivery({ workflowRunId: 500 }),
          newDelivery({ workflowRunId: 501 }),
          newDelivery({ workflowRunId: 502 }),
          newDelivery({ workflowRunId: 503 }),
        ],
        'refuse',
        soon(),
      );
      expect(answers.map(({ kind }) => kind)).toEqual([
        'run_not_found',
        'stored',
        'run_has_no_organization',
        'organization_mismatch',
      ]);
    });

    it('is the one of its first delivery, where the first delivery registers it', async () => {
      const { store } = bench();
      const [first] = await store.acceptDeliveries(
        [newDelivery({ workflowRunId: 600, organizationId: 7 })],
        'register',
        soon(),
      );
      const [second] = await store.acceptDeliveries(
        [newDelivery({ workflowRunId: 600, organizationId: 8, webhookNodeId: 'another' })],
        'register',
        soon(),
      );
      expect([first?.kind, second?.kind]).toEqual(['stored', 'organization_mismatch']);
    });

    it('is one of two that come at once, and the other is refused', async () => {
      const { store } = bench();
      const rivals = Array.from({ length: 16 }, (_, index) =>
        newDelivery({ workflowRunId: 700, organizationId: (index % 2) + 1, webhookNodeId: `node-${index}` }),
      );
      const answers = (
        await Promise.all(rivals.map((rival) => store.acceptDeliveries([rival], 'register', soon())))
      ).flat();
      const owners = new Set(rivals.flatMap((r, i) => (answers[i]?.kind === 'stored' ? [r.organizationId] : [])));
      expect(owners.size).toBe(1);
      expect(answers.filter(({ kind }) => kind === 'organization_mismatch')).toHaveLength(8);
    });

    it('is not asked for a delivery that is there: a repeat is answered though its run is gone since', async () => {
      const { store, addRun, removeRun } = bench();
      await addRun(800, 7);
      const first = newDelivery({ workflowRunId: 800 });
      const [created] = await store.acceptDeliveries([first], 'refuse', soon());
      await removeRun(800);
      const again = { ...first, deliveryUuid: freshToken() };
      expect(await store.acceptDeliveries([again], 'refuse', soon())).toEqual([{ ...created, created: false }]);
      expect(
        await store.acceptDeliveries([{ ...again, webhookNodeId: 'another' }, again], 'refuse', soon()),
      ).toMatchObject([
        { kind: 'run_not_found' },
        { kind: 'stored', created: false, deliveryUuid: first.deliveryUuid },
      ]);
    });

    it.each<[what: string, since: number | undefined]>([
      ['another organization’s', 8],
      ['nobody’s', undefined],
    ])('may have changed since: a repeat is answered though its run is %s', async (_what, since) => {
      const { store, addRun, moveRun } = bench();
      await addRun(810, 7);
      const first = newDelivery({ workflowRunId: 810 });
      await store.acceptDeliveries([first], 'refuse', soon());
      await moveRun(810, since);
      const again = { ...first, deliveryUuid: freshToken() };
      expect(await store.acceptDeliveries([again], 'refuse', soon())).toMatchObject([
        { kind: 'stored', created: false, deliveryUuid: first.deliveryUuid },
      ]);
    });

    it('sees no delivery of another one, whatever has become of the run', async () => {
      const { store, addRun, moveRun, removeRun } = bench();
      await addRun(820, 7);
      const first = newDelivery({ workflowRunId: 820 });
      await store.acceptDeliveries([first], 'refuse', soon());
      const stranger = { ...first, organizationId: 8, deliveryUuid: freshToken() };
      expect(await store.acceptDeliveries([stranger], 'refuse', soon())).toEqual([{ kind: 'organization_mismatch' }]);
      await moveRun(820, 8);
      expect(await store.acceptDeliveries([stranger], 'refuse', soon())).toEqual([{ kind: 'organization_mismatch' }]);
      await removeRun(820);
      expect(await store.acceptDeliveries([stranger], 'refuse', soon())).toEqual([{ kind: 'run_not_found' }]);
    });

    it('stays that of its deliveries, where a run that was deleted is registered again', async () => {
      const { store, removeRun } = bench();
      await store.acceptDeliveries([newDelivery({ workflowRunId: 830, organizationId: 7 })], 'register', soon());
      await removeRun(830);
      const both = [
        newDelivery({ workflowRunId: 830, organizationId: 8, webhookNodeId: 'theirs' }),
        newDelivery({ workflowRunId: 830, organizationId: 7, webhookNodeId: 'ours' }),
      ];
      const answers = await store.acceptDeliveries(both, 'register', soon());
      expect(answers.map(({ kind }) => kind)).toEqual(['organization_mismatch', 'stored']);
    });
  });
}
