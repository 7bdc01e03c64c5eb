-- release_deliveries: give back the attempt of claims whose request never went out because of a fault of ours. The claim
-- stays counted: at the last one allowed the delivery ends as never_sent. One that an operator
-- has cancelled ends.
-- in    :releases (json: id, token, error, due_at_once), :base_seconds, :max_seconds, :max_claims, :outcomes (as for a settle), :now
--       (null: the database's clock)
-- out   one row per release: released (with the attempt to ask for and its delay), buried, not_held, or locked (somebody
--       else has the row: ask again). Its place in flight at its endpoint, and in its ordering key,
--       is free again
-- again: the same answer, given back once
-- at the same time: locked to the later one, which asks again

with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:releases as jsonb)) as a (id bigint, token uuid, error text, due_at_once boolean)
), locked as materialized (
  select
    d.id, d.organization_id, d.status, d.lease_token, d.lease_expires_at, d.attempt_count, d.claim_count,
    d.scheduled_for, d.dead_letter_reason, d.cancelled_by, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.*,
    l.organization_id,
    l.ordering_key,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.lease_token is distinct from a.token then 'not_held'
      when l.lease_expires_at is null and l.status = 'pending' then 'released_before'
      when l.lease_expires_at is null and l.dead_letter_reason in ('never_sent', 'cancelled') then 'buried_before'
      when l.lease_expires_at is null then 'not_held'
      when l.claim_count >= cast(:max_claims as integer) or l.cancelled_by is not null then 'buried'
      else 'released'
    end as verdict,
    l.attempt_count,
    l.scheduled_for,
    l.cancelled_by is not null as is_cancelled,
    case when a.due_at_once then 0 else least(
      cast(:base_seconds as double precision) * power(2, least(greatest(l.claim_count - l.attempt_count, 0), 20)),
      cast(:max_seconds as double precision)
    ) end as delay_seconds
  from asked a
  left join locked l on l.id = a.id
), standing as materialized (
  -- One that somebody else has frees the place at the end of the lease.
  select e.key
  from {surehook}.webhook_endpoints e
  where e.slots <> '{}' and e.key in (
    select k.key
    from judged j
    join {surehook}.webhook_deliveries d on d.id = j.id
    cross join lateral {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
    where j.verdict in ('released', 'buried')
  )
  order by e.key
  for update of e skip locked
), freed as (
  update {surehook}.webhook_endpoints e
  set slots = e.slots - (select array_agg(cast(j.token as text)) from judged j where j.verdict in ('released', 'buried'))
  from standing s
  where e.key = s.key
), slots_over as materialized (
  -- In the order of a claim, which waits for them.
  select s.organization_id, s.ordering_key
  from judged j
  join {surehook}.webhook_ordering_slots s on s.organization_id = j.organization_id and s.ordering_key = j.ordering_key
  where s.token = j.token and j.verdict in ('released', 'buried')
  order by s.organization_id, s.ordering_key
  for update of s
), freed_slots as (
  delete from {surehook}.webhook_ordering_slots s
  using slots_over o
  where s.organization_id = o.organization_id and s.ordering_key = o.ordering_key
), settled as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = d.attempt_count - 1,
    lease_expires_at = null,
    status = cast(case j.verdict when 'buried' then 'dead_letter' else 'pending' end as {surehook}.webhook_delivery_status),
    scheduled_for = case j.verdict when 'released' then j.now + make_interval(secs => j.delay_seconds) end,
    dead_letter_reason = case j.verdict when 'buried' then case when j.is_cancelled then 'cancelled' else 'never_sent' end end,
    last_error = j.error,
    updated_at = j.now
  from judged j
  where d.id = j.id and j.verdict in ('released', 'buried')
), ended as (
  -- Nobody but the sweep announces these.
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    'dead_lettered', j.now, j.now, d.organization_id, {surehook}.webhook_origin(d.endpoint_url),
    case when j.is_cancelled then 'cancelled' else 'never_sent' end, d.id, d.delivery_uuid, d.workflow_run_id,
    left(d.webhook_node_id, 255), left(d.webhook_name, 255), d.last_status_code, d.attempt_count - 1, d.created_at
  from judged j
  join {surehook}.webhook_deliveries d on d.id = j.id
  where j.verdict = 'buried' and cast(:outcomes as text) <> 'none'
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
)
select
  id,
  organization_id,
  case verdict when 'released_before' then 'released' when 'buried_before' then 'buried' else verdict end as verdict,
  case verdict when 'released' then attempt_count else attempt_count + 1 end as attempt,
  cast(
    case verdict
      when 'released' then ceil(delay_seconds)
      else greatest(0, ceil(extract(epoch from scheduled_for - now)))
    end
    as bigint
  ) as delay_seconds,
  ordering_key
from judged
order by id
