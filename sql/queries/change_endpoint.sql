-- change_endpoint: hold, resume or limit what one scope covers, and keep the order that asked for it.
-- in    :order_key, :action (hold, resume, set_endpoint), :request (json), :note, :given_by, :scope, :organization_id and :endpoint_url
--       (null where the scope has none), or of a known endpoint its :endpoint_key, :sets_in_flight and :sets_per_second (whether that limit is changed), :max_in_flight and
--       :max_per_second (null: none), :dry_run, :now (null: the database's clock)
-- out   key, the order's id (null for a dry run), whether the earlier order of that key is the same, and whether anything differs; no
--       row if there is no endpoint of that key
-- again: the same order, and nothing changes: what was resumed meanwhile is not held again
-- at the same time: the later waits for the earlier; with the same key it finds its order

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), target as materialized (
  select
    k.key, k.scope, k.origin, k.organization_id,
    case cast(:action as text)
      when 'hold' then e.stopped_at is null or e.stopped_note is distinct from cast(:note as text)
      when 'resume' then e.stopped_at is not null
      else
        cast(:sets_in_flight as boolean) and e.max_in_flight is distinct from cast(:max_in_flight as integer)
        or cast(:sets_per_second as boolean) and e.max_per_second is distinct from cast(:max_per_second as double precision)
    end as differs
  from (
    select n.key, n.scope, n.origin, cast(:organization_id as bigint) as organization_id
    from {surehook}.webhook_endpoint_keys(cast(:organization_id as bigint), cast(:endpoint_url as text)) n
    where n.scope = cast(:scope as text) and cast(:endpoint_key as uuid) is null
    union all
    select n.key, n.scope, n.origin, n.organization_id
    from {surehook}.webhook_endpoints n
    where n.key = cast(:endpoint_key as uuid)
      -- All of an origin can be held by its key, and by nothing else; limits are of one endpoint.
      and (n.scope = cast(:scope as text) or n.scope = 'origin' and cast(:action as text) <> 'set_endpoint')
  ) k
  left join {surehook}.webhook_endpoints e on e.key = k.key
), ordered as (
  insert into {surehook}.webhook_orders as o (
    order_key, action, request, note, given_by, given_at, state, matched, done, finished_at
  )
  select
    cast(:order_key as text), cast(:action as text), cast(:request as jsonb), cast(:note as text), cast(:given_by as text),
    i.now, 'done', cast(t.differs as integer), cast(t.differs as integer), i.now
  from target t
  cross join instant i
  where not cast(:dry_run as boolean)
  -- Changes nothing: an insert that finds the key would otherwise answer no row.
  on conflict (order_key) do update set order_key = o.order_key
  returning
    o.id,
    o.action = cast(:action as text) and o.request = cast(:request as jsonb) as is_same,
    -- A row that was there before has been locked by this update.
    o.xmax = cast('0' as xid) as is_new
), changed as (
  insert into {surehook}.webhook_endpoints as e (
    key, scope, organization_id, origin, stopped_at, stopped_note, max_in_flight, max_per_second
  )
  select
    t.key, t.scope, t.organization_id, t.origin,
    case cast(:action as text) when 'hold' then i.now end,
    case cast(:action as text) when 'hold' then cast(:note as text) end,
    cast(:max_in_flight as integer),
    cast(:max_per_second as double precision)
  from target t
  cross join instant i
  cross join ordered o
  where o.is_new and t.differs
  on conflict (key) do update set
    stopped_at = case cast(:action as text)
      when 'hold' then coalesce(e.stopped_at, excluded.stopped_at)
      when 'resume' then null
      else e.stopped_at
    end,
    stopped_note = case cast(:action as text) when 'set_endpoint' then e.stopped_note else excluded.stopped_note end,
    max_in_flight = case when cast(:sets_in_flight as boolean) then excluded.max_in_flight else e.max_in_flight end,
    max_per_second = case when cast(:sets_per_second as boolean) then excluded.max_per_second else e.max_per_second end
)
select cast(t.key as text) as key, t.differs, o.id, coalesce(o.is_same, true) as is_same
from target t
left join ordered o on true
