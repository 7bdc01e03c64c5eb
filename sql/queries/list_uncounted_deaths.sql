-- list_uncounted_deaths: one page of dead letters that no metric has counted yet, whoever ended them.
-- in    :page_rows, :ids (json array: only of these; null: any)
-- out   id, reason
-- again: the same
-- at the same time: what somebody else has locked is left out, and comes the next time

select cast(d.id as text) as id, d.dead_letter_reason as reason
from {surehook}.webhook_deliveries d
where d.status = 'dead_letter' and not d.death_counted
  and (
    cast(:ids as jsonb) is null
    or d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  )
order by d.id
limit cast(:page_rows as integer)
for update of d skip locked
