-- register_and_accept_deliveries: accept_deliveries where runs are registered by their first delivery: a run that nobody has heard
-- of becomes its organization's. Of two first deliveries at once, one wins. A run that was deleted and has deliveries yet stays
-- with their organization.
-- in    :deliveries (json, `item` numbers them; of two with one run the earlier counts), :now (null: the database's clock),
--       :chained_delay_seconds
-- out   as accept_deliveries; no owner of a run, and nothing inserted for it, where another statement registered it meanwhile
-- again: changes nothing, and shows the row with the delivery_uuid chosen by this call
-- at the same time: the later waits for the earlier, sees nothing of what that one made, and is asked once more
-- locks: workflows, then runs, then deliveries, each in the order of its key
-- instead of owners in accept_deliveries

unknown as materialized (
  select distinct on (a.run_id) a.run_id, a.organization_id
  from asked a
  -- One look-up a run: the planner takes any JSON for 100 rows, and would read a table of thousands for one.
  left join lateral (select id from {application}.workflow_runs where id = a.run_id limit 1) r on true
  where r.id is null
  order by a.run_id, a.item
), unheard as materialized (
  select u.run_id, coalesce(d.organization_id, u.organization_id) as organization_id
  from unknown u
  left join lateral (select organization_id from {surehook}.webhook_deliveries where workflow_run_id = u.run_id limit 1) d on true
), registered_workflows as (
  insert into {application}.workflows (id, organization_id)
  select distinct -organization_id, organization_id
  from unheard
  order by 1
  on conflict do nothing
  returning id, organization_id
), registered_runs as (
  insert into {application}.workflow_runs (id, workflow_id)
  select run_id, -organization_id
  from unheard
  -- Workflows first, whatever the plan, or batches that overlap might wait for each other.
  where (select count(*) from registered_workflows) is not null
  order by run_id
  on conflict do nothing
  returning id, workflow_id
), owners as materialized (
  select r.id as run_id, coalesce(n.organization_id, w.organization_id) as organization_id
  from (
    select f.id, f.workflow_id
    from (select distinct run_id from asked) a
    cross join lateral (select id, workflow_id from {application}.workflow_runs where id = a.run_id limit 1) f
    union all
    select id, workflow_id from registered_runs
  ) r
  left join registered_workflows n on n.id = r.workflow_id
  left join {application}.workflows w on w.id = r.workflow_id
)
