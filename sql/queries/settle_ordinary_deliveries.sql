-- settle_ordinary_deliveries: record ordinary successes, as settle_deliveries would: of an attempt that still holds its lease, at an
-- endpoint that nothing is known of, of a delivery without an ordering key that never was a dead letter. It leaves the rest to settle_deliveries, which is asked with the same tokens. Both mean the
-- same by a success: what one writes, the other must. The database plans a statement anew at every call, and this one in a fifth of the time.
-- in    :settlements (json, distinct ids: id, token, attempt, status_code, excerpt, duration_ms, started_ms_ago, exchange:
--       json), :now (null: the database's clock)
-- out   a row for each delivery that is recorded, in the form of settle_deliveries
-- again: nothing, because the lease is over; settle_deliveries says already_recorded
-- at the same time: nothing to the later one
-- locks: deliveries in id order, and nothing is waited for

with locked as materialized (
  select
    d.id, d.status, d.lease_token, d.lease_expires_at, d.expunged_at, d.redelivered_by, d.organization_id,
    d.ordering_key, d.endpoint_url, a.token, a.attempt, a.status_code, a.excerpt, a.duration_ms, a.started_ms_ago, a.exchange
  from {surehook}.webhook_deliveries d
  join jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, status_code integer, excerpt text, duration_ms integer,
    started_ms_ago double precision, exchange jsonb
  ) on a.id = d.id
  order by d.id
  for update of d skip locked
), ordinary as materialized (
  select
    l.id, l.attempt, l.status_code, l.excerpt, l.duration_ms, l.exchange, i.now,
    i.now - make_interval(secs => l.started_ms_ago / 1000) as started_at
  from locked l
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where l.status = 'pending'
    and l.lease_token = l.token
    and l.lease_expires_at is not null
    and l.expunged_at is null
    -- Its recovery is to be told.
    and l.redelivered_by is null
    -- The next of its key is to be called.
    and l.ordering_key is null
    and not exists (
      select from {surehook}.webhook_endpoint_keys(l.organization_id, l.endpoint_url) k
      join {surehook}.webhook_endpoints e on e.key = k.key
    )
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = 'succeeded',
    scheduled_for = null,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_expires_at = null,
    last_status_code = o.status_code,
    last_error = null,
    dead_letter_reason = null,
    succeeded_late = false,
    updated_at = o.now
  from ordinary o
  where d.id = o.id
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, response_excerpt, exchange
  )
  select id, attempt, started_at, duration_ms, status_code, excerpt, exchange
  from ordinary
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = null,
    error = null,
    response_excerpt = excluded.response_excerpt,
    exchange = excluded.exchange
  where known.error_class = 'outcome_unknown'
)
select 'settled' as what, id, 'recorded' as verdict, 'succeeded' as becomes
from ordinary
order by id
