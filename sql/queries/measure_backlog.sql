-- measure_backlog: how long the oldest due delivery has been waiting.
-- in    :now (null: the database's clock)
-- out   oldest_due_seconds: 0 when nothing is due

select
  coalesce(
    cast(floor(extract(epoch from coalesce(cast(:now as timestamptz), now()) - min(scheduled_for))) as bigint), 0
  ) as oldest_due_seconds
from {surehook}.webhook_deliveries
where status = 'pending' and scheduled_for <= coalesce(cast(:now as timestamptz), now())
