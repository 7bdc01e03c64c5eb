// Moving in and out of the tables of an application that delivered its webhooks itself. Real: those tables with their rows, orders,
// the stores, the SDK, the local Data API, PostgreSQL 17. Doubles: the queue, log and metrics.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AdoptionBench, PENDING } from './adoption-world.ts';

let bench: AdoptionBench;

beforeEach(async () => {
  bench = await AdoptionBench.start();
});
afterEach(() => bench.close());

const statusesHere = () =>
  bench.rowsOf('select status::text, count(*)::int as rows from public.webhook_deliveries group by 1 order by 1');
const statusesThere = () =>
  bench.rowsOf(`select case when last_error like 'moved to Surehook%' then 'moved' else status::text end as status, count(*)::int as rows
    from app.webhook_deliveries group by 1 order by 1`);

test('what is pending moves with its id, attempts, due time and error; what is over comes as a key', async () => {
  await bench.store.pool.query(
    "update app.webhook_deliveries set last_error = 'HTTP 500', last_status_code = 500 where status = 'pending' and attempt_count > 0",
  );
  await bench.store.pool.query('create table before as select * from app.webhook_deliveries');
  const answer = await bench.order({});
  expect(answer).toMatchObject({ state: 'done', refused_count: 0, complete: true });
  expect(answer['changed']).toBe(answer['matched']);
  expect(answer['changed']).toBe(PENDING);
  const [differing] = await bench.rowsOf<{ rows: number }>(`
    select count(*)::int as rows from before b left join public.webhook_deliveries d on d.delivery_uuid::text = b.delivery_uuid
    where b.status = 'pending' and not coalesce(d.status = 'pending' and d.attempt_count = b.attempt_count
      and d.max_attempts = greatest(b.max_attempts, b.attempt_count + 1) and d.payload = b.payload::text
      and d.scheduled_for >= b.scheduled_for and d.last_error is not distinct from b.last_error
      and d.custom_headers = coalesce(b.custom_headers::jsonb, '[]') and d.organization_id = b.organization_id
      and d.credential_uuid::text is not distinct from b.credential_uuid and d.endpoint_url = b.endpoint_url, false)`);
  expect(differing).toEqual({ rows: 0 });
  expect(await statusesThere()).toEqual([
    { status: 'dead_letter', rows: expect.any(Number) },
    { status: 'moved', rows: PENDING },
    { status: 'succeeded', rows: expect.any(Number) },
  ]);
  expect(await bench.rowsOf('select count(*)::int as rows from public.webhook_deliveries')).toEqual([{ rows: 4875 }]);
  expect(bench.sent).toHaveLength(PENDING);
  expect(new Set(bench.sent.map(({ deliveryId }) => deliveryId)).size).toBe(PENDING);
});

test('a repeated request for what was delivered there is answered with its uuid, and nothing is sent', async () => {
  await bench.order({});
  const [known] = await bench.rowsOf<{ delivery_uuid: string }>(
    "select delivery_uuid from app.webhook_deliveries where workflow_run_id = 1011 and webhook_node_id = 'webhook-1'",
  );
  const { rows } = await bench.store.pool.query(
    "select delivery_uuid::text, status::text, payload from public.webhook_deliveries where workflow_run_id = 1011 and webhook_node_id = 'webhook-1'",
  );
  expect(rows).toEqual([{ ...known, status: 'succeeded', payload: '' }]);
  bench.sent.length = 0;
  const repeated = { workflow_run_id: 1011, webhook_node_id: 'webhook-1' };
  expect(await bench.enqueue(repeated)).toMatchObject({ created: false, status: 'succeeded', ...known });
  // As long as both run, and once the old table is nobody's matter any more.
  expect(await bench.enqueue(repeated, 'alongside')).toMatchObject({ created: false, status: 'succeeded', ...known });
  await bench.store.pool.query('drop table app.webhook_deliveries');
  expect(await bench.enqueue(repeated)).toMatchObject({ created: false, ...known });
  expect(bench.sent).toEqual([]);
});

