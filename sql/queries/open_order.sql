-- open_order: write an order, or find the one that has its key.
-- in    :order_key, :action, :request (json), :note, :given_by, :matched, :refused_named (json: what is refused from the start),
--       :per_second, :more_attempts, :position (json), :now (null: the database's clock)
-- out   the order's id, its action and request as they are stored, and whether this request is the same
-- again: the same row
-- at the same time: the later finds the row of the earlier

insert into {surehook}.webhook_orders as o (
  order_key, action, request, note, given_by, given_at, matched, refused, refused_named, per_second, more_attempts, position
)
values (
  cast(:order_key as text),
  cast(:action as text),
  cast(:request as jsonb),
  cast(:note as text),
  cast(:given_by as text),
  coalesce(cast(:now as timestamptz), now()),
  cast(:matched as bigint),
  jsonb_array_length(cast(:refused_named as jsonb)),
  cast(:refused_named as jsonb),
  cast(:per_second as integer),
  cast(:more_attempts as integer),
  cast(:position as jsonb)
)
-- Changes nothing: an insert that finds the key would otherwise answer no row.
on conflict (order_key) do update set order_key = o.order_key
returning o.id, o.action = cast(:action as text) and o.request = cast(:request as jsonb) as is_same
