-- measure_backlog: how long the oldest due delivery has been waiting that waits behind no other of its ordering key.
-- in    :now (null: the database's clock)
-- out   oldest_due_seconds: 0 when nothing is due

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
)
select
  coalesce(
    (
      select cast(floor(extract(epoch from (select now from instant) - d.scheduled_for)) as bigint)
      from {surehook}.webhook_deliveries d
      where d.status = 'pending' and d.scheduled_for <= (select now from instant)
        and (
            d.ordering_key is null
            or not exists (
              select from {surehook}.webhook_deliveries e
              where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
                and (e.ordering_position, e.id) < (d.ordering_position, d.id)
                and (
                  e.status = 'pending'
                  or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                    and e.dead_letter_reason is distinct from 'cancelled'
                )
            )
          )
      order by d.scheduled_for
      limit 1
    ),
    0
  ) as oldest_due_seconds
