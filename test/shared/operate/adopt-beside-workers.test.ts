// Moving in and out while workers of the old kind, who claim by `updated_at`, go on. Real: an application's tables with their rows,
// orders, the stores, the SDK, the local Data API, PostgreSQL 17. Doubles: the queue, log and metrics; the receiver, which counts.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimed, settledAs, soon, success } from '../../support/store/store-world.ts';
import { AdoptionBench, PENDING } from './adoption-world.ts';

let bench: AdoptionBench;

beforeEach(async () => {
  bench = await AdoptionBench.start();
});
afterEach(() => bench.close());

/** Six of them: claim one by `updated_at`, send, record; a receiver that fails 30 %. Returns how to stop them. */
function oldWorkers(requests: Map<string, number>): () => Promise<unknown> {
  const over = new AbortController();
  const worker = async (seed: number) => {
    for (let turn = seed; !over.signal.aborted; turn++) {
      const { rows } = await bench.store.pool.query<{ id: number; delivery_uuid: string }>(`
        update app.webhook_deliveries set updated_at = now(), attempt_count = attempt_count + 1
        where id = (select id from app.webhook_deliveries where status = 'pending' and scheduled_for <= now()
          and updated_at < now() - interval '60 seconds' order by scheduled_for limit 1 for update skip locked)
        returning id, delivery_uuid`);
      const [taken] = rows;
      if (taken === undefined) continue;
      requests.set(taken.delivery_uuid, (requests.get(taken.delivery_uuid) ?? 0) + 1);
      const failed = turn % 10 < 3;
      await bench.store.pool.query(
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
  await bench.store.pool.query(
    "update app.webhook_deliveries set scheduled_for = now() - interval '1 minute', attempt_count = 0 where status = 'pending'",
  );
  const requests = new Map<string, number>();
  const stop = oldWorkers(requests);
  const answer = await bench.order({}, 3_000);
  await stop();
  // What they had in flight when it began moves once their leases are over.
  await bench.store.pool.query(
    "update app.webhook_deliveries set updated_at = now() - interval '1 hour' where status = 'pending'",
  );
  await bench.goOn(answer['order_id']);
  const here = await bench.rowsOf<{ uuid: string; attempts: number }>(
    "select delivery_uuid::text as uuid, attempt_count as attempts from public.webhook_deliveries where status = 'pending'",
  );
  const there = await bench.rowsOf<{ uuid: string }>(
    "select delivery_uuid as uuid from app.webhook_deliveries where status = 'succeeded' and id in (select id from app.webhook_deliveries where workflow_run_id % 10 = 0)",
  );
  const all = [...here, ...there].map(({ uuid }) => uuid);
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(PENDING);
  for (const { uuid, attempts } of here) expect(attempts).toBe(requests.get(uuid) ?? 0);
  expect(bench.sent.map(({ deliveryId }) => deliveryId).length).toBe(here.length);
  // What a worker there had in flight, and ended, is known here: whoever repeats its request once the old table is gone starts none.
  const [{ unknown } = { unknown: 0 }] = await bench.rowsOf<{ unknown: number }>(
    `select count(*)::int as unknown from app.webhook_deliveries f where status = 'succeeded' and not exists (
      select from public.webhook_deliveries d where d.delivery_uuid::text = f.delivery_uuid and d.status = 'succeeded')`,
  );
  expect(unknown).toBe(0);
});

test('and so back again: with six of them at work there and one of ours here, none is made twice, none is lost, attempts count on', async () => {
  await bench.order({});
  await bench.store.pool.query(
    "update public.webhook_deliveries set scheduled_for = now(), attempt_count = 0 where status = 'pending'",
  );
  const ours = (
    await bench.rowsOf<{ id: string }>(
      "select id from public.webhook_deliveries where status = 'pending' order by id limit 10",
    )
  ).map(({ id }) => Number(id));
  const inFlight = [];
  for (const id of ours) inFlight.push(await claimed(bench.store, id));
  const requests = new Map(inFlight.map(({ deliveryUuid }) => [deliveryUuid, 1]));
  // They poll by a time that what comes back has: a minute ago.
  await bench.store.pool.query(`create function app.older() returns trigger language plpgsql as $$
      begin new.updated_at = now() - interval '61 seconds'; return new; end $$;
    create trigger older before update on app.webhook_deliveries for each row
      when (old.status <> 'pending' and new.status = 'pending') execute function app.older()`);
  const stop = oldWorkers(requests);
  const answer = await bench.order({ back: true }, 3_000);
  await bench.store.store.settleDeliveries(
    inFlight.map((delivery) => settledAs(success, delivery)),
    soon(),
  );
  await bench.goOn(answer['order_id']);
  await stop();
  expect(await bench.rowsOf("select from public.webhook_deliveries where status = 'pending'")).toEqual([]);
  const there = await bench.rowsOf<{ uuid: string; status: string; attempts: number }>(
    'select delivery_uuid as uuid, status::text, attempt_count as attempts from app.webhook_deliveries where workflow_run_id % 10 = 0',
  );
  expect(there).toHaveLength(PENDING);
  for (const { uuid, attempts } of there) expect([uuid, attempts]).toEqual([uuid, requests.get(uuid) ?? 0]);
  const delivered = new Map(there.map(({ uuid, status }) => [uuid, status]));
  for (const { deliveryUuid } of inFlight) expect(delivered.get(deliveryUuid)).toBe('succeeded');
  expect([...delivered.values()].filter((status) => status === 'dead_letter')).toEqual([]);
});
