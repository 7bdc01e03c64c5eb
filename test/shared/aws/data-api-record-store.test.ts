// What is kept and for how long. Real: the statements, the Data API over HTTP, PostgreSQL, the rules. Doubles: the log, metrics.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatExchange, withoutNames } from '../../../shared/delivery/exchange.ts';
import { keepRecords, reportStanding, type Retention } from '../../../shared/operate/keep-records.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { CountedMetrics } from '../../support/protocol/deliver-batch-world.ts';
import { OrderBench } from '../../support/store/order-bench.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import {
  claimed,
  deadLetter,
  exchange,
  failure,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  stored,
  success,
} from '../../support/store/store-world.ts';

const DAY = 86_400;

let bench: PostgresStoreBench;
let metrics: CountedMetrics;
let refused: unknown[];
const orders = new OrderBench(() => bench);

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
  metrics = new CountedMetrics();
  refused = [];
});
afterAll(() => bench.close());

const parts = () => ({
  store: bench.recordStore,
  clock: systemClock,
  metrics,
  log: {
    info: () => undefined,
    warn: () => undefined,
    error: (_: string, fields: unknown) => void refused.push(fields),
  },
});
const keep = (retention: Partial<Retention> = {}) =>
  keepRecords(parts(), { retentionDays: 30, rowRetentionDays: 400, ...retention }, performance.now() + 30_000);

/** What a row holds of what may be personal. */
async function held(id: number) {
  const { rows } = await bench.pool.query(
    `select payload, custom_headers as headers, traceparent, tracestate, endpoint_url as url, expunged_at is not null as erased,
      (select max(response_excerpt) from webhook_delivery_attempts where delivery_id = id) as excerpt,
      (select jsonb_agg(exchange) from webhook_delivery_attempts where delivery_id = id and exchange is not null) as exchanges
    from webhook_deliveries where id = $1`,
    [id],
  );
  return rows[0];
}

const TRACE = '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const PERSONAL = {
  body: '{"name":"Ada"}',
  customHeaders: [{ key: 'X-Name', value: 'Ada' }],
  endpointUrl: 'https://receiver.example/hook?name=Ada',
  trace: { traceparent: `${TRACE}-Ada`, tracestate: 'name=Ada' },
};
const ERASED = {
  payload: '',
  headers: [],
  // Ids say nothing of anybody.
  traceparent: TRACE,
  tracestate: null,
  url: 'https://receiver.example/hook',
  erased: true,
  excerpt: null,
  exchanges: null,
};
const ERASED_ANSWER = { ...ERASED, exchanges: [formatExchange(withoutNames(exchange))] };

async function delivered(): Promise<number> {
  const id = await stored(bench, PERSONAL);
  await settleOne(bench, { ...settledAs({ ...success, excerpt: 'hello Ada' }, await claimed(bench, id)), exchange });
  return id;
}

