-- redeliver_deliveries: one page of an order that makes dead letters pending again, the longest dead first. Attempts made stay
-- counted and more are allowed. Each endpoint host gets its deliveries one after the other, at a pace that is kept over all orders.
-- in    :order_id, :token, :step (the page that this is), :ids (json array), :position (json: where the work goes on),
--       :named_rows (how many refused rows the order keeps by name), :now (null: the database's clock),
--       :chained_delay_seconds
-- out   one row per id: the verdict (changed, locked, unknown, pending, succeeded, expunged, cancelled, died_since or invalid_row), and
--       of what is changed organization_id, the attempt to ask for and delay_seconds. No row if the page is not this worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked are told, and asked for again later

with turn as materialized (
  select o.id, o.given_at, o.per_second, o.more_attempts, o.request ->> 'reason' as reason,
    coalesce(cast(:now as timestamptz), now()) as now
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
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.attempt_count,
    l.updated_at,
    l.host,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'dead_letter' then cast(l.status as text)
      when l.expunged_at is not null then 'expunged'
      when l.updated_at > t.given_at then 'died_since'
      when l.dead_letter_reason = 'cancelled' and t.reason is distinct from 'cancelled' then 'cancelled'
      -- What no message can name would only be buried again.
      when greatest(l.id, l.workflow_run_id, l.organization_id) > 9007199254740991 then 'invalid_row'
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
    extract(epoch from p.next_at - t.now) - h.seconds
      + (row_number() over (partition by j.host order by j.updated_at, j.id) - 1) / cast(t.per_second as double precision)
      as delay_seconds
  from judged j
  cross join turn t
  join hosts h on h.host = j.host
  join paces p on p.host = j.host
  where j.verdict = 'changed'
), redelivered as (
  update {surehook}.webhook_deliveries d
  set
    status = 'pending',
    scheduled_for = p.now + make_interval(secs => greatest(0, p.delay_seconds)),
    awaits_hand_out = p.delay_seconds > cast(:chained_delay_seconds as double precision),
    held_seconds = 0,
    max_attempts = d.attempt_count + (select more_attempts from turn),
    -- The releases of its former life do not count against the new one.
    claim_count = d.attempt_count,
    put_back_at = null,
    lease_token = null,
    dead_letter_reason = null,
    death_counted = false,
    cancelled_by = null,
    dismissed_by = null,
    dismissed_at = null,
    redelivered_by = (select id from turn),
    before_redelivery = jsonb_build_object(
      'reason', d.dead_letter_reason,
      'died_at', d.updated_at,
      'attempt_count', d.attempt_count,
      'max_attempts', d.max_attempts,
      'claim_count', d.claim_count,
      'death_counted', d.death_counted,
      'cancelled_by', d.cancelled_by,
      'dismissed_by', d.dismissed_by,
      'dismissed_at', d.dismissed_at
    ),
    updated_at = p.now
  from paced p
  where d.id = p.id
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
  j.organization_id,
  j.attempt_count + 1 as attempt,
  cast(ceil(greatest(0, p.delay_seconds)) as bigint) as delay_seconds
from judged j
left join paced p on p.id = j.id
order by p.delay_seconds, j.id
