// Real: the store, the SDK's client with its repeats, HTTP over loopback, the local Data API with its limits, PostgreSQL 17.
// Doubles: the database's clock, where a test names an instant, and calls whose answer gets lost on the way. The ids in
// titles are rows of the fault catalogue.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Interception } from '../../../local/aws/data-api/service.ts';
import { acceptDeliveries } from '../../../shared/enqueue/accept-delivery.ts';
import { parseEnqueueRequest } from '../../../shared/enqueue/enqueue-request.ts';
import {
  claimed,
  claimOne,
  death,
  failure,
  freshToken,
  LEASE_SECONDS,
  newDelivery,
  NOON,
  settledAs,
  soon,
  type Store,
  stored,
  success,
  verdictOf,
} from '../../support/store/store-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { EnqueueBench, request } from '../enqueue/enqueue-deliveries-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

/** What happens to the next calls that run a statement. */
const onTheWay: Interception[] = [];

/** Statements that were run, or would have been. */
let statements = 0;
let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore({
    tries: 3,
    intercept: () => {
      statements++;
      return onTheWay.shift() ?? { kind: 'proceed' };
    },
  });
});

beforeEach(() => bench.reset());

afterEach(() => onTheWay.splice(0));

afterAll(() => bench.close());

async function openDisposable(
  options: Parameters<typeof openPostgresStore>[0],
): Promise<PostgresStoreBench & AsyncDisposable> {
  const opened = await openPostgresStore(options);
  return { ...opened, [Symbol.asyncDispose]: () => opened.close() };
}

const unavailable = { status: 503, headers: { 'x-amzn-errortype': 'ServiceUnavailableError' }, body: '{}' };
const lost: Interception = { kind: 'answer', effect: 'done', response: unavailable };

describe('accepting', () => {
  it('asks once for new deliveries and repeated ones, also where it registers their runs', async () => {
    const { store, addRun } = bench;
    const [theirs, ours] = [newDelivery(), newDelivery()];
    await addRun(theirs.workflowRunId, 7);
    const asked = async (accepting: Promise<unknown>) => {
      const before = statements;
      await accepting;
      return statements - before;
    };
    expect(await asked(store.acceptDeliveries([theirs, theirs], 'refuse', soon()))).toBe(1);
    expect(await asked(store.acceptDeliveries([theirs, newDelivery()], 'refuse', soon()))).toBe(1);
    expect(await asked(store.acceptDeliveries([ours, ours], 'register', soon()))).toBe(1);
    expect(await asked(store.acceptDeliveries([{ ...ours, deliveryUuid: freshToken() }], 'register', soon()))).toBe(1);
  });
});

describe('the limits of the Data API', () => {
  it('hold for a claim of ten payloads whose headers double twice on their way', async () => {
    const customHeaders = [{ key: 'X-Quotes', value: '"'.repeat(8 * 1024 - 8) }];
    const body = JSON.stringify('x'.repeat(63 * 1024));
    const answers = await bench.store.acceptDeliveries(
      Array.from({ length: 10 }, () => newDelivery({ body, customHeaders })),
      'register',
      soon(),
    );
    let left = answers.flatMap((answer) => (answer.kind === 'stored' ? [answer.deliveryId] : []));
    let calls = 0;
    for (; left.length > 0; calls++) {
      const asked = left.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
      const claims = await bench.store.claimDeliveries(asked, LEASE_SECONDS, soon());
      left = claims.flatMap((claim) => (claim.kind === 'deferred' ? [claim.deliveryId] : []));
    }
    expect(calls).toBe(2);
  });

  it('hold for a request of 5 MB in characters of three bytes', async () => {
    const body = JSON.stringify('漢'.repeat(16_000));
    const many = Array.from({ length: 100 }, () => newDelivery({ body }));
    const answers = await bench.store.acceptDeliveries(many, 'register', soon());
    expect(answers.filter((answer) => answer.kind === 'stored' && answer.created)).toHaveLength(100);
  });

  it('hold for ten settlements with all the text they may carry', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 10; count++) ids.push(await stored(bench));
    const long = { ...failure, error: '"'.repeat(2000), excerpt: '\u0001'.repeat(1024) };
    const settled = [];
    for (const id of ids) settled.push(settledAs(long, await claimed(bench, id)));
    const { answers } = await bench.store.settleDeliveries(settled, soon());
    expect(answers.map(({ verdict }) => verdict)).toEqual(ids.map(() => 'recorded'));
  });
});

