-- forget_orders: delete orders that were given long ago and have no work left, and the paces of hosts that are over.
-- in    :days, :page_rows, :now (null: the database's clock)
-- out   how many orders are gone
-- again: the next page
-- at the same time: each row is deleted once

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), old as materialized (
  select o.id
  from {surehook}.webhook_orders o
  where o.given_at < (select now from instant) - make_interval(days => cast(:days as integer))
    and o.state <> 'running'
    and not o.unwinds
  order by o.id
  limit cast(:page_rows as integer)
  for update of o skip locked
), forgotten as (
  delete from {surehook}.webhook_orders o
  using old
  where o.id = old.id
), paces as (
  delete from {surehook}.webhook_redelivery_paces p
  where p.host in (
    select f.host
    from {surehook}.webhook_redelivery_paces f
    where f.next_at < (select now from instant)
    limit cast(:page_rows as integer)
    for update of f skip locked
  )
)
select count(*) as forgotten
from old
