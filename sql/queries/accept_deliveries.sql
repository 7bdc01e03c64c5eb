-- accept_deliveries: insert the deliveries whose run belongs to their organization and whose key is new.
-- in    :deliveries (json, `item` numbers them), :now (null: the database's clock), :chained_delay_seconds
-- out   one row per item: who owns the run now, and the row of its key: inserted by this statement, or there before it,
--       whatever has become of its run since. None where another statement inserted it meanwhile.
-- again: inserts nothing, and shows the row with the delivery_uuid chosen by this call
-- at the same time: the later waits for the earlier and inserts nothing, or is refused by the unique delivery_uuid (23505;
--       the key alone is looked at before the row is written), and is asked once more. It waits, too, for whoever is storing a
--       delivery with the same ordering key
-- locks: runs, then ordering keys, then deliveries, each in the order of its key

with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:deliveries as jsonb)) as a (
    item integer, delivery_uuid uuid, run_id bigint, organization_id bigint, node_id text, name text, url text,
    method text, payload text, custom_headers jsonb, credential_uuid uuid, digest text, max_attempts integer,
    scheduled_for timestamptz, traceparent text, tracestate text, ordering_key text, ordering_on_dead_letter text
  )
), owners as materialized (
  select r.id as run_id, w.organization_id
  from (select distinct run_id from asked) a
  -- One look-up a run: the planner takes any JSON for 100 rows, and would read a table of thousands for one.
  cross join lateral (select id, workflow_id from {application}.workflow_runs where id = a.run_id limit 1) r
  left join {application}.workflows w on w.id = r.workflow_id
), stored as materialized (
  select d.*
  from (select distinct run_id, node_id from asked) a
  -- One look-up a key, for the same reason.
  cross join lateral (
    select
      id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
      held_for, held_due_at, attempt_count, last_status_code, last_error
    from {surehook}.webhook_deliveries
    where workflow_run_id = a.run_id and webhook_node_id = a.node_id
    limit 1
  ) d
), places as (
  -- Whoever stores a delivery with a key has the key until its commit: the position is in the order of the commits.
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key, used_at)
  select distinct a.organization_id, a.ordering_key, a.now
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  where a.ordering_key is not null and s.id is null
  -- One order for every statement, and all of them before the first row, or overlapping batches deadlock.
  order by a.organization_id, a.ordering_key
  on conflict (organization_id, ordering_key) do update set position = default, used_at = excluded.used_at
  returning k.organization_id, k.ordering_key, k.position
), inserted as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, request_digest, max_attempts, scheduled_for, awaits_hand_out, created_at, updated_at,
    traceparent, tracestate, ordering_key, ordering_position, ordering_on_dead_letter
  )
  select
    a.delivery_uuid, a.run_id, a.organization_id, a.node_id, a.name, a.url, a.method, a.payload, a.custom_headers,
    a.credential_uuid, a.digest, a.max_attempts, greatest(a.scheduled_for, a.now),
    coalesce(a.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)), false),
    a.now, a.now, a.traceparent, a.tracestate,
    -- Those of one request follow each other as they stand in it.
    a.ordering_key, 100000 * p.position + a.item, a.ordering_on_dead_letter
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  left join places p on p.organization_id = a.organization_id and p.ordering_key = a.ordering_key
  where s.id is null
  -- One order for every statement, or overlapping batches deadlock on the unique index.
  order by a.run_id, a.node_id, a.item
  on conflict (workflow_run_id, webhook_node_id) do nothing
  returning
    id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
    held_for, held_due_at, attempt_count, last_status_code, last_error
), found as (
  select s.*, case when s.held_for is distinct from 'rate' then coalesce(s.held_due_at, s.scheduled_for) else s.scheduled_for end as due_at
  from (select * from stored union all select * from inserted) s
)
select
  a.item,
  o.run_id is not null as run_known,
  o.organization_id as run_organization_id,
  f.id,
  cast(f.delivery_uuid as text) as delivery_uuid,
  f.organization_id,
  cast(f.status as text) as status,
  f.request_digest,
  -- Of what is held, when it would be due: its own due time is then the end of the wait, and mostly nobody's.
  cast(round(extract(epoch from f.due_at) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from f.due_at - a.now))) as bigint) as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  -- Of as many items as one request may have: a response has room for 1 MiB, and only the caller of an invoke reads this.
  case when a.item < 100 then f.last_error end as last_error
from asked a
left join owners o on o.run_id = a.run_id
left join found f on f.workflow_run_id = a.run_id and f.webhook_node_id = a.node_id
order by a.item