test('moving twice changes nothing, and a second order finds nothing', async () => {
  await bench.order({});
  const before = await statusesHere();
  expect(await bench.order({})).toMatchObject({ changed: 0, state: 'done' });
  expect(await statusesHere()).toEqual(before);
});

test('what somebody has in flight is left until its lease is over, and the order goes on later', async () => {
  await bench.store.pool.query('update app.webhook_deliveries set updated_at = now() where workflow_run_id = 1010');
  const answer = await bench.order({}, 3_000);
  expect(answer).toMatchObject({ state: 'running', changed: PENDING - 1, complete: false });
  await bench.store.pool.query(
    "update app.webhook_deliveries set updated_at = now() - interval '1 hour' where workflow_run_id = 1010",
  );
  const resumed = await bench.goOn(answer['order_id']);
  expect(resumed).toMatchObject({ progressed: 'over' });
  expect(
    await bench.rowsOf("select count(*)::int as rows from app.webhook_deliveries where status = 'pending'"),
  ).toEqual([{ rows: 0 }]);
});

test('what a worker had in flight there and ends while the order waits is known here: its request begins no second delivery', async () => {
  await bench.store.pool.query('update app.webhook_deliveries set updated_at = now() where workflow_run_id = 1010');
  const answer = await bench.order({}, 3_000);
  expect(answer).toMatchObject({ state: 'running', changed: PENDING - 1 });
  const [ended] = await bench.rowsOf<{ delivery_uuid: string; webhook_node_id: string }>(
    `update app.webhook_deliveries set status = 'succeeded', scheduled_for = null, last_status_code = 200, updated_at = now()
     where workflow_run_id = 1010 returning delivery_uuid, webhook_node_id`,
  );
  expect(await bench.goOn(answer['order_id'])).toMatchObject({ progressed: 'over' });
  const repeated = { workflow_run_id: 1010, webhook_node_id: ended?.webhook_node_id ?? '' };
  expect(await bench.enqueue(repeated)).toMatchObject({
    created: false,
    status: 'succeeded',
    delivery_uuid: ended?.delivery_uuid,
  });
});

test('a row that somebody has locked does not keep the others, and moves when it is free', async () => {
  const holder = await bench.store.pool.connect();
  await holder.query('begin; select from app.webhook_deliveries where workflow_run_id = 1010 for update');
  const moving = bench.order({});
  while (
    (
      await bench.rowsOf<{ rows: number }>(
        "select count(*)::int as rows from public.webhook_deliveries where status = 'pending'",
      )
    )[0]?.rows !==
    PENDING - 1
  );
  await holder.query('commit');
  holder.release();
  expect(await moving).toMatchObject({ state: 'done', changed: PENDING });
});

test('a row that the database refuses to change is named and passed over; all the others move', async () => {
  await bench.store.pool
    .query(`create function app.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger no before update on app.webhook_deliveries for each row when (old.workflow_run_id = 1210) execute function app.no()`);
  const answer = await bench.order({});
  expect(answer).toMatchObject({ changed: PENDING - 1, refused_count: 1, refused: [{ because: 'database_refused' }] });
  const [left] = await bench.rowsOf<{ status: string }>(
    'select status::text from app.webhook_deliveries where workflow_run_id = 1210',
  );
  expect(left).toEqual({ status: 'pending' });
});

