-- rest_deliveries: put one page of what an order has brought back, and nobody has attempted since, to rest again: each is the dead
-- letter that it was.
-- in    :order_id, :token, :step (the page that this is), :after_id (where the page before ended), :page_rows, :names_only (nothing
--       is changed), :now (null: the database's clock)
-- out   one row per delivery: id, and whether it is at rest, with its organization and its ordering key; the others are locked. No row: none is left behind :after_id,
--       or the page is not this worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: the later finds the step recorded

with turn as materialized (
  select o.id, o.per_second, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.unwinds
  for update of o
), page as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.redelivered_by = (select id from turn)
    and d.status = 'pending'
    and d.id > cast(:after_id as bigint)
    and d.lease_expires_at is null
    and d.attempt_count = cast(d.before_redelivery ->> 'attempt_count' as integer)
  order by d.id
  limit cast(:page_rows as integer)
), locked as materialized (
  select d.id, d.organization_id, d.ordering_key, d.before_redelivery as before, substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host
  from {surehook}.webhook_deliveries d
  where not cast(:names_only as boolean)
    and d.id in (select id from page)
    and d.status = 'pending'
    and d.redelivered_by = (select id from turn)
    and d.lease_expires_at is null
    and d.attempt_count = cast(d.before_redelivery ->> 'attempt_count' as integer)
  order by d.id
  for update of d skip locked
), rested as (
  update {surehook}.webhook_deliveries d
  set
    status = 'dead_letter',
    scheduled_for = null,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = null,
    dead_letter_reason = l.before ->> 'reason',
    max_attempts = cast(l.before ->> 'max_attempts' as integer),
    claim_count = cast(l.before ->> 'claim_count' as integer),
    death_counted = cast(l.before ->> 'death_counted' as boolean),
    cancelled_by = cast(l.before ->> 'cancelled_by' as bigint),
    dismissed_by = cast(l.before ->> 'dismissed_by' as bigint),
    dismissed_at = cast(l.before ->> 'dismissed_at' as timestamptz),
    redelivered_by = null,
    before_redelivery = null,
    -- The time of its death.
    updated_at = cast(l.before ->> 'died_at' as timestamptz)
  from locked l
  where d.id = l.id
), freed as (
  update {surehook}.webhook_redelivery_paces p
  set next_at = greatest(t.now, p.next_at - make_interval(secs => h.count / cast(t.per_second as double precision)))
  from (select host, count(*) as count from locked group by host) h
  cross join turn t
  where p.host = h.host
), recorded as (
  update {surehook}.webhook_orders o
  set step = o.step + 1, done = greatest(0, o.done - (select count(*) from locked))
  where o.id = (select id from turn) and exists (select from page)
)
select p.id, l.id is not null as is_at_rest, l.organization_id, l.ordering_key
from page p
left join locked l on l.id = p.id
order by p.id
