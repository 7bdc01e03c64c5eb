-- list_outcomes: one page of the outcomes that the sweep announces, in the order in which they were written.
-- in    :after_id (where the page before ended; null for the first), :page_rows, :now (null: the database's clock)
-- out   id, the outcome (as json; of an endpoint that is down still with its endpoint_key) and age_seconds since it happened

select
  o.id,
  cast(to_jsonb(o) || jsonb_build_object('endpoint_key', e.key) as text) as outcome,
  cast(floor(extract(epoch from i.now - o.happened_at)) as bigint) as age_seconds
from {surehook}.webhook_outcomes o
cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
-- Of one that went down and still is.
left join {surehook}.webhook_endpoints e on o.type = 'down' and e.outage_id = o.outage_id
where o.due_at <= i.now and o.id > coalesce(cast(:after_id as bigint), 0)
order by o.id
limit cast(:page_rows as integer)
