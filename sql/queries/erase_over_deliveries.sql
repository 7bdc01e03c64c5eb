-- erase_over_deliveries: erase what one page of deliveries holds that have been over for long enough, or whose erasure was ordered while
-- they were in flight: payload, headers, state of the trace, query and the excerpts of answers. Their rows, ids, times and statuses stay.
-- in    :days (0: only those that were ordered), :after_at, :after_id (where the page before ended; null for the first), :page_rows,
--       :names_only (nothing is changed), :now (null: the database's clock)
-- out   id, and at as the next page's :after_at; whether it is done: locked ones are left to the next sweep. The longest over first
-- again: the next page
-- at the same time: rows of the one are skipped by the other

with page as materialized (
  (
    select d.id, d.updated_at as at
    from {surehook}.webhook_deliveries d
    where d.expunge_at_end
      and d.status <> 'pending'
      and (d.updated_at, d.id)
        > (coalesce(cast(:after_at as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    order by d.updated_at, d.id
    limit cast(:page_rows as integer)
  )
  union
  (
    select d.id, d.updated_at as at
    from {surehook}.webhook_deliveries d
    where cast(:days as integer) > 0
      and d.status <> 'pending'
      and d.expunged_at is null
      and d.updated_at
        < coalesce(cast(:now as timestamptz), now()) - make_interval(days => cast(:days as integer))
      and (d.updated_at, d.id)
        > (coalesce(cast(:after_at as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    order by d.updated_at, d.id
    limit cast(:page_rows as integer)
  )
), chosen as materialized (
  select id, at
  from page
  order by at, id
  limit cast(:page_rows as integer)
), locked as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where not cast(:names_only as boolean)
    and d.id in (select id from chosen)
    and d.status <> 'pending'
  order by d.id
  for update of d skip locked
), excerpts as (
  update {surehook}.webhook_delivery_attempts r
  set
    response_excerpt = null,
    -- Names that the application or the receiver chose.
    exchange = r.exchange #- '{request,headers}' #- '{response,headers}'
  from locked l
  where r.delivery_id = l.id and (r.response_excerpt is not null or r.exchange is not null)
), erased as (
  -- Its updated_at stays the time of its end.
  update {surehook}.webhook_deliveries d
  set
    payload = '',
    custom_headers = '[]',
    traceparent = left(d.traceparent, 55),
    tracestate = null,
    endpoint_url = split_part(d.endpoint_url, '?', 1),
    -- What is erased keeps nobody waiting: the next sweep finds who waited.
    ordering_key = null,
    ordering_position = null,
    ordering_on_dead_letter = null,
    expunge_at_end = false,
    expunged_at = coalesce(cast(:now as timestamptz), now())
  from locked l
  where d.id = l.id
)
select cast(c.id as text) as id, to_jsonb(c.at) #>> '{}' as at, l.id is not null as is_done
from chosen c
left join locked l on l.id = c.id
order by c.at, c.id
