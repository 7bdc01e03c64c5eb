-- register_workflow_runs: record the organization of runs nobody has heard of; of two first deliveries at once, one wins. A run
-- that was deleted and has deliveries yet stays with their organization.
-- in    :runs (json: item, run_id, organization_id; of two items with one run the earlier counts)
-- out   nothing: the insert of the deliveries reads who owns the run
-- again: changes nothing
-- at the same time: the later waits for the earlier, and then changes nothing

with unknown as materialized (
  select distinct on (a.run_id) a.run_id, a.organization_id
  from jsonb_to_recordset(cast(:runs as jsonb)) as a (item integer, run_id bigint, organization_id bigint)
  -- One look-up a run: the planner takes any JSON for 100 rows, and would read a table of thousands for one.
  left join lateral (select id from {application}.workflow_runs where id = a.run_id limit 1) r on true
  where r.id is null
  order by a.run_id, a.item
), asked as materialized (
  select u.run_id, coalesce(d.organization_id, u.organization_id) as organization_id
  from unknown u
  left join lateral (select organization_id from {surehook}.webhook_deliveries where workflow_run_id = u.run_id limit 1) d on true
), owners as (
  insert into {application}.workflows (id, organization_id)
  select distinct -organization_id, organization_id
  from asked
  order by 1
  on conflict do nothing
)
insert into {application}.workflow_runs (id, workflow_id)
select run_id, -organization_id
from asked
order by run_id
on conflict do nothing
