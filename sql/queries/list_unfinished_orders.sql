-- list_unfinished_orders: orders that have work left and nobody who does it, the oldest first.
-- in    :page_rows, :now (null: the database's clock)
-- out   id
-- again: the same

select o.id
from {surehook}.webhook_orders o
where (o.state = 'running' or o.unwinds)
  and (o.worker_until is null or o.worker_until <= coalesce(cast(:now as timestamptz), now()))
order by o.id
limit cast(:page_rows as integer)
