-- list_uncounted_deaths: one page of dead letters that no metric has counted yet, whoever ended them.
-- in    :page_rows
-- out   id, reason

select cast(d.id as text) as id, d.dead_letter_reason as reason
from {surehook}.webhook_deliveries d
where d.status = 'dead_letter' and not d.death_counted
order by d.id
limit cast(:page_rows as integer)
