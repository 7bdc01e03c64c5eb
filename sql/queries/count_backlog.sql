-- count_backlog: how many deliveries are where. Each count stops at :most, which then says: at least.
-- in    :most, :now (null: the database's clock)
-- out   due, in_flight, later, behind (another of their ordering key), held, standing and all dead letters, how many deliveries of the last hour were looked at and have
--       succeeded, and the age of the oldest that is due and in nobody's hands
-- again: the same, as far as the deliveries are

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), due as materialized (
  -- A leased one keeps its due time, so what is in flight is among what is due.
  select
    d.scheduled_for,
    coalesce(d.lease_expires_at > i.now, false) as is_leased,
    d.ordering_key is not null and exists (
      select from {surehook}.webhook_deliveries e
        where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
          and (e.ordering_position, e.id) < (d.ordering_position, d.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
    ) as is_behind
  from {surehook}.webhook_deliveries d
  cross join instant i
  where d.status = 'pending' and d.scheduled_for <= i.now
  order by d.scheduled_for, d.id
  limit cast(:most as integer)
), newest as materialized (
  -- What has succeeded is in no index of its own.
  select d.status
  from {surehook}.webhook_deliveries d
  where d.created_at > (select now from instant) - interval '1 hour'
  order by d.created_at desc, d.id desc
  limit cast(:most as integer)
)
select
  (select count(*) from due where not is_leased and not is_behind) as due,
  (select count(*) from due where is_leased) as in_flight,
  (
    -- What is held is due at no time: its scheduled_for is only when it is looked at again.
    select count(*) filter (where l.held_by is null and not l.is_behind)
    from (
      select
        d.held_by,
        d.ordering_key is not null and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
            and (e.ordering_position, e.id) < (d.ordering_position, d.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        ) as is_behind
      from {surehook}.webhook_deliveries d
      where d.status = 'pending' and d.scheduled_for > (select now from instant)
      order by d.scheduled_for, d.id
      limit cast(:most as integer)
    ) l
  ) as later,
  (
    -- Of so many that have an ordering key.
    select count(*) filter (where o.is_behind)
    from (
      select
        not coalesce(d.lease_expires_at > (select now from instant), false) and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
            and (e.ordering_position, e.id) < (d.ordering_position, d.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        ) as is_behind
      from {surehook}.webhook_deliveries d
      where d.ordering_key is not null and d.status = 'pending'
      order by d.organization_id, d.ordering_key, d.ordering_position, d.id
      limit cast(:most as integer)
    ) o
  ) as behind,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.held_by is not null and d.status = 'pending'
      order by d.held_by, d.held_due_at, d.id
      limit cast(:most as integer)
    ) h
  ) as held,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.status = 'dead_letter' and d.dismissed_at is null and d.expunged_at is null
        and d.dead_letter_reason is distinct from 'cancelled'
      order by d.id
      limit cast(:most as integer)
    ) s
  ) as standing,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where coalesce(d.status = 'dead_letter', false)
      order by d.updated_at, d.id
      limit cast(:most as integer)
    ) s
  ) as dead_letters,
  (select count(*) from newest) as looked_last_hour,
  (select count(*) from newest where status = 'succeeded') as succeeded_last_hour,
  coalesce((
    select cast(floor(extract(epoch from i.now - min(due.scheduled_for))) as bigint)
    from due
    cross join instant i
    where not due.is_leased and not due.is_behind
    group by i.now
  ), 0) as oldest_due_seconds
