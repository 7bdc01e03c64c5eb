-- find_alongside: the rows that stand for these keys in the table of the pipeline that still runs beside this one. What has moved
-- here since is this side's to answer.
-- in    :keys (json: item, run_id, node_id), :moved (how the last_error of a row begins that has moved here)
-- out   one row per key that exists there

with asked as materialized (
  select a.item, a.run_id, a.node_id
  from jsonb_to_recordset(cast(:keys as jsonb)) as a (item integer, run_id bigint, node_id text)
)
select
  a.item,
  f.id,
  cast(f.delivery_uuid as text) as delivery_uuid,
  f.organization_id,
  cast(f.status as text) as status,
  null as request_digest,
  case when cast(f.status as text) = 'pending' then cast(round(extract(epoch from f.scheduled_for) * 1000) as bigint) end
    as scheduled_for_ms,
  0 as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  case when a.item < 100 then left(f.last_error, 2000) end as last_error
from asked a
-- One look-up a key: the planner takes any JSON for 100 rows, and would read a table of thousands for one.
cross join lateral (
  select * from {foreign} where workflow_run_id = a.run_id and webhook_node_id = a.node_id limit 1
) f
where f.last_error is null or not starts_with(f.last_error, cast(:moved as text))
order by a.item
