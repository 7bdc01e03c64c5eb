-- bury_deliveries: end one page, oldest due first, of deliveries that cannot go on by themselves: those whose last attempt
-- was claimed and never settled, as what is known of it (an accepted one has succeeded) or else as outcome_unknown; and, as
-- invalid_row, rows that no message can name, because an id of theirs is larger than JSON carries exactly; and, as endpoint_down,
-- what its endpoint, still down by a probe since then, has held for as long as may be.
-- in    :after_due, :after_id (where the page before ended; null for the first), :page_rows, :only (json array of ids, or
--       null: any), :outcomes (as for a settle), :now (null: the database's clock)
-- out   id, status and reason of each one ended, its ordering key and organization, where it has one, and due_at as the next page's :after_due; fewer than a page means none is
--       left but what somebody else has locked
-- again: buries the next page
-- at the same time: rows of the one are skipped by the other

with page as materialized (
  select
    d.id, d.attempt_count, d.scheduled_for, d.lease_token, d.claimed_at, d.updated_at, d.cancelled_by, i.now,
    greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991 as is_unnameable,
    d.held_by is not null and d.attempt_count < d.max_attempts as was_held,
    d.last_error
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
    and (
      d.attempt_count >= d.max_attempts
      or greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991
      -- Its time may have passed while nobody could ask whether it is back: the next probe decides.
      or d.held_for = 'down' and exists (
        select from {surehook}.webhook_endpoints e
        where e.key = d.held_by and e.down_since is not null and e.not_before > d.scheduled_for
      )
      -- What an operator holds is lost to nobody, however long.
      and not exists (
        select
        from {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
        join {surehook}.webhook_endpoints s on s.key = k.key
        where s.stopped_at is not null
      )
    )
    and (
      cast(:only as jsonb) is null
      or d.id in (select cast(o.id as bigint) from jsonb_array_elements_text(cast(:only as jsonb)) as o (id))
    )
  order by d.scheduled_for, d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), judged as materialized (
  select
    p.*,
    not p.is_unnameable and not p.was_held and coalesce(r.status_code between 200 and 299, false) as has_arrived,
    case
      when p.is_unnameable then 'invalid_row'
      when p.cancelled_by is not null then 'cancelled'
      when p.was_held then 'endpoint_down'
      else coalesce(r.error_class, 'outcome_unknown')
    end as reason,
    case
      when p.is_unnameable then 'an id of this row is larger than 9007199254740991 (2^53 - 1), so no message can name it'
      when p.was_held then concat_ws('; the last failure: ', 'its endpoint has been down for longer than a delivery is held', p.last_error)
      when r.error_class <> 'outcome_unknown' then r.error
      else 'the worker of the last attempt ended without reporting; the receiver may have got the request'
    end as error,
    case when not p.was_held then r.status_code end as status_code
  from page p
  left join {surehook}.webhook_delivery_attempts r on r.delivery_id = p.id and r.attempt = p.attempt_count
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, coalesce(claimed_at, updated_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where attempt_count > 0 and not is_unnameable and not was_held
  on conflict do nothing
), buried as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(case when j.has_arrived then 'succeeded' else 'dead_letter' end as {surehook}.webhook_delivery_status),
    dead_letter_reason = case when not j.has_arrived then j.reason end,
    last_error = case when not j.has_arrived then left(j.error, 2000) end,
    last_status_code = coalesce(j.status_code, d.last_status_code),
    succeeded_late = j.has_arrived,
    scheduled_for = null,
    awaits_hand_out = false,
    lease_expires_at = null,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    -- The token goes, so that the worker's own outcome is recognised as late.
    lease_token = null,
    updated_at = j.now
  from judged j
  where d.id = j.id
  returning
    d.id, d.status, d.dead_letter_reason, d.updated_at, d.last_status_code, d.organization_id, d.ordering_key, j.scheduled_for,
    j.is_unnameable,
    d.redelivered_by is not null as was_dead
), ended as (
  -- Nobody but the sweep announces these. What no message can name, no event can.
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    case when b.status = 'dead_letter' then 'dead_lettered' when b.was_dead then 'recovered' else 'delivered' end,
    b.updated_at, b.updated_at, d.organization_id, {surehook}.webhook_origin(d.endpoint_url), b.dead_letter_reason, d.id,
    d.delivery_uuid, d.workflow_run_id, left(d.webhook_node_id, 255), left(d.webhook_name, 255), b.last_status_code, d.attempt_count, d.created_at
  from buried b
  join {surehook}.webhook_deliveries d on d.id = b.id
  where not b.is_unnameable and (
    cast(:outcomes as text) = 'all' or cast(:outcomes as text) = 'failures' and (b.status = 'dead_letter' or b.was_dead)
  )
  order by d.id
)
select
  cast(id as text) as id,
  cast(status as text) as status,
  dead_letter_reason as reason,
  -- In JSON an instant is ISO 8601, whatever date style and time zone the session has.
  to_jsonb(scheduled_for) #>> '{}' as due_at,
  ordering_key,
  case when ordering_key is not null and not is_unnameable then organization_id end as ordering_organization_id
from buried
order by scheduled_for, id
