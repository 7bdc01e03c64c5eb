-- take_order: become the one who works on an order, for a while.
-- in    :id, :token, :lease_seconds, :now (null: the database's clock)
-- out   the order; no row if it has no work left, or somebody else works on it
-- again: with the same token the same answer, and the while begins anew
-- at the same time: the later waits, and finds it taken

update {surehook}.webhook_orders o
set
  worker_token = cast(:token as uuid),
  worker_until = coalesce(cast(:now as timestamptz), now())
    + make_interval(secs => cast(:lease_seconds as double precision))
where o.id = cast(:id as bigint)
  and (o.state = 'running' or o.unwinds)
  and (
    o.worker_until is null
    or o.worker_until <= coalesce(cast(:now as timestamptz), now())
    or o.worker_token = cast(:token as uuid)
  )
returning
  o.id,
  o.action,
  cast(o.request as text) as request,
  o.state,
  o.unwinds,
  o.step,
  cast(o.position as text) as position,
  to_jsonb(o.given_at) #>> '{}' as given_at
