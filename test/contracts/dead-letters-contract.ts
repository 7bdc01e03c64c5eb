import { describe, expect, it } from 'vitest';
import type { DeadLetterFilter } from '../../shared/operate/redeliver-request.ts';
import type { DeadLetterPosition, RedeliverPage } from '../../shared/operate/redeliver-deliveries.ts';
import {
  claimed,
  claimOne,
  deadLetter,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  ROWS_PER_LOOK,
  settledAs,
  settleOne,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';

/** What bringing dead letters back promises, whatever store holds them. */
export function deadLettersContract(bench: () => StoreBench): void {
  /** Every look from the first to the last. */
  async function looksAt(filter: DeadLetterFilter): Promise<{ deliveryIds: number[]; matched: number }[]> {
    const looks = [];
    let after: DeadLetterPosition | undefined;
    do {
      const { matched, next } = await bench().store.countDeadLetters({ filter, after });
      const found = await bench().store.findDeadLetters({ filter, after });
      expect(found.next).toEqual(next);
      looks.push({ deliveryIds: found.deliveryIds, matched });
      after = next;
    } while (after !== undefined);
    return looks;
  }
  const find = async (filter: DeadLetterFilter) => (await looksAt(filter)).flatMap(({ deliveryIds }) => deliveryIds);
  const count = async (filter: DeadLetterFilter) =>
    (await looksAt(filter)).reduce((sum, { matched }) => sum + matched, 0);
  const redeliver = async (
    filter: DeadLetterFilter,
    { pageRows = 100, ...page }: Partial<RedeliverPage> & { pageRows?: number } = {},
  ) =>
    bench().store.redeliverDeliveries({
      deliveryIds: (await find(filter)).slice(0, pageRows),
      moreAttempts: 5,
      perSecond: 10,
      already: new Map(),
      ...page,
    });

  describe('redelivering', () => {
    it('makes a dead letter pending and due, keeps the attempts made and allows more', async () => {
      const { setNow } = bench();
      setNow(NOON);
      const deliveryId = await deadLetter(bench());
      setNow(noonAnd(100));
      expect(await redeliver({ deliveryIds: [deliveryId] }, { moreAttempts: 3 })).toEqual([
        { deliveryId, organizationId: 7, attempt: 2, delaySeconds: 0, host: 'receiver.example' },
      ]);
      expect(await bench().delivery(deliveryId)).toMatchObject({
        status: 'pending',
        attemptCount: 1,
        maxAttempts: 4,
        claimCount: 1,
        scheduledForMs: Date.parse(noonAnd(100)),
        deadLetterReason: undefined,
      });
      expect(await claimed(bench(), deliveryId, { attempt: 2 })).toMatchObject({ attempt: 2, maxAttempts: 4 });
    });

    it('allows as many releases again as a new delivery has', async () => {
      const deliveryId = await deadLetter(bench());
      await bench().setClaimCount(deliveryId, 500);
      await redeliver({ deliveryIds: [deliveryId] });
      expect(await bench().delivery(deliveryId)).toMatchObject({ claimCount: 1 });
    });

    it('finds no delivery that is pending, leased or succeeded (REC-14)', async () => {
      const pending = await stored(bench());
      const leased = await stored(bench());
      const done = await stored(bench());
      await claimed(bench(), leased);
      await settleOne(bench(), settledAs(success, await claimed(bench(), done)));
      expect(await redeliver({ deliveryIds: [pending, leased, done] })).toEqual([]);
      expect(await bench().delivery(leased)).toMatchObject({ status: 'pending', attemptCount: 1, maxAttempts: 5 });
    });

    it('that runs twice finds them once, side by side too', async () => {
      const deliveryIds = [await deadLetter(bench()), await deadLetter(bench())];
      const found = (await Promise.all([redeliver({ deliveryIds }), redeliver({ deliveryIds })])).flat();
      expect([...found, ...(await redeliver({ deliveryIds }))]).toHaveLength(2);
    });

    it('spreads the deliveries of one endpoint at its pace, on from what earlier pages gave it', async () => {
      for (let count = 0; count < 5; count++) await deadLetter(bench());
      await deadLetter(bench(), { endpointUrl: 'https://another.example/hook' });
      const first = await redeliver({ organizationId: 7 }, { perSecond: 2, pageRows: 3 });
      expect(first.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 1, 1]);
      const already = new Map([['receiver.example', 3]]);
      const second = await redeliver({ organizationId: 7 }, { perSecond: 2, already });
      expect(second.map(({ host, delaySeconds }) => [host, delaySeconds])).toEqual([
        ['another.example', 0],
        ['receiver.example', 2],
        ['receiver.example', 2],
      ]);
    });

    it('leaves to the hand-out what its pace puts further off than messages reach', async () => {
      const near = await deadLetter(bench());
      const already = new Map([['receiver.example', 43_201]]);
      await redeliver({ deliveryIds: [near] }, { perSecond: 1, already });
      expect(await bench().delivery(near)).toMatchObject({ awaitsHandOut: true });
    });

    it('of what a sweep buried is undone by the late 2xx of the old life', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const deliveryId = await stored(bench(), { maxAttempts: 1 });
      const late = settledAs(success, await claimed(bench(), deliveryId));
      setNow(noonAnd(LEASE_SECONDS));
      await store.buryDeliveries({ after: undefined, pageRows: 10 });
      await redeliver({ deliveryIds: [deliveryId] });
      expect(await settleOne(bench(), late)).toBe('late_success');
      expect(verdictOf(await claimOne(bench(), deliveryId, { attempt: 2 }))).toBe('finished');
    });
  });

  describe('the filters', () => {
    it.each<[string, DeadLetterFilter, number[]]>([
      ['organization', { organizationId: 8 }, [2]],
      ['reason', { reason: 'outcome_unknown' }, [3]],
      ['endpoint host', { endpointHost: 'receiver.example' }, [0, 2, 3]],
      ['endpoint host with its port', { endpointHost: 'other.example:8443' }, [1]],
      ['endpoint host without its port', { endpointHost: 'other.example' }, [1]],
      ['part of a host', { endpointHost: 'example' }, []],
      ['IPv6 host', { endpointHost: '[2001:db8::1]' }, [4]],
      ['first instant', { deadSinceMs: Date.parse(noonAnd(2)) }, [2, 3, 4]],
      ['last instant, not itself', { deadUntilMs: Date.parse(noonAnd(2)) }, [0, 1]],
      ['both instants', { deadSinceMs: Date.parse(noonAnd(1)), deadUntilMs: Date.parse(noonAnd(2)) }, [1]],
      ['several at once', { organizationId: 7, endpointHost: 'receiver.example', reason: 'status' }, [0]],
    ])('%s: count and redeliver find the same', async (_, filter, wanted) => {
      const { store, setNow } = bench();
      const ids: number[] = [];
      setNow(NOON);
      const unreported = await stored(bench(), { maxAttempts: 1 });
      await claimed(bench(), unreported);
      ids.push(await deadLetter(bench()));
      setNow(noonAnd(1));
      ids.push(await deadLetter(bench(), { endpointUrl: 'https://other.example:8443/hook' }));
      setNow(noonAnd(2));
      ids.push(await deadLetter(bench(), { organizationId: 8 }));
      setNow(noonAnd(LEASE_SECONDS));
      await store.buryDeliveries({ after: undefined, pageRows: 10 });
      ids.push(unreported);
      ids.push(await deadLetter(bench(), { endpointUrl: 'http://[2001:db8::1]/hook' }));
      const found = wanted.map((index) => ids[index]);
      expect(await count(filter)).toBe(found.length);
      const redelivered = await redeliver(filter);
      expect(redelivered.map(({ deliveryId }) => deliveryId).sort((a, b) => a - b)).toEqual(
        found.toSorted((a = 0, b = 0) => a - b),
      );
    });
  });

  describe('a look', () => {
    it('goes through no more than so many, the longest dead first, and the next one goes on behind them', async () => {
      const { setNow } = bench();
      const ids: number[] = [];
      for (const seconds of [5, 5, 5, 5, 5, 1, 9]) {
        setNow(noonAnd(seconds));
        ids.push(await deadLetter(bench()));
      }
      const [a, b, c, d, e, first, last] = ids;
      expect((await looksAt({ organizationId: 7 })).map(({ deliveryIds }) => deliveryIds)).toEqual([
        [first, a, b],
        [c, d, e],
        [last],
      ]);
    });

    it('that finds nothing among them says where the next begins', async () => {
      for (let died = 0; died < 2 * ROWS_PER_LOOK; died++) await deadLetter(bench());
      const wanted = await deadLetter(bench(), { organizationId: 8 });
      const looks = await looksAt({ organizationId: 8 });
      expect(looks.map(({ deliveryIds }) => deliveryIds)).toEqual([[], [], [wanted]]);
    });

    it('for a host goes through that host’s only, on whatever port', async () => {
      for (let died = 0; died < ROWS_PER_LOOK; died++) await deadLetter(bench());
      const wanted = await deadLetter(bench(), { endpointUrl: 'https://other.example:8443/hook' });
      for (const [endpointHost, found] of [
        ['other.example', [wanted]],
        ['other.example:8443', [wanted]],
        ['other.example:9443', []],
        ['other', []],
      ] as const) {
        expect(await looksAt({ endpointHost })).toEqual([{ deliveryIds: found, matched: found.length }]);
      }
    });

    it('keeps to the instants asked for, from the first look to the last', async () => {
      const { setNow } = bench();
      const ids: number[] = [];
      for (let seconds = 0; seconds < 8; seconds++) {
        setNow(noonAnd(seconds));
        ids.push(await deadLetter(bench()));
      }
      const instants = { deadSinceMs: Date.parse(noonAnd(1)), deadUntilMs: Date.parse(noonAnd(6)) };
      expect(await find(instants)).toEqual(ids.slice(1, 6));
      expect(await find({ ...instants, endpointHost: 'receiver.example' })).toEqual(ids.slice(1, 6));
      expect(await find({ ...instants, deliveryIds: ids })).toEqual(ids.slice(1, 6));
    });

    it('finds a death at its time, whoever has counted it since', async () => {
      const { store, setNow } = bench();
      setNow(NOON);
      const dead = await deadLetter(bench());
      setNow(noonAnd(600));
      await store.markDeathsCounted(await store.listUncountedDeaths(10));
      expect(await find({ deadUntilMs: Date.parse(noonAnd(1)) })).toEqual([dead]);
    });

    it('passes over what is locked when it is brought back', async () => {
      const [locked, free] = [await deadLetter(bench()), await deadLetter(bench())];
      const holder = await bench().lock(locked);
      expect((await redeliver({ deliveryIds: [locked, free] })).map(({ deliveryId }) => deliveryId)).toEqual([free]);
      await holder.commit();
      expect(await count({ deliveryIds: [locked, free] })).toBe(1);
    });
  });

  it('statuses are told of the deliveries that exist', async () => {
    const dead = await deadLetter(bench());
    const pending = await stored(bench());
    expect(await bench().store.findStatuses([dead, pending, 999_999])).toEqual(
      new Map([
        [dead, 'dead_letter'],
        [pending, 'pending'],
      ]),
    );
  });
}
