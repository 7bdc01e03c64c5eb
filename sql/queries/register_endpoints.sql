-- register_endpoints: give the endpoints of these deliveries their rows, where every endpoint has limits.
-- in    :ids (json array)
-- out   nothing
-- again: changes nothing
-- at the same time: in key order; the later waits for the earlier, and finds its rows

insert into {surehook}.webhook_endpoints (key, scope, organization_id, origin)
select distinct on (k.key) k.key, k.scope, d.organization_id, k.origin
from {surehook}.webhook_deliveries d
cross join lateral {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  and k.scope = 'endpoint'
order by k.key
on conflict (key) do nothing
