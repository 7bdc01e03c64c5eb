// What becomes of a delivery's trace in the database. Real: the rules of inspect, the statements, the Data API over HTTP, PostgreSQL. No
// doubles.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inspectDeliveries } from '../../../shared/operate/inspect-deliveries.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import {
  claimed,
  failure,
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  settleOne,
  soon,
  stored,
} from '../../support/store/store-world.ts';

const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'who=Ada' };
let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
});
afterAll(() => bench.close());

async function shown(deliveryId: number, include: string[]) {
  const parsed = parseInspectRequest({ action: 'show', delivery_id: deliveryId, include });
  if (!parsed.ok) throw new Error(parsed.errorMessage);
  const examiner = { examine: () => Promise.reject(new Error('nobody is examined here')) };
  const parts = { store: bench.inspectStore, examiner, clock: systemClock };
  const { delivery } = await inspectDeliveries(parts, parsed.request, performance.now() + 10_000);
  return delivery as Record<string, unknown>;
}

it('is shown to operators: its ids always, its state as the values of headers are', async () => {
  const [traced, plain] = [await stored(bench, { trace: TRACE }), await stored(bench)];
  expect(await shown(traced, ['payload'])).toMatchObject({ ...TRACE, has_tracestate: true });
  expect(await shown(traced, [])).toMatchObject({ traceparent: TRACE.traceparent, has_tracestate: true });
  expect(JSON.stringify(await shown(traced, []))).not.toContain('Ada');
  expect(await shown(plain, ['payload'])).toMatchObject({ traceparent: null, tracestate: null });
  expect(await shown(plain, [])).toMatchObject({ has_tracestate: false });
});

it('goes with every attempt, in the short claim and in the whole one', async () => {
  const id = await stored(bench, { trace: TRACE });
  const first = await claimed(bench, id);
  expect(first.trace).toEqual(TRACE);
  await settleOne(bench, settledAs(failure, first));
  bench.setNow(noonAnd(3600));
  expect((await claimed(bench, id, { attempt: 2 })).trace).toEqual(TRACE);
});

it.each([
  ['is none', `E'x\\r\\ny'`, `'a=1'`],
  ['is larger than a row of an answer', `repeat('x', 60000)`, `repeat('x', 60000)`],
])('that was written past enqueue and %s costs the delivery nothing', async (_, traceparent, tracestate) => {
  const [id, other] = [await stored(bench), await stored(bench)];
  const broken = `update webhook_deliveries set traceparent = ${traceparent}, tracestate = ${tracestate} where id = $1`;
  await bench.pool.query(broken, [id]);
  const claims = [id, other].map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  const answers = await bench.store.claimDeliveries(claims, LEASE_SECONDS, soon());
  expect(answers.map(({ kind }) => kind)).toEqual(['claimed', 'claimed']);
  expect(answers).not.toContainEqual(
    expect.objectContaining({ delivery: expect.objectContaining({ trace: expect.anything() }) }),
  );
  expect(await shown(id, ['payload'])).toMatchObject({ traceparent: null, tracestate: null });
});
