-- list_endpoints: endpoints, and whatever else can hold deliveries, that are in trouble or have settings, in key order.
-- in    :organization_id (null: any; what holds everything applies to each), :state (null: any), :after_key (where the page before
--       ended; null for the first), :page_rows, :most (each count stops there, which then says: at least), :now (null: the database's
--       clock)
-- out   each with its state (held before down, waiting, failing and limited) and how many deliveries it holds
-- again: the same, as far as the endpoints are

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
)
select
  cast(e.key as text) as key,
  e.scope,
  e.organization_id,
  e.origin,
  s.state,
  e.failures,
  e.last_error_class as error_class,
  to_jsonb(e.failing_since) #>> '{}' as failing_since,
  to_jsonb(e.down_since) #>> '{}' as down_since,
  to_jsonb(case when e.in_flight_window is not null and e.not_before > i.now then e.not_before end) #>> '{}' as next_probe_at,
  e.max_in_flight,
  cast(e.max_per_second as text) as max_per_second,
  to_jsonb(e.stopped_at) #>> '{}' as stopped_at,
  e.stopped_note as note,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.held_by = e.key and d.status = 'pending'
      order by d.held_due_at, d.id
      limit cast(:most as integer)
    ) h
  ) as held
from {surehook}.webhook_endpoints e
cross join instant i
cross join lateral (
  select
    case
      when e.stopped_at is not null then 'held'
      when e.down_since is not null then 'down'
      when e.in_flight_window is not null then 'waiting'
      when e.failures > 0 then 'failing'
      else 'limited'
    end as state
) s
where e.key > coalesce(cast(:after_key as uuid), '00000000-0000-0000-0000-000000000000')
  and (
    cast(:organization_id as bigint) is null or e.organization_id = cast(:organization_id as bigint) or e.scope = 'everything'
  )
  and (cast(:state as text) is null or s.state = cast(:state as text))
  -- What was resumed, and has nothing else, is healthy: its row is about to be forgotten.
  and (
    s.state <> 'limited' or e.max_in_flight is not null or e.max_per_second is not null
    or exists (select from {surehook}.webhook_deliveries d where d.held_by = e.key and d.status = 'pending')
  )
  -- Of a row inserted by SQL with an organization that JSON has no exact number for. Nothing is sent for it.
  and coalesce(e.organization_id, 0) <= 9007199254740991
order by e.key
limit cast(:page_rows as integer)
