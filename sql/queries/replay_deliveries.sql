-- replay_deliveries: one page of an order that sends again what is over: each gets a new delivery with an id of its own and the same
-- frozen body, at a pace for each endpoint host that is kept over all orders. The first one's row is not touched.
-- in    :order_id, :token, :step (the page that this is), :ids (json array), :position (json: where the work goes on),
--       :named_rows (how many refused rows the order keeps by name), :now (null: the database's clock),
--       :uuids (json: id, delivery_uuid of its new delivery), :chained_delay_seconds
-- out   one row per id: the verdict (changed, locked, unknown, pending, expunged, created_since, replayed or invalid_row), and of what is
--       changed the new delivery: delivery_id, organization_id, attempt and delay_seconds. No row if the page is not this worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked are told, and asked for again later

with turn as materialized (
  select o.id, o.given_at, o.per_second, o.more_attempts, coalesce(cast(:now as timestamptz), now()) as now
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
  select
    d.*,
    substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  -- It must not be erased meanwhile, and it stays as it is.
  for share of d skip locked
), judged as materialized (
  select
    a.id,
    l.created_at,
    l.host,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status = 'pending' then 'pending'
      when l.expunged_at is not null then 'expunged'
      when l.created_at > t.given_at then 'created_since'
      when greatest(l.id, l.workflow_run_id, l.organization_id) > 9007199254740991 then 'invalid_row'
      when exists (
        select from {surehook}.webhook_deliveries d
        where d.workflow_run_id = l.workflow_run_id and d.webhook_node_id = l.webhook_node_id || ' (replay ' || t.id || ')'
      ) then 'replayed'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), hosts as materialized (
  select j.host, count(*) / cast(t.per_second as double precision) as seconds, t.now
  from judged j
  cross join turn t
  where j.verdict = 'changed'
  group by j.host, t.per_second, t.now
), paces as (
  insert into {surehook}.webhook_redelivery_paces as p (host, next_at)
  select host, now + make_interval(secs => seconds)
  from hosts
  -- One order for every page, or two orders would wait for each other.
  order by host
  on conflict (host) do update set
    next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from turn)))
  returning p.host, p.next_at
), paced as materialized (
  select
    j.id,
    t.now,
    greatest(0, extract(epoch from p.next_at - t.now) - h.seconds
      + (row_number() over (partition by j.host order by j.created_at, j.id) - 1) / cast(t.per_second as double precision))
      as delay_seconds
  from judged j
  cross join turn t
  join hosts h on h.host = j.host
  join paces p on p.host = j.host
  where j.verdict = 'changed'
), places as (
  -- As for new ones. A replay goes behind everything of its key.
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key, used_at)
  select distinct l.organization_id, l.ordering_key, p.now
  from paced p
  join locked l on l.id = p.id
  where l.ordering_key is not null
  order by l.organization_id, l.ordering_key
  on conflict (organization_id, ordering_key) do update set position = default, used_at = excluded.used_at
  returning k.organization_id, k.ordering_key, k.position
), replayed as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, max_attempts, scheduled_for, awaits_hand_out, replay_of, created_at, updated_at,
    traceparent, tracestate, ordering_key, ordering_position, ordering_on_dead_letter
  )
  select
    u.delivery_uuid, l.workflow_run_id, l.organization_id, l.webhook_node_id || ' (replay ' || t.id || ')', l.webhook_name,
    l.endpoint_url, l.http_method, l.payload, l.custom_headers, l.credential_uuid, t.more_attempts,
    p.now + make_interval(secs => p.delay_seconds), p.delay_seconds > cast(:chained_delay_seconds as double precision),
    l.id, p.now, p.now, l.traceparent, l.tracestate,
    -- Among themselves as they were.
    l.ordering_key,
    100000 * k.position + row_number() over (partition by l.organization_id, l.ordering_key order by l.ordering_position, l.id),
    l.ordering_on_dead_letter
  from paced p
  cross join turn t
  join locked l on l.id = p.id
  left join places k on k.organization_id = l.organization_id and k.ordering_key = l.ordering_key
  join jsonb_to_recordset(cast(:uuids as jsonb)) as u (id bigint, delivery_uuid uuid) on u.id = p.id
  order by l.workflow_run_id, l.webhook_node_id
  returning id, organization_id, replay_of
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
    end,
    last_due_at = greatest(
      o.last_due_at,
      (select max(now + make_interval(secs => delay_seconds)) from paced)
    )
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
  j.id,
  j.verdict,
  n.id as delivery_id,
  n.organization_id,
  1 as attempt,
  cast(ceil(p.delay_seconds) as bigint) as delay_seconds
from judged j
left join paced p on p.id = j.id
left join replayed n on n.replay_of = j.id
order by p.delay_seconds, j.id
