-- announce_deliveries: what is to be known to send the messages of deliveries that an application has inserted, and the note that
-- they are about to have one. What is due further ahead than messages reach stays the sweep's.
-- in    :uuids (json array, lower case), :chained_delay_seconds, :now (null: the database's clock)
-- out   one row per uuid that is a delivery's: delivery_uuid, id, organization_id, state (waiting: nobody has ever claimed it;
--       under_way: somebody has; over; unnameable: no message can name it), scheduled_for_ms and due_in_seconds. None of a row that
--       is not committed
-- again: the same answer, as long as nobody claims it
-- at the same time: whoever has a row locked is not waited for; it is told all the same, and two messages do no harm

with found as materialized (
  select
    d.*,
    case
      when d.status <> 'pending' then 'over'
      when greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991 then 'unnameable'
      when d.claim_count > 0 or d.held_by is not null or d.held_for is not null then 'under_way'
      else 'waiting'
    end as state,
    cast(greatest(0, ceil(extract(epoch from d.scheduled_for - i.now))) as bigint) as due_in_seconds
  from (
    select distinct cast(a.uuid as uuid) as uuid from jsonb_array_elements_text(cast(:uuids as jsonb)) as a (uuid)
  ) a
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  -- One look-up a uuid: the planner takes any JSON for 100 rows, and would read a table of thousands for one.
  cross join lateral (
    select
      id, delivery_uuid, workflow_run_id, organization_id, status, claim_count, held_by, held_for, scheduled_for, awaits_hand_out
    from {surehook}.webhook_deliveries
    where delivery_uuid = a.uuid
    limit 1
  ) d
), unmarked as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.id in (
      select id from found
      where state = 'waiting' and awaits_hand_out and due_in_seconds <= cast(:chained_delay_seconds as bigint)
    )
    and d.awaits_hand_out
  order by d.id
  for update of d skip locked
), marked as (
  update {surehook}.webhook_deliveries d
  set awaits_hand_out = false
  from unmarked u
  where d.id = u.id
)
select
  cast(delivery_uuid as text) as delivery_uuid,
  -- As a number JavaScript could not hold some.
  case when state <> 'unnameable' then id end as id,
  case when state <> 'unnameable' then organization_id end as organization_id,
  state,
  cast(round(extract(epoch from scheduled_for) * 1000) as bigint) as scheduled_for_ms,
  due_in_seconds
from found
