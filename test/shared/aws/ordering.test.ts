// Deliveries with an ordering key, where only a real database shows what happens: statements side by side, and what one of them writes
// beside what others do. Real: the store, the SDK's client, HTTP over loopback, the local Data API, PostgreSQL 17. A double: the
// database's clock.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDataApiDeliverStore } from '../../../shared/aws/data-api-deliver-store.ts';
import type { ClaimAnswer } from '../../../shared/delivery/store-answers.ts';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import {
  claimed,
  claimOne,
  deadLetter,
  failure,
  freshToken,
  LEASE_SECONDS,
  newDelivery,
  NOON,
  noonAnd,
  RULES,
  settledAs,
  soon,
  stored,
  success,
  verdictOf,
} from '../../support/store/store-world.ts';

const KEY = { orderingKey: 'customer 9' } as const;

let bench: PostgresStoreBench;
const sent: string[] = [];
const orders = new OrderBench(() => bench);

beforeAll(async () => {
  bench = await openPostgresStore({
    rewrite: (sql) => {
      sent.push(Object.entries(queries).find(([, query]) => query.sql === sql)?.[0] ?? 'another');
      return sql;
    },
  });
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

async function inOrder(count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) ids.push(await stored(bench, KEY));
  return ids;
}

describe('going on', () => {
  const goOn = async (answer: ClaimAnswer, token = freshToken()) => {
    if (answer.kind !== 'claimed') throw new Error(`not claimed: ${verdictOf(answer)}`);
    const next = { deliveryId: answer.delivery.followingId ?? 0, attempts: [1], token };
    return bench.store.goOnInOrder({ settled: settledAs(success, answer.delivery), next }, LEASE_SECONDS, soon());
  };
  const rowOf = async (id: number) => {
    const { rows } = await bench.pool.query(
      `select to_jsonb(d) - 'id' - 'delivery_uuid' - 'workflow_run_id' - 'lease_token' - 'ordering_position' - 'ordering_key' || jsonb_build_object(
        'attempts', (select jsonb_agg(to_jsonb(a) - 'delivery_id') from webhook_delivery_attempts a where a.delivery_id = d.id)
      ) as row from webhook_deliveries d where id = $1`,
      [id],
    );
    return rows[0]?.row as unknown;
  };

  it('takes one statement from one delivery of a key to the next', async () => {
    const ids = await inOrder(4);
    let answer: ClaimAnswer | undefined = await claimOne(bench, ids[0] ?? 0);
    sent.length = 0;
    const reached: number[] = [];
    while (answer?.kind === 'claimed' && answer.delivery.followingId !== undefined) {
      answer = await goOn(answer);
      if (answer?.kind === 'claimed') reached.push(answer.delivery.deliveryId);
    }
    expect([reached, sent]).toEqual([ids.slice(1), ['goOnInOrder', 'goOnInOrder', 'goOnInOrder']]);
  });

  it('writes and answers what the whole statements do', async () => {
    const shortly = await inOrder(3);
    const first = await claimOne(bench, shortly[0] ?? 0);
    const short = await goOn(first);
    const wholly = [];
    for (let count = 0; count < 3; count++) wholly.push(await stored(bench, { orderingKey: 'another' }));
    const delivery = await claimed(bench, wholly[0] ?? 0);
    await bench.store.settleDeliveries([settledAs(success, delivery)], soon());
    const whole = await claimOne(bench, wholly[1] ?? 0);
    const comparable = (answer: ClaimAnswer | undefined, ids: readonly number[]) => {
      if (answer?.kind !== 'claimed') throw new Error('not claimed');
      const { deliveryUuid: _, workflowRunId: __, token: ___, orderingKey: ____, ...said } = answer.delivery;
      return { ...said, deliveryId: ids.indexOf(said.deliveryId), followingId: ids.indexOf(said.followingId ?? 0) };
    };
    expect(comparable(short, shortly)).toEqual(comparable(whole, wholly));
    for (const place of [0, 1, 2]) expect(await rowOf(shortly[place] ?? 0)).toEqual(await rowOf(wholly[place] ?? 0));
    const { rows } = await bench.pool.query('select ordering_key, until from webhook_ordering_slots order by 1');
    expect(rows).toEqual([
      { ordering_key: 'another', until: new Date(noonAnd(LEASE_SECONDS)) },
      { ordering_key: 'customer 9', until: new Date(noonAnd(LEASE_SECONDS)) },
    ]);
  });

  it('run again does nothing, and the whole statements find both done', async () => {
    const [one = 0, two = 0] = await inOrder(3);
    const first = await claimOne(bench, one);
    const token = freshToken();
    await goOn(first, token);
    expect(await goOn(first, token)).toBeUndefined();
    if (first.kind !== 'claimed') throw new Error('not claimed');
    const { answers } = await bench.store.settleDeliveries([settledAs(success, first.delivery)], soon());
    expect(answers).toMatchObject([{ verdict: 'already_recorded' }]);
    expect(await claimOne(bench, two, { token })).toMatchObject({ kind: 'claimed', delivery: { attempt: 1, token } });
  });

  const change = (set: string) => (id: number) =>
    bench.pool.query(`update webhook_deliveries set ${set} where id = ${id}`);
  it.each<[string, 'first' | 'next', (id: number) => Promise<unknown>]>([
    ['whose lease somebody else has', 'first', change('lease_token = gen_random_uuid()')],
    ['that was redelivered', 'first', change('redelivered_by = 1')],
    ['that was erased', 'first', change('expunged_at = now()')],
    ['that is not due', 'next', change(`scheduled_for = '${noonAnd(1)}'`)],
    ['that has been attempted', 'next', change('attempt_count = 1')],
    ['that somebody holds', 'next', change(`lease_token = gen_random_uuid(), lease_expires_at = '${noonAnd(60)}'`)],
    ['that its endpoint holds', 'next', change(`held_by = gen_random_uuid(), held_for = 'down', held_due_at = now()`)],
    ['with a place in the rate', 'next', change(`held_for = 'rate'`)],
    ['that is over', 'next', change(`status = 'succeeded', scheduled_for = null`)],
    ['of another key', 'next', change(`ordering_key = 'z'`)],
    ['behind yet another', 'next', change('ordering_position = ordering_position + 1000000000')],
    [
      'of an endpoint with limits',
      'next',
      () => bench.setEndpoint(7, 'https://receiver.example/hook', { maxInFlight: 3 }),
    ],
    [
      'of a key whose slot somebody else has',
      'next',
      () => bench.pool.query('update webhook_ordering_slots set token = gen_random_uuid()'),
    ],
  ])('leaves one %s, %s: nothing is done', async (_, which, spoil) => {
    const [one = 0, two = 0, three = 0] = await inOrder(3);
    const first = await claimOne(bench, one);
    await spoil(which === 'first' ? one : two);
    const before = [await rowOf(one), await rowOf(two), await rowOf(three)];
    expect(await goOn(first)).toBeUndefined();
    expect([await rowOf(one), await rowOf(two), await rowOf(three)]).toEqual(before);
  });

  it('waits for nobody: a row that somebody has locked leaves all as it is', async () => {
    const [one = 0, two = 0] = await inOrder(2);
    const first = await claimOne(bench, one);
    await using _ = await bench.lock(two);
    expect(await goOn(first)).toBeUndefined();
    expect(await bench.delivery(one)).toMatchObject({ status: 'pending' });
  });
});

it('of two of one key that are claimed at the same instant one is, whatever each could see', async () => {
  const first = await deadLetter(bench, KEY);
  const second = await stored(bench, KEY);
  bench.setNow(noonAnd(1));
  // The later one’s claim has begun, and sees the earlier one dead. It waits for the slot, which somebody has for a moment.
  const other = await bench.pool.connect();
  await other.query('begin');
  await other.query(`insert into webhook_ordering_slots values (7, 'customer 9', gen_random_uuid(), '${noonAnd(-1)}')`);
  const later = claimOne(bench, second);
  await waitForALock();
  await orders.redeliver({ delivery_ids: [first] });
  const earlier = claimOne(bench, first, { attempt: 2 });
  await other.query('rollback');
  other.release();
  expect((await Promise.all([earlier, later])).map(verdictOf).toSorted()).toEqual(['behind', 'claimed']);
});

/** Until some statement waits for another. */
async function waitForALock(): Promise<void> {
  for (;;) {
    const { rows } = await bench.pool.query<{ waiting: boolean }>(
      'select exists (select from pg_locks where not granted) as waiting',
    );
    if (rows[0]?.waiting === true) return;
  }
}

it('batches that share keys, and come in any order, all get in', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const batch = (at: number) =>
    Array.from({ length: 25 }, (_, place) =>
      newDelivery({ orderingKey: keys[(place * (at + 1)) % keys.length] ?? 'a' }),
    );
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, at) => bench.store.acceptDeliveries(batch(at), 'register', soon())),
  );
  expect(all.flat().filter(({ kind }) => kind === 'stored')).toHaveLength(200);
  const { rows } = await bench.pool.query(
    'select count(distinct (ordering_key, ordering_position))::int as places, count(*)::int as all from webhook_deliveries',
  );
  expect(rows).toEqual([{ places: 200, all: 200 }]);
});

