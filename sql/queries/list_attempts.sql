-- list_attempts: the latest attempts of a delivery, latest first.
-- in    :id, :page_rows
-- out   each attempt
-- again: the same, as far as the attempts are

select
  r.attempt,
  cast(round(extract(epoch from r.started_at) * 1000) as bigint) as started_at_ms,
  r.duration_ms,
  r.status_code,
  r.error_class,
  r.error,
  r.response_excerpt,
  cast(r.exchange as text) as exchange
from {surehook}.webhook_delivery_attempts r
where r.delivery_id = cast(:id as bigint)
order by r.attempt desc
limit cast(:page_rows as integer)
