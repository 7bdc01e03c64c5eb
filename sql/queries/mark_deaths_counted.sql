-- mark_deaths_counted: these dead letters stand in a metric that has been written.
-- in    :ids (json array of ids)
-- out   nothing
-- again: changes nothing
-- at the same time: rows of the one are skipped by the other. One that somebody else has locked is counted once more by the next
--       sweep

with marked as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
    and d.status = 'dead_letter'
    and not d.death_counted
  order by d.id
  for update of d skip locked
)
update {surehook}.webhook_deliveries d
set death_counted = true
from marked m
where d.id = m.id
