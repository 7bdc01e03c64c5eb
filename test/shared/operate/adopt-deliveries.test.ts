// Moving in and out of the tables of an application that delivered its webhooks itself. Real: those tables with their rows, orders,
// the stores, the SDK, the local Data API, PostgreSQL 17, and workers of the old kind, who claim by `updated_at`. Doubles: the queue,
// log and metrics; the receiver, which counts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDataApiAdoptionStore } from '../../../shared/aws/data-api-adoption-store.ts';
import { operate } from '../../../shared/operate/operate.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { createAlongsideAcceptStore } from '../../../shared/aws/data-api-alongside.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { EnqueueBench, request } from '../enqueue/enqueue-deliveries-world.ts';
import { claimed, settledAs, soon, success } from '../../support/store/store-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';

/** Of the 4,875 rows. */
const PENDING = 500;
const TABLE = 'app.webhook_deliveries';

let bench: PostgresStoreBench;
let sent: { deliveryId: number; attempt: number; delaySeconds: number }[];

beforeEach(async () => {
  bench = await openPostgresStore({ beside: 'application' });
  sent = [];
  // A minute and two ago their workers were at it.
  await bench.pool.query(
    "update app.webhook_deliveries set updated_at = now() - interval '3 minutes' where status = 'pending'",
  );
});
afterEach(() => bench.close());

/** Time passes by waiting alone: a pause takes its time at once. */
let waitedMs = 0;
const clock: Clock = {
  ...systemClock,
  monotonicMs: () => waitedMs,
  after: (ms, fire) => {
    waitedMs += ms;
    return systemClock.after(5, fire);
  },
};

function parts() {
  return {
    store: bench.store,
    adoption: createDataApiAdoptionStore(bench.dataApi),
    relay: { goOn: async () => undefined },
    queue: {
      send: async (messages: readonly { deliveryId: number; attempt: number; remainingSeconds: number }[]) => {
        for (const { deliveryId, attempt, remainingSeconds } of messages) {
          sent.push({ deliveryId, attempt, delaySeconds: remainingSeconds });
        }
        return { unsent: [] };
      },
      setAside: async () => ({ unsent: [] }),
    },
    clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: {
      count: () => undefined,
      deadLetters: () => undefined,
      milliseconds: () => undefined,
      seconds: () => undefined,
      flush: () => undefined,
    },
    moreAttempts: 5,
  } as unknown as Parameters<typeof operate>[1];
}

let invocations = 0;
function order(request: object, ms = 10_000_000): Promise<Readonly<Record<string, unknown>>> {
  const stopAtMonotonicMs = waitedMs + ms;
  return operate({ action: 'adopt', table: TABLE, ...request }, parts(), {
    id: `order ${++invocations}`,
    stopAtMonotonicMs,
  });
}

/** A request that somebody repeats, of the organization that the run has. */
async function enqueue(
  { workflow_run_id, webhook_node_id }: { workflow_run_id: number; webhook_node_id: string },
  beside?: 'alongside',
): Promise<unknown> {
  const [owner] = await rowsOf<{ organization_id: number }>(
    `select organization_id from app.workflows w join app.workflow_runs r on r.workflow_id = w.id where r.id = ${workflow_run_id}`,
  );
  const { store } = bench;
  const enqueuing = new EnqueueBench();
  enqueuing.parts.queue = parts().queue;
  enqueuing.parts.unknownRuns = 'refuse';
  enqueuing.parts.store =
    beside === undefined
      ? store
      : createAlongsideAcceptStore(store, bench.dataApi, { schema: 'app', table: 'webhook_deliveries' });
  return enqueueByInvoke(request({ workflow_run_id, webhook_node_id, ...owner }), enqueuing.parts, soon());
}

async function rowsOf<Row extends object>(sql: string): Promise<Row[]> {
  return (await bench.pool.query(sql)).rows as Row[];
}

const statusesHere = () =>
  rowsOf('select status::text, count(*)::int as rows from public.webhook_deliveries group by 1 order by 1');
const statusesThere = () =>
  rowsOf(`select case when last_error like 'moved to Surehook%' then 'moved' else status::text end as status, count(*)::int as rows
    from app.webhook_deliveries group by 1 order by 1`);

