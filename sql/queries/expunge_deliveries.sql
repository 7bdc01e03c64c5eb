-- expunge_deliveries: one page of an order that erases what deliveries hold of their payloads, headers, trace states, queries and answers.
-- Pending ones are cancelled first; one in flight is erased by the sweep once the attempt under way is over.
-- in    :order_id, :token, :step (the page that this is), :ids (json array), :position (json: where the work goes on),
--       :named_rows (how many refused rows the order keeps by name), :now (null: the database's clock)
-- out   one row per id: the verdict (changed, locked, unknown or expunged), and of what is changed organization_id
--       and the ordering key whose next one may go now. No row if the page is not this worker's
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
    d.id, d.status, d.attempt_count, d.lease_token, d.lease_expires_at, d.claimed_at, d.updated_at, d.expunged_at,
    d.expunge_at_end, d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    l.status = 'pending' as is_pending,
    coalesce(l.status = 'pending' and l.lease_expires_at > t.now, false) as is_in_flight,
    l.status = 'pending' and l.lease_expires_at <= t.now as is_unreported,
    l.attempt_count,
    l.lease_token,
    coalesce(l.claimed_at, l.updated_at) as claimed_at,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.expunged_at is not null or l.expunge_at_end then 'expunged'
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
), excerpts as (
  update {surehook}.webhook_delivery_attempts r
  set
    response_excerpt = null,
    -- Names that the application or the receiver chose.
    exchange = r.exchange #- '{request,headers}' #- '{response,headers}'
  from judged j
  where r.delivery_id = j.id and j.verdict = 'changed' and not j.is_in_flight and (r.response_excerpt is not null or r.exchange is not null)
), expunged as (
  update {surehook}.webhook_deliveries d
  set
    cancelled_by = case when j.is_pending then coalesce(d.cancelled_by, t.id) else d.cancelled_by end,
    max_attempts = case when j.is_in_flight then d.attempt_count else d.max_attempts end,
    status = cast(
      case when j.is_pending and not j.is_in_flight then 'dead_letter' else cast(d.status as text) end
      as {surehook}.webhook_delivery_status
    ),
    dead_letter_reason = case when j.is_pending and not j.is_in_flight then 'cancelled' else d.dead_letter_reason end,
    last_error = case
      when j.is_pending and not j.is_in_flight then coalesce(d.last_error, 'an operator erased it')
      else d.last_error
    end,
    scheduled_for = case when j.is_in_flight then d.scheduled_for end,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = case when j.is_pending and not j.is_in_flight then null else d.lease_token end,
    lease_expires_at = case when j.is_in_flight then d.lease_expires_at end,
    death_counted = d.death_counted or j.is_pending,
    expunge_at_end = j.is_in_flight,
    expunged_at = case when not j.is_in_flight then t.now end,
    -- A worker may still read what it has claimed: of one in flight everything stays until its end.
    payload = case when j.is_in_flight then d.payload else '' end,
    custom_headers = case when j.is_in_flight then d.custom_headers else '[]' end,
    -- Ids say nothing of anybody; what a later version may append, and the state, is whatever somebody wrote there.
    traceparent = case when j.is_in_flight then d.traceparent else left(d.traceparent, 55) end,
    tracestate = case when j.is_in_flight then d.tracestate end,
    endpoint_url = case when j.is_in_flight then d.endpoint_url else split_part(d.endpoint_url, '?', 1) end,
    -- A key is whatever its application made it of, and often names somebody. What is erased keeps nobody waiting.
    ordering_key = case when j.is_in_flight then d.ordering_key end,
    ordering_position = case when j.is_in_flight then d.ordering_position end,
    ordering_on_dead_letter = case when j.is_in_flight then d.ordering_on_dead_letter end,
    updated_at = case when j.is_pending and not j.is_in_flight then t.now else d.updated_at end
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
  where j.verdict = 'changed' and j.is_pending and not j.is_in_flight
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
