-- ask_what_is_left: whether there is anything to do, for the sweep or for anybody, and when the next delivery is due.
-- in    :now (null: the database's clock)
-- out   now_ms, has_work (anything but a pending delivery that is due at its time), next_due_seconds (null: none is pending)
-- again: the same

select
  cast(floor(extract(epoch from i.now) * 1000) as bigint) as now_ms,
  exists (
    -- Held ones are due at no time: what holds them may let them go at any.
    select from {surehook}.webhook_deliveries d
    where d.held_by is not null and d.status = 'pending'
  )
  or exists (select from {surehook}.webhook_outcomes)
  or exists (
    select from {surehook}.webhook_orders o
    where o.state = 'running' or o.unwinds
  )
  or exists (
    select from {surehook}.webhook_deliveries d
    where d.expunge_at_end and d.status <> 'pending'
  )
  or exists (
    select from {surehook}.webhook_deliveries d
    where d.status = 'dead_letter' and not d.death_counted
  ) as has_work,
  (
    -- Whoever writes rows past enqueue may write any instant, infinite ones too.
    select cast(floor(extract(epoch from
      greatest(least(d.scheduled_for, i.now + interval '10 years'), i.now - interval '10 years') - i.now
    )) as bigint)
    from {surehook}.webhook_deliveries d
    where d.status = 'pending'
    order by d.scheduled_for, d.id
    limit 1
  ) as next_due_seconds
from (select coalesce(cast(:now as timestamptz), now()) as now) i