it('keys that are used once leave nothing behind but their deliveries', async () => {
  for (let count = 0; count < 5; count++) await claimed(bench, await stored(bench, { orderingKey: `once ${count}` }));
  bench.setNow(noonAnd(3600));
  expect(await bench.store.forgetOrderingKeys(100)).toBe(0);
  bench.setNow(noonAnd(2 * 3600));
  expect(await bench.store.forgetOrderingKeys(3)).toBe(3);
  expect(await bench.store.forgetOrderingKeys(100)).toBe(2);
  const { rows } = await bench.pool.query(
    `select (select count(*) from webhook_ordering_keys)::int as keys, (select count(*) from webhook_ordering_slots)::int as slots`,
  );
  expect(rows).toEqual([{ keys: 0, slots: 0 }]);
});

it('no statement is asked for the sake of keys where a delivery has none', async () => {
  const store = createDataApiDeliverStore(bench.dataApi, RULES, () => NOON);
  const ids = [await stored(bench), await stored(bench)];
  const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  sent.length = 0;
  const answers = await store.claimDeliveries(claims, LEASE_SECONDS, soon());
  const [first, second] = answers.flatMap((answer) => (answer.kind === 'claimed' ? [answer.delivery] : []));
  if (first === undefined || second === undefined) throw new Error('not claimed');
  const { next } = await store.settleDeliveries([settledAs(success, first)], soon());
  const { answers: failed } = await store.settleDeliveries([settledAs(failure, second)], soon());
  expect([next, failed]).toEqual([[], [{ deliveryId: second.deliveryId, verdict: 'recorded' }]]);
  expect(sent).toEqual(['claimOrdinaryDeliveries', 'settleOrdinaryDeliveries', 'settleDeliveries']);
});

