-- record_order_progress: what the work on an order has come to beside the pages that record themselves.
-- in    :id, :token, :step (the one this is), :refused_named (json: rows that were passed over, each with its reason),
--       :named_rows (how many of them are kept by name), :position (json), :outcome: going_on, done, unwound or resting (the work is
--       left to somebody else), :now (null: the database's clock)
-- out   the order's id; no row if the order is no longer this worker's, or the step is recorded
-- again: no row, and nothing changes
-- at the same time: the later finds the step recorded

update {surehook}.webhook_orders o
set
  step = o.step + 1,
  position = cast(:position as jsonb),
  refused = o.refused + jsonb_array_length(cast(:refused_named as jsonb)),
  refused_named = case
    when jsonb_array_length(o.refused_named) < cast(:named_rows as integer)
      then o.refused_named || cast(:refused_named as jsonb)
    else o.refused_named
  end,
  state = case cast(:outcome as text) when 'done' then 'done' else o.state end,
  unwinds = o.unwinds and cast(:outcome as text) <> 'unwound',
  -- Nothing of it waits for its turn any more.
  last_due_at = case when cast(:outcome as text) <> 'unwound' then o.last_due_at end,
  finished_at = case
    when cast(:outcome as text) in ('done', 'unwound') then coalesce(cast(:now as timestamptz), now())
    else o.finished_at
  end,
  worker_token = case cast(:outcome as text) when 'going_on' then o.worker_token end,
  worker_until = case cast(:outcome as text) when 'going_on' then o.worker_until end
where o.id = cast(:id as bigint)
  and o.worker_token = cast(:token as uuid)
  and o.step = cast(:step as integer)
  -- Somebody has paused or stopped it meanwhile: it is not done.
  and (cast(:outcome as text) <> 'done' or o.state = 'running')
returning o.id
