-- find_statuses: the status of each delivery asked for that exists.
-- in    :ids (json array of ids)
-- out   id, status

select d.id, cast(d.status as text) as status
from {surehook}.webhook_deliveries d
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
order by d.id
