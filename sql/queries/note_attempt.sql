-- note_attempt: write down what an attempt came to although its delivery cannot be changed: the database refused the row.
-- A claim that finds an accepted attempt here does not send again.
-- in    :id, :token, :attempt, :status_code, :error_class, :error, :duration_ms, :started_ms_ago, :exchange (json),
--       :now (null: the database's clock)
-- out   noted: false where the token is not the delivery's
-- again: the same, written once
-- at the same time: the later waits for the earlier, and writes the same

with noted as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, exchange, lease_token
  )
  select
    d.id,
    cast(:attempt as integer),
    coalesce(cast(:now as timestamptz), now()) - make_interval(secs => cast(:started_ms_ago as double precision) / 1000),
    cast(:duration_ms as integer),
    cast(:status_code as integer),
    cast(:error_class as text),
    cast(:error as text),
    cast(:exchange as jsonb),
    d.lease_token
  from {surehook}.webhook_deliveries d
  where d.id = cast(:id as bigint) and d.lease_token = cast(:token as uuid)
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    exchange = excluded.exchange
  returning delivery_id
)
select exists (select from noted) as noted
