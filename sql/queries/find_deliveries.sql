-- find_deliveries: the rows that stand for these keys. A statement of its own: the insert that lost a race cannot see
-- the row that won it.
-- in    :keys (json: item, run_id, node_id), :now (null: the database's clock)
-- out   one row per key that exists

with asked as materialized (
  select a.item, a.run_id, a.node_id
  from jsonb_to_recordset(cast(:keys as jsonb)) as a (item integer, run_id bigint, node_id text)
)
select
  a.item,
  d.id,
  cast(d.delivery_uuid as text) as delivery_uuid,
  d.organization_id,
  cast(d.status as text) as status,
  d.request_digest,
  cast(round(extract(epoch from h.due_at) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from h.due_at - coalesce(cast(:now as timestamptz), now())))) as bigint)
    as due_in_seconds,
  d.attempt_count,
  d.last_status_code,
  case when a.item < 100 then d.last_error end as last_error
from asked a
join {surehook}.webhook_deliveries d on d.workflow_run_id = a.run_id and d.webhook_node_id = a.node_id
-- As accept_deliveries tells it.
cross join lateral (
  select case when d.held_for is distinct from 'rate' then coalesce(d.held_due_at, d.scheduled_for) else d.scheduled_for end as due_at
) h
order by a.item