describe('an answer that got lost', () => {
  it('has the SDK repeat the claim, which counts once (CLA-02)', async () => {
    const deliveryId = await stored(bench);
    onTheWay.push(lost, lost);
    await claimed(bench, deliveryId);
    expect(await bench.delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
    expect(onTheWay).toEqual([]);
  });

  it('has the SDK repeat the settle, which finds its work done', async () => {
    const deliveryId = await stored(bench);
    const delivery = await claimed(bench, deliveryId);
    onTheWay.push(lost);
    const {
      answers: [answer],
    } = await bench.store.settleDeliveries([settledAs(failure, delivery)], soon());
    expect(answer?.verdict).toBe('already_recorded');
    expect(await bench.delivery(deliveryId)).toMatchObject({ status: 'pending', attemptCount: 1 });
  });

  it('has the SDK repeat the release, which gives back once', async () => {
    const deliveryId = await stored(bench);
    const { token } = await claimed(bench, deliveryId);
    onTheWay.push(lost);
    const [answer] = await bench.store.releaseDeliveries([{ deliveryId, token, error: 'no time' }], soon());
    expect(answer).toMatchObject({ kind: 'released', attempt: 1 });
    expect(await bench.delivery(deliveryId)).toMatchObject({ attemptCount: 0, claimCount: 1 });
  });

  it('has an enqueue find the row it made, and call it created', async () => {
    onTheWay.push(lost);
    expect(await bench.store.acceptDeliveries([newDelivery()], 'register', soon())).toMatchObject([{ created: true }]);
  });
});

describe('a call', () => {
  it('is made again after a passing fault (CLA-13)', async () => {
    const deliveryId = await stored(bench);
    const resuming = { status: 400, headers: { 'x-amzn-errortype': 'DatabaseResumingException' }, body: '{}' };
    onTheWay.push({ kind: 'answer', effect: 'none', response: resuming });
    expect(verdictOf(await claimOne(bench, deliveryId))).toBe('claimed');
  });

  it('that hangs is made again with the same token, and counts once', async () => {
    const clock = new TurnedClock();
    await using impatient = await openDisposable({ clock, intercept: () => onTheWay.shift() ?? { kind: 'proceed' } });
    const limit = { untilMonotonicMs: clock.monotonicMs() + 10_000 };
    const deliveryId = await stored(impatient, {}, limit);
    onTheWay.push({ kind: 'hang', effect: 'done' });
    const claims = [{ deliveryId, attempts: [1], token: freshToken() }];
    const claiming = impatient.store.claimDeliveries(claims, LEASE_SECONDS, limit);
    while ((await impatient.delivery(deliveryId))?.claimCount === 0);
    await clock.turn(3_000);
    await clock.timerSet(50);
    await clock.turn(50);
    expect(await claiming).toMatchObject([{ kind: 'claimed', delivery: { attempt: 1 } }]);
    expect(await impatient.delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
  });

  it('that hangs until its limit leaves its effect unknown, and its token tells', async () => {
    const clock = new TurnedClock();
    await using impatient = await openDisposable({ clock, intercept: () => onTheWay.shift() ?? { kind: 'proceed' } });
    // No more than a try's time.
    const limit = { untilMonotonicMs: clock.monotonicMs() + 3_000 };
    const deliveryId = await stored(impatient, {}, limit);
    const token = freshToken();
    onTheWay.push({ kind: 'hang', effect: 'done' });
    const claiming = impatient.store.claimDeliveries([{ deliveryId, attempts: [1], token }], LEASE_SECONDS, limit);
    // Rejects while the clock is being turned.
    const outcome = Promise.allSettled([claiming]);
    while ((await impatient.delivery(deliveryId))?.claimCount === 0);
    await clock.turn(3_000);
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: { code: 'store_unavailable' } }]);
    const until = { untilMonotonicMs: clock.monotonicMs() + 10_000 };
    const released = await impatient.store.releaseDeliveries([{ deliveryId, token, error: 'no answer' }], until);
    expect(released).toMatchObject([{ kind: 'released', attempt: 1 }]);
    expect(await impatient.delivery(deliveryId)).toMatchObject({ attemptCount: 0, claimCount: 1 });
  });

  it.each<[string, (store: Store) => Promise<unknown>, unknown]>([
    ['put back', (store) => store.putBackDeliveries({ after: undefined, pageRows: 10 }), []],
    ['restored', (store) => store.restoreMessages({ after: undefined, pageRows: 10 }), []],
    [
      'redelivered',
      (store) =>
        store.workPage({
          orderId: 1,
          token: freshToken(),
          step: 0,
          action: 'redeliver',
          deliveryIds: [1],
          position: {},
          newUuids: [],
        }),
      undefined,
    ],
  ])(
    'for a page of what is %s is given up after 10 s only: its rows would not be named again soon',
    async (_, ask, answer) => {
      const clock = new TurnedClock();
      const asked = Promise.withResolvers<void>();
      let calls = 0;
      const intercept = (): Interception => {
        asked.resolve();
        return ++calls === 1 ? { kind: 'hang', effect: 'none' } : { kind: 'proceed' };
      };
      await using impatient = await openDisposable({ clock, intercept });
      const page = ask(impatient.store);
      await asked.promise;
      await clock.turn(9_999);
      expect(calls).toBe(1);
      await clock.turn(1);
      await clock.timerSet(50);
      await clock.turn(50);
      expect(await page).toEqual(answer);
    },
  );

  it('of an enqueue that hangs though its row is there is made again, and the message is sent', async () => {
    const clock = new TurnedClock();
    await using impatient = await openDisposable({ clock, intercept: () => onTheWay.shift() ?? { kind: 'proceed' } });
    const enqueuing = new EnqueueBench();
    const parts = { ...enqueuing.parts, store: impatient.store };
    const parsed = parseEnqueueRequest(request({}), { ...parts.context, nowMs: clock.nowMs() });
    const item = parsed.kind === 'refused' ? undefined : parsed.items[0];
    if (item?.kind !== 'accepted') throw new Error('the request of the test is not sound');
    onTheWay.push({ kind: 'hang', effect: 'done' });
    const limit = { untilMonotonicMs: clock.monotonicMs() + 10_000 };
    const accepting = acceptDeliveries([item], parts, limit);
    while ((await impatient.pool.query('select from webhook_deliveries')).rowCount === 0);
    await clock.turn(3_000);
    await clock.timerSet(50);
    await clock.turn(50);
    expect(await accepting).toMatchObject([{ answer: { created: true, delivery_id: 1 } }]);
    expect(enqueuing.sent).toMatchObject([{ deliveryId: 1, attempt: 1 }]);
  });
});

