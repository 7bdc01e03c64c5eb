-- find_named: those of the deliveries named that exist.
-- in    :ids, :uuids (json arrays)
-- out   id, delivery_uuid, status
-- again: the same, as far as the deliveries are

select d.id, cast(d.delivery_uuid as text) as delivery_uuid, cast(d.status as text) as status
from {surehook}.webhook_deliveries d
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
union
select d.id, cast(d.delivery_uuid as text), cast(d.status as text)
from {surehook}.webhook_deliveries d
where d.delivery_uuid in (select cast(i.uuid as uuid) from jsonb_array_elements_text(cast(:uuids as jsonb)) as i (uuid))
order by id