describe('retention', () => {
  it('erases what has been over for 30 days, and nothing else', async () => {
    const [over, dead] = [await delivered(), await deadLetter(bench, PERSONAL)];
    bench.setNow(noonAnd(DAY));
    const younger = await delivered();
    const pending = await stored(bench, PERSONAL);
    bench.setNow(noonAnd(30 * DAY + 1));
    expect(await keep()).toEqual({ erased: 2, deleted: 0 });
    expect(await held(over)).toEqual(ERASED_ANSWER);
    expect(await held(dead)).toEqual(ERASED);
    for (const id of [younger, pending])
      expect(await held(id)).toMatchObject({ payload: PERSONAL.body, erased: false });
    expect(await keep()).toEqual({ erased: 0, deleted: 0 });
  });

  it('deletes rows that have been over for 400 days, erased or not', async () => {
    const [erased, kept] = [await delivered(), await delivered()];
    bench.setNow(noonAnd(31 * DAY));
    await bench.pool.query('update webhook_deliveries set updated_at = $2 where id = $1', [kept, noonAnd(400 * DAY)]);
    await keep();
    bench.setNow(noonAnd(400 * DAY + 1));
    expect(await keep()).toEqual({ erased: 0, deleted: 1 });
    expect(await bench.delivery(erased)).toBeUndefined();
    expect(await bench.delivery(kept)).toBeDefined();
    bench.setNow(noonAnd(801 * DAY));
    expect(await keep({ retentionDays: 0 })).toEqual({ erased: 0, deleted: 1 });
  });

  it('of 0 days keeps for ever', async () => {
    const id = await delivered();
    bench.setNow(noonAnd(4000 * DAY));
    expect(await keep({ retentionDays: 0, rowRetentionDays: 0 })).toEqual({ erased: 0, deleted: 0 });
    expect(await held(id)).toMatchObject({ payload: PERSONAL.body });
  });

  it('erases what was ordered to be while it was in flight, once the attempt is over', async () => {
    const id = await stored(bench, PERSONAL);
    const mine = await claimed(bench, id);
    expect(await orders.give({ action: 'expunge', delivery_ids: [id] })).toMatchObject({ changed: 1 });
    expect(await keep({ retentionDays: 0 })).toEqual({ erased: 0, deleted: 0 });
    expect(await held(id)).toMatchObject({ payload: PERSONAL.body, tracestate: 'name=Ada' });
    await settleOne(bench, settledAs({ ...failure, excerpt: 'hello Ada' }, mine));
    expect(await keep({ retentionDays: 0 })).toEqual({ erased: 1, deleted: 0 });
    expect(await held(id)).toEqual(ERASED);
    expect(await bench.delivery(id)).toMatchObject({ status: 'dead_letter', deadLetterReason: 'cancelled' });
  });

  it('passes over the row that the database refuses to change, names it and counts it', async () => {
    const ids = [await delivered(), await delivered(), await delivered()];
    await bench.refuse(ids[1] ?? 0, 'any change');
    bench.setNow(noonAnd(31 * DAY));
    expect(await keep()).toEqual({ erased: 2, deleted: 0 });
    expect(refused).toMatchObject([{ delivery_id: String(ids[1]) }]);
    expect(metrics.counts.get('RowsRefused')).toBe(1);
    await bench.refuseNothing();
  });

  it('forgets orders after 400 days, but none that has work left', async () => {
    await deadLetter(bench);
    const done = await orders.redeliver({ organization_id: 7 });
    await deadLetter(bench);
    const left = await orders.give({ action: 'redeliver', organization_id: 7 }, { ms: -1 });
    bench.setNow(noonAnd(401 * DAY));
    await keep({ rowRetentionDays: 0 });
    const known = await bench.store.findOrders({ pageRows: 10, namedRows: 0 });
    expect(known.map(({ orderId }) => orderId)).toEqual([left.order?.orderId]);
    expect(known).not.toContain(done.order?.orderId);
  });
});

describe('standing dead letters', () => {
  it('are those that nobody has redelivered, dismissed, cancelled or erased', async () => {
    const [stands, dismissed, erased, again] = [
      await deadLetter(bench),
      await deadLetter(bench),
      await deadLetter(bench),
      await deadLetter(bench),
    ];
    const cancelled = await stored(bench);
    const mine = await stored(bench);
    const last = await claimed(bench, mine);
    expect(await reportStanding(parts())).toBe(4);
    await orders.give({ action: 'dismiss', delivery_ids: [dismissed] });
    await orders.give({ action: 'expunge', delivery_ids: [erased] });
    await orders.give({ action: 'cancel', delivery_ids: [cancelled, mine] });
    await orders.redeliver({ delivery_ids: [again] });
    await settleOne(bench, settledAs(failure, last));
    expect(await reportStanding(parts())).toBe(1);
    expect(metrics.counts.get('StandingDeadLetters')).toBe(1);
    await orders.redeliver({ delivery_ids: [stands] });
    expect(await reportStanding(parts())).toBe(0);
  });

  it('are the same after an order that brought them back is stopped', async () => {
    await deadLetter(bench);
    const order = await orders.redeliver({ organization_id: 7 });
    expect(await reportStanding(parts())).toBe(0);
    await orders.change(order, 'stop');
    await orders.work(order);
    expect(await reportStanding(parts())).toBe(1);
    bench.setNow(noonAnd(LEASE_SECONDS));
  });
});
