-- measure_endpoints: how many endpoints are down, for how long, and what is held.
-- in    :now (null: the database's clock)
-- out   down, oldest_down_seconds (0 when none is), held

select
  (select count(*) from {surehook}.webhook_endpoints where down_since is not null) as down,
  coalesce(
    (
      select cast(floor(extract(epoch from coalesce(cast(:now as timestamptz), now()) - min(down_since))) as bigint)
      from {surehook}.webhook_endpoints
    ),
    0
  ) as oldest_down_seconds,
  (select count(*) from {surehook}.webhook_deliveries where held_by is not null and status = 'pending') as held
