-- dismiss_deliveries: one page of an order that marks dead letters as dealt with: they no longer count as standing.
-- in    :order_id, :token, :step (the page that this is), :ids (json array), :position (json: where the work goes on),
--       :named_rows (how many refused rows the order keeps by name), :now (null: the database's clock)
-- out   one row per id: the verdict (changed, locked, unknown, pending, succeeded, died_since, dismissed or expunged), and of what is changed organization_id
--       and the ordering key whose next one may go now. No row if the
--       page is not this worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked are told, and asked for again later

with turn as materialized (
  select o.id, o.given_at, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  -- A second copy of this statement waits here, and then finds the step recorded.
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select d.id, d.status, d.updated_at, d.dismissed_at, d.expunged_at, d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'dead_letter' then cast(l.status as text)
      when l.dismissed_at is not null then 'dismissed'
      when l.expunged_at is not null then 'expunged'
      when l.updated_at > t.given_at then 'died_since'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), dismissed as (
  -- Its updated_at stays the time of its death.
  update {surehook}.webhook_deliveries d
  set dismissed_at = t.now, dismissed_by = t.id
  from judged j
  cross join turn t
  where d.id = j.id and j.verdict = 'changed'
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  id, verdict, organization_id,
  -- Whose next one may go now.
  case when verdict = 'changed' then ordering_key end as ordering_key
from judged
order by id
