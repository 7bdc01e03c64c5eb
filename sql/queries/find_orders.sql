-- find_orders: one order, or the newest ones.
-- in    :id (null: any), :state (null: any), :after_id (where the page before ended; null for the first), :page_rows
-- out   each order; of a long list of ids in its selection only how many they are; of the refused at most :named_rows
-- again: the same

select
  o.id,
  o.action,
  cast(
    case when octet_length(cast(o.request as text)) <= 2000 then o.request
    else o.request - 'delivery_ids' - 'delivery_uuids' || jsonb_strip_nulls(jsonb_build_object(
      'delivery_ids', jsonb_array_length(o.request -> 'delivery_ids'),
      'delivery_uuids', jsonb_array_length(o.request -> 'delivery_uuids')
    )) end
    as text
  ) as request,
  o.order_key,
  o.note,
  o.given_by,
  cast(round(extract(epoch from o.given_at) * 1000) as bigint) as given_at_ms,
  o.state,
  o.matched,
  o.done,
  o.refused,
  cast((
    select jsonb_agg(n.value order by n.ordinality)
    from jsonb_array_elements(o.refused_named) with ordinality n
    where n.ordinality <= cast(:named_rows as integer)
  ) as text) as refused_named,
  o.per_second,
  cast(round(extract(epoch from o.last_due_at) * 1000) as bigint) as last_due_at_ms,
  cast(round(extract(epoch from o.finished_at) * 1000) as bigint) as finished_at_ms,
  o.unwinds
from {surehook}.webhook_orders o
where (cast(:id as bigint) is null or o.id = cast(:id as bigint))
  and (cast(:state as text) is null or o.state = cast(:state as text))
  and (cast(:after_id as bigint) is null or o.id < cast(:after_id as bigint))
order by o.id desc
limit cast(:page_rows as integer)