test('what is pending moves with its id, attempts, due time and error; what is over comes as a key', async () => {
  await bench.pool.query(
    "update app.webhook_deliveries set last_error = 'HTTP 500', last_status_code = 500 where status = 'pending' and attempt_count > 0",
  );
  await bench.pool.query('create table before as select * from app.webhook_deliveries');
  const answer = await order({});
  expect(answer).toMatchObject({ state: 'done', refused_count: 0, complete: true });
  expect(answer['changed']).toBe(answer['matched']);
  expect(answer['changed']).toBe(PENDING);
  const [differing] = await rowsOf<{ rows: number }>(`
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
  expect(await rowsOf('select count(*)::int as rows from public.webhook_deliveries')).toEqual([{ rows: 4875 }]);
  expect(sent).toHaveLength(PENDING);
  expect(new Set(sent.map(({ deliveryId }) => deliveryId)).size).toBe(PENDING);
});

test('a repeated request for what was delivered there is answered with its uuid, and nothing is sent', async () => {
  await order({});
  const [known] = await rowsOf<{ delivery_uuid: string }>(
    "select delivery_uuid from app.webhook_deliveries where workflow_run_id = 1011 and webhook_node_id = 'webhook-1'",
  );
  const { rows } = await bench.pool.query(
    "select delivery_uuid::text, status::text, payload from public.webhook_deliveries where workflow_run_id = 1011 and webhook_node_id = 'webhook-1'",
  );
  expect(rows).toEqual([{ ...known, status: 'succeeded', payload: '' }]);
  sent = [];
  const repeated = { workflow_run_id: 1011, webhook_node_id: 'webhook-1' };
  expect(await enqueue(repeated)).toMatchObject({ created: false, status: 'succeeded', ...known });
  // As long as both run, and once the old table is nobody's matter any more.
  expect(await enqueue(repeated, 'alongside')).toMatchObject({ created: false, status: 'succeeded', ...known });
  await bench.pool.query('drop table app.webhook_deliveries');
  expect(await enqueue(repeated)).toMatchObject({ created: false, ...known });
  expect(sent).toEqual([]);
});

test('moving twice changes nothing, and a second order finds nothing', async () => {
  await order({});
  const before = await statusesHere();
  expect(await order({})).toMatchObject({ changed: 0, state: 'done' });
  expect(await statusesHere()).toEqual(before);
});

test('what somebody has in flight is left until its lease is over, and the order goes on later', async () => {
  await bench.pool.query('update app.webhook_deliveries set updated_at = now() where workflow_run_id = 1010');
  const answer = await order({}, 3_000);
  expect(answer).toMatchObject({ state: 'running', changed: PENDING - 1, complete: false });
  await bench.pool.query(
    "update app.webhook_deliveries set updated_at = now() - interval '1 hour' where workflow_run_id = 1010",
  );
  const resumed = await operate({ order_to_work_on: answer['order_id'] }, parts(), {
    id: 'again',
    stopAtMonotonicMs: waitedMs + 20_000,
  });
  expect(resumed).toMatchObject({ progressed: 'over' });
  expect(await rowsOf("select count(*)::int as rows from app.webhook_deliveries where status = 'pending'")).toEqual([
    { rows: 0 },
  ]);
});

test('a row that somebody has locked does not keep the others, and moves when it is free', async () => {
  const holder = await bench.pool.connect();
  await holder.query('begin; select from app.webhook_deliveries where workflow_run_id = 1010 for update');
  const moving = order({});
  while (
    (
      await rowsOf<{ rows: number }>(
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
  await bench.pool
    .query(`create function app.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger no before update on app.webhook_deliveries for each row when (old.workflow_run_id = 1210) execute function app.no()`);
  const answer = await order({});
  expect(answer).toMatchObject({ changed: PENDING - 1, refused_count: 1, refused: [{ because: 'database_refused' }] });
  const [left] = await rowsOf<{ status: string }>(
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
    await bench.pool.query(`update app.webhook_deliveries set ${change} where workflow_run_id = 1010`);
    const rehearsed = await order({ dry_run: true });
    expect(rehearsed).toMatchObject({
      dry_run: true,
      matched: PENDING - 1,
      changed: 0,
      refused: [{ because }],
      complete: true,
    });
    expect(await order({})).toMatchObject({ changed: PENDING - 1, refused_count: 1, refused: [{ because }] });
    expect(await rowsOf("select workflow_run_id from app.webhook_deliveries where status = 'pending'")).toEqual([
      { workflow_run_id: 1010 },
    ]);
  });

  test('a fragment is cut off, as enqueue does', async () => {
    await bench.pool.query(
      "update app.webhook_deliveries set endpoint_url = endpoint_url || '#frag' where workflow_run_id = 1010",
    );
    await order({});
    expect(await rowsOf('select endpoint_url from public.webhook_deliveries where workflow_run_id = 1010')).toEqual([
      { endpoint_url: 'http://127.0.0.1:9/hook' },
    ]);
  });
});

test.each([
  ['nowhere.webhook_deliveries', 'SQLSTATE 42P01'],
  ['app.workflows', 'it has no column delivery_uuid; it has no column workflow_run_id'],
])('%s is no table to move from, and the order says why', async (table, says) => {
  await expect(order({ table })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining(says),
  });
  await expect(order({ table: 'webhook_deliveries' })).rejects.toMatchObject({
    message: expect.stringContaining('<schema>.<table>'),
  });
});

test('and back again: pending ones are pending there, what was delivered here is delivered there, what began here is there too', async () => {
  await bench.pool.query('create table before as select * from app.webhook_deliveries');
  await order({});
  await bench.pool.query(`
    update public.webhook_deliveries set status = 'succeeded', attempt_count = attempt_count + 1, scheduled_for = null, last_status_code = 204
      where workflow_run_id = 1010;
    update public.webhook_deliveries set status = 'dead_letter', dead_letter_reason = 'status', last_error = 'HTTP 410', scheduled_for = null
      where workflow_run_id = 1020;
    insert into public.webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
      select id, 1, 'begun-here', 'https://receiver.example/', '{"a": 1.10}' from app.workflow_runs where id in (1030, 1040)`);
  expect(await order({ back: true })).toMatchObject({ state: 'done', refused_count: 0 });
  expect(await rowsOf("select count(*)::int as rows from public.webhook_deliveries where status = 'pending'")).toEqual([
    { rows: 0 },
  ]);
  const [lost] = await rowsOf(`select count(*)::int as rows from before b join app.webhook_deliveries f using (id)
    where b.workflow_run_id not in (1010, 1020) and (f.status <> b.status or f.attempt_count <> b.attempt_count
      or f.delivery_uuid <> b.delivery_uuid or f.last_error is distinct from b.last_error or f.payload::text <> b.payload::text)`);
  expect(lost).toEqual({ rows: 0 });
  expect(
    await rowsOf(`select workflow_run_id as run, status::text, last_status_code as code, last_error as error, payload::text
    from app.webhook_deliveries where workflow_run_id in (1010, 1020, 1030) and (webhook_node_id = 'begun-here' or workflow_run_id < 1030)
    order by 1`),
  ).toMatchObject([
    { run: 1010, status: 'succeeded', code: 204 },
    { run: 1020, status: 'dead_letter', error: 'HTTP 410' },
    { run: 1030, status: 'pending', payload: '{"a": 1.10}' },
  ]);
  // And in again: nothing is lost on a second move.
  await bench.pool.query("update app.webhook_deliveries set updated_at = now() - interval '1 hour'");
  expect(await order({})).toMatchObject({ changed: PENDING, refused_count: 0 });
});

/** Six of them: claim one by `updated_at`, send, record; a receiver that fails 30 %. Returns how to stop them. */
function oldWorkers(requests: Map<string, number>): () => Promise<unknown> {
  const over = new AbortController();
  const worker = async (seed: number) => {
    for (let turn = seed; !over.signal.aborted; turn++) {
      const { rows } = await bench.pool.query<{ id: number; delivery_uuid: string }>(`
        update app.webhook_deliveries set updated_at = now(), attempt_count = attempt_count + 1
        where id = (select id from app.webhook_deliveries where status = 'pending' and scheduled_for <= now()
          and updated_at < now() - interval '60 seconds' order by scheduled_for limit 1 for update skip locked)
        returning id, delivery_uuid`);
      const [taken] = rows;
      if (taken === undefined) continue;
      requests.set(taken.delivery_uuid, (requests.get(taken.delivery_uuid) ?? 0) + 1);
      const failed = turn % 10 < 3;
      await bench.pool.query(
        failed
          ? "update app.webhook_deliveries set last_status_code = 503, scheduled_for = now() + interval '30 seconds', updated_at = now() where id = $1"
          : "update app.webhook_deliveries set status = 'succeeded', last_status_code = 200, scheduled_for = null, updated_at = now() where id = $1",
        [taken.id],
      );
    }
  };
  const workers = Promise.all([0, 1, 2, 3, 4, 5].map((seed) => worker(seed * 7)));
  return () => {
    over.abort();
    return workers;
  };
}

test('six workers of the old kind go on while it moves: no request is made twice, none is lost, attempts count on', async () => {
  await bench.pool.query(
    "update app.webhook_deliveries set scheduled_for = now() - interval '1 minute', attempt_count = 0 where status = 'pending'",
  );
  const requests = new Map<string, number>();
  const stop = oldWorkers(requests);
  const answer = await order({}, 3_000);
  await stop();
  // What they had in flight when it began moves once their leases are over.
  await bench.pool.query(
    "update app.webhook_deliveries set updated_at = now() - interval '1 hour' where status = 'pending'",
  );
  await operate({ order_to_work_on: answer['order_id'] }, parts(), {
    id: 'rest',
    stopAtMonotonicMs: waitedMs + 20_000,
  });
  const here = await rowsOf<{ uuid: string; attempts: number }>(
    "select delivery_uuid::text as uuid, attempt_count as attempts from public.webhook_deliveries where status = 'pending'",
  );
  const there = await rowsOf<{ uuid: string }>(
    "select delivery_uuid as uuid from app.webhook_deliveries where status = 'succeeded' and id in (select id from app.webhook_deliveries where workflow_run_id % 10 = 0)",
  );
  const all = [...here, ...there].map(({ uuid }) => uuid);
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(PENDING);
  for (const { uuid, attempts } of here) expect(attempts).toBe(requests.get(uuid) ?? 0);
  expect(sent.map(({ deliveryId }) => deliveryId).length).toBe(here.length);
  // What a worker there had in flight, and ended, is known here: whoever repeats its request once the old table is gone starts none.
  const [{ unknown } = { unknown: 0 }] = await rowsOf<{ unknown: number }>(
    `select count(*)::int as unknown from app.webhook_deliveries f where status = 'succeeded' and not exists (
      select from public.webhook_deliveries d where d.delivery_uuid::text = f.delivery_uuid and d.status = 'succeeded')`,
  );
  expect(unknown).toBe(0);
});

test('and so back again: with six of them at work there and one of ours here, none is made twice, none is lost, attempts count on', async () => {
  await order({});
  await bench.pool.query(
    "update public.webhook_deliveries set scheduled_for = now(), attempt_count = 0 where status = 'pending'",
  );
  const ours = (
    await rowsOf<{ id: string }>(
      "select id from public.webhook_deliveries where status = 'pending' order by id limit 10",
    )
  ).map(({ id }) => Number(id));
  const inFlight = [];
  for (const id of ours) inFlight.push(await claimed(bench, id));
  const requests = new Map(inFlight.map(({ deliveryUuid }) => [deliveryUuid, 1]));
  // They poll by a time that what comes back has: a minute ago.
  await bench.pool.query(`create function app.older() returns trigger language plpgsql as $$
      begin new.updated_at = now() - interval '61 seconds'; return new; end $$;
    create trigger older before update on app.webhook_deliveries for each row
      when (old.status <> 'pending' and new.status = 'pending') execute function app.older()`);
  const stop = oldWorkers(requests);
  const answer = await order({ back: true }, 3_000);
  await bench.store.settleDeliveries(
    inFlight.map((delivery) => settledAs(success, delivery)),
    soon(),
  );
  await operate({ order_to_work_on: answer['order_id'] }, parts(), {
    id: 'rest',
    stopAtMonotonicMs: waitedMs + 20_000,
  });
  await stop();
  expect(await rowsOf("select from public.webhook_deliveries where status = 'pending'")).toEqual([]);
  const there = await rowsOf<{ uuid: string; status: string; attempts: number }>(
    'select delivery_uuid as uuid, status::text, attempt_count as attempts from app.webhook_deliveries where workflow_run_id % 10 = 0',
  );
  expect(there).toHaveLength(PENDING);
  for (const { uuid, attempts } of there) expect([uuid, attempts]).toEqual([uuid, requests.get(uuid) ?? 0]);
  const delivered = new Map(there.map(({ uuid, status }) => [uuid, status]));
  for (const { deliveryUuid } of inFlight) expect(delivered.get(deliveryUuid)).toBe('succeeded');
  expect([...delivered.values()].filter((status) => status === 'dead_letter')).toEqual([]);
});
