// The short statements for ordinary deliveries beside the whole ones: they write the same and answer the same, and what is not
// ordinary they leave. Real: the store, the SDK, the local Data API, PostgreSQL 17. A double: the database's clock.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../../shared/aws/data-api.ts';
import type { NewDelivery } from '../../../shared/delivery/store-answers.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { withNumberedParameters } from '../../support/postgres/named-parameters.ts';
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
  success,
  verdictOf,
} from '../../support/store/store-world.ts';

const SLICE_BYTES = 80;
const BOUNDS = {
  down_after_failures: 5,
  hold_seconds: 86_400,
  chained_delay_seconds: 43_200,
  max_in_flight: null,
  now: NOON,
};

let bench: PostgresStoreBench;
/** Each statement that was sent. */
const sent: string[] = [];

beforeAll(async () => {
  bench = await openPostgresStore({
    intercept: ({ sql }) => {
      sent.push(sql);
      return { kind: 'proceed' };
    },
  });
});
beforeEach(async () => {
  await bench.reset();
  bench.setNow(NOON);
  sent.length = 0;
});
afterAll(() => bench.close());

/** The short ones by the CTE that only they have. */
const kinds = (): string[] => sent.map((sql) => (sql.includes('ordinary as materialized') ? 'short' : 'whole'));

async function rowOf(deliveryId: number): Promise<object> {
  const { rows } = await bench.pool.query<{ row: Record<string, unknown> }>(
    `select (to_jsonb(d) || jsonb_build_object('attempts', (
      select jsonb_agg(to_jsonb(a) - 'delivery_id') from webhook_delivery_attempts a where a.delivery_id = d.id
    ))) - 'id' - 'delivery_uuid' - 'workflow_run_id' - 'created_at' as row
    from webhook_deliveries d where id = $1`,
    [deliveryId],
  );
  return rows[0]?.row ?? {};
}

/** Of both the same, so that only what a statement did can differ. */
const TOKEN = freshToken();

async function claimBy(kind: 'short' | 'whole', deliveryId: number): Promise<Row[]> {
  const parameters = { lease_seconds: LEASE_SECONDS, payload_budget_bytes: 100_000, slice_bytes: SLICE_BYTES };
  const claims = JSON.stringify([{ id: deliveryId, attempts: [1], token: TOKEN }]);
  return kind === 'short'
    ? await bench.dataApi.execute(queries.claimOrdinaryDeliveries, { ...parameters, claims, now: NOON })
    : await bench.dataApi.execute(queries.claimDeliveries, {
        ...parameters,
        ...BOUNDS,
        claims,
        has_company: false,
        max_per_second: null,
      });
}

async function settleBy(kind: 'short' | 'whole', deliveryId: number): Promise<Row[]> {
  const columns = { id: deliveryId, token: TOKEN, attempt: 1, status_code: 204, excerpt: 'thanks', duration_ms: 120 };
  const exchange = { request: { headers: [['a', 'b']] }, response: { headers: [] } };
  const settlement = { ...columns, started_ms_ago: 130.5, exchange };
  if (kind === 'short') {
    const settlements = JSON.stringify([settlement]);
    return await bench.dataApi.execute(queries.settleOrdinaryDeliveries, { settlements, now: NOON });
  }
  const effects = { kind: 'succeeded', endpoint_effect: 'answer', origin_effect: 'answer' };
  return await bench.dataApi.execute(queries.settleDeliveries, {
    ...BOUNDS,
    settlements: JSON.stringify([{ ...settlement, ...effects }]),
    exhausted: 'dead_letter',
    outcomes: 'failures',
    announce_seconds: 60,
    announce_delivered_seconds: 600,
    announced: '[]',
    lease_seconds: LEASE_SECONDS,
    probe_delays: '[30]',
  });
}

/** Answers without what differs between two deliveries, and without what nobody reads of a claimed one. */
function comparable(rows: readonly Row[]): unknown[] {
  return rows.map(({ id: _id, due_in_seconds: _due, delivery, ...row }) => {
    const told = Object.entries(row).filter(([, value]) => value !== null);
    if (typeof delivery !== 'string') return Object.fromEntries(told);
    const { delivery_uuid: _uuid, workflow_run_id: _run, ...said } = JSON.parse(delivery);
    return { ...Object.fromEntries(told), said };
  });
}