it('an outcome that the database cannot store does not cost its neighbours theirs', async () => {
  const ids = [await stored(bench), await stored(bench), await stored(bench)];
  const settled = [];
  for (const [index, id] of ids.entries()) {
    const settlement = [success, { ...failure, statusCode: 2 ** 40 }, death][index] ?? success;
    settled.push(settledAs(settlement, await claimed(bench, id)));
  }
  const { answers } = await bench.store.settleDeliveries(settled, soon());
  expect(answers).toEqual([
    { deliveryId: ids[0], verdict: 'recorded' },
    { deliveryId: ids[1], verdict: 'refused', refusal: { sqlState: '22003' } },
    { deliveryId: ids[2], verdict: 'recorded' },
  ]);
  expect(await bench.delivery(ids[1] ?? 0)).toMatchObject({ status: 'pending', attemptCount: 1 });
});

describe('a lease', () => {
  it('ends to the microsecond (CLA-05, ROW-10)', async () => {
    bench.setNow(NOON);
    const deliveryId = await stored(bench);
    await claimed(bench, deliveryId);
    const end = new Date(Date.parse(NOON) + LEASE_SECONDS * 1000).toISOString();
    bench.setNow(new Date(Date.parse(end) - 1).toISOString().replace('999Z', '999999Z'));
    expect(verdictOf(await claimOne(bench, deliveryId, { attempt: 2 }))).toBe('held');
    bench.setNow(end);
    expect(verdictOf(await claimOne(bench, deliveryId, { attempt: 2 }))).toBe('claimed');
  });

  it('of another length is obeyed by all: its end is in the row (CLA-17)', async () => {
    bench.setNow(NOON);
    const deliveryId = await stored(bench);
    await claimed(bench, deliveryId, { leaseSeconds: 600 });
    bench.setNow(new Date(Date.parse(NOON) + 599_000).toISOString());
    expect(verdictOf(await claimOne(bench, deliveryId, { attempt: 2 }))).toBe('held');
    bench.setNow(new Date(Date.parse(NOON) + 600_000).toISOString());
    expect(verdictOf(await claimOne(bench, deliveryId, { attempt: 2 }))).toBe('claimed');
  });
});

describe('the row', () => {
  it('has an id beyond 32 bits from end to end (ROW-05)', async () => {
    await bench.pool.query('alter table webhook_deliveries alter id restart with 9007199254740990');
    const deliveryId = await stored(bench, { workflowRunId: 2 ** 53 - 2, organizationId: 2 ** 52 });
    expect(deliveryId).toBe(9_007_199_254_740_990);
    const delivery = await claimed(bench, deliveryId);
    expect(delivery).toMatchObject({ deliveryId, workflowRunId: 2 ** 53 - 2, organizationId: 2 ** 52 });
    const {
      answers: [answer],
    } = await bench.store.settleDeliveries([settledAs(failure, delivery)], soon());
    expect(answer).toEqual({ deliveryId, verdict: 'recorded' });
  });

  it('outlives the run it belongs to, and is still delivered (ROW-04)', async () => {
    const deliveryId = await stored(bench);
    await bench.pool.query('delete from workflow_runs');
    await bench.pool.query('delete from workflows');
    expect(verdictOf(await claimOne(bench, deliveryId))).toBe('claimed');
  });

  it.each([
    ['pending and never due (ROW-02)', 'scheduled_for = null'],
    ['over and still due (ROW-03)', "status = 'succeeded'"],
    [
      'over and still leased (ROW-03)',
      "status = 'succeeded', scheduled_for = null, lease_token = gen_random_uuid(), lease_expires_at = now()",
    ],
    ['beyond its attempts (ROW-03)', 'attempt_count = max_attempts + 1'],
    ['below none', 'attempt_count = -1'],
    ['leased by nobody', 'lease_expires_at = now()'],
  ])('cannot be %s', async (_, change) => {
    const deliveryId = await stored(bench);
    const changing = bench.pool.query(`update webhook_deliveries set ${change} where id = $1`, [deliveryId]);
    await expect(changing).rejects.toMatchObject({ code: '23514' });
  });
});
