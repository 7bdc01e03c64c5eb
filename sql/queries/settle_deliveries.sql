-- settle_deliveries: record the outcomes of attempts, each fenced by its claim's token.
-- in    :settlements (json, distinct ids: id, token, attempt, kind succeeded|retry|dead, status_code, error_class, error, excerpt,
--       duration_ms, started_ms_ago, delay_seconds, written: it comes from a message and not from the worker itself),
--       :chained_delay_seconds, :now (null: the database's clock)
-- out   one row per settlement: recorded, already_recorded, late_success (a 2xx is a fact; a written one has to show the
--       token of an attempt that never reported), superseded, vanished, or locked (somebody else has the row: ask again)
-- again: already_recorded, nothing changes (the token stays, the expiry is gone)
-- at the same time: locked to the later one, which asks again

with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, kind text, status_code integer, error_class text, error text, excerpt text,
    duration_ms integer, started_ms_ago double precision, delay_seconds double precision, written boolean
  )
), locked as materialized (
  select d.id, d.status, d.lease_token, d.lease_expires_at, d.cancelled_by, d.expunged_at
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  -- Nine outcomes must not wait for the row of the tenth.
  for update of d skip locked
), judged as materialized (
  select
    a.*,
    -- Of a cancelled one this attempt was the last.
    l.cancelled_by is not null and a.kind <> 'succeeded' as is_cancelled,
    -- An erased one keeps no answer, however late it comes.
    case when l.expunged_at is null then a.excerpt end as kept_excerpt,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'vanished'
      when l.status = 'pending' and l.lease_token = a.token and l.lease_expires_at is not null then 'recorded'
      when a.kind = 'succeeded' and l.status <> 'succeeded' and (
        a.written is not true
        or exists (
          select from {surehook}.webhook_delivery_attempts r
          where r.delivery_id = a.id and r.attempt = a.attempt and r.lease_token = a.token
        )
      ) then 'late_success'
      when l.lease_token = a.token and l.lease_expires_at is null then 'already_recorded'
      else 'superseded'
    end as verdict
  from asked a
  left join locked l on l.id = a.id
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(
      case
        when j.kind = 'succeeded' then 'succeeded'
        when j.kind = 'dead' or j.is_cancelled then 'dead_letter'
        else 'pending'
      end
      as {surehook}.webhook_delivery_status
    ),
    scheduled_for = case when j.kind = 'retry' and not j.is_cancelled then j.now + make_interval(secs => j.delay_seconds) end,
    awaits_hand_out =
      j.kind = 'retry' and not j.is_cancelled and j.delay_seconds > cast(:chained_delay_seconds as double precision),
    lease_expires_at = null,
    -- After a late success too, the token of the outcome that stands: repeated it is recognised, and the holder's is not.
    lease_token = j.token,
    last_status_code = j.status_code,
    last_error = case when j.kind <> 'succeeded' then j.error end,
    dead_letter_reason = case when j.is_cancelled then 'cancelled' when j.kind = 'dead' then j.error_class end,
    succeeded_late = j.verdict = 'late_success',
    updated_at = j.now
  from judged j
  where d.id = j.id and j.verdict in ('recorded', 'late_success')
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt
  from judged
  where verdict in ('recorded', 'late_success')
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    response_excerpt = excluded.response_excerpt
  where known.error_class = 'outcome_unknown'
), superseded_attempts as (
  -- Of a lease that was taken over this row exists, as outcome_unknown. Where a late success ended the delivery it does not.
  insert into {surehook}.webhook_delivery_attempts (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt
  from judged
  where verdict = 'superseded'
  on conflict do nothing
)
select id, verdict
from judged
order by id
