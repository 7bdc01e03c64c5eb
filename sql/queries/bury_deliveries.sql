-- bury_deliveries: end as outcome_unknown one page of deliveries whose last attempt was claimed and never reported.
-- in    :page_rows, :now (null: the database's clock)
-- out   id and organization_id of each one buried; fewer than a page means none is left
-- again: buries the next page

with page as materialized (
  select d.id, i.now
  from webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now
    and d.attempt_count >= d.max_attempts
    and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
  order by d.scheduled_for, d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), lost as (
  insert into webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error)
  select
    d.id, d.attempt_count, coalesce(d.claimed_at, d.updated_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request'
  from webhook_deliveries d
  join page p on p.id = d.id
  where d.attempt_count > 0
  on conflict do nothing
), buried as (
  update webhook_deliveries d
  set
    status = 'dead_letter',
    dead_letter_reason = 'outcome_unknown',
    last_error = 'the worker of the last attempt ended without reporting; the receiver may have got the request',
    scheduled_for = null,
    awaits_hand_out = false,
    lease_expires_at = null,
    -- Not a settlement: the token goes, so that the worker's own outcome is recognised as late.
    lease_token = null,
    updated_at = p.now
  from page p
  where d.id = p.id
  returning d.id, d.organization_id
)
select id, organization_id
from buried
order by id
