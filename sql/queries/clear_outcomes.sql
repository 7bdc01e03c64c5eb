-- clear_outcomes: these outcomes have been announced.
-- in    :ids (json array of ids)
-- out   nothing
-- again: changes nothing
-- at the same time: rows of the one are skipped by the other, which clears them

with over as materialized (
  select o.id
  from {surehook}.webhook_outcomes o
  where o.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  order by o.id
  for update skip locked
)
delete from {surehook}.webhook_outcomes o
using over v
where o.id = v.id
