-- return_deliveries: one page of an order that gives deliveries back to the table of another pipeline: what is pending here, and
-- nobody holds, is deleted here and pending there again, in this one statement; what is over here is over there, under its key.
-- in    :order_id, :token, :step (as adopt_deliveries), :after_id, :page_rows, :pass (1: everything; later ones: what is pending, or has ended since),
--       :waiting, :changed (of this pass so far), :pass_over (leave the row, because the database refuses it), :moved (how the
--       last_error of a row there begins that had moved), :named_rows, :now (null: the database's clock)
-- out   as adopt_deliveries; id is the one here, and nothing has to be told to the queue
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked, or that are under a lease, are waiting ones

with turn as materialized (
  select o.id, o.refused_named, o.given_at, false as is_dry, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), at as materialized (
  select id, is_dry, now, given_at from turn
  union all
  select null, true, coalesce(cast(:now as timestamptz), now()), null
  where cast(:order_id as bigint) is null
), page as materialized (
  select d.*
  from {surehook}.webhook_deliveries d
  cross join at a
  where d.id > cast(:after_id as bigint)
    and (
      d.status = 'pending' and (d.lease_expires_at is null or d.lease_expires_at <= a.now)
      -- What was in flight in an earlier pass has ended since.
      or d.status <> 'pending' and (cast(:pass as integer) = 1 or d.updated_at >= a.given_at - interval '1 hour')
    )
  order by d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), judged as materialized (
  select
    p.*,
    f.id as foreign_id,
    case
      when cast(:pass_over as boolean) then 'database_refused'
      when f.id is null then 'changed'
      when f.status = 'dead_letter' and starts_with(f.last_error, cast(:moved as text)) then 'changed'
      when p.status = 'pending' then 'already_there'
      else 'known'
    end as verdict
  from page p
  left join {foreign} f on f.workflow_run_id = p.workflow_run_id and f.webhook_node_id = p.webhook_node_id
), changing as materialized (
  select j.*
  from judged j
  cross join at a
  where j.verdict = 'changed' and not a.is_dry
), reopened as (
  update {foreign} f
  set
    status = 'pending', attempt_count = c.attempt_count, max_attempts = c.max_attempts, scheduled_for = coalesce(c.held_due_at, c.scheduled_for),
    last_status_code = c.last_status_code, last_error = c.last_error, updated_at = a.now
  from changing c
  cross join at a
  where f.id = c.foreign_id and c.status = 'pending'
), delivered as (
  update {foreign} f
  set
    status = 'succeeded', attempt_count = c.attempt_count, max_attempts = c.max_attempts, scheduled_for = null,
    last_status_code = c.last_status_code, last_error = null, updated_at = c.updated_at
  from changing c
  where f.id = c.foreign_id and c.status = 'succeeded'
), buried as (
  update {foreign} f
  set
    status = 'dead_letter', attempt_count = c.attempt_count, max_attempts = c.max_attempts, scheduled_for = null,
    last_status_code = c.last_status_code, last_error = coalesce(c.last_error, c.dead_letter_reason), updated_at = c.updated_at
  from changing c
  where f.id = c.foreign_id and c.status = 'dead_letter'
), pending_there as (
  insert into {foreign} (
    delivery_uuid, workflow_run_id, organization_id, webhook_name, endpoint_url, http_method, payload, custom_headers,
    credential_uuid, webhook_node_id, status, attempt_count, max_attempts, scheduled_for, last_status_code, last_error, created_at,
    updated_at
  )
  select
    c.delivery_uuid, c.workflow_run_id, c.organization_id, c.webhook_name, c.endpoint_url, c.http_method,
    cast(c.payload as {json}), cast(cast(c.custom_headers as text) as {headers_json}), c.credential_uuid, c.webhook_node_id, 'pending',
    c.attempt_count, c.max_attempts, coalesce(c.held_due_at, c.scheduled_for), c.last_status_code, c.last_error, c.created_at, a.now
  from changing c
  cross join at a
  where c.foreign_id is null and c.status = 'pending'
), succeeded_there as (
  insert into {foreign} (
    delivery_uuid, workflow_run_id, organization_id, webhook_name, endpoint_url, http_method, payload, webhook_node_id, status,
    attempt_count, max_attempts, last_status_code, created_at, updated_at
  )
  select
    c.delivery_uuid, c.workflow_run_id, c.organization_id, c.webhook_name, c.endpoint_url, c.http_method,
    cast('null' as {json}), c.webhook_node_id, 'succeeded', c.attempt_count, c.max_attempts, c.last_status_code, c.created_at,
    c.updated_at
  from changing c
  where c.foreign_id is null and c.status = 'succeeded'
), dead_there as (
  insert into {foreign} (
    delivery_uuid, workflow_run_id, organization_id, webhook_name, endpoint_url, http_method, payload, webhook_node_id, status,
    attempt_count, max_attempts, last_status_code, last_error, created_at, updated_at
  )
  select
    c.delivery_uuid, c.workflow_run_id, c.organization_id, c.webhook_name, c.endpoint_url, c.http_method,
    cast('null' as {json}), c.webhook_node_id, 'dead_letter', c.attempt_count, c.max_attempts, c.last_status_code,
    coalesce(c.last_error, c.dead_letter_reason), c.created_at, c.updated_at
  from changing c
  where c.foreign_id is null and c.status = 'dead_letter'
), gone as (
  delete from {surehook}.webhook_deliveries d
  using changing c
  where d.id = c.id and c.status = 'pending'
), reach as materialized (
  select max(id) as last_id, count(*) = cast(:page_rows as integer) as is_full, count(*) filter (where status = 'pending') as pending
  from page
), waiting as materialized (
  select count(*) - (select pending from reach) as rows
  from {surehook}.webhook_deliveries d
  cross join at a
  cross join reach r
  where d.status = 'pending' and d.id > cast(:after_id as bigint) and (not r.is_full or d.id <= r.last_id)
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = jsonb_build_object('adoption', jsonb_build_object(
      'pass', cast(:pass as integer),
      'after', cast(coalesce(r.last_id, cast(:after_id as bigint)) as text),
      'waiting', cast(:waiting as bigint) + w.rows,
      'changed', cast(:changed as bigint) + t.changed,
      'ended', not r.is_full
    )),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end
  from reach r
  cross join waiting w
  cross join (
    select
      count(*) filter (where verdict = 'changed' and status = 'pending') as changed,
      count(*) filter (where is_refused) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id) filter (where is_refused), '[]'
      ) as refused_named
    from (
      select
        j.*,
        -- A later pass comes by again, and by what was in flight before.
        j.verdict not in ('changed', 'known') and (
          cast(:pass as integer) = 1
          or jsonb_array_length(t.refused_named) < cast(:named_rows as integer)
          and not t.refused_named @> jsonb_build_array(jsonb_build_object('delivery_id', j.id))
        ) as is_refused
      from judged j
      cross join turn t
    ) j
  ) t
  where o.id = (select id from turn)
)
select
  j.id,
  j.verdict,
  cast(j.status as text) as status,
  cast(j.delivery_uuid as text) as delivery_uuid,
  cast(null as boolean) as is_full,
  cast(null as bigint) as waiting
from judged j
union all
select r.last_id, 'page', null, null, r.is_full, w.rows
from at a
cross join reach r
cross join waiting w