describe('what cannot be taken', () => {
  test.each([
    ['a URL with user info', "endpoint_url = 'https://u:p@receiver.example/'", 'endpoint_url'],
    ['a URL that is too long', "endpoint_url = 'https://receiver.example/' || repeat('a', 2048)", 'endpoint_url'],
    ['a URL of another kind', "endpoint_url = 'ftp://receiver.example/'", 'endpoint_url'],
    ['a method of another kind', "http_method = 'TRACE'", 'http_method'],
    ['a uuid that is none', "delivery_uuid = 'x'", 'delivery_uuid'],
    ['headers that are no list', `custom_headers = '{"a":1}'`, 'custom_headers'],
    ['a credential that is no uuid', "credential_uuid = 'mine'", 'credential_uuid'],
    ['too large a payload', "payload = to_json(repeat('a', 262144))", 'payload'],
    ['no node', "webhook_node_id = ''", 'webhook_node_id'],
  ])('%s is listed with its reason, and left as it is', async (_, change, because) => {
    await bench.store.pool.query(`update app.webhook_deliveries set ${change} where workflow_run_id = 1010`);
    const rehearsed = await bench.order({ dry_run: true });
    expect(rehearsed).toMatchObject({
      dry_run: true,
      matched: PENDING - 1,
      changed: 0,
      refused: [{ because }],
      complete: true,
    });
    expect(await bench.order({})).toMatchObject({ changed: PENDING - 1, refused_count: 1, refused: [{ because }] });
    expect(await bench.rowsOf("select workflow_run_id from app.webhook_deliveries where status = 'pending'")).toEqual([
      { workflow_run_id: 1010 },
    ]);
  });

  test('a fragment is cut off, as enqueue does', async () => {
    await bench.store.pool.query(
      "update app.webhook_deliveries set endpoint_url = endpoint_url || '#frag' where workflow_run_id = 1010",
    );
    await bench.order({});
    expect(
      await bench.rowsOf('select endpoint_url from public.webhook_deliveries where workflow_run_id = 1010'),
    ).toEqual([{ endpoint_url: 'http://127.0.0.1:9/hook' }]);
  });
});

test.each([
  ['nowhere.webhook_deliveries', 'SQLSTATE 42P01'],
  ['app.workflows', 'it has no column delivery_uuid; it has no column workflow_run_id'],
])('%s is no table to move from, and the order says why', async (table, says) => {
  await expect(bench.order({ table })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining(says),
  });
  await expect(bench.order({ table: 'webhook_deliveries' })).rejects.toMatchObject({
    message: expect.stringContaining('<schema>.<table>'),
  });
});

test('and back again: pending ones are pending there, what was delivered here is delivered there, what began here is there too', async () => {
  await bench.store.pool.query('create table before as select * from app.webhook_deliveries');
  await bench.order({});
  await bench.store.pool.query(`
    update public.webhook_deliveries set status = 'succeeded', attempt_count = attempt_count + 1, scheduled_for = null, last_status_code = 204
      where workflow_run_id = 1010;
    update public.webhook_deliveries set status = 'dead_letter', dead_letter_reason = 'status', last_error = 'HTTP 410', scheduled_for = null
      where workflow_run_id = 1020;
    insert into public.webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
      select id, 1, 'begun-here', 'https://receiver.example/', '{"a": 1.10}' from app.workflow_runs where id in (1030, 1040)`);
  expect(await bench.order({ back: true })).toMatchObject({ state: 'done', refused_count: 0 });
  expect(
    await bench.rowsOf("select count(*)::int as rows from public.webhook_deliveries where status = 'pending'"),
  ).toEqual([{ rows: 0 }]);
  const [lost] = await bench.rowsOf(`select count(*)::int as rows from before b join app.webhook_deliveries f using (id)
    where b.workflow_run_id not in (1010, 1020) and (f.status <> b.status or f.attempt_count <> b.attempt_count
      or f.delivery_uuid <> b.delivery_uuid or f.last_error is distinct from b.last_error or f.payload::text <> b.payload::text)`);
  expect(lost).toEqual({ rows: 0 });
  expect(
    await bench.rowsOf(`select workflow_run_id as run, status::text, last_status_code as code, last_error as error, payload::text
    from app.webhook_deliveries where workflow_run_id in (1010, 1020, 1030) and (webhook_node_id = 'begun-here' or workflow_run_id < 1030)
    order by 1`),
  ).toMatchObject([
    { run: 1010, status: 'succeeded', code: 204 },
    { run: 1020, status: 'dead_letter', error: 'HTTP 410' },
    { run: 1030, status: 'pending', payload: '{"a": 1.10}' },
  ]);
  // And in again: nothing is lost on a second move.
  await bench.store.pool.query("update app.webhook_deliveries set updated_at = now() - interval '1 hour'");
  expect(await bench.order({})).toMatchObject({ changed: PENDING, refused_count: 0 });
});
