-- call_held_deliveries: one page of the endpoints that hold deliveries, in key order: calls out as many of each, longest due first,
-- as it has room for and nobody has called yet. Repairs what a dead worker or a lost message left, and lets go what nothing holds
-- any more.
-- in    :after_key (where the page before ended; null for the first), :first_key (null: the first there is), :page_keys, :rows_per_key (of an endpoint without any bound),
--       :down_after_failures, :max_in_flight (as for a claim), :grace_seconds (so long after its time a call counts as lost),
--       :now (null: the database's clock)
-- out   for each endpoint of the page its key alone, and a row for each delivery called: id, organization_id, attempt, delay_seconds;
--       fewer keys than a page means none is left
-- again: those called are on their way, and are not called again before their grace is over
-- at the same time: rows of the one are skipped by the other

with recursive instant as (
  select coalesce(cast(:now as timestamptz), now()) as now
), holders (key, place) as (
  (
    select d.held_by, 1
    from {surehook}.webhook_deliveries d
    where d.held_by > coalesce(cast(:after_key as uuid), '00000000-0000-0000-0000-000000000000')
      and d.held_by >= coalesce(cast(:first_key as uuid), '00000000-0000-0000-0000-000000000000')
    order by d.held_by
    limit 1
  )
  union all
  select n.held_by, h.place + 1
  from holders h
  cross join lateral (
    select d.held_by from {surehook}.webhook_deliveries d where d.held_by > h.key order by d.held_by limit 1
  ) n
  where h.place < cast(:page_keys as integer)
), rooms as materialized (
  select
    h.key,
    greatest(coalesce(e.not_before, i.now), i.now) as opens_at,
    case when e.stopped_at is not null then 0 else
      coalesce(
        least(
          case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
          case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
        ),
        cast(:rows_per_key as integer)
      )
      - (
        select count(*) from jsonb_each_text(e.slots) s
        where cast(s.value as double precision) > extract(epoch from i.now)
      )
      - (
        select count(*) from {surehook}.webhook_deliveries d
        where d.held_by = h.key and d.status = 'pending'
          and d.held_called_at > i.now - make_interval(secs => cast(:grace_seconds as double precision))
      )
    end as room
  from holders h
  cross join instant i
  left join {surehook}.webhook_endpoints e on e.key = h.key
), candidates as materialized (
  select c.id, r.key, r.opens_at
  from rooms r
  cross join instant i
  cross join lateral (
    select d.id
    from {surehook}.webhook_deliveries d
    where d.held_by = r.key and d.status = 'pending'
      -- A worker that died may have left its lease on what was held afterwards.
      and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
      and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
      and (
        d.held_called_at is null
        or d.held_called_at <= i.now - make_interval(secs => cast(:grace_seconds as double precision))
      )
    order by d.held_due_at, d.id
    limit greatest(r.room, 0)
    for update of d skip locked
  ) c
), called as (
  update {surehook}.webhook_deliveries d
  set held_called_at = c.opens_at
  from candidates c
  where d.id = c.id
  returning d.id, d.organization_id, d.attempt_count + 1 as attempt, c.key, c.opens_at
)
select
  cast(h.key as text) as key, c.id, c.organization_id, c.attempt,
  cast(greatest(ceil(extract(epoch from c.opens_at - i.now)), 0) as bigint) as delay_seconds
from holders h
cross join instant i
left join called c on c.key = h.key
order by h.key, c.id
