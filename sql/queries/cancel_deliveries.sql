-- cancel_deliveries: one page of an order that ends pending deliveries. Of one in flight the attempt under way is the last: whoever
-- records its outcome ends it.
-- in    :order_id, :token, :step (the page that this is), :ids (json array), :position (json: where the work goes on),
--       :named_rows (how many refused rows the order keeps by name), :now (null: the database's clock)
-- out   one row per id: the verdict (changed, locked, unknown, succeeded, dead_letter or cancelled), and of what is changed organization_id
--       and the ordering key whose next one may go now. No row if the page is not this
--       worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked are told, and asked for again later

with turn as materialized (
  select o.id, coalesce(cast(:now as timestamptz), now()) as now
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
    d.id, d.status, d.attempt_count, d.lease_token, d.lease_expires_at, d.claimed_at, d.updated_at, d.cancelled_by,
    d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    coalesce(l.lease_expires_at > t.now, false) as is_in_flight,
    l.lease_expires_at <= t.now as is_unreported,
    l.attempt_count,
    l.lease_token,
    coalesce(l.claimed_at, l.updated_at) as claimed_at,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'pending' then cast(l.status as text)
      when l.cancelled_by is not null then 'cancelled'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, claimed_at, 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where verdict = 'changed' and is_unreported and attempt_count > 0
  on conflict do nothing
), cancelled as (
  update {surehook}.webhook_deliveries d
  set
    cancelled_by = t.id,
    max_attempts = case when j.is_in_flight then d.attempt_count else d.max_attempts end,
    status = cast(case when j.is_in_flight then 'pending' else 'dead_letter' end as {surehook}.webhook_delivery_status),
    dead_letter_reason = case when not j.is_in_flight then 'cancelled' end,
    last_error = case when j.is_in_flight then d.last_error else coalesce(d.last_error, 'an operator cancelled it') end,
    scheduled_for = case when j.is_in_flight then d.scheduled_for end,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = case when j.is_in_flight then d.lease_token end,
    lease_expires_at = case when j.is_in_flight then d.lease_expires_at end,
    -- Somebody wanted it: no alarm counts it.
    death_counted = true,
    updated_at = case when j.is_in_flight then d.updated_at else t.now end
  from judged j
  cross join turn t
  where d.id = j.id and j.verdict = 'changed'
), ended as (
  -- Nobody but the sweep announces these, or drops them where nobody wants any. What no message can name, no event can.
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    'dead_lettered', t.now, t.now, d.organization_id, {surehook}.webhook_origin(d.endpoint_url), 'cancelled', d.id,
    d.delivery_uuid, d.workflow_run_id, left(d.webhook_node_id, 255), left(d.webhook_name, 255), d.last_status_code, d.attempt_count, d.created_at
  from judged j
  cross join turn t
  join {surehook}.webhook_deliveries d on d.id = j.id
  where j.verdict = 'changed' and not j.is_in_flight
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
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
  case when verdict = 'changed' and not is_in_flight then ordering_key end as ordering_key
from judged
order by id