describe.each<[string, Partial<NewDelivery>]>([
  ['a plain one', {}],
  ['one whose payload takes three slices, in characters of three bytes', { body: JSON.stringify('漢'.repeat(70)) }],
  ['one that sends no payload', { httpMethod: 'GET', body: '"unsent"' }],
  [
    'one with a name, headers, a credential and a single attempt',
    {
      webhookName: 'Name',
      endpointUrl: 'https://a.b/',
      customHeaders: [{ key: 'A', value: 'b' }],
      credentialUuid: freshToken(),
      maxAttempts: 1,
    },
  ],
  [
    'one of a trace, with a state that JSON has to escape',
    {
      trace: {
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        tracestate: String.raw`a="b\c"`,
      },
    },
  ],
])('%s', (_, given) => {
  it('is claimed and recorded by the short statements as by the whole ones', async () => {
    const [one, other] = [await stored(bench, given), await stored(bench, given)];
    bench.setNow(noonAnd(60));
    const [short, whole] = [await claimBy('short', one), await claimBy('whole', other)];
    expect(short.filter(({ verdict }) => verdict === 'claimed')).toHaveLength(1);
    expect(comparable(short)).toEqual(comparable(whole));
    expect(await rowOf(one)).toEqual(await rowOf(other));
    const [shortly, wholly] = [await settleBy('short', one), await settleBy('whole', other)];
    expect(shortly).toMatchObject([{ verdict: 'recorded' }]);
    expect(comparable(shortly)).toEqual(comparable(wholly));
    expect(await rowOf(one)).toEqual(await rowOf(other));
  });
});

it('a batch of ordinary deliveries takes one short statement to claim, and one to record', async () => {
  const ids = [await stored(bench), await stored(bench), await stored(bench)];
  const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  sent.length = 0;
  const answers = await bench.store.claimDeliveries(claims, LEASE_SECONDS, soon());
  const settled = answers.flatMap((answer) => (answer.kind === 'claimed' ? [settledAs(success, answer.delivery)] : []));
  const { answers: recorded } = await bench.store.settleDeliveries(settled, soon());
  expect(recorded.map(({ verdict }) => verdict)).toEqual(['recorded', 'recorded', 'recorded']);
  expect(kinds()).toEqual(['short', 'short']);
});

it('a success is recorded over the note that its worker was lost', async () => {
  const deliveryId = await stored(bench);
  await claimBy('short', deliveryId);
  await bench.pool.query(
    `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
    values ($1, 1, $2, 'outcome_unknown', 'lost', $3)`,
    [deliveryId, NOON, TOKEN],
  );
  await settleBy('short', deliveryId);
  expect(await bench.attempts(deliveryId)).toMatchObject([
    { statusCode: 204, errorClass: undefined, error: undefined },
  ]);
});

describe('the short claim leaves', () => {
  const change = (set: string) => async (deliveryId: number) => {
    await bench.pool.query(`update webhook_deliveries set ${set} where id = ${deliveryId}`);
  };
  it.each<[string, (deliveryId: number) => Promise<unknown>]>([
    ['one that is not due', change(`scheduled_for = '${noonAnd(0.001)}'`)],
    ['one that has been attempted', change('attempt_count = 1')],
    ['one without an attempt left', change('max_attempts = 0')],
    ['one that has ended', change(`status = 'succeeded', scheduled_for = null`)],
    ['one that somebody holds', change(`lease_token = gen_random_uuid(), lease_expires_at = '${noonAnd(60)}'`)],
    ['one whose worker died', change(`lease_token = gen_random_uuid(), lease_expires_at = '${noonAnd(-60)}'`)],
    ['one that this claim had and gave back', change(`lease_token = '${TOKEN}'`)],
    [
      'one that its endpoint holds',
      change(`held_by = gen_random_uuid(), held_for = 'down', held_due_at = scheduled_for`),
    ],
    ['one with a place in the rate', change(`held_for = 'rate'`)],
    ['one with an ordering key', change(`ordering_key = 'k', ordering_position = 1`)],
    ['one whose columns are larger than a slice', change(`webhook_name = repeat('n', ${SLICE_BYTES})`)],
    ['one over the budget', change(`payload = repeat('1', 100001)`)],
    ['one of an endpoint with limits', () => bench.setEndpoint(7, 'https://a.b/', { maxInFlight: 3 })],
    [
      'one of an organization that something is known of',
      () =>
        bench.pool.query(`insert into webhook_endpoints (key, scope, organization_id)
          select key, scope, 7 from webhook_endpoint_keys(7, 'https://a.b/') where scope = 'organization'`),
    ],
  ])('%s', async (_, make) => {
    const deliveryId = await stored(bench, { endpointUrl: 'https://a.b/' });
    await make(deliveryId);
    const before = await rowOf(deliveryId);
    expect(await claimBy('short', deliveryId)).toEqual([]);
    expect(await rowOf(deliveryId)).toEqual(before);
  });

  it('one that somebody has locked, and takes the others', async () => {
    const [theirs, ours] = [await stored(bench), await stored(bench)];
    await using _ = await bench.lock(theirs);
    const claims = [theirs, ours].map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    const answers = await bench.store.claimDeliveries(claims, LEASE_SECONDS, soon());
    expect(answers.map(verdictOf).toSorted()).toEqual(['claimed', 'locked']);
  });

  it('what a dead worker left, which has to be asked for alone: its worker has others by now', async () => {
    const [lost, ...others] = [await stored(bench), await stored(bench), await stored(bench)];
    await claimed(bench, lost);
    bench.setNow(noonAnd(LEASE_SECONDS));
    const claims = [lost, ...others].map((deliveryId) => ({ deliveryId, attempts: [1, 2], token: freshToken() }));
    const answers = await bench.store.claimDeliveries(claims, LEASE_SECONDS, soon());
    expect(answers.map(verdictOf).toSorted()).toEqual(['apart', 'claimed', 'claimed']);
    expect(kinds().slice(-2)).toEqual(['short', 'whole']);
  });
});

