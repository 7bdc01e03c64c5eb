-- change_order: pause, continue or stop an order. Of a redelivery that is paused or stopped, what it has brought back and nobody
-- has attempted is put to rest again; so one that is done can be stopped, too.
-- in    :id, :verb (pause, continue, stop), :now (null: the database's clock)
-- out   the order's state before and now; no row if there is no such order
-- again: the same state
-- at the same time: as a page of its work: after that page

with known as materialized (
  select o.id, o.state, o.action, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:id as bigint)
  for update of o
), judged as materialized (
  select
    k.*,
    case
      when cast(:verb as text) = 'continue' and k.state = 'paused' then 'running'
      when cast(:verb as text) = 'pause' and (k.state = 'running' or k.state = 'done' and k.action = 'redeliver') then 'paused'
      when cast(:verb as text) = 'stop' and (k.state in ('running', 'paused') or k.state = 'done' and k.action = 'redeliver')
        then 'stopped'
      else k.state
    end as next_state
  from known k
), changed as (
  update {surehook}.webhook_orders o
  set
    state = j.next_state,
    unwinds = j.action = 'redeliver' and j.next_state in ('paused', 'stopped'),
    -- What a pause put to rest is found again from the beginning.
    position = case when j.next_state = 'running' and o.action = 'redeliver' then '{}' else o.position end,
    step = o.step + 1,
    finished_at = case when j.next_state = 'stopped' and j.action <> 'redeliver' then j.now end,
    worker_token = null,
    worker_until = null
  from judged j
  where o.id = j.id and j.next_state <> j.state
)
select id, state as state_before, next_state as state
from judged