describe('an operator', () => {
  const inspect = async (request: object) => {
    const parsed = parseInspectRequest(request);
    if (!parsed.ok) throw new Error(parsed.errorMessage);
    const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
    const parts = { store: bench.inspectStore, examiner, clock: systemClock };
    return inspectDeliveries(parts, parsed.request, performance.now() + 10_000);
  };

  it('sees which delivery one waits behind, lists those that wait, and counts them apart', async () => {
    const [one = 0, two = 0, three = 0] = await inOrder(3);
    const other = await stored(bench, { orderingKey: 'customer 8' });
    await stored(bench, { ...KEY, organizationId: 8 });
    expect(await inspect({ action: 'show', delivery_id: three })).toMatchObject({
      delivery: { phase: 'behind', ordering_key: 'customer 9', behind: one },
      explanation: [expect.stringContaining(`behind delivery ${one} of its ordering key`), expect.anything()],
    });
    const idsOf = async (request: object) =>
      ((await inspect({ action: 'list', ...request })) as { deliveries: { delivery_id: number }[] }).deliveries.map(
        ({ delivery_id }) => delivery_id,
      );
    expect(await idsOf({ status: 'pending', phase: 'behind', organization_id: 7 })).toEqual([two, three]);
    expect(await idsOf({ status: 'pending', phase: 'due', organization_id: 7 })).toEqual([one, other]);
    expect(await idsOf({ organization_id: 7, ordering_key: 'customer 9' })).toEqual([three, two, one]);
    expect(await inspect({ action: 'count', organization_id: 7, ordering_key: 'customer 9' })).toMatchObject({
      matched: 3,
    });
    expect(await inspect({ action: 'backlog' })).toMatchObject({ due: 3, behind: 2, in_flight: 0, later: 0 });
  });

  it('selects by a key within an organization only', async () => {
    await expect(inspect({ action: 'list', ordering_key: 'customer 9' })).rejects.toThrow(
      'organization_id: is required with ordering_key',
    );
    const [one = 0, two = 0] = await inOrder(2);
    const other = await stored(bench);
    await orders.give({ action: 'cancel', organization_id: 7, ordering_key: 'customer 9' });
    const statusOf = async (id: number) => (await bench.delivery(id))?.status;
    expect([await statusOf(one), await statusOf(two), await statusOf(other)]).toEqual([
      'dead_letter',
      'dead_letter',
      'pending',
    ]);
  });
});