describe('the whole statement alone is asked', () => {
  it('for a claim of a second attempt, and for an outcome that is no success', async () => {
    const deliveryId = await stored(bench);
    const first = await claimed(bench, deliveryId);
    sent.length = 0;
    await settleOne(bench, settledAs({ ...failure, delaySeconds: 0 }, first));
    await claimed(bench, deliveryId, { attempt: 2 });
    expect(kinds()).toEqual(['whole', 'whole']);
  });

  it('where every endpoint has limits', async () => {
    bench.setRules({ maxInFlight: 5 });
    const deliveryId = await stored(bench);
    sent.length = 0;
    await settleOne(bench, settledAs(success, await claimed(bench, deliveryId)));
    expect(kinds()).not.toContain('short');
  });
});

describe('the short settle leaves', () => {
  it.each<[string, (deliveryId: number) => Promise<unknown>, string]>([
    ['one that has its outcome', (deliveryId) => settleBy('short', deliveryId), 'already_recorded'],
    [
      'one of an endpoint in trouble, which hears of the success',
      () =>
        bench.pool.query(`insert into webhook_endpoints (key, scope, organization_id, origin, failures)
          select key, scope, 7, origin, 2 from webhook_endpoint_keys(7, 'https://receiver.example/hook') where scope = 'origin'`),
      'recorded',
    ],
    [
      'one that somebody else has claimed since',
      (deliveryId) =>
        bench.pool.query('update webhook_deliveries set lease_token = $2 where id = $1', [deliveryId, freshToken()]),
      'late_success',
    ],
    [
      'one that was erased',
      (deliveryId) =>
        bench.pool.query('update webhook_deliveries set expunged_at = $2 where id = $1', [deliveryId, NOON]),
      'recorded',
    ],
  ])('%s', async (_, make, verdict) => {
    const deliveryId = await stored(bench);
    await claimBy('short', deliveryId);
    await make(deliveryId);
    const before = await rowOf(deliveryId);
    expect(await settleBy('short', deliveryId)).toEqual([]);
    expect(await rowOf(deliveryId)).toEqual(before);
    const settled = { deliveryId, token: TOKEN, attempt: 1, settlement: success, durationMs: 1, startedMsAgo: 2 };
    const evidence = { endpoint: 'answer', origin: 'answer' } as const;
    const { answers } = await bench.store.settleDeliveries([{ ...settled, evidence }], soon());
    expect(answers).toMatchObject([{ verdict }]);
    expect(await bench.endpoints()).toEqual([]);
  });
});

describe('before anything is known of a table that has grown large', () => {
  it('the short statements look for nothing but the ids they were given', async () => {
    await bench.pool.query(`
      insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, scheduled_for)
      select n, 7, 'node', 'https://a.b/', '1', '${NOON}' from generate_series(1, 20000) n`);
    await bench.pool.query(`
      insert into webhook_endpoints (key, scope, failures) select gen_random_uuid(), 'endpoint', 1 from generate_series(1, 20000)`);
    const ids = Array.from({ length: 10 }, (_, index) => ({ id: 1 + 1000 * index, token: freshToken() }));
    const asked = { claims: JSON.stringify(ids), settlements: JSON.stringify(ids), slice_bytes: 1000, now: NOON };
    for (const { sql } of [queries.claimOrdinaryDeliveries, queries.settleOrdinaryDeliveries]) {
      const { text, values } = withNumberedParameters(sql, { ...asked, lease_seconds: 1, payload_budget_bytes: 1000 });
      const { rows } = await bench.pool.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      const scans = [...plan.matchAll(/(\w+(?: \w+)* Scan)(?: using (\w+))? on webhook_\w+/g)].map(
        ([, , index]) => index,
      );
      expect(new Set(scans)).toEqual(new Set(['webhook_deliveries_pkey', 'webhook_endpoints_pkey']));
    }
  });
});
