-- adopt_deliveries: one page of an order that takes over what another pipeline has not finished. A pending row whose lease is over
-- there is closed there and inserted here, in this one statement, and what is over there comes as a key alone, so that a repeated
-- request is known.
-- in    :order_id, :token, :step (the page that this is; order_id null: nothing is changed, and nobody's turn is asked for),
--       :after_id, :page_rows, :pass (1: everything; later ones: what is pending, or has ended since), :lease_seconds (a row changed there so recently
--       may be in flight), :waiting, :changed (of this pass so far), :pass_over (leave the row, because the database refuses it),
--       :moved (how the last_error of a row begins that has moved), :named_rows, :chained_delay_seconds, :now (null: the
--       database's clock)
-- out   one row per row looked at: id (there), verdict (changed, known or why not), and of what is changed delivery_id,
--       organization_id, attempt and delay_seconds; and one with the verdict page, with next_id and waiting (pending rows that
--       are in flight or locked). No row if the page is not this worker's
-- again: no row, and nothing changes: the step is recorded
-- at the same time: rows that somebody else has locked are waiting ones

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
  select
    f.id,
    cast(f.status as text) as status,
    lower(cast(f.delivery_uuid as text)) as delivery_uuid,
    case
      when cast(f.delivery_uuid as text) ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then cast(cast(f.delivery_uuid as text) as uuid)
    end as uuid,
    f.workflow_run_id,
    f.organization_id,
    f.webhook_node_id,
    left(f.webhook_name, 255) as webhook_name,
    -- As enqueue stores it: no receiver ever sees a fragment.
    regexp_replace(f.endpoint_url, '#.*$', '') as endpoint_url,
    upper(f.http_method) as http_method,
    cast(f.payload as text) as payload,
    coalesce(nullif(cast(cast(f.custom_headers as text) as jsonb), 'null'), '[]') as custom_headers,
    nullif(lower(cast(f.credential_uuid as text)), '') as credential_uuid,
    greatest(coalesce(f.attempt_count, 0), 0) as attempt_count,
    coalesce(f.max_attempts, 0) as max_attempts,
    f.scheduled_for,
    f.last_status_code,
    left(f.last_error, 2000) as last_error,
    coalesce(f.created_at, a.now) as created_at,
    coalesce(f.updated_at, f.created_at, a.now) as updated_at
  from {foreign} f
  cross join at a
  where f.id > cast(:after_id as bigint)
    and (
      f.status = 'pending'
      and coalesce(f.updated_at, f.created_at, '-infinity')
        < a.now - make_interval(secs => cast(:lease_seconds as double precision))
      -- What was in flight in an earlier pass has ended since; its worker may have begun to write before this order was given.
      or f.status <> 'pending' and (cast(:pass as integer) = 1 or f.updated_at >= a.given_at - interval '1 hour')
      and (f.last_error is null or not starts_with(f.last_error, cast(:moved as text)))
    )
  order by f.id
  limit cast(:page_rows as integer)
  for update of f skip locked
), judged as materialized (
  select
    p.*,
    case
      when cast(:pass_over as boolean) then 'database_refused'
      when exists (
        select from {surehook}.webhook_deliveries d
        where d.workflow_run_id = p.workflow_run_id and d.webhook_node_id = p.webhook_node_id
      ) then case p.status when 'pending' then 'already_here' else 'known' end
      when p.uuid is null then 'delivery_uuid'
      when exists (select from {surehook}.webhook_deliveries d where d.delivery_uuid = p.uuid) then 'delivery_uuid_taken'
      when least(p.workflow_run_id, p.organization_id) is null or least(p.workflow_run_id, p.organization_id) < 1
        or greatest(p.workflow_run_id, p.organization_id) > 9007199254740991 then 'ids'
      when coalesce(length(p.webhook_node_id), 0) not between 1 and 255 then 'webhook_node_id'
      when p.status <> 'pending' then 'changed'
      when coalesce(p.endpoint_url !~* '^https?://[^\s/?#@\\]+([/?]\S*)?$', true)
        or length(p.endpoint_url) > 2048 then 'endpoint_url'
      when coalesce(p.http_method not in ('POST', 'PUT', 'PATCH', 'GET', 'DELETE'), true) then 'http_method'
      when p.payload is null or octet_length(p.payload) > 262144 then 'payload'
      when jsonb_typeof(p.custom_headers) <> 'array' or exists (
        select
        from jsonb_array_elements(case jsonb_typeof(p.custom_headers) when 'array' then p.custom_headers else '[]' end) as h (entry)
        where jsonb_typeof(h.entry -> 'key') is distinct from 'string'
          or jsonb_typeof(h.entry -> 'value') is distinct from 'string'
      ) then 'custom_headers'
      when p.credential_uuid !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then 'credential_uuid'
      else 'changed'
    end as verdict
  from page p
), inserted as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, status, attempt_count, claim_count, max_attempts, scheduled_for, awaits_hand_out,
    last_status_code, last_error, death_counted, expunged_at, created_at, updated_at
  )
  select
    j.uuid,
    j.workflow_run_id,
    j.organization_id,
    j.webhook_node_id,
    j.webhook_name,
    case j.status when 'pending' then j.endpoint_url else '' end,
    case when j.status = 'pending' then j.http_method else 'POST' end,
    case j.status when 'pending' then j.payload else '' end,
    case j.status when 'pending' then j.custom_headers else '[]' end,
    case j.status when 'pending' then cast(j.credential_uuid as uuid) end,
    cast(j.status as {surehook}.webhook_delivery_status),
    j.attempt_count,
    j.attempt_count,
    -- One attempt is left at least.
    greatest(j.max_attempts, j.attempt_count + case j.status when 'pending' then 1 else 0 end),
    case j.status when 'pending' then greatest(coalesce(j.scheduled_for, a.now), a.now) end,
    coalesce(
      j.status = 'pending'
        and j.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)),
      false
    ),
    j.last_status_code,
    case when j.status <> 'succeeded' then j.last_error end,
    -- Whoever counted deaths there has counted it.
    true,
    case when j.status <> 'pending' then a.now end,
    j.created_at,
    case j.status when 'pending' then a.now else j.updated_at end
  from judged j
  cross join at a
  where j.verdict = 'changed' and not a.is_dry
  order by j.workflow_run_id, j.webhook_node_id
  -- Somebody enqueues it here at this very instant: that is the same delivery.
  on conflict do nothing
  returning id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, attempt_count, scheduled_for
), closed as (
  update {foreign} f
  set
    status = 'dead_letter',
    last_error = cast(:moved as text) || ' as ' || cast(i.delivery_uuid as text),
    scheduled_for = null,
    updated_at = a.now
  from judged j
  join inserted i on i.workflow_run_id = j.workflow_run_id and i.webhook_node_id = j.webhook_node_id
  cross join at a
  where f.id = j.id and j.status = 'pending'
), reach as materialized (
  select max(id) as last_id, count(*) = cast(:page_rows as integer) as is_full, count(*) filter (where status = 'pending') as pending
  from page
), waiting as materialized (
  select count(*) - (select pending from reach) as rows
  from {foreign} f
  cross join at a
  cross join reach r
  where f.status = 'pending' and f.id > cast(:after_id as bigint) and (not r.is_full or f.id <= r.last_id)
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
        jsonb_agg(jsonb_build_object('delivery_uuid', delivery_uuid, 'because', verdict) order by id) filter (where is_refused), '[]'
      ) as refused_named
    from (
      select
        j.*,
        -- A later pass comes by again, and by what was in flight before.
        j.verdict not in ('changed', 'known') and (
          cast(:pass as integer) = 1
          or jsonb_array_length(t.refused_named) < cast(:named_rows as integer)
          and not t.refused_named @> jsonb_build_array(jsonb_build_object('delivery_uuid', j.delivery_uuid))
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
  j.status,
  j.delivery_uuid,
  i.id as delivery_id,
  i.organization_id,
  i.attempt_count + 1 as attempt,
  cast(greatest(0, ceil(extract(epoch from i.scheduled_for - a.now))) as bigint) as delay_seconds,
  cast(null as boolean) as is_full,
  cast(null as bigint) as waiting
from judged j
cross join at a
left join inserted i on i.workflow_run_id = j.workflow_run_id and i.webhook_node_id = j.webhook_node_id
union all
select r.last_id, 'page', null, null, null, null, null, null, r.is_full, w.rows
from at a
cross join reach r
cross join waiting w
