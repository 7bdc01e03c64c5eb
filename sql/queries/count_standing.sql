-- count_standing: dead letters that nobody has redelivered, dismissed, cancelled or erased.
-- in    :most (what the count stops at)
-- out   standing
-- again: the same, as far as the deliveries are

select count(*) as standing
from (
  select
  from {surehook}.webhook_deliveries d
  where d.status = 'dead_letter'
    and d.dismissed_at is null
    and d.expunged_at is null
    and d.dead_letter_reason is distinct from 'cancelled'
  order by d.id
  limit cast(:most as integer)
) s
