// Written by scripts/compile-sql.ts from the files beside it: edit those.

export const acceptDeliveries = {
  sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:deliveries as jsonb)) as a (
    item integer, delivery_uuid uuid, run_id bigint, organization_id bigint, node_id text, name text, url text,
    method text, payload text, custom_headers jsonb, credential_uuid uuid, digest text, max_attempts integer,
    scheduled_for timestamptz, traceparent text, tracestate text, ordering_key text, ordering_on_dead_letter text
  )
), owners as materialized (
  select r.id as run_id, w.organization_id
  from (select distinct run_id from asked) a
  cross join lateral (select id, workflow_id from {application}.workflow_runs where id = a.run_id limit 1) r
  left join {application}.workflows w on w.id = r.workflow_id
), stored as materialized (
  select d.*
  from (select distinct run_id, node_id from asked) a
  cross join lateral (
    select
      id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
      held_for, held_due_at, attempt_count, last_status_code, last_error
    from {surehook}.webhook_deliveries
    where workflow_run_id = a.run_id and webhook_node_id = a.node_id
    limit 1
  ) d
), places as (
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key, used_at)
  select distinct a.organization_id, a.ordering_key, a.now
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  where a.ordering_key is not null and s.id is null
  order by a.organization_id, a.ordering_key
  on conflict (organization_id, ordering_key) do update set position = default, used_at = excluded.used_at
  returning k.organization_id, k.ordering_key, k.position
), inserted as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, request_digest, max_attempts, scheduled_for, awaits_hand_out, created_at, updated_at,
    traceparent, tracestate, ordering_key, ordering_position, ordering_on_dead_letter
  )
  select
    a.delivery_uuid, a.run_id, a.organization_id, a.node_id, a.name, a.url, a.method, a.payload, a.custom_headers,
    a.credential_uuid, a.digest, a.max_attempts, greatest(a.scheduled_for, a.now),
    coalesce(a.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)), false),
    a.now, a.now, a.traceparent, a.tracestate,
    a.ordering_key, 100000 * p.position + a.item, a.ordering_on_dead_letter
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  left join places p on p.organization_id = a.organization_id and p.ordering_key = a.ordering_key
  where s.id is null
  order by a.run_id, a.node_id, a.item
  on conflict (workflow_run_id, webhook_node_id) do nothing
  returning
    id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
    held_for, held_due_at, attempt_count, last_status_code, last_error
), found as (
  select s.*, case when s.held_for is distinct from 'rate' then coalesce(s.held_due_at, s.scheduled_for) else s.scheduled_for end as due_at
  from (select * from stored union all select * from inserted) s
)
select
  a.item,
  o.run_id is not null as run_known,
  o.organization_id as run_organization_id,
  f.id,
  cast(f.delivery_uuid as text) as delivery_uuid,
  f.organization_id,
  cast(f.status as text) as status,
  f.request_digest,
  cast(round(extract(epoch from f.due_at) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from f.due_at - a.now))) as bigint) as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  case when a.item < 100 then f.last_error end as last_error
from asked a
left join owners o on o.run_id = a.run_id
left join found f on f.workflow_run_id = a.run_id and f.webhook_node_id = a.node_id
order by a.item`,
  parameters: ['chained_delay_seconds', 'deliveries', 'now'],
} as const;

export const adoptDeliveries = {
  sql: `with turn as materialized (
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
      when coalesce(p.endpoint_url !~* '^https?://[^\\s/?#@\\\\]+([/?]\\S*)?$', true)
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
    greatest(j.max_attempts, j.attempt_count + case j.status when 'pending' then 1 else 0 end),
    case j.status when 'pending' then greatest(coalesce(j.scheduled_for, a.now), a.now) end,
    coalesce(
      j.status = 'pending'
        and j.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)),
      false
    ),
    j.last_status_code,
    case when j.status <> 'succeeded' then j.last_error end,
    true,
    case when j.status <> 'pending' then a.now end,
    j.created_at,
    case j.status when 'pending' then a.now else j.updated_at end
  from judged j
  cross join at a
  where j.verdict = 'changed' and not a.is_dry
  order by j.workflow_run_id, j.webhook_node_id
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
cross join waiting w`,
  parameters: ['after_id', 'chained_delay_seconds', 'changed', 'lease_seconds', 'moved', 'named_rows', 'now', 'order_id', 'page_rows', 'pass', 'pass_over', 'step', 'token', 'waiting'],
} as const;

export const announceDeliveries = {
  sql: `with found as materialized (
  select
    d.*,
    case
      when d.status <> 'pending' then 'over'
      when greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991 then 'unnameable'
      when d.claim_count > 0 or d.held_by is not null or d.held_for is not null then 'under_way'
      else 'waiting'
    end as state,
    cast(greatest(0, ceil(extract(epoch from d.scheduled_for - i.now))) as bigint) as due_in_seconds
  from (
    select distinct cast(a.uuid as uuid) as uuid from jsonb_array_elements_text(cast(:uuids as jsonb)) as a (uuid)
  ) a
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  cross join lateral (
    select
      id, delivery_uuid, workflow_run_id, organization_id, status, claim_count, held_by, held_for, scheduled_for, awaits_hand_out
    from {surehook}.webhook_deliveries
    where delivery_uuid = a.uuid
    limit 1
  ) d
), unmarked as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.id in (
      select id from found
      where state = 'waiting' and awaits_hand_out and due_in_seconds <= cast(:chained_delay_seconds as bigint)
    )
    and d.awaits_hand_out
  order by d.id
  for update of d skip locked
), marked as (
  update {surehook}.webhook_deliveries d
  set awaits_hand_out = false
  from unmarked u
  where d.id = u.id
)
select
  cast(delivery_uuid as text) as delivery_uuid,
  case when state <> 'unnameable' then id end as id,
  case when state <> 'unnameable' then organization_id end as organization_id,
  state,
  cast(round(extract(epoch from scheduled_for) * 1000) as bigint) as scheduled_for_ms,
  due_in_seconds
from found`,
  parameters: ['chained_delay_seconds', 'now', 'uuids'],
} as const;

export const askWhatIsLeft = {
  sql: `select
  cast(floor(extract(epoch from i.now) * 1000) as bigint) as now_ms,
  exists (
    select from {surehook}.webhook_deliveries d
    where d.held_by is not null and d.status = 'pending'
  )
  or exists (select from {surehook}.webhook_outcomes)
  or exists (
    select from {surehook}.webhook_orders o
    where o.state = 'running' or o.unwinds
  )
  or exists (
    select from {surehook}.webhook_deliveries d
    where d.expunge_at_end and d.status <> 'pending'
  )
  or exists (
    select from {surehook}.webhook_deliveries d
    where d.status = 'dead_letter' and not d.death_counted
  ) as has_work,
  (
    select cast(floor(extract(epoch from
      greatest(least(d.scheduled_for, i.now + interval '10 years'), i.now - interval '10 years') - i.now
    )) as bigint)
    from {surehook}.webhook_deliveries d
    where d.status = 'pending'
    order by d.scheduled_for, d.id
    limit 1
  ) as next_due_seconds
from (select coalesce(cast(:now as timestamptz), now()) as now) i`,
  parameters: ['now'],
} as const;

export const buryDeliveries = {
  sql: `with page as materialized (
  select
    d.id, d.attempt_count, d.scheduled_for, d.lease_token, d.claimed_at, d.updated_at, d.cancelled_by, i.now,
    greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991 as is_unnameable,
    d.held_by is not null and d.attempt_count < d.max_attempts as was_held,
    d.last_error
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
    and (
      d.attempt_count >= d.max_attempts
      or greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991
      or d.held_for = 'down' and exists (
        select from {surehook}.webhook_endpoints e
        where e.key = d.held_by and e.down_since is not null and e.not_before > d.scheduled_for
      )
      and not exists (
        select
        from {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
        join {surehook}.webhook_endpoints s on s.key = k.key
        where s.stopped_at is not null
      )
    )
    and (
      cast(:only as jsonb) is null
      or d.id in (select cast(o.id as bigint) from jsonb_array_elements_text(cast(:only as jsonb)) as o (id))
    )
  order by d.scheduled_for, d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), judged as materialized (
  select
    p.*,
    not p.is_unnameable and not p.was_held and coalesce(r.status_code between 200 and 299, false) as has_arrived,
    case
      when p.is_unnameable then 'invalid_row'
      when p.cancelled_by is not null then 'cancelled'
      when p.was_held then 'endpoint_down'
      else coalesce(r.error_class, 'outcome_unknown')
    end as reason,
    case
      when p.is_unnameable then 'an id of this row is larger than 9007199254740991 (2^53 - 1), so no message can name it'
      when p.was_held then concat_ws('; the last failure: ', 'its endpoint has been down for longer than a delivery is held', p.last_error)
      when r.error_class <> 'outcome_unknown' then r.error
      else 'the worker of the last attempt ended without reporting; the receiver may have got the request'
    end as error,
    case when not p.was_held then r.status_code end as status_code
  from page p
  left join {surehook}.webhook_delivery_attempts r on r.delivery_id = p.id and r.attempt = p.attempt_count
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, coalesce(claimed_at, updated_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where attempt_count > 0 and not is_unnameable and not was_held
  on conflict do nothing
), buried as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(case when j.has_arrived then 'succeeded' else 'dead_letter' end as {surehook}.webhook_delivery_status),
    dead_letter_reason = case when not j.has_arrived then j.reason end,
    last_error = case when not j.has_arrived then left(j.error, 2000) end,
    last_status_code = coalesce(j.status_code, d.last_status_code),
    succeeded_late = j.has_arrived,
    scheduled_for = null,
    awaits_hand_out = false,
    lease_expires_at = null,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = null,
    updated_at = j.now
  from judged j
  where d.id = j.id
  returning
    d.id, d.status, d.dead_letter_reason, d.updated_at, d.last_status_code, d.organization_id, d.ordering_key, j.scheduled_for,
    j.is_unnameable,
    d.redelivered_by is not null as was_dead
), ended as (
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    case when b.status = 'dead_letter' then 'dead_lettered' when b.was_dead then 'recovered' else 'delivered' end,
    b.updated_at, b.updated_at, d.organization_id, {surehook}.webhook_origin(d.endpoint_url), b.dead_letter_reason, d.id,
    d.delivery_uuid, d.workflow_run_id, left(d.webhook_node_id, 255), left(d.webhook_name, 255), b.last_status_code, d.attempt_count, d.created_at
  from buried b
  join {surehook}.webhook_deliveries d on d.id = b.id
  where not b.is_unnameable and (
    cast(:outcomes as text) = 'all' or cast(:outcomes as text) = 'failures' and (b.status = 'dead_letter' or b.was_dead)
  )
  order by d.id
)
select
  cast(id as text) as id,
  cast(status as text) as status,
  dead_letter_reason as reason,
  to_jsonb(scheduled_for) #>> '{}' as due_at,
  ordering_key,
  case when ordering_key is not null and not is_unnameable then organization_id end as ordering_organization_id
from buried
order by scheduled_for, id`,
  parameters: ['after_due', 'after_id', 'now', 'only', 'outcomes', 'page_rows'],
} as const;

export const callHeldDeliveries = {
  sql: `with recursive instant as (
  select coalesce(cast(:now as timestamptz), now()) as now
), holders (key, place) as (
  (
    select d.held_by, 1
    from {surehook}.webhook_deliveries d
    where d.held_by > coalesce(cast(:after_key as uuid), '00000000-0000-0000-0000-000000000000')
      and d.held_by >= coalesce(cast(:first_key as uuid), '00000000-0000-0000-0000-000000000000')
    order by d.held_by
    limit 1
  )
  union all
  select n.held_by, h.place + 1
  from holders h
  cross join lateral (
    select d.held_by from {surehook}.webhook_deliveries d where d.held_by > h.key order by d.held_by limit 1
  ) n
  where h.place < cast(:page_keys as integer)
), rooms as materialized (
  select
    h.key,
    greatest(coalesce(e.not_before, i.now), i.now) as opens_at,
    case when e.stopped_at is not null then 0 else
      coalesce(
        least(
          case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
          case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
        ),
        cast(:rows_per_key as integer)
      )
      - (
        select count(*) from jsonb_each_text(e.slots) s
        where cast(s.value as double precision) > extract(epoch from i.now)
      )
      - (
        select count(*) from {surehook}.webhook_deliveries d
        where d.held_by = h.key and d.status = 'pending'
          and d.held_called_at > i.now - make_interval(secs => cast(:grace_seconds as double precision))
      )
    end as room
  from holders h
  cross join instant i
  left join {surehook}.webhook_endpoints e on e.key = h.key
), candidates as materialized (
  select c.id, r.key, r.opens_at
  from rooms r
  cross join instant i
  cross join lateral (
    select d.id
    from {surehook}.webhook_deliveries d
    where d.held_by = r.key and d.status = 'pending'
      and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
      and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
      and (
        d.held_called_at is null
        or d.held_called_at <= i.now - make_interval(secs => cast(:grace_seconds as double precision))
      )
    order by d.held_due_at, d.id
    limit greatest(r.room, 0)
    for update of d skip locked
  ) c
), called as (
  update {surehook}.webhook_deliveries d
  set held_called_at = c.opens_at
  from candidates c
  where d.id = c.id
  returning d.id, d.organization_id, d.attempt_count + 1 as attempt, c.key, c.opens_at
)
select
  cast(h.key as text) as key, c.id, c.organization_id, c.attempt,
  cast(greatest(ceil(extract(epoch from c.opens_at - i.now)), 0) as bigint) as delay_seconds
from holders h
cross join instant i
left join called c on c.key = h.key
order by h.key, c.id`,
  parameters: ['after_key', 'down_after_failures', 'first_key', 'grace_seconds', 'max_in_flight', 'now', 'page_keys', 'rows_per_key'],
} as const;

export const callNextDeliveries = {
  sql: `with asked as materialized (
  select distinct a.organization_id, a.ordering_key
  from jsonb_to_recordset(cast(:keys as jsonb)) as a (organization_id bigint, ordering_key text)
), instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
)
select
  n.id,
  a.organization_id,
  a.ordering_key,
  n.attempt_count + 1 as attempt,
  cast(greatest(ceil(extract(epoch from n.scheduled_for - i.now)), 0) as bigint) as delay_seconds
from asked a
cross join instant i
cross join lateral (
  select e.id, e.status, e.attempt_count, e.scheduled_for, e.lease_expires_at, e.held_by, e.workflow_run_id
  from {surehook}.webhook_deliveries e
  where e.organization_id = a.organization_id and e.ordering_key = a.ordering_key
    and (
      e.status = 'pending'
      or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
        and e.dead_letter_reason is distinct from 'cancelled'
    )
  order by e.ordering_position, e.id
  limit 1
) n
where n.status = 'pending' and n.held_by is null and (n.lease_expires_at is null or n.lease_expires_at <= i.now)
  and greatest(n.id, n.workflow_run_id, a.organization_id) <= 9007199254740991
order by n.id`,
  parameters: ['keys', 'now'],
} as const;

export const cancelDeliveries = {
  sql: `with turn as materialized (
  select o.id, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.lease_token, d.lease_expires_at, d.claimed_at, d.updated_at, d.cancelled_by,
    d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    coalesce(l.lease_expires_at > t.now, false) as is_in_flight,
    l.lease_expires_at <= t.now as is_unreported,
    l.attempt_count,
    l.lease_token,
    coalesce(l.claimed_at, l.updated_at) as claimed_at,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'pending' then cast(l.status as text)
      when l.cancelled_by is not null then 'cancelled'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, claimed_at, 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where verdict = 'changed' and is_unreported and attempt_count > 0
  on conflict do nothing
), cancelled as (
  update {surehook}.webhook_deliveries d
  set
    cancelled_by = t.id,
    max_attempts = case when j.is_in_flight then d.attempt_count else d.max_attempts end,
    status = cast(case when j.is_in_flight then 'pending' else 'dead_letter' end as {surehook}.webhook_delivery_status),
    dead_letter_reason = case when not j.is_in_flight then 'cancelled' end,
    last_error = case when j.is_in_flight then d.last_error else coalesce(d.last_error, 'an operator cancelled it') end,
    scheduled_for = case when j.is_in_flight then d.scheduled_for end,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = case when j.is_in_flight then d.lease_token end,
    lease_expires_at = case when j.is_in_flight then d.lease_expires_at end,
    death_counted = true,
    updated_at = case when j.is_in_flight then d.updated_at else t.now end
  from judged j
  cross join turn t
  where d.id = j.id and j.verdict = 'changed'
), ended as (
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    'dead_lettered', t.now, t.now, d.organization_id, {surehook}.webhook_origin(d.endpoint_url), 'cancelled', d.id,
    d.delivery_uuid, d.workflow_run_id, left(d.webhook_node_id, 255), left(d.webhook_name, 255), d.last_status_code, d.attempt_count, d.created_at
  from judged j
  cross join turn t
  join {surehook}.webhook_deliveries d on d.id = j.id
  where j.verdict = 'changed' and not j.is_in_flight
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  id, verdict, organization_id,
  case when verdict = 'changed' and not is_in_flight then ordering_key end as ordering_key
from judged
order by id`,
  parameters: ['ids', 'named_rows', 'now', 'order_id', 'position', 'step', 'token'],
} as const;

export const changeEndpoint = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), target as materialized (
  select
    k.key, k.scope, k.origin, k.organization_id,
    case cast(:action as text)
      when 'hold' then e.stopped_at is null or e.stopped_note is distinct from cast(:note as text)
      when 'resume' then e.stopped_at is not null
      else
        cast(:sets_in_flight as boolean) and e.max_in_flight is distinct from cast(:max_in_flight as integer)
        or cast(:sets_per_second as boolean) and e.max_per_second is distinct from cast(:max_per_second as double precision)
    end as differs
  from (
    select n.key, n.scope, n.origin, cast(:organization_id as bigint) as organization_id
    from {surehook}.webhook_endpoint_keys(cast(:organization_id as bigint), cast(:endpoint_url as text)) n
    where n.scope = cast(:scope as text) and cast(:endpoint_key as uuid) is null
    union all
    select n.key, n.scope, n.origin, n.organization_id
    from {surehook}.webhook_endpoints n
    where n.key = cast(:endpoint_key as uuid)
      and (n.scope = cast(:scope as text) or n.scope = 'origin' and cast(:action as text) <> 'set_endpoint')
  ) k
  left join {surehook}.webhook_endpoints e on e.key = k.key
), ordered as (
  insert into {surehook}.webhook_orders as o (
    order_key, action, request, note, given_by, given_at, state, matched, done, finished_at
  )
  select
    cast(:order_key as text), cast(:action as text), cast(:request as jsonb), cast(:note as text), cast(:given_by as text),
    i.now, 'done', cast(t.differs as integer), cast(t.differs as integer), i.now
  from target t
  cross join instant i
  where not cast(:dry_run as boolean)
  on conflict (order_key) do update set order_key = o.order_key
  returning
    o.id,
    o.action = cast(:action as text) and o.request = cast(:request as jsonb) as is_same,
    o.xmax = cast('0' as xid) as is_new
), changed as (
  insert into {surehook}.webhook_endpoints as e (
    key, scope, organization_id, origin, stopped_at, stopped_note, max_in_flight, max_per_second
  )
  select
    t.key, t.scope, t.organization_id, t.origin,
    case cast(:action as text) when 'hold' then i.now end,
    case cast(:action as text) when 'hold' then cast(:note as text) end,
    cast(:max_in_flight as integer),
    cast(:max_per_second as double precision)
  from target t
  cross join instant i
  cross join ordered o
  where o.is_new and t.differs
  on conflict (key) do update set
    stopped_at = case cast(:action as text)
      when 'hold' then coalesce(e.stopped_at, excluded.stopped_at)
      when 'resume' then null
      else e.stopped_at
    end,
    stopped_note = case cast(:action as text) when 'set_endpoint' then e.stopped_note else excluded.stopped_note end,
    max_in_flight = case when cast(:sets_in_flight as boolean) then excluded.max_in_flight else e.max_in_flight end,
    max_per_second = case when cast(:sets_per_second as boolean) then excluded.max_per_second else e.max_per_second end
)
select cast(t.key as text) as key, t.differs, o.id, coalesce(o.is_same, true) as is_same
from target t
left join ordered o on true`,
  parameters: ['action', 'dry_run', 'endpoint_key', 'endpoint_url', 'given_by', 'max_in_flight', 'max_per_second', 'note', 'now', 'order_key', 'organization_id', 'request', 'scope', 'sets_in_flight', 'sets_per_second'],
} as const;

export const changeOrder = {
  sql: `with known as materialized (
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
    position = case when j.next_state = 'running' and o.action = 'redeliver' then '{}' else o.position end,
    step = o.step + 1,
    finished_at = case when j.next_state = 'stopped' and j.action <> 'redeliver' then j.now end,
    worker_token = null,
    worker_until = null
  from judged j
  where o.id = j.id and j.next_state <> j.state
)
select id, state as state_before, next_state as state
from judged`,
  parameters: ['id', 'now', 'verb'],
} as const;

export const claimDeliveries = {
  sql: `with asked as materialized (
  select a.id, a.attempts, a.token, cast(:has_company as boolean) or count(*) over () > 1 as has_company
  from jsonb_to_recordset(cast(:claims as jsonb)) as a (id bigint, attempts jsonb, token uuid)
), instant as materialized (
  select
    coalesce(cast(:now as timestamptz), now()) as now,
    case
      when not has_table_privilege('{surehook}.webhook_delivery_attempts', 'update') then 'webhook_delivery_attempts update'
      when not has_table_privilege('{surehook}.webhook_endpoints', 'insert') then 'webhook_endpoints insert'
      when not has_table_privilege('{surehook}.webhook_endpoints', 'delete') then 'webhook_endpoints delete'
      when not has_table_privilege('{surehook}.webhook_ordering_slots', 'delete') then 'webhook_ordering_slots delete'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'select') then 'webhook_outcomes select'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'insert') then 'webhook_outcomes insert'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'update') then 'webhook_outcomes update'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'delete') then 'webhook_outcomes delete'
      when not has_function_privilege('{surehook}.webhook_origin(text)', 'execute') then 'webhook_origin execute'
    end as lacks
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.max_attempts, d.scheduled_for, d.lease_token, d.lease_expires_at, d.claimed_at,
    d.organization_id, d.endpoint_url, d.held_by, d.held_for, d.held_due_at, d.held_called_at, d.ordering_key, d.ordering_position,
    coalesce(
      d.redelivered_by,
      case when d.replay_of is not null then cast(substring(d.webhook_node_id from ' [(]replay ([0-9]{1,18})[)]$') as bigint) end
    ) as order_id,
    a.attempts as asked_attempts,
    a.token as asked_token,
    a.has_company,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) + coalesce(2 * octet_length(left(d.tracestate, 2049)), 0) as column_bytes
  from {surehook}.webhook_deliveries d
  join asked a on a.id = d.id
  where (select lacks from instant) is null
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    l.*,
    case
      when l.status <> 'pending' then 'finished'
      when l.lease_token = l.asked_token and l.lease_expires_at is not null then 'mine'
      when l.lease_token = l.asked_token then 'stale'
      when l.lease_expires_at > i.now then 'held'
      when not l.asked_attempts @> to_jsonb(l.attempt_count + 1)
        and (l.lease_expires_at is null or not l.asked_attempts @> to_jsonb(l.attempt_count)) then 'stale'
      when l.lease_expires_at is not null and exists (
        select from {surehook}.webhook_delivery_attempts r
        where r.delivery_id = l.id and r.attempt = l.attempt_count and r.status_code between 200 and 299
      ) then 'arrived'
      when l.attempt_count >= l.max_attempts then 'exhausted'
      when l.held_by is null and l.scheduled_for > i.now + case when l.held_for = 'rate' then interval '1 s' else '0' end
        then 'early'
      when l.ordering_key is not null and exists (
        select from {surehook}.webhook_deliveries e
        where e.organization_id = l.organization_id and e.ordering_key = l.ordering_key
          and (e.ordering_position, e.id) < (l.ordering_position, l.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
      ) then 'behind'
      when l.lease_expires_at is not null and l.has_company then 'apart'
      else 'claimable'
    end as verdict,
    cast(
      case
        when l.held_for = 'rate' then floor(extract(epoch from l.scheduled_for - i.now))
        else ceil(extract(epoch from greatest(l.scheduled_for, l.lease_expires_at) - i.now))
      end
      as bigint
    ) as due_in_seconds,
    i.now
  from locked l
  cross join instant i
), keyed as materialized (
  select j.id, j.held_by is not null and j.held_called_at is not null as is_called,
    coalesce(j.held_due_at, j.scheduled_for) as due_at, j.held_for, j.scheduled_for, k.scope, k.key
  from judged j
  cross join lateral {surehook}.webhook_endpoint_keys(j.organization_id, j.endpoint_url) k
  where j.verdict = 'claimable'
), gates as materialized (
  select
    e.key,
    e.scope = 'endpoint' and coalesce(e.max_per_second, cast(:max_per_second as double precision)) is not null as is_paced,
    case
      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when f.taken >= w.allowed then case when not w.is_governed then 'in_flight' when e.down_since is null then 'recovering' else 'down' end
    end as closed_for,
    case when e.not_before > i.now then e.not_before else i.now + interval '5 s' end as opens_at
  from {surehook}.webhook_endpoints e
  cross join instant i
  cross join lateral (
    select
      e.in_flight_window is not null and cast(:down_after_failures as integer) > 0 as is_governed,
      least(
        case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
        case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed
  ) w
  cross join lateral (
    select count(*) as taken
    from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
  where e.key in (select key from keyed)
    and (
      w.allowed is not null or e.stopped_at is not null
      or e.scope = 'endpoint' and coalesce(e.max_per_second, cast(:max_per_second as double precision)) is not null
    )
), closed as materialized (
  select distinct on (k.id) k.id, k.key, g.closed_for, g.opens_at
  from keyed k
  join gates g on g.key = k.key
  where g.closed_for is not null
  order by k.id, g.closed_for <> 'stopped', g.opens_at desc
), governors as materialized (
  select e.*
  from {surehook}.webhook_endpoints e
  where e.key in (
    select k.key from keyed k join gates g on g.key = k.key where k.id not in (select id from closed)
  )
  order by e.key
  for update of e skip locked
), rooms as materialized (
  select
    e.key,
    e.slots,
    e.next_place_at,
    case when e.scope = 'endpoint' then coalesce(e.max_per_second, cast(:max_per_second as double precision)) end as per_second,
    w.allowed is not null as has_slots,
    case
      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when not w.is_governed then 'in_flight'
      when e.down_since is null then 'recovering'
      else 'down'
    end as closes_for,
    case when e.stopped_at is not null or w.is_governed and e.not_before > i.now then 0
      when w.allowed is not null then greatest(w.allowed - f.taken, 0) end as room,
    case when e.not_before > i.now then e.not_before else i.now + interval '5 s' end as opens_at,
    (
      select count(*)
      from {surehook}.webhook_deliveries h
      where h.held_by = e.key and h.status = 'pending'
        and h.held_called_at > i.now - interval '20 s' and h.held_called_at <= i.now
        and h.id not in (select id from asked)
    ) as called
  from governors e
  cross join instant i
  cross join lateral (
    select
      e.in_flight_window is not null and cast(:down_after_failures as integer) > 0 as is_governed,
      least(
        case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
        case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed
  ) w
  cross join lateral (
    select count(*) as taken
    from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
), placed as materialized (
  select k.id, r.key, r.closes_for, r.opens_at,
    r.room is null
      or row_number() over (partition by r.key order by k.is_called desc, k.due_at, k.id)
        <= r.room - case when k.is_called then 0 else r.called end as has_place
  from keyed k
  join rooms r on r.key = k.key
  where k.id not in (select id from closed)
), held_back as materialized (
  select id, key, closed_for, opens_at from closed
  union all
  select distinct on (id) id, key, closes_for, opens_at
  from placed
  where not has_place
  order by 1, 4 desc
), let_out as materialized (
  select
    j.id, w.host, w.seconds, j.now,
    sum(w.seconds) over (partition by w.host order by coalesce(j.held_due_at, j.scheduled_for), j.id rows unbounded preceding)
      as seconds_so_far,
    sum(w.seconds) over (partition by w.host) as all_seconds
  from judged j
  join {surehook}.webhook_orders o on o.id = j.order_id and o.per_second > 0
  cross join lateral (
    select
      substring(split_part(j.endpoint_url, '/', 3) from '^[^?#]*') as host,
      1 / cast(o.per_second as double precision) as seconds
  ) w
  where j.verdict = 'claimable'
    and j.held_by is not null
    and j.id not in (select id from held_back)
    and not exists (
      select from keyed k
      left join gates g on g.key = k.key
      left join rooms r on r.key = k.key
      where k.id = j.id and (r.closes_for = 'down' or g.key is not null and r.key is null)
    )
), free_paces as materialized (
  select p.host
  from {surehook}.webhook_redelivery_paces p
  where p.host in (select host from let_out)
  order by p.host
  for update of p skip locked
), paces as (
  insert into {surehook}.webhook_redelivery_paces as p (host, next_at)
  select l.host, l.now + make_interval(secs => l.all_seconds)
  from let_out l
  where l.host in (select host from free_paces)
    or not exists (select from {surehook}.webhook_redelivery_paces p where p.host = l.host)
  group by l.host, l.now, l.all_seconds
  order by l.host
  on conflict (host) do update set
    next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from instant)))
  returning p.host, p.next_at
), resumed as materialized (
  select
    l.id, p.next_at - make_interval(secs => l.all_seconds - l.seconds_so_far + l.seconds) as place_at,
    l.now + interval '1 s' as soon
  from let_out l
  left join paces p on p.host = l.host
), paced as materialized (
  select
    k.id, r.key,
    case
      when k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s' then k.scheduled_for
      else greatest(r.next_place_at, i.now) + make_interval(secs => (
        row_number() over (
          partition by r.key, k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s' order by k.due_at, k.id
        ) - 1
      ) / r.per_second)
    end as place_at,
    not coalesce(k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s', false) as is_new,
    r.per_second,
    i.now
  from keyed k
  join rooms r on r.key = k.key and r.per_second is not null
  cross join instant i
  where k.id not in (select id from held_back)
    and k.id not in (select id from resumed where place_at is null or place_at > soon)
), admitted as materialized (
  select
    j.*,
    case
      when j.verdict <> 'claimable' then j.verdict
      when h.id is not null then 'holding'
      when coalesce(cast(:max_in_flight as double precision), cast(:max_per_second as double precision)) is not null and not exists (
        select from keyed k join {surehook}.webhook_endpoints e on e.key = k.key where k.id = j.id and k.scope = 'endpoint'
      ) then 'unregistered'
      when exists (
        select from keyed k join gates g on g.key = k.key
        where k.id = j.id and k.key not in (select key from rooms)
      ) then 'locked'
      when m.id is not null and m.place_at is null then 'locked'
      when m.place_at > m.soon then 'resumed'
      when p.place_at > j.now + interval '1 s' then 'paced'
      else 'claimable'
    end as admission,
    h.key as held_key,
    h.closed_for,
    h.opens_at,
    p.key as paced_key,
    greatest(p.place_at, m.place_at) as place_at
  from judged j
  left join held_back h on h.id = j.id
  left join paced p on p.id = j.id
  left join resumed m on m.id = j.id
), fitting as materialized (
  select j.*
  from (
    select
      admitted.*,
      row_number() over places as place,
      sum(payload_bytes + column_bytes) over places as bytes_so_far
    from admitted
    where admission in ('mine', 'claimable')
    window places as (
      order by admission = 'mine' desc, payload_bytes > cast(:payload_budget_bytes as bigint), id rows unbounded preceding
    )
  ) j
  where j.admission = 'mine' or j.place = 1 or j.bytes_so_far <= cast(:payload_budget_bytes as bigint)
), ordered as (
  insert into {surehook}.webhook_ordering_slots as s (organization_id, ordering_key, token, until)
  select f.organization_id, f.ordering_key, f.asked_token, f.now + make_interval(secs => cast(:lease_seconds as double precision))
  from fitting f
  where f.verdict = 'claimable' and f.ordering_key is not null
  order by f.organization_id, f.ordering_key
  on conflict (organization_id, ordering_key) do update set token = excluded.token, until = excluded.until
  where s.until <= (select now from instant)
  returning s.token
), taken as materialized (
  select f.*
  from fitting f
  where f.verdict <> 'claimable' or f.ordering_key is null or f.asked_token in (select token from ordered)
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from taken
  where verdict = 'claimable' and lease_expires_at is not null and attempt_count > 0
  on conflict do nothing
), claimed as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = d.attempt_count + 1,
    claim_count = d.claim_count + 1,
    lease_token = t.asked_token,
    lease_expires_at = t.now + make_interval(secs => cast(:lease_seconds as double precision)),
    claimed_at = t.now,
    scheduled_for = coalesce(t.place_at, d.held_due_at, d.scheduled_for),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from t.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from taken t
  where d.id = t.id and t.verdict = 'claimable'
), slotted as (
  update {surehook}.webhook_endpoints e
  set
    slots = case when r.has_slots then coalesce(
      (
        select jsonb_object_agg(s.key, s.value) from jsonb_each(e.slots) s
        where cast(cast(s.value as text) as double precision) > extract(epoch from i.now)
      ),
      '{}'
    ) || coalesce(
      (
        select jsonb_object_agg(t.asked_token, extract(epoch from i.now) + cast(:lease_seconds as numeric))
        from taken t join keyed k on k.id = t.id
        where k.key = e.key and t.verdict = 'claimable'
      ),
      '{}'
    ) else e.slots end,
    next_place_at = coalesce(
      (
        select max(p.place_at) + make_interval(secs => 1 / max(p.per_second)) from paced p
        where p.key = e.key and p.is_new
      ),
      e.next_place_at
    )
  from rooms r
  cross join instant i
  where e.key = r.key and (
    exists (select from taken t join keyed k on k.id = t.id where k.key = r.key and t.verdict = 'claimable')
    or exists (select from paced p where p.key = r.key and p.is_new)
  )
), unheld as (
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = coalesce(d.held_due_at, d.scheduled_for),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from j.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from judged j
  where d.id = j.id and j.verdict = 'behind' and (d.held_by is not null or d.held_for is not null)
), calling as materialized (
  select
    a.*,
    case when a.closed_for <> 'stopped'
      and row_number() over (partition by a.held_key order by coalesce(a.held_due_at, a.scheduled_for), a.id) = 1
      and not exists (
        select from {surehook}.webhook_deliveries h
        where h.held_by = a.held_key and h.status = 'pending' and h.held_called_at > a.now - interval '20 s'
          and h.id not in (select id from asked)
          and (a.held_called_at is null or (h.held_due_at, h.id) < (coalesce(a.held_due_at, a.scheduled_for), a.id))
      )
    then greatest(a.opens_at, a.now) end as called_at
  from admitted a
  where a.admission = 'holding'
), held as (
  update {surehook}.webhook_deliveries d
  set
    held_by = c.held_key,
    held_for = c.closed_for,
    held_since = h.since,
    held_seconds = h.seconds,
    held_due_at = coalesce(d.held_due_at, d.scheduled_for),
    held_called_at = c.called_at,
    awaits_hand_out = false,
    scheduled_for = case
      when c.closed_for = 'down'
        then h.since + make_interval(secs => greatest(cast(:hold_seconds as double precision) - h.seconds, 0))
      else c.now + interval '366 days'
    end
  from calling c
  join {surehook}.webhook_deliveries o on o.id = c.id
  cross join lateral (
    select
      case when o.held_by is null or (o.held_for = 'down') <> (c.closed_for = 'down') then c.now else o.held_since end as since,
      o.held_seconds + case
        when o.held_for = 'down' and c.closed_for <> 'down' then extract(epoch from c.now - o.held_since) else 0
      end as seconds
  ) h
  where d.id = c.id
    and (d.held_by, d.held_for, d.held_called_at) is distinct from (c.held_key, c.closed_for, c.called_at)
), reserved as (
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = a.place_at,
    held_for = 'rate',
    awaits_hand_out = a.place_at > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision))
  from admitted a
  where d.id = a.id and a.admission = 'paced'
), put_in_line as (
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = a.place_at,
    awaits_hand_out = a.place_at > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from a.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from admitted a
  where d.id = a.id and a.admission = 'resumed'
)
select
  a.id,
  0 as slice,
  case
    when i.lacks is not null then 'unrecordable'
    when j.id is null and d.id is null then 'unknown'
    when j.id is null then 'locked'
    when t.id is not null then 'claimed'
    when f.id is not null then 'behind'
    when j.admission = 'claimable' then 'deferred'
    when j.admission in ('paced', 'resumed') then 'early'
    else j.admission
  end as verdict,
  case
    when j.admission = 'holding' then cast(ceil(extract(epoch from c.called_at - j.now)) as bigint)
    when j.admission = 'resumed' then cast(ceil(extract(epoch from j.place_at - j.now)) as bigint)
    when j.admission = 'paced' then cast(floor(extract(epoch from j.place_at - j.now)) as bigint)
    else coalesce(j.due_in_seconds, cast(ceil(extract(epoch from d.scheduled_for - i.now)) as bigint))
  end as due_in_seconds,
  case when i.lacks is not null then i.lacks when j.admission = 'holding' then j.closed_for when j.verdict = 'arrived' then cast(jsonb_build_object(
    'token', j.lease_token,
    'attempt', j.attempt_count,
    'organization_id', d.organization_id,
    'status_code', r.status_code
  ) as text) when t.column_bytes > cast(:slice_bytes as bigint) then cast(jsonb_build_object(
    'attempt', case when t.verdict = 'mine' then t.attempt_count else t.attempt_count + 1 end,
    'column_bytes', t.column_bytes
  ) as text) when t.id is not null then cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_name', d.webhook_name,
    'endpoint_url', d.endpoint_url,
    'http_method', d.http_method,
    'custom_headers', d.custom_headers,
    'credential_uuid', d.credential_uuid,
    'traceparent', left(d.traceparent, 256),
    'tracestate', left(d.tracestate, 2049),
    'attempt', case when t.verdict = 'mine' then t.attempt_count else t.attempt_count + 1 end,
    'max_attempts', t.max_attempts,
    'ordering_key', t.ordering_key,
    'following_id', case when t.ordering_key is not null then (
      select case when f.status = 'pending' and f.attempt_count = 0 then f.id end
      from {surehook}.webhook_deliveries f
      where f.organization_id = t.organization_id and f.ordering_key = t.ordering_key
        and (f.ordering_position, f.id) > (t.ordering_position, t.id)
        and (
          f.status = 'pending'
          or f.status = 'dead_letter' and f.ordering_on_dead_letter = 'hold' and f.dismissed_at is null and f.expunged_at is null
            and f.dead_letter_reason is distinct from 'cancelled'
        )
      order by f.ordering_position, f.id
      limit 1
    ) end,
    'payload_bytes', t.payload_bytes,
    'after_rotation', case when t.attempt_count > 0 then exists (
      select from {surehook}.webhook_delivery_attempts p
      where p.delivery_id = t.id
        and p.attempt = case when t.verdict = 'mine' then t.attempt_count - 1 else t.attempt_count end
        and p.error_class = 'credential_rotated'
    ) else false end,
    'wait_ms', cast(ceil(greatest(
      extract(epoch from case when t.verdict = 'mine' then t.scheduled_for else t.place_at end - i.now) * 1000, 0
    )) as bigint)
  ) as text) end as delivery,
  cast(null as text) as bytes
from asked a
cross join instant i
left join admitted j on j.id = a.id
left join fitting f on f.id = a.id
left join taken t on t.id = a.id
left join calling c on c.id = a.id
left join {surehook}.webhook_deliveries d on d.id = a.id
left join {surehook}.webhook_delivery_attempts r
  on j.verdict = 'arrived' and r.delivery_id = j.id and r.attempt = j.attempt_count
union all
select
  t.id,
  s.slice,
  null,
  null,
  null,
  translate(
    encode(
      substring(
        convert_to(d.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    chr(10),
    ''
  )
from taken t
join {surehook}.webhook_deliveries d on d.id = t.id
cross join lateral generate_series(
  1, cast(ceil(cast(t.payload_bytes as numeric) / cast(:slice_bytes as numeric)) as integer)
) as s (slice)
where t.payload_bytes <= cast(:payload_budget_bytes as bigint) and t.column_bytes <= cast(:slice_bytes as bigint)
order by 1, 2`,
  parameters: ['chained_delay_seconds', 'claims', 'down_after_failures', 'has_company', 'hold_seconds', 'lease_seconds', 'max_in_flight', 'max_per_second', 'now', 'payload_budget_bytes', 'slice_bytes'],
} as const;

export const claimOrdinaryDeliveries = {
  sql: `with locked as materialized (
  select
    d.id, d.status, d.scheduled_for, d.attempt_count, d.max_attempts, d.lease_token, d.lease_expires_at, d.held_by, d.held_for,
    d.held_due_at, d.organization_id, d.endpoint_url, d.ordering_key,
    a.token,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) + coalesce(2 * octet_length(left(d.tracestate, 2049)), 0) as column_bytes
  from {surehook}.webhook_deliveries d
  join jsonb_to_recordset(cast(:claims as jsonb)) as a (id bigint, token uuid) on a.id = d.id
  order by d.id
  for update of d skip locked
), ordinary as materialized (
  select l.id, l.token, l.payload_bytes, l.column_bytes, i.now
  from locked l
  cross join (
    select
      coalesce(cast(:now as timestamptz), now()) as now,
      has_table_privilege(a.name, 'select') and has_table_privilege(a.name, 'insert') and has_table_privilege(a.name, 'update')
        and has_table_privilege(e.name, 'insert') and has_table_privilege(e.name, 'update')
        and has_table_privilege(e.name, 'delete')
        and has_table_privilege(o.name, 'select') and has_table_privilege(o.name, 'insert')
        and has_table_privilege(o.name, 'update') and has_table_privilege(o.name, 'delete')
        and has_table_privilege(s.name, 'select') and has_table_privilege(s.name, 'update')
        and has_table_privilege(s.name, 'delete')
        and has_function_privilege('{surehook}.webhook_origin(text)', 'execute') as is_recordable
    from (values ('{surehook}.webhook_delivery_attempts')) a (name)
    cross join (values ('{surehook}.webhook_endpoints')) e (name)
    cross join (values ('{surehook}.webhook_outcomes')) o (name)
    cross join (values ('{surehook}.webhook_ordering_slots')) s (name)
  ) i
  where i.is_recordable
    and l.status = 'pending'
    and l.scheduled_for <= i.now
    and l.attempt_count = 0
    and l.max_attempts > 0
    and l.lease_expires_at is null
    and l.lease_token is distinct from l.token
    and l.held_by is null
    and l.held_for is null
    and l.held_due_at is null
    and l.ordering_key is null
    and l.column_bytes <= cast(:slice_bytes as bigint)
    and not exists (
      select from {surehook}.webhook_endpoint_keys(l.organization_id, l.endpoint_url) k
      join {surehook}.webhook_endpoints e on e.key = k.key
    )
), claimed as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = 1,
    claim_count = d.claim_count + 1,
    lease_token = o.token,
    lease_expires_at = o.now + make_interval(secs => cast(:lease_seconds as double precision)),
    claimed_at = o.now
  from ordinary o
  where d.id = o.id
    and (select sum(payload_bytes + column_bytes) from ordinary) <= cast(:payload_budget_bytes as bigint)
  returning
    d.id,
    d.payload,
    o.payload_bytes,
    cast(jsonb_build_object(
      'delivery_uuid', d.delivery_uuid,
      'workflow_run_id', d.workflow_run_id,
      'organization_id', d.organization_id,
      'webhook_name', d.webhook_name,
      'endpoint_url', d.endpoint_url,
      'http_method', d.http_method,
      'custom_headers', d.custom_headers,
      'credential_uuid', d.credential_uuid,
      'traceparent', left(d.traceparent, 256),
      'tracestate', left(d.tracestate, 2049),
      'attempt', 1,
      'max_attempts', d.max_attempts,
      'ordering_key', null,
      'following_id', null,
      'payload_bytes', o.payload_bytes,
      'after_rotation', false,
      'wait_ms', 0
    ) as text) as delivery
)
select
  c.id,
  s.slice,
  case when s.slice = 0 then 'claimed' end as verdict,
  cast(null as bigint) as due_in_seconds,
  case when s.slice = 0 then c.delivery end as delivery,
  case when s.slice > 0 then translate(
    encode(
      substring(
        convert_to(c.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    chr(10),
    ''
  ) end as bytes
from claimed c
cross join lateral generate_series(
  0, cast(ceil(c.payload_bytes / cast(:slice_bytes as double precision)) as integer)
) as s (slice)
order by c.id, s.slice`,
  parameters: ['claims', 'lease_seconds', 'now', 'payload_budget_bytes', 'slice_bytes'],
} as const;

export const clearOutcomes = {
  sql: `with over as materialized (
  select o.id
  from {surehook}.webhook_outcomes o
  where o.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  order by o.id
  for update skip locked
)
delete from {surehook}.webhook_outcomes o
using over v
where o.id = v.id`,
  parameters: ['ids'],
} as const;

export const countBacklog = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), due as materialized (
  select
    d.scheduled_for,
    coalesce(d.lease_expires_at > i.now, false) as is_leased,
    d.ordering_key is not null and exists (
      select from {surehook}.webhook_deliveries e
        where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
          and (e.ordering_position, e.id) < (d.ordering_position, d.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
    ) as is_behind
  from {surehook}.webhook_deliveries d
  cross join instant i
  where d.status = 'pending' and d.scheduled_for <= i.now
  order by d.scheduled_for, d.id
  limit cast(:most as integer)
), newest as materialized (
  select d.status
  from {surehook}.webhook_deliveries d
  where d.created_at > (select now from instant) - interval '1 hour'
  order by d.created_at desc, d.id desc
  limit cast(:most as integer)
)
select
  (select count(*) from due where not is_leased and not is_behind) as due,
  (select count(*) from due where is_leased) as in_flight,
  (
    select count(*) filter (where l.held_by is null and not l.is_behind)
    from (
      select
        d.held_by,
        d.ordering_key is not null and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
            and (e.ordering_position, e.id) < (d.ordering_position, d.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        ) as is_behind
      from {surehook}.webhook_deliveries d
      where d.status = 'pending' and d.scheduled_for > (select now from instant)
      order by d.scheduled_for, d.id
      limit cast(:most as integer)
    ) l
  ) as later,
  (
    select count(*) filter (where o.is_behind)
    from (
      select
        not coalesce(d.lease_expires_at > (select now from instant), false) and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
            and (e.ordering_position, e.id) < (d.ordering_position, d.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        ) as is_behind
      from {surehook}.webhook_deliveries d
      where d.ordering_key is not null and d.status = 'pending'
      order by d.organization_id, d.ordering_key, d.ordering_position, d.id
      limit cast(:most as integer)
    ) o
  ) as behind,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.held_by is not null and d.status = 'pending'
      order by d.held_by, d.held_due_at, d.id
      limit cast(:most as integer)
    ) h
  ) as held,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.status = 'dead_letter' and d.dismissed_at is null and d.expunged_at is null
        and d.dead_letter_reason is distinct from 'cancelled'
      order by d.id
      limit cast(:most as integer)
    ) s
  ) as standing,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where coalesce(d.status = 'dead_letter', false)
      order by d.updated_at, d.id
      limit cast(:most as integer)
    ) s
  ) as dead_letters,
  (select count(*) from newest) as looked_last_hour,
  (select count(*) from newest where status = 'succeeded') as succeeded_last_hour,
  coalesce((
    select cast(floor(extract(epoch from i.now - min(due.scheduled_for))) as bigint)
    from due
    cross join instant i
    where not due.is_leased and not due.is_behind
    group by i.now
  ), 0) as oldest_due_seconds`,
  parameters: ['most', 'now'],
} as const;

export const countStanding = {
  sql: `select count(*) as standing
from (
  select
  from {surehook}.webhook_deliveries d
  where d.status = 'dead_letter'
    and d.dismissed_at is null
    and d.expunged_at is null
    and d.dead_letter_reason is distinct from 'cancelled'
  order by d.id
  limit cast(:most as integer)
) s`,
  parameters: ['most'],
} as const;

export const deleteOverDeliveries = {
  sql: `with page as materialized (
  (
    select d.id, d.updated_at as at
    from {surehook}.webhook_deliveries d
    where d.expunged_at is not null
      and d.status <> 'pending'
      and d.updated_at
        < coalesce(cast(:now as timestamptz), now()) - make_interval(days => cast(:days as integer))
      and (d.updated_at, d.id)
        > (coalesce(cast(:after_at as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    order by d.updated_at, d.id
    limit cast(:page_rows as integer)
  )
  union all
  (
    select d.id, d.updated_at as at
    from {surehook}.webhook_deliveries d
    where d.expunged_at is null
      and d.status <> 'pending'
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
), deleted as (
  delete from {surehook}.webhook_deliveries d
  using locked l
  where d.id = l.id
)
select cast(c.id as text) as id, to_jsonb(c.at) #>> '{}' as at, l.id is not null as is_done
from chosen c
left join locked l on l.id = c.id
order by c.at, c.id`,
  parameters: ['after_at', 'after_id', 'days', 'names_only', 'now', 'page_rows'],
} as const;

export const dismissDeliveries = {
  sql: `with turn as materialized (
  select o.id, o.given_at, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select d.id, d.status, d.updated_at, d.dismissed_at, d.expunged_at, d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'dead_letter' then cast(l.status as text)
      when l.dismissed_at is not null then 'dismissed'
      when l.expunged_at is not null then 'expunged'
      when l.updated_at > t.given_at then 'died_since'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), dismissed as (
  update {surehook}.webhook_deliveries d
  set dismissed_at = t.now, dismissed_by = t.id
  from judged j
  cross join turn t
  where d.id = j.id and j.verdict = 'changed'
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  id, verdict, organization_id,
  case when verdict = 'changed' then ordering_key end as ordering_key
from judged
order by id`,
  parameters: ['ids', 'named_rows', 'now', 'order_id', 'position', 'step', 'token'],
} as const;

export const eraseOverDeliveries = {
  sql: `with page as materialized (
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
    exchange = r.exchange #- '{request,headers}' #- '{response,headers}'
  from locked l
  where r.delivery_id = l.id and (r.response_excerpt is not null or r.exchange is not null)
), erased as (
  update {surehook}.webhook_deliveries d
  set
    payload = '',
    custom_headers = '[]',
    traceparent = left(d.traceparent, 55),
    tracestate = null,
    endpoint_url = split_part(d.endpoint_url, '?', 1),
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
order by c.at, c.id`,
  parameters: ['after_at', 'after_id', 'days', 'names_only', 'now', 'page_rows'],
} as const;

export const expungeDeliveries = {
  sql: `with turn as materialized (
  select o.id, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.lease_token, d.lease_expires_at, d.claimed_at, d.updated_at, d.expunged_at,
    d.expunge_at_end, d.organization_id, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.ordering_key,
    l.status = 'pending' as is_pending,
    coalesce(l.status = 'pending' and l.lease_expires_at > t.now, false) as is_in_flight,
    l.status = 'pending' and l.lease_expires_at <= t.now as is_unreported,
    l.attempt_count,
    l.lease_token,
    coalesce(l.claimed_at, l.updated_at) as claimed_at,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.expunged_at is not null or l.expunge_at_end then 'expunged'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, claimed_at, 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where verdict = 'changed' and is_unreported and attempt_count > 0
  on conflict do nothing
), excerpts as (
  update {surehook}.webhook_delivery_attempts r
  set
    response_excerpt = null,
    exchange = r.exchange #- '{request,headers}' #- '{response,headers}'
  from judged j
  where r.delivery_id = j.id and j.verdict = 'changed' and not j.is_in_flight and (r.response_excerpt is not null or r.exchange is not null)
), expunged as (
  update {surehook}.webhook_deliveries d
  set
    cancelled_by = case when j.is_pending then coalesce(d.cancelled_by, t.id) else d.cancelled_by end,
    max_attempts = case when j.is_in_flight then d.attempt_count else d.max_attempts end,
    status = cast(
      case when j.is_pending and not j.is_in_flight then 'dead_letter' else cast(d.status as text) end
      as {surehook}.webhook_delivery_status
    ),
    dead_letter_reason = case when j.is_pending and not j.is_in_flight then 'cancelled' else d.dead_letter_reason end,
    last_error = case
      when j.is_pending and not j.is_in_flight then coalesce(d.last_error, 'an operator erased it')
      else d.last_error
    end,
    scheduled_for = case when j.is_in_flight then d.scheduled_for end,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = case when j.is_pending and not j.is_in_flight then null else d.lease_token end,
    lease_expires_at = case when j.is_in_flight then d.lease_expires_at end,
    death_counted = d.death_counted or j.is_pending,
    expunge_at_end = j.is_in_flight,
    expunged_at = case when not j.is_in_flight then t.now end,
    payload = case when j.is_in_flight then d.payload else '' end,
    custom_headers = case when j.is_in_flight then d.custom_headers else '[]' end,
    traceparent = case when j.is_in_flight then d.traceparent else left(d.traceparent, 55) end,
    tracestate = case when j.is_in_flight then d.tracestate end,
    endpoint_url = case when j.is_in_flight then d.endpoint_url else split_part(d.endpoint_url, '?', 1) end,
    ordering_key = case when j.is_in_flight then d.ordering_key end,
    ordering_position = case when j.is_in_flight then d.ordering_position end,
    ordering_on_dead_letter = case when j.is_in_flight then d.ordering_on_dead_letter end,
    updated_at = case when j.is_pending and not j.is_in_flight then t.now else d.updated_at end
  from judged j
  cross join turn t
  where d.id = j.id and j.verdict = 'changed'
), ended as (
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    'dead_lettered', t.now, t.now, d.organization_id, {surehook}.webhook_origin(d.endpoint_url), 'cancelled', d.id,
    d.delivery_uuid, d.workflow_run_id, left(d.webhook_node_id, 255), left(d.webhook_name, 255), d.last_status_code, d.attempt_count, d.created_at
  from judged j
  cross join turn t
  join {surehook}.webhook_deliveries d on d.id = j.id
  where j.verdict = 'changed' and j.is_pending and not j.is_in_flight
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  id, verdict, organization_id,
  case when verdict = 'changed' and not is_in_flight then ordering_key end as ordering_key
from judged
order by id`,
  parameters: ['ids', 'named_rows', 'now', 'order_id', 'position', 'step', 'token'],
} as const;

export const findAlongside = {
  sql: `with asked as materialized (
  select a.item, a.run_id, a.node_id
  from jsonb_to_recordset(cast(:keys as jsonb)) as a (item integer, run_id bigint, node_id text)
)
select
  a.item,
  f.id,
  cast(f.delivery_uuid as text) as delivery_uuid,
  f.organization_id,
  cast(f.status as text) as status,
  null as request_digest,
  case when cast(f.status as text) = 'pending' then cast(round(extract(epoch from f.scheduled_for) * 1000) as bigint) end
    as scheduled_for_ms,
  0 as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  case when a.item < 100 then left(f.last_error, 2000) end as last_error
from asked a
cross join lateral (
  select * from {foreign} where workflow_run_id = a.run_id and webhook_node_id = a.node_id limit 1
) f
where f.last_error is null or not starts_with(f.last_error, cast(:moved as text))
order by a.item`,
  parameters: ['keys', 'moved'],
} as const;

export const findDeliveries = {
  sql: `with asked as materialized (
  select a.item, a.run_id, a.node_id
  from jsonb_to_recordset(cast(:keys as jsonb)) as a (item integer, run_id bigint, node_id text)
)
select
  a.item,
  d.id,
  cast(d.delivery_uuid as text) as delivery_uuid,
  d.organization_id,
  cast(d.status as text) as status,
  d.request_digest,
  cast(round(extract(epoch from h.due_at) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from h.due_at - coalesce(cast(:now as timestamptz), now())))) as bigint)
    as due_in_seconds,
  d.attempt_count,
  d.last_status_code,
  case when a.item < 100 then d.last_error end as last_error
from asked a
join {surehook}.webhook_deliveries d on d.workflow_run_id = a.run_id and d.webhook_node_id = a.node_id
cross join lateral (
  select case when d.held_for is distinct from 'rate' then coalesce(d.held_due_at, d.scheduled_for) else d.scheduled_for end as due_at
) h
order by a.item`,
  parameters: ['keys', 'now'],
} as const;

export const findMissingRights = {
  sql: `select r."right"
from jsonb_to_recordset(cast(:rights as jsonb)) as r (relation text, "right" text)
where not has_table_privilege(to_regclass(r.relation), r."right")
  and not (r."right" <> 'delete' and has_any_column_privilege(to_regclass(r.relation), r."right"))
order by r."right"`,
  parameters: ['rights'],
} as const;

export const findNamed = {
  sql: `select d.id, cast(d.delivery_uuid as text) as delivery_uuid, cast(d.status as text) as status
from {surehook}.webhook_deliveries d
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
union
select d.id, cast(d.delivery_uuid as text), cast(d.status as text)
from {surehook}.webhook_deliveries d
where d.delivery_uuid in (select cast(i.uuid as uuid) from jsonb_array_elements_text(cast(:uuids as jsonb)) as i (uuid))
order by id`,
  parameters: ['ids', 'uuids'],
} as const;

export const findOrders = {
  sql: `select
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
limit cast(:page_rows as integer)`,
  parameters: ['after_id', 'id', 'named_rows', 'page_rows', 'state'],
} as const;

export const forgetEndpoints = {
  sql: `with page as materialized (
  select e.key
  from {surehook}.webhook_endpoints e
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where e.max_in_flight is null and e.max_per_second is null and e.stopped_at is null
    and (
      e.down_since is null and e.failures = 0
      or coalesce(e.last_failed_at, e.created_at) <= i.now - make_interval(secs => cast(:idle_seconds as double precision))
    )
    and coalesce(greatest(e.not_before, e.next_place_at) <= i.now, true)
    and coalesce(e.went_down_at <= i.now - make_interval(secs => cast(:lease_seconds as double precision)), true)
    and not exists (
      select from jsonb_each_text(e.slots) s where cast(s.value as double precision) > extract(epoch from i.now)
    )
    and not exists (select from {surehook}.webhook_deliveries d where d.held_by = e.key and d.status = 'pending')
  limit cast(:page_rows as integer)
  for update of e skip locked
), forgotten as (
  delete from {surehook}.webhook_endpoints e using page p where e.key = p.key returning e.key
)
select count(*) as forgotten
from forgotten`,
  parameters: ['idle_seconds', 'lease_seconds', 'now', 'page_rows'],
} as const;

export const forgetOrderingKeys = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) - make_interval(secs => cast(:idle_seconds as double precision)) as idle_since
), idle_keys as materialized (
  select k.organization_id, k.ordering_key
  from {surehook}.webhook_ordering_keys k
  cross join instant i
  where k.used_at < i.idle_since
  limit cast(:page_rows as integer)
  for update of k skip locked
), forgotten_keys as (
  delete from {surehook}.webhook_ordering_keys k
  using idle_keys i
  where k.organization_id = i.organization_id and k.ordering_key = i.ordering_key
  returning 1
), idle_slots as materialized (
  select s.organization_id, s.ordering_key
  from {surehook}.webhook_ordering_slots s
  cross join instant i
  where s.until < i.idle_since
  limit cast(:page_rows as integer)
  for update of s skip locked
), forgotten_slots as (
  delete from {surehook}.webhook_ordering_slots s
  using idle_slots i
  where s.organization_id = i.organization_id and s.ordering_key = i.ordering_key
  returning 1
)
select greatest((select count(*) from forgotten_keys), (select count(*) from forgotten_slots)) as forgotten`,
  parameters: ['idle_seconds', 'now', 'page_rows'],
} as const;

export const forgetOrders = {
  sql: `with instant as materialized (
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
from old`,
  parameters: ['days', 'now', 'page_rows'],
} as const;

export const goOnInOrder = {
  sql: `with asked as materialized (
  select a.*, i.now
  from jsonb_to_record(cast(:settlement as jsonb)) as a (
    id bigint, token uuid, attempt integer, status_code integer, excerpt text, duration_ms integer, started_ms_ago double precision,
    exchange jsonb
  )
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
), locked as materialized (
  select
    d.id, d.status, d.scheduled_for, d.attempt_count, d.max_attempts, d.lease_token, d.lease_expires_at, d.held_by, d.held_for,
    d.held_due_at, d.expunged_at, d.redelivered_by, d.organization_id, d.endpoint_url, d.ordering_key, d.ordering_position,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) + coalesce(2 * octet_length(left(d.tracestate, 2049)), 0) as column_bytes
  from (select id from asked union all select cast(:next_id as bigint)) a
  join {surehook}.webhook_deliveries d on d.id = a.id
  order by d.id
  for update of d skip locked
), ready as materialized (
  select a.*, l.organization_id, l.ordering_key, n.payload_bytes, n.ordering_position as next_position
  from asked a
  join locked l on l.id = a.id
  join locked n on n.id = cast(:next_id as bigint)
  where l.status = 'pending'
    and l.lease_token = a.token
    and l.lease_expires_at is not null
    and l.expunged_at is null
    and l.redelivered_by is null
    and n.organization_id = l.organization_id
    and n.ordering_key = l.ordering_key
    and n.status = 'pending'
    and n.scheduled_for <= a.now
    and n.attempt_count = 0
    and n.max_attempts > 0
    and n.lease_expires_at is null
    and n.lease_token is distinct from cast(:next_token as uuid)
    and n.held_by is null
    and n.held_for is null
    and n.held_due_at is null
    and n.column_bytes <= cast(:slice_bytes as bigint)
    and n.payload_bytes <= cast(:payload_budget_bytes as bigint)
    and not exists (
      select
      from locked c
      cross join lateral {surehook}.webhook_endpoint_keys(c.organization_id, c.endpoint_url) k
      join {surehook}.webhook_endpoints w on w.key = k.key
    )
    and not exists (
      select from {surehook}.webhook_deliveries e
      where e.organization_id = n.organization_id and e.ordering_key = n.ordering_key
        and (e.ordering_position, e.id) < (n.ordering_position, n.id)
        and e.id <> l.id
        and (
          e.status = 'pending'
          or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
            and e.dead_letter_reason is distinct from 'cancelled'
        )
    )
    and has_table_privilege('{surehook}.webhook_endpoints', 'insert')
    and has_table_privilege('{surehook}.webhook_endpoints', 'update')
    and has_table_privilege('{surehook}.webhook_endpoints', 'delete')
    and has_table_privilege('{surehook}.webhook_outcomes', 'select')
    and has_table_privilege('{surehook}.webhook_outcomes', 'insert')
    and has_table_privilege('{surehook}.webhook_outcomes', 'update')
    and has_table_privilege('{surehook}.webhook_outcomes', 'delete')
    and has_table_privilege('{surehook}.webhook_ordering_slots', 'delete')
    and has_function_privilege('{surehook}.webhook_origin(text)', 'execute')
), moved as (
  update {surehook}.webhook_ordering_slots s
  set token = cast(:next_token as uuid), until = r.now + make_interval(secs => cast(:lease_seconds as double precision))
  from ready r
  where s.organization_id = r.organization_id and s.ordering_key = r.ordering_key and s.token = r.token
  returning s.token
), going as materialized (
  select r.* from ready r where exists (select from moved)
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = 'succeeded',
    scheduled_for = null,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_expires_at = null,
    last_status_code = g.status_code,
    last_error = null,
    dead_letter_reason = null,
    succeeded_late = false,
    updated_at = g.now
  from going g
  where d.id = g.id
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, response_excerpt, exchange
  )
  select g.id, g.attempt, g.now - make_interval(secs => g.started_ms_ago / 1000), g.duration_ms, g.status_code, g.excerpt, g.exchange
  from going g
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = null,
    error = null,
    response_excerpt = excluded.response_excerpt,
    exchange = excluded.exchange
  where known.error_class = 'outcome_unknown'
), claimed as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = 1,
    claim_count = d.claim_count + 1,
    lease_token = cast(:next_token as uuid),
    lease_expires_at = g.now + make_interval(secs => cast(:lease_seconds as double precision)),
    claimed_at = g.now
  from going g
  where d.id = cast(:next_id as bigint)
  returning
    d.id,
    d.payload,
    g.payload_bytes,
    cast(jsonb_build_object(
      'delivery_uuid', d.delivery_uuid,
      'workflow_run_id', d.workflow_run_id,
      'organization_id', d.organization_id,
      'webhook_name', d.webhook_name,
      'endpoint_url', d.endpoint_url,
      'http_method', d.http_method,
      'custom_headers', d.custom_headers,
      'credential_uuid', d.credential_uuid,
      'traceparent', left(d.traceparent, 256),
      'tracestate', left(d.tracestate, 2049),
      'attempt', 1,
      'max_attempts', d.max_attempts,
      'ordering_key', d.ordering_key,
      'following_id', (
        select case when f.status = 'pending' and f.attempt_count = 0 then f.id end
        from {surehook}.webhook_deliveries f
        where f.organization_id = d.organization_id and f.ordering_key = d.ordering_key
          and (f.ordering_position, f.id) > (d.ordering_position, d.id)
          and (
            f.status = 'pending'
            or f.status = 'dead_letter' and f.ordering_on_dead_letter = 'hold' and f.dismissed_at is null and f.expunged_at is null
              and f.dead_letter_reason is distinct from 'cancelled'
          )
        order by f.ordering_position, f.id
        limit 1
      ),
      'payload_bytes', g.payload_bytes,
      'after_rotation', false,
      'wait_ms', 0
    ) as text) as delivery
)
select
  c.id,
  s.slice,
  case when s.slice = 0 then 'claimed' end as verdict,
  cast(null as bigint) as due_in_seconds,
  case when s.slice = 0 then c.delivery end as delivery,
  case when s.slice > 0 then translate(
    encode(
      substring(
        convert_to(c.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    chr(10),
    ''
  ) end as bytes
from claimed c
cross join lateral generate_series(
  0, cast(ceil(c.payload_bytes / cast(:slice_bytes as double precision)) as integer)
) as s (slice)
order by c.id, s.slice`,
  parameters: ['lease_seconds', 'next_id', 'next_token', 'now', 'payload_budget_bytes', 'settlement', 'slice_bytes'],
} as const;

export const listAttempts = {
  sql: `select
  r.attempt,
  cast(round(extract(epoch from r.started_at) * 1000) as bigint) as started_at_ms,
  r.duration_ms,
  r.status_code,
  r.error_class,
  r.error,
  r.response_excerpt,
  cast(r.exchange as text) as exchange
from {surehook}.webhook_delivery_attempts r
where r.delivery_id = cast(:id as bigint)
order by r.attempt desc
limit cast(:page_rows as integer)`,
  parameters: ['id', 'page_rows'],
} as const;

export const listDeliveries = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), wanted as materialized (
  select
    cast(:host as text) as host,
    cast(:organization_id as bigint) as organization_id,
    coalesce(
      cast(:after_at as timestamptz),
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_until as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_until as timestamptz)
        when cast(:walk as text) = 'due' and cast(:phase as text) = 'later' then i.now
        when cast(:walk as text) in ('due', 'held') then '-infinity'
      end,
      'infinity'
    ) as at,
    coalesce(cast(:after_id as bigint), case when cast(:walk as text) = 'due' then 9223372036854775807 else -1 end) as id,
    coalesce(
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_since as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_since as timestamptz)
      end,
      '-infinity'
    ) as since,
    case when cast(:phase as text) in ('due', 'in_flight') then i.now else 'infinity' end as until
  from instant i
), letters as not materialized (
  select
    id, organization_id, status, workflow_run_id, webhook_node_id, webhook_name, credential_uuid, created_at, updated_at,
    scheduled_for, lease_expires_at, held_by, held_due_at, dismissed_at, expunged_at, endpoint_url, ordering_key, ordering_position,
    dead_letter_reason as reason,
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select d.created_at as at, d.*
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where cast(:walk as text) = 'ids'
      and (d.created_at, d.id) < (select at, id from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'run'
      and d.workflow_run_id = cast(:run_id as bigint)
      and (d.created_at, d.id) < (select at, id from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.updated_at as at, d.*
    from letters d
    where cast(:walk as text) = 'dead_host'
      and coalesce(d.status = 'dead_letter', false)
      and (d.host, d.updated_at, d.id) < (select host, at, id from wanted)
      and (d.host, d.updated_at) >= (select host, since from wanted)
    order by d.host desc, d.updated_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.updated_at as at, d.*
    from letters d
    where cast(:walk as text) = 'dead'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) < (select at, id from wanted)
      and d.updated_at >= (select since from wanted)
    order by d.updated_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.scheduled_for as at, d.*
    from letters d
    where cast(:walk as text) = 'pending'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) < (select at, id from wanted)
    order by d.scheduled_for desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.scheduled_for as at, d.*
    from letters d
    where cast(:walk as text) = 'due'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) > (select at, id from wanted)
      and d.scheduled_for <= (select until from wanted)
    order by d.scheduled_for, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.held_due_at as at, d.*
    from letters d
    where cast(:walk as text) = 'held'
      and d.held_by = cast(:held_by as uuid)
      and (d.held_due_at, d.id) > (select at, id from wanted)
    order by d.held_due_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'organization'
      and (d.organization_id, d.created_at, d.id) < (select organization_id, at, id from wanted)
      and (d.organization_id, d.created_at) >= (select organization_id, since from wanted)
    order by d.organization_id desc, d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'all'
      and (d.created_at, d.id) < (select at, id from wanted)
      and d.created_at >= (select since from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
), placed as materialized (
  select
    l.*,
    case when cast(:walk as text) in ('due', 'held')
      then row_number() over (order by l.at, l.id)
      else row_number() over (order by l.at desc, l.id desc)
    end as place
  from looked l
), matched as materialized (
  select l.id, l.at, l.place
  from placed l
  cross join instant i
  cross join lateral (
    select case when cast(:phase as text) is null then false else (
        l.ordering_key is not null and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = l.organization_id and e.ordering_key = l.ordering_key
            and (e.ordering_position, e.id) < (l.ordering_position, l.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        )
      ) end as is_behind
  ) w
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:run_id as bigint) is null or l.workflow_run_id = cast(:run_id as bigint))
    and (cast(:node_id as text) is null or l.webhook_node_id = cast(:node_id as text))
    and (cast(:name as text) is null or l.webhook_name = cast(:name as text))
    and (cast(:ordering_key as text) is null or l.ordering_key = cast(:ordering_key as text))
    and (cast(:credential_uuid as uuid) is null or l.credential_uuid = cast(:credential_uuid as uuid))
    and (cast(:statuses as jsonb) is null or jsonb_exists(cast(:statuses as jsonb), cast(l.status as text)))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
    and (cast(:host as text) is null or l.host = cast(:host as text))
    and (cast(:port as integer) is null or cast(:port as text) = coalesce(
      substring(split_part(l.endpoint_url, '/', 3) from ':([0-9]+)(?:[?#]|$)'),
      case when l.endpoint_url like 'https:%' then '443' else '80' end
    ))
    and (cast(:endpoint as text) is null or split_part(l.endpoint_url, '?', 1) = cast(:endpoint as text))
    and (cast(:created_since as timestamptz) is null or l.created_at >= cast(:created_since as timestamptz))
    and (cast(:created_until as timestamptz) is null or l.created_at < cast(:created_until as timestamptz))
    and (cast(:dead_since as timestamptz) is null or l.updated_at >= cast(:dead_since as timestamptz))
    and (cast(:dead_until as timestamptz) is null or l.updated_at < cast(:dead_until as timestamptz))
    and (cast(:held_by as uuid) is null or l.held_by = cast(:held_by as uuid))
    and case cast(:phase as text)
      when 'due' then l.scheduled_for <= i.now and coalesce(l.lease_expires_at <= i.now, true) and not w.is_behind
      when 'in_flight' then l.lease_expires_at > i.now
      when 'later' then l.scheduled_for > i.now and l.held_by is null and not w.is_behind
      when 'behind' then w.is_behind and coalesce(l.lease_expires_at <= i.now, true)
      when 'held' then l.held_by is not null
      else true
    end
    and (
      cast(:standing as boolean) is not true
      or l.dismissed_at is null and l.expunged_at is null and l.reason is distinct from 'cancelled'
    )
  order by l.place
  limit cast(:page_rows as integer)
), ended as materialized (
  select at, id
  from (
    (select 1 as rank, at, id, place from matched where (select count(*) from matched) >= cast(:page_rows as integer))
    union all
    (select 2, at, id, place from placed where (select count(*) from placed) >= cast(:look_rows as integer))
  ) e
  order by rank, place desc
  limit 1
)
select
  m.place,
  d.id,
  to_jsonb(m.at) #>> '{}' as at,
  cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_node_id', left(d.webhook_node_id, 600),
    'webhook_name', left(d.webhook_name, 255),
    'endpoint', left(substring(d.endpoint_url from '^[^/]*//[^/?#]*'), 300),
    'http_method', d.http_method,
    'status', d.status,
    'attempt_count', d.attempt_count,
    'max_attempts', d.max_attempts,
    'last_status_code', d.last_status_code,
    'last_error', left(d.last_error, 300),
    'reason', d.dead_letter_reason,
    'succeeded_late', d.succeeded_late,
    'awaits_hand_out', d.awaits_hand_out,
    'ordering_key', left(d.ordering_key, 255),
    'holds_key', coalesce(d.ordering_on_dead_letter = 'hold', false),
    'behind', case when d.status = 'pending' and d.ordering_key is not null then (
      select jsonb_build_object('delivery_id', e.id, 'status', e.status)
      from {surehook}.webhook_deliveries e
      where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
        and (e.ordering_position, e.id) < (d.ordering_position, d.id)
        and (
          e.status = 'pending'
          or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
            and e.dead_letter_reason is distinct from 'cancelled'
        )
      order by e.ordering_position, e.id
      limit 1
    ) end,
    'held_for', case when d.status = 'pending' then d.held_for end,
    'held_since_ms', round(extract(epoch from d.held_since) * 1000),
    'held_due_at_ms', round(extract(epoch from d.held_due_at) * 1000),
    'expunge_at_end', d.expunge_at_end,
    'cancelled', d.cancelled_by is not null,
    'replay_of', d.replay_of,
    'may_have_arrived', d.status = 'dead_letter' and exists (
      select from {surehook}.webhook_delivery_attempts a where a.delivery_id = d.id and a.error_class = 'outcome_unknown'
    ),
    'scheduled_for_ms', round(extract(epoch from d.scheduled_for) * 1000),
    'lease_expires_at_ms', round(extract(epoch from d.lease_expires_at) * 1000),
    'created_at_ms', round(extract(epoch from d.created_at) * 1000),
    'updated_at_ms', round(extract(epoch from d.updated_at) * 1000),
    'dismissed_at_ms', round(extract(epoch from d.dismissed_at) * 1000),
    'expunged_at_ms', round(extract(epoch from d.expunged_at) * 1000),
    'now_ms', round(extract(epoch from (select now from instant)) * 1000)
  ) as text) as delivery,
  cast(null as text) as next_at,
  cast(null as text) as next_id
from matched m
join {surehook}.webhook_deliveries d on d.id = m.id
union all
select null, null, null, null, to_jsonb(e.at) #>> '{}', cast(e.id as text)
from (select) one
left join ended e on true
order by place nulls last`,
  parameters: ['after_at', 'after_id', 'created_since', 'created_until', 'credential_uuid', 'dead_since', 'dead_until', 'endpoint', 'held_by', 'host', 'ids', 'look_rows', 'name', 'node_id', 'now', 'ordering_key', 'organization_id', 'page_rows', 'phase', 'port', 'reason', 'run_id', 'standing', 'statuses', 'walk'],
} as const;

export const listDueDeliveries = {
  sql: `select cast(d.id as text) as id, to_jsonb(d.scheduled_for) #>> '{}' as due_at
from {surehook}.webhook_deliveries d
where d.status = 'pending'
  and (d.scheduled_for, d.id)
    > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
order by d.scheduled_for, d.id
limit cast(:page_rows as integer)`,
  parameters: ['after_due', 'after_id', 'page_rows'],
} as const;

export const listEndpoints = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
)
select
  cast(e.key as text) as key,
  e.scope,
  e.organization_id,
  e.origin,
  s.state,
  e.failures,
  e.last_error_class as error_class,
  to_jsonb(e.failing_since) #>> '{}' as failing_since,
  to_jsonb(e.down_since) #>> '{}' as down_since,
  to_jsonb(case when e.in_flight_window is not null and e.not_before > i.now then e.not_before end) #>> '{}' as next_probe_at,
  e.max_in_flight,
  cast(e.max_per_second as text) as max_per_second,
  to_jsonb(e.stopped_at) #>> '{}' as stopped_at,
  e.stopped_note as note,
  (
    select count(*)
    from (
      select from {surehook}.webhook_deliveries d
      where d.held_by = e.key and d.status = 'pending'
      order by d.held_due_at, d.id
      limit cast(:most as integer)
    ) h
  ) as held
from {surehook}.webhook_endpoints e
cross join instant i
cross join lateral (
  select
    case
      when e.stopped_at is not null then 'held'
      when e.down_since is not null then 'down'
      when e.in_flight_window is not null then 'waiting'
      when e.failures > 0 then 'failing'
      else 'limited'
    end as state
) s
where e.key > coalesce(cast(:after_key as uuid), '00000000-0000-0000-0000-000000000000')
  and (
    cast(:organization_id as bigint) is null or e.organization_id = cast(:organization_id as bigint) or e.scope = 'everything'
  )
  and (cast(:state as text) is null or s.state = cast(:state as text))
  and (
    s.state <> 'limited' or e.max_in_flight is not null or e.max_per_second is not null
    or exists (select from {surehook}.webhook_deliveries d where d.held_by = e.key and d.status = 'pending')
  )
  and coalesce(e.organization_id, 0) <= 9007199254740991
order by e.key
limit cast(:page_rows as integer)`,
  parameters: ['after_key', 'most', 'now', 'organization_id', 'page_rows', 'state'],
} as const;

export const listOutcomes = {
  sql: `select
  o.id,
  cast(to_jsonb(o) || jsonb_build_object('endpoint_key', e.key) as text) as outcome,
  cast(floor(extract(epoch from i.now - o.happened_at)) as bigint) as age_seconds
from {surehook}.webhook_outcomes o
cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
left join {surehook}.webhook_endpoints e on o.type = 'down' and e.outage_id = o.outage_id
where o.due_at <= i.now and o.id > coalesce(cast(:after_id as bigint), 0)
order by o.id
limit cast(:page_rows as integer)`,
  parameters: ['after_id', 'now', 'page_rows'],
} as const;

export const listUncountedDeaths = {
  sql: `select cast(d.id as text) as id, d.dead_letter_reason as reason
from {surehook}.webhook_deliveries d
where d.status = 'dead_letter' and not d.death_counted
  and (
    cast(:ids as jsonb) is null
    or d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  )
order by d.id
limit cast(:page_rows as integer)
for update of d skip locked`,
  parameters: ['ids', 'page_rows'],
} as const;

export const listUnfinishedOrders = {
  sql: `select o.id
from {surehook}.webhook_orders o
where (o.state = 'running' or o.unwinds)
  and (o.worker_until is null or o.worker_until <= coalesce(cast(:now as timestamptz), now()))
order by o.id
limit cast(:page_rows as integer)`,
  parameters: ['now', 'page_rows'],
} as const;

export const lookAtDatabase = {
  sql: `with places (place, schema) as (
  values ('surehook', to_regnamespace('{surehook}')), ('application', to_regnamespace('{application}'))
  union all
  select 'foreign', cast(oid as regnamespace) from pg_namespace where starts_with('{foreign}', format('"%s".', nspname))
), relations as (
  select
    p.place,
    c.relname as name,
    c.relkind as kind,
    pg_has_role(c.relowner, 'USAGE') as owned,
    c.relkind in ('r', 'p') and row_security_active(c.oid) and not (
      exists (
        select from pg_policy y
        where y.polrelid = c.oid and y.polpermissive and y.polcmd in ('*', 'r') and pg_get_expr(y.polqual, c.oid) = 'true'
          and (y.polroles = '{0}' or exists (select from unnest(y.polroles) u (id) where pg_has_role(u.id, 'USAGE')))
      )
      and not exists (select from pg_policy y where y.polrelid = c.oid and not y.polpermissive)
    ) as hides_rows,
    (
      select jsonb_agg(r.name)
      from unnest(array['select', 'insert', 'update', 'delete']) as r (name)
      where c.relkind <> 'S' and c.relkind <> 'i' and has_table_privilege(c.oid, r.name)
    ) as rights,
    (
      select jsonb_agg(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, null),
        'readable', has_column_privilege(c.oid, a.attnum, 'select')
      ))
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and (p.place = 'foreign' or a.attname in ('id', 'organization_id', 'workflow_id', 'version', 'name', 'applied_at'))
    ) as columns
  from places p
  join pg_class c on c.relnamespace = p.schema
  where p.place = 'surehook' and (c.relname like 'webhook\\_%' or c.relname like 'surehook\\_%')
    or p.place <> 'foreign' and c.relname in ('workflows', 'workflow_runs')
    or p.place = 'foreign' and right('{foreign}', length(c.relname) + 3) = format('."%s"', c.relname)
), types as (
  select t.typname as name, has_type_privilege(t.oid, 'USAGE') as usage
  from places p
  join pg_type t on t.typnamespace = p.schema and t.typtype = 'e'
  where p.place = 'surehook' and t.typname like 'webhook\\_%'
), functions as (
  select f.proname as name, bool_and(has_function_privilege(f.oid, 'execute')) as execute
  from places p
  join pg_proc f on f.pronamespace = p.schema
  where p.place = 'surehook' and f.proname like 'webhook\\_%'
  group by f.proname
)
select cast(jsonb_build_object(
  'role', quote_ident(current_user),
  'may_create_schema', has_database_privilege(current_database(), 'create'),
  'schemas', (
    select jsonb_object_agg(place, jsonb_build_object(
      'usage', has_schema_privilege(schema, 'usage'), 'create', has_schema_privilege(schema, 'create')
    ))
    from places
    where schema is not null
  ),
  'relations', (select jsonb_agg(to_jsonb(r) order by r.place, r.name) from relations r),
  'types', (select jsonb_agg(to_jsonb(t) order by t.name) from types t),
  'functions', (select jsonb_agg(to_jsonb(f) order by f.name) from functions f),
  'elsewhere', (
    select cast(cast(c.relnamespace as regnamespace) as text)
    from pg_class c
    where c.relname = 'surehook_migrations'
      and c.relkind = 'r'
      and c.relnamespace in (to_regnamespace('public'), (select relnamespace from pg_class where oid = to_regclass('surehook_migrations')))
      and c.relnamespace is distinct from to_regnamespace('{surehook}')
      and obj_description(to_regnamespace('{surehook}'), 'pg_namespace')
        is distinct from 'begins beside ' || cast(cast(c.relnamespace as regnamespace) as text)
    limit 1
  )
) as text) as facts`,
  parameters: [],
} as const;

export const lookAtForeign = {
  sql: `select
  (
    select cast(jsonb_object_agg(a.attname, format_type(a.atttypid, null)) as text)
    from pg_attribute a
    where a.attrelid = to_regclass('{foreign}') and a.attnum > 0 and not a.attisdropped
  ) as columns,
  (
    select cast(jsonb_agg(r.name) as text)
    from unnest(array['select', 'insert', 'update']) as r (name)
    where has_table_privilege(to_regclass('{foreign}'), r.name)
  ) as rights,
  (
    select count(*)
    from (select from {foreign} where cast(status as text) = 'pending' limit cast(:most as bigint)) p
  ) as pending`,
  parameters: ['most'],
} as const;

export const markDeathsCounted = {
  sql: `with marked as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
    and d.status = 'dead_letter'
    and not d.death_counted
  order by d.id
  for update of d skip locked
)
update {surehook}.webhook_deliveries d
set death_counted = true
from marked m
where d.id = m.id`,
  parameters: ['ids'],
} as const;

export const matchDeliveries = {
  sql: `with wanted as materialized (
  select
    cast(:host as text) as host,
    cast(:organization_id as bigint) as organization_id,
    coalesce(
      cast(:after_at as timestamptz),
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_since as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_since as timestamptz)
      end,
      '-infinity'
    ) as at,
    coalesce(cast(:after_id as bigint), -9223372036854775808) as id,
    coalesce(
      case
        when cast(:walk as text) like 'dead%'
          then least(cast(:dead_until as timestamptz), cast(:dead_by as timestamptz) + interval '1 microsecond')
        when cast(:walk as text) in ('organization', 'all') then cast(:created_until as timestamptz)
      end,
      'infinity'
    ) as until
), letters as not materialized (
  select
    id, organization_id, status, workflow_run_id, webhook_node_id, webhook_name, credential_uuid, created_at, updated_at,
    scheduled_for, endpoint_url, ordering_key,
    dead_letter_reason as reason,
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where cast(:walk as text) = 'ids' and (d.created_at, d.id) > (select at, id from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'run'
      and d.workflow_run_id = cast(:run_id as bigint)
      and (d.created_at, d.id) > (select at, id from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'dead_host'
      and coalesce(d.status = 'dead_letter', false)
      and (d.host, d.updated_at, d.id) > (select host, at, id from wanted)
      and (d.host, d.updated_at) < (select host, until from wanted)
    order by d.host, d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'dead_rows'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) > (select at, id from wanted)
      and d.updated_at < (select until from wanted)
    order by d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at, d.organization_id, 'dead_letter', d.reason, null, null, null, null, null, null, d.updated_at, null, null
    from letters d
    where cast(:walk as text) = 'dead'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) > (select at, id from wanted)
      and d.updated_at < (select until from wanted)
    order by d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.scheduled_for as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'pending'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) > (select at, id from wanted)
    order by d.scheduled_for, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'organization'
      and (d.organization_id, d.created_at, d.id) > (select organization_id, at, id from wanted)
      and (d.organization_id, d.created_at) < (select organization_id, until from wanted)
    order by d.organization_id, d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'all'
      and (d.created_at, d.id) > (select at, id from wanted)
      and d.created_at < (select until from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
), matched as materialized (
  select l.*
  from looked l
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:run_id as bigint) is null or l.workflow_run_id = cast(:run_id as bigint))
    and (cast(:node_id as text) is null or l.webhook_node_id = cast(:node_id as text))
    and (cast(:name as text) is null or l.webhook_name = cast(:name as text))
    and (cast(:ordering_key as text) is null or l.ordering_key = cast(:ordering_key as text))
    and (cast(:credential_uuid as uuid) is null or l.credential_uuid = cast(:credential_uuid as uuid))
    and (cast(:statuses as jsonb) is null or jsonb_exists(cast(:statuses as jsonb), cast(l.status as text)))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
    and (cast(:not_reason as text) is null or l.reason is distinct from cast(:not_reason as text))
    and (cast(:host as text) is null or l.host = cast(:host as text))
    and (cast(:port as integer) is null or cast(:port as text) = coalesce(
      substring(split_part(l.endpoint_url, '/', 3) from ':([0-9]+)(?:[?#]|$)'),
      case when l.endpoint_url like 'https:%' then '443' else '80' end
    ))
    and (cast(:endpoint as text) is null or split_part(l.endpoint_url, '?', 1) = cast(:endpoint as text))
    and (cast(:created_since as timestamptz) is null or l.created_at >= cast(:created_since as timestamptz))
    and (cast(:created_until as timestamptz) is null or l.created_at < cast(:created_until as timestamptz))
    and (cast(:dead_since as timestamptz) is null or l.updated_at >= cast(:dead_since as timestamptz))
    and (cast(:dead_until as timestamptz) is null or l.updated_at < cast(:dead_until as timestamptz))
    and (cast(:dead_by as timestamptz) is null or l.updated_at <= cast(:dead_by as timestamptz))
    and (cast(:standing as boolean) is not true or exists (
      select from {surehook}.webhook_deliveries d
      where d.id = l.id and d.status = 'dead_letter' and d.dismissed_at is null and d.expunged_at is null
        and d.dead_letter_reason is distinct from 'cancelled'
    ))
    and l.id <= 9007199254740991
), dealt_with as materialized (
  select
    count(*) filter (where d.expunged_at is not null) as expunged,
    count(*) filter (where d.expunged_at is null and d.dismissed_at is not null) as dismissed
  from matched m
  cross join lateral (
    select w.dismissed_at, w.expunged_at from {surehook}.webhook_deliveries w where w.id = m.id limit 1
  ) d
  where cast(:dealt_with as boolean)
), named as materialized (
  select id, at
  from matched
  where cast(:by as jsonb) is null
  order by at, id
  limit cast(:page_rows as integer)
), ended as materialized (
  select at, id
  from (
    (
      select 1 as rank, at, id
      from named
      where (select count(*) from matched) > cast(:page_rows as integer)
      order by at desc, id desc
      limit 1
    )
    union all
    (
      select 2, at, id
      from looked
      where (select count(*) from looked) >= cast(:look_rows as integer)
      order by at desc, id desc
      limit 1
    )
  ) e
  order by rank
  limit 1
), shown as (
  select
    case when jsonb_exists(cast(:by as jsonb), 'status') then m.status end as status,
    case when jsonb_exists(cast(:by as jsonb), 'reason') then m.reason end as reason,
    case when jsonb_exists(cast(:by as jsonb), 'endpoint') then substring(m.endpoint_url from '^[^/]*//[^/?#]*') end as endpoint,
    case
      when jsonb_exists(cast(:by as jsonb), 'organization') and m.organization_id <= 9007199254740991 then m.organization_id
    end as organization_id,
    count(*) as matched
  from matched m
  where jsonb_array_length(cast(:by as jsonb)) > 0
  group by 1, 2, 3, 4
)
select
  'look' as line,
  m.matched,
  a.dismissed,
  a.expunged,
  n.ids,
  to_jsonb(e.at) #>> '{}' as next_at,
  cast(e.id as text) as next_id,
  cast(null as text) as status,
  cast(null as text) as reason,
  cast(null as text) as endpoint,
  cast(null as bigint) as organization_id
from (select count(*) as matched from matched) m
cross join (select cast(jsonb_agg(id order by at, id) as text) as ids from named) n
cross join dealt_with a
left join ended e on true
union all
select 'group', matched, null, null, null, null, null, cast(status as text), reason, endpoint, organization_id
from shown`,
  parameters: ['after_at', 'after_id', 'by', 'created_since', 'created_until', 'credential_uuid', 'dead_by', 'dead_since', 'dead_until', 'dealt_with', 'endpoint', 'host', 'ids', 'look_rows', 'name', 'node_id', 'not_reason', 'ordering_key', 'organization_id', 'page_rows', 'port', 'reason', 'run_id', 'standing', 'statuses', 'walk'],
} as const;

export const measureBacklog = {
  sql: `with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
)
select
  coalesce(
    (
      select cast(floor(extract(epoch from (select now from instant) - d.scheduled_for)) as bigint)
      from {surehook}.webhook_deliveries d
      where d.status = 'pending' and d.scheduled_for <= (select now from instant)
        and (
            d.ordering_key is null
            or not exists (
              select from {surehook}.webhook_deliveries e
              where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
                and (e.ordering_position, e.id) < (d.ordering_position, d.id)
                and (
                  e.status = 'pending'
                  or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                    and e.dead_letter_reason is distinct from 'cancelled'
                )
            )
          )
      order by d.scheduled_for
      limit 1
    ),
    0
  ) as oldest_due_seconds`,
  parameters: ['now'],
} as const;

export const measureEndpoints = {
  sql: `select
  (select count(*) from {surehook}.webhook_endpoints where down_since is not null) as down,
  coalesce(
    (
      select cast(floor(extract(epoch from coalesce(cast(:now as timestamptz), now()) - min(down_since))) as bigint)
      from {surehook}.webhook_endpoints
    ),
    0
  ) as oldest_down_seconds,
  (select count(*) from {surehook}.webhook_deliveries where held_by is not null and status = 'pending') as held`,
  parameters: ['now'],
} as const;

export const noteAttempt = {
  sql: `with noted as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, exchange, lease_token
  )
  select
    d.id,
    cast(:attempt as integer),
    coalesce(cast(:now as timestamptz), now()) - make_interval(secs => cast(:started_ms_ago as double precision) / 1000),
    cast(:duration_ms as integer),
    cast(:status_code as integer),
    cast(:error_class as text),
    cast(:error as text),
    cast(:exchange as jsonb),
    d.lease_token
  from {surehook}.webhook_deliveries d
  where d.id = cast(:id as bigint) and d.lease_token = cast(:token as uuid)
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    exchange = excluded.exchange
  returning delivery_id
)
select exists (select from noted) as noted`,
  parameters: ['attempt', 'duration_ms', 'error', 'error_class', 'exchange', 'id', 'now', 'started_ms_ago', 'status_code', 'token'],
} as const;

export const openOrder = {
  sql: `insert into {surehook}.webhook_orders as o (
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
on conflict (order_key) do update set order_key = o.order_key
returning o.id, o.action = cast(:action as text) and o.request = cast(:request as jsonb) as is_same`,
  parameters: ['action', 'given_by', 'matched', 'more_attempts', 'note', 'now', 'order_key', 'per_second', 'position', 'refused_named', 'request'],
} as const;

export const putBackDeliveries = {
  sql: `with page as materialized (
  select d.id, d.awaits_hand_out, i.now
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now + make_interval(secs => cast(:horizon_seconds as double precision))
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
    and d.attempt_count < d.max_attempts
    and (d.held_by is null or d.held_for <> 'down')
    and (
      d.awaits_hand_out
      or d.scheduled_for <= i.now - make_interval(secs => cast(:grace_seconds as double precision))
      and (
        d.put_back_at is null
        or d.put_back_at < greatest(d.scheduled_for, d.claimed_at)
        or d.put_back_at + least(
          greatest(
            d.put_back_at - greatest(d.scheduled_for, d.claimed_at),
            make_interval(secs => cast(:pause_seconds as double precision))
          ),
          make_interval(secs => cast(:max_pause_seconds as double precision))
        ) <= i.now
      )
    )
    and (
      d.ordering_key is null
      or not exists (
        select from {surehook}.webhook_deliveries e
        where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
          and (e.ordering_position, e.id) < (d.ordering_position, d.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
      )
    )
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
    and (
      cast(:only as jsonb) is null
      or d.id in (select cast(o.id as bigint) from jsonb_array_elements_text(cast(:only as jsonb)) as o (id))
    )
  order by d.scheduled_for, d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), put_back as (
  update {surehook}.webhook_deliveries d
  set put_back_at = p.now, awaits_hand_out = false
  from page p
  where d.id = p.id
  returning
    d.id,
    d.organization_id,
    d.attempt_count + 1 as attempt,
    cast(greatest(0, ceil(extract(epoch from d.scheduled_for - p.now))) as bigint) as delay_seconds,
    p.awaits_hand_out as handed_out,
    d.scheduled_for
)
select id, organization_id, attempt, delay_seconds, handed_out, to_jsonb(scheduled_for) #>> '{}' as due_at
from put_back
order by scheduled_for, id`,
  parameters: ['after_due', 'after_id', 'grace_seconds', 'horizon_seconds', 'max_pause_seconds', 'now', 'only', 'page_rows', 'pause_seconds'],
} as const;

export const readPayload = {
  sql: `select
  s.slice,
  translate(
    encode(
      substring(
        convert_to(d.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    chr(10),
    ''
  ) as bytes
from {surehook}.webhook_deliveries d
cross join lateral generate_series(
  1,
  least(
    cast(ceil(cast(octet_length(d.payload) as numeric) / cast(:slice_bytes as numeric)) as integer),
    cast(:max_slices as integer)
  )
) as s (slice)
where d.id = cast(:id as bigint)
order by s.slice`,
  parameters: ['id', 'max_slices', 'slice_bytes'],
} as const;

export const recordOrderProgress = {
  sql: `update {surehook}.webhook_orders o
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
  and (cast(:outcome as text) <> 'done' or o.state = 'running')
returning o.id`,
  parameters: ['id', 'named_rows', 'now', 'outcome', 'position', 'refused_named', 'step', 'token'],
} as const;

export const redeliverDeliveries = {
  sql: `with turn as materialized (
  select o.id, o.given_at, o.per_second, o.more_attempts, o.request ->> 'reason' as reason,
    coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select
    d.*,
    substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.id,
    l.organization_id,
    l.attempt_count,
    l.updated_at,
    l.host,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status <> 'dead_letter' then cast(l.status as text)
      when l.expunged_at is not null then 'expunged'
      when l.updated_at > t.given_at then 'died_since'
      when l.dead_letter_reason = 'cancelled' and t.reason is distinct from 'cancelled' then 'cancelled'
      when greatest(l.id, l.workflow_run_id, l.organization_id) > 9007199254740991 then 'invalid_row'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), hosts as materialized (
  select j.host, count(*) / cast(t.per_second as double precision) as seconds, t.now
  from judged j
  cross join turn t
  where j.verdict = 'changed'
  group by j.host, t.per_second, t.now
), paces as (
  insert into {surehook}.webhook_redelivery_paces as p (host, next_at)
  select host, now + make_interval(secs => seconds)
  from hosts
  order by host
  on conflict (host) do update set
    next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from turn)))
  returning p.host, p.next_at
), paced as materialized (
  select
    j.id,
    t.now,
    extract(epoch from p.next_at - t.now) - h.seconds
      + (row_number() over (partition by j.host order by j.updated_at, j.id) - 1) / cast(t.per_second as double precision)
      as delay_seconds
  from judged j
  cross join turn t
  join hosts h on h.host = j.host
  join paces p on p.host = j.host
  where j.verdict = 'changed'
), redelivered as (
  update {surehook}.webhook_deliveries d
  set
    status = 'pending',
    scheduled_for = p.now + make_interval(secs => greatest(0, p.delay_seconds)),
    awaits_hand_out = p.delay_seconds > cast(:chained_delay_seconds as double precision),
    held_seconds = 0,
    max_attempts = d.attempt_count + (select more_attempts from turn),
    claim_count = d.attempt_count,
    put_back_at = null,
    lease_token = null,
    dead_letter_reason = null,
    death_counted = false,
    cancelled_by = null,
    dismissed_by = null,
    dismissed_at = null,
    redelivered_by = (select id from turn),
    before_redelivery = jsonb_build_object(
      'reason', d.dead_letter_reason,
      'died_at', d.updated_at,
      'attempt_count', d.attempt_count,
      'max_attempts', d.max_attempts,
      'claim_count', d.claim_count,
      'death_counted', d.death_counted,
      'cancelled_by', d.cancelled_by,
      'dismissed_by', d.dismissed_by,
      'dismissed_at', d.dismissed_at
    ),
    updated_at = p.now
  from paced p
  where d.id = p.id
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end,
    last_due_at = greatest(
      o.last_due_at,
      (select max(now + make_interval(secs => delay_seconds)) from paced)
    )
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  j.id,
  j.verdict,
  j.organization_id,
  j.attempt_count + 1 as attempt,
  cast(ceil(greatest(0, p.delay_seconds)) as bigint) as delay_seconds
from judged j
left join paced p on p.id = j.id
order by p.delay_seconds, j.id`,
  parameters: ['chained_delay_seconds', 'ids', 'named_rows', 'now', 'order_id', 'position', 'step', 'token'],
} as const;

export const registerAndAcceptDeliveries = {
  sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:deliveries as jsonb)) as a (
    item integer, delivery_uuid uuid, run_id bigint, organization_id bigint, node_id text, name text, url text,
    method text, payload text, custom_headers jsonb, credential_uuid uuid, digest text, max_attempts integer,
    scheduled_for timestamptz, traceparent text, tracestate text, ordering_key text, ordering_on_dead_letter text
  )
), unknown as materialized (
  select distinct on (a.run_id) a.run_id, a.organization_id
  from asked a
  left join lateral (select id from {application}.workflow_runs where id = a.run_id limit 1) r on true
  where r.id is null
  order by a.run_id, a.item
), unheard as materialized (
  select u.run_id, coalesce(d.organization_id, u.organization_id) as organization_id
  from unknown u
  left join lateral (select organization_id from {surehook}.webhook_deliveries where workflow_run_id = u.run_id limit 1) d on true
), registered_workflows as (
  insert into {application}.workflows (id, organization_id)
  select distinct -organization_id, organization_id
  from unheard
  order by 1
  on conflict do nothing
  returning id, organization_id
), registered_runs as (
  insert into {application}.workflow_runs (id, workflow_id)
  select run_id, -organization_id
  from unheard
  where (select count(*) from registered_workflows) is not null
  order by run_id
  on conflict do nothing
  returning id, workflow_id
), owners as materialized (
  select r.id as run_id, coalesce(n.organization_id, w.organization_id) as organization_id
  from (
    select f.id, f.workflow_id
    from (select distinct run_id from asked) a
    cross join lateral (select id, workflow_id from {application}.workflow_runs where id = a.run_id limit 1) f
    union all
    select id, workflow_id from registered_runs
  ) r
  left join registered_workflows n on n.id = r.workflow_id
  left join {application}.workflows w on w.id = r.workflow_id
), stored as materialized (
  select d.*
  from (select distinct run_id, node_id from asked) a
  cross join lateral (
    select
      id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
      held_for, held_due_at, attempt_count, last_status_code, last_error
    from {surehook}.webhook_deliveries
    where workflow_run_id = a.run_id and webhook_node_id = a.node_id
    limit 1
  ) d
), places as (
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key, used_at)
  select distinct a.organization_id, a.ordering_key, a.now
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  where a.ordering_key is not null and s.id is null
  order by a.organization_id, a.ordering_key
  on conflict (organization_id, ordering_key) do update set position = default, used_at = excluded.used_at
  returning k.organization_id, k.ordering_key, k.position
), inserted as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, request_digest, max_attempts, scheduled_for, awaits_hand_out, created_at, updated_at,
    traceparent, tracestate, ordering_key, ordering_position, ordering_on_dead_letter
  )
  select
    a.delivery_uuid, a.run_id, a.organization_id, a.node_id, a.name, a.url, a.method, a.payload, a.custom_headers,
    a.credential_uuid, a.digest, a.max_attempts, greatest(a.scheduled_for, a.now),
    coalesce(a.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)), false),
    a.now, a.now, a.traceparent, a.tracestate,
    a.ordering_key, 100000 * p.position + a.item, a.ordering_on_dead_letter
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  left join places p on p.organization_id = a.organization_id and p.ordering_key = a.ordering_key
  where s.id is null
  order by a.run_id, a.node_id, a.item
  on conflict (workflow_run_id, webhook_node_id) do nothing
  returning
    id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
    held_for, held_due_at, attempt_count, last_status_code, last_error
), found as (
  select s.*, case when s.held_for is distinct from 'rate' then coalesce(s.held_due_at, s.scheduled_for) else s.scheduled_for end as due_at
  from (select * from stored union all select * from inserted) s
)
select
  a.item,
  o.run_id is not null as run_known,
  o.organization_id as run_organization_id,
  f.id,
  cast(f.delivery_uuid as text) as delivery_uuid,
  f.organization_id,
  cast(f.status as text) as status,
  f.request_digest,
  cast(round(extract(epoch from f.due_at) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from f.due_at - a.now))) as bigint) as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  case when a.item < 100 then f.last_error end as last_error
from asked a
left join owners o on o.run_id = a.run_id
left join found f on f.workflow_run_id = a.run_id and f.webhook_node_id = a.node_id
order by a.item`,
  parameters: ['chained_delay_seconds', 'deliveries', 'now'],
} as const;

export const registerEndpoints = {
  sql: `insert into {surehook}.webhook_endpoints (key, scope, organization_id, origin)
select distinct on (k.key) k.key, k.scope, d.organization_id, k.origin
from {surehook}.webhook_deliveries d
cross join lateral {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
  and k.scope = 'endpoint'
order by k.key
on conflict (key) do nothing`,
  parameters: ['ids'],
} as const;

export const releaseDeliveries = {
  sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:releases as jsonb)) as a (id bigint, token uuid, error text, due_at_once boolean)
), locked as materialized (
  select
    d.id, d.organization_id, d.status, d.lease_token, d.lease_expires_at, d.attempt_count, d.claim_count,
    d.scheduled_for, d.dead_letter_reason, d.cancelled_by, d.ordering_key
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.*,
    l.organization_id,
    l.ordering_key,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.lease_token is distinct from a.token then 'not_held'
      when l.lease_expires_at is null and l.status = 'pending' then 'released_before'
      when l.lease_expires_at is null and l.dead_letter_reason in ('never_sent', 'cancelled') then 'buried_before'
      when l.lease_expires_at is null then 'not_held'
      when l.claim_count >= cast(:max_claims as integer) or l.cancelled_by is not null then 'buried'
      else 'released'
    end as verdict,
    l.attempt_count,
    l.scheduled_for,
    l.cancelled_by is not null as is_cancelled,
    case when a.due_at_once then 0 else least(
      cast(:base_seconds as double precision) * power(2, least(greatest(l.claim_count - l.attempt_count, 0), 20)),
      cast(:max_seconds as double precision)
    ) end as delay_seconds
  from asked a
  left join locked l on l.id = a.id
), standing as materialized (
  select e.key
  from {surehook}.webhook_endpoints e
  where e.slots <> '{}' and e.key in (
    select k.key
    from judged j
    join {surehook}.webhook_deliveries d on d.id = j.id
    cross join lateral {surehook}.webhook_endpoint_keys(d.organization_id, d.endpoint_url) k
    where j.verdict in ('released', 'buried')
  )
  order by e.key
  for update of e skip locked
), freed as (
  update {surehook}.webhook_endpoints e
  set slots = e.slots - (select array_agg(cast(j.token as text)) from judged j where j.verdict in ('released', 'buried'))
  from standing s
  where e.key = s.key
), slots_over as materialized (
  select s.organization_id, s.ordering_key
  from judged j
  join {surehook}.webhook_ordering_slots s on s.organization_id = j.organization_id and s.ordering_key = j.ordering_key
  where s.token = j.token and j.verdict in ('released', 'buried')
  order by s.organization_id, s.ordering_key
  for update of s
), freed_slots as (
  delete from {surehook}.webhook_ordering_slots s
  using slots_over o
  where s.organization_id = o.organization_id and s.ordering_key = o.ordering_key
), settled as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = d.attempt_count - 1,
    lease_expires_at = null,
    status = cast(case j.verdict when 'buried' then 'dead_letter' else 'pending' end as {surehook}.webhook_delivery_status),
    scheduled_for = case j.verdict when 'released' then j.now + make_interval(secs => j.delay_seconds) end,
    dead_letter_reason = case j.verdict when 'buried' then case when j.is_cancelled then 'cancelled' else 'never_sent' end end,
    last_error = j.error,
    updated_at = j.now
  from judged j
  where d.id = j.id and j.verdict in ('released', 'buried')
), ended as (
  insert into {surehook}.webhook_outcomes (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    'dead_lettered', j.now, j.now, d.organization_id, {surehook}.webhook_origin(d.endpoint_url),
    case when j.is_cancelled then 'cancelled' else 'never_sent' end, d.id, d.delivery_uuid, d.workflow_run_id,
    left(d.webhook_node_id, 255), left(d.webhook_name, 255), d.last_status_code, d.attempt_count - 1, d.created_at
  from judged j
  join {surehook}.webhook_deliveries d on d.id = j.id
  where j.verdict = 'buried' and cast(:outcomes as text) <> 'none'
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
)
select
  id,
  organization_id,
  case verdict when 'released_before' then 'released' when 'buried_before' then 'buried' else verdict end as verdict,
  case verdict when 'released' then attempt_count else attempt_count + 1 end as attempt,
  cast(
    case verdict
      when 'released' then ceil(delay_seconds)
      else greatest(0, ceil(extract(epoch from scheduled_for - now)))
    end
    as bigint
  ) as delay_seconds,
  ordering_key
from judged
order by id`,
  parameters: ['base_seconds', 'max_claims', 'max_seconds', 'now', 'outcomes', 'releases'],
} as const;

export const replayDeliveries = {
  sql: `with turn as materialized (
  select o.id, o.given_at, o.per_second, o.more_attempts, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.state = 'running'
  for update of o
), asked as materialized (
  select distinct cast(i.id as bigint) as id
  from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id)
  where exists (select from turn)
), locked as materialized (
  select
    d.*,
    substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for share of d skip locked
), judged as materialized (
  select
    a.id,
    l.created_at,
    l.host,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'unknown'
      when l.status = 'pending' then 'pending'
      when l.expunged_at is not null then 'expunged'
      when l.created_at > t.given_at then 'created_since'
      when greatest(l.id, l.workflow_run_id, l.organization_id) > 9007199254740991 then 'invalid_row'
      when exists (
        select from {surehook}.webhook_deliveries d
        where d.workflow_run_id = l.workflow_run_id and d.webhook_node_id = l.webhook_node_id || ' (replay ' || t.id || ')'
      ) then 'replayed'
      else 'changed'
    end as verdict
  from asked a
  cross join turn t
  left join locked l on l.id = a.id
), hosts as materialized (
  select j.host, count(*) / cast(t.per_second as double precision) as seconds, t.now
  from judged j
  cross join turn t
  where j.verdict = 'changed'
  group by j.host, t.per_second, t.now
), paces as (
  insert into {surehook}.webhook_redelivery_paces as p (host, next_at)
  select host, now + make_interval(secs => seconds)
  from hosts
  order by host
  on conflict (host) do update set
    next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from turn)))
  returning p.host, p.next_at
), paced as materialized (
  select
    j.id,
    t.now,
    greatest(0, extract(epoch from p.next_at - t.now) - h.seconds
      + (row_number() over (partition by j.host order by j.created_at, j.id) - 1) / cast(t.per_second as double precision))
      as delay_seconds
  from judged j
  cross join turn t
  join hosts h on h.host = j.host
  join paces p on p.host = j.host
  where j.verdict = 'changed'
), places as (
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key, used_at)
  select distinct l.organization_id, l.ordering_key, p.now
  from paced p
  join locked l on l.id = p.id
  where l.ordering_key is not null
  order by l.organization_id, l.ordering_key
  on conflict (organization_id, ordering_key) do update set position = default, used_at = excluded.used_at
  returning k.organization_id, k.ordering_key, k.position
), replayed as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, max_attempts, scheduled_for, awaits_hand_out, replay_of, created_at, updated_at,
    traceparent, tracestate, ordering_key, ordering_position, ordering_on_dead_letter
  )
  select
    u.delivery_uuid, l.workflow_run_id, l.organization_id, l.webhook_node_id || ' (replay ' || t.id || ')', l.webhook_name,
    l.endpoint_url, l.http_method, l.payload, l.custom_headers, l.credential_uuid, t.more_attempts,
    p.now + make_interval(secs => p.delay_seconds), p.delay_seconds > cast(:chained_delay_seconds as double precision),
    l.id, p.now, p.now, l.traceparent, l.tracestate,
    l.ordering_key,
    100000 * k.position + row_number() over (partition by l.organization_id, l.ordering_key order by l.ordering_position, l.id),
    l.ordering_on_dead_letter
  from paced p
  cross join turn t
  join locked l on l.id = p.id
  left join places k on k.organization_id = l.organization_id and k.ordering_key = l.ordering_key
  join jsonb_to_recordset(cast(:uuids as jsonb)) as u (id bigint, delivery_uuid uuid) on u.id = p.id
  order by l.workflow_run_id, l.webhook_node_id
  returning id, organization_id, replay_of
), recorded as (
  update {surehook}.webhook_orders o
  set
    step = o.step + 1,
    position = cast(:position as jsonb),
    done = o.done + t.changed,
    refused = o.refused + t.refused,
    refused_named = case
      when jsonb_array_length(o.refused_named) < cast(:named_rows as integer) then o.refused_named || t.refused_named
      else o.refused_named
    end,
    last_due_at = greatest(
      o.last_due_at,
      (select max(now + make_interval(secs => delay_seconds)) from paced)
    )
  from (
    select
      count(*) filter (where verdict = 'changed') as changed,
      count(*) filter (where verdict not in ('changed', 'locked')) as refused,
      coalesce(
        jsonb_agg(jsonb_build_object('delivery_id', id, 'because', verdict) order by id)
          filter (where verdict not in ('changed', 'locked')),
        '[]'
      ) as refused_named
    from judged
  ) t
  where o.id = (select id from turn)
)
select
  j.id,
  j.verdict,
  n.id as delivery_id,
  n.organization_id,
  1 as attempt,
  cast(ceil(p.delay_seconds) as bigint) as delay_seconds
from judged j
left join paced p on p.id = j.id
left join replayed n on n.replay_of = j.id
order by p.delay_seconds, j.id`,
  parameters: ['chained_delay_seconds', 'ids', 'named_rows', 'now', 'order_id', 'position', 'step', 'token', 'uuids'],
} as const;

export const restDeliveries = {
  sql: `with turn as materialized (
  select o.id, o.per_second, coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_orders o
  where o.id = cast(:order_id as bigint)
    and o.worker_token = cast(:token as uuid)
    and o.step = cast(:step as integer)
    and o.unwinds
  for update of o
), page as materialized (
  select d.id
  from {surehook}.webhook_deliveries d
  where d.redelivered_by = (select id from turn)
    and d.status = 'pending'
    and d.id > cast(:after_id as bigint)
    and d.lease_expires_at is null
    and d.attempt_count = cast(d.before_redelivery ->> 'attempt_count' as integer)
  order by d.id
  limit cast(:page_rows as integer)
), locked as materialized (
  select d.id, d.organization_id, d.ordering_key, d.before_redelivery as before, substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host
  from {surehook}.webhook_deliveries d
  where not cast(:names_only as boolean)
    and d.id in (select id from page)
    and d.status = 'pending'
    and d.redelivered_by = (select id from turn)
    and d.lease_expires_at is null
    and d.attempt_count = cast(d.before_redelivery ->> 'attempt_count' as integer)
  order by d.id
  for update of d skip locked
), rested as (
  update {surehook}.webhook_deliveries d
  set
    status = 'dead_letter',
    scheduled_for = null,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_token = null,
    dead_letter_reason = l.before ->> 'reason',
    max_attempts = cast(l.before ->> 'max_attempts' as integer),
    claim_count = cast(l.before ->> 'claim_count' as integer),
    death_counted = cast(l.before ->> 'death_counted' as boolean),
    cancelled_by = cast(l.before ->> 'cancelled_by' as bigint),
    dismissed_by = cast(l.before ->> 'dismissed_by' as bigint),
    dismissed_at = cast(l.before ->> 'dismissed_at' as timestamptz),
    redelivered_by = null,
    before_redelivery = null,
    updated_at = cast(l.before ->> 'died_at' as timestamptz)
  from locked l
  where d.id = l.id
), freed as (
  update {surehook}.webhook_redelivery_paces p
  set next_at = greatest(t.now, p.next_at - make_interval(secs => h.count / cast(t.per_second as double precision)))
  from (select host, count(*) as count from locked group by host) h
  cross join turn t
  where p.host = h.host
), recorded as (
  update {surehook}.webhook_orders o
  set step = o.step + 1, done = greatest(0, o.done - (select count(*) from locked))
  where o.id = (select id from turn) and exists (select from page)
)
select p.id, l.id is not null as is_at_rest, l.organization_id, l.ordering_key
from page p
left join locked l on l.id = p.id
order by p.id`,
  parameters: ['after_id', 'names_only', 'now', 'order_id', 'page_rows', 'step', 'token'],
} as const;

export const restoreMessages = {
  sql: `with page as materialized (
  select d.id, d.awaits_hand_out, i.now
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now + make_interval(secs => cast(:horizon_seconds as double precision))
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.attempt_count < d.max_attempts or d.lease_expires_at > i.now)
    and (
      d.ordering_key is null
      or not exists (
        select from {surehook}.webhook_deliveries e
        where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
          and (e.ordering_position, e.id) < (d.ordering_position, d.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
      )
    )
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
    and (
      cast(:only as jsonb) is null
      or d.id in (select cast(o.id as bigint) from jsonb_array_elements_text(cast(:only as jsonb)) as o (id))
    )
  order by d.scheduled_for, d.id
  limit cast(:page_rows as integer)
  for update of d skip locked
), restored as (
  update {surehook}.webhook_deliveries d
  set put_back_at = p.now, awaits_hand_out = false
  from page p
  where d.id = p.id
  returning
    d.id,
    d.organization_id,
    case when d.lease_expires_at is null then d.attempt_count + 1 else d.attempt_count end as attempt,
    cast(
      greatest(0, ceil(extract(epoch from greatest(d.scheduled_for, d.lease_expires_at) - p.now))) as bigint
    ) as delay_seconds,
    p.awaits_hand_out as handed_out,
    d.scheduled_for
)
select id, organization_id, attempt, delay_seconds, handed_out, to_jsonb(scheduled_for) #>> '{}' as due_at
from restored
order by scheduled_for, id`,
  parameters: ['after_due', 'after_id', 'horizon_seconds', 'now', 'only', 'page_rows'],
} as const;

export const returnDeliveries = {
  sql: `with turn as materialized (
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
cross join waiting w`,
  parameters: ['after_id', 'changed', 'moved', 'named_rows', 'now', 'order_id', 'page_rows', 'pass', 'pass_over', 'step', 'token', 'waiting'],
} as const;

export const settleDeliveries = {
  sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, kind text, status_code integer, error_class text, error text, excerpt text,
    duration_ms integer, started_ms_ago double precision, delay_seconds double precision, written boolean,
    exhausted boolean, endpoint_effect text, origin_effect text, wait_seconds double precision, exchange jsonb, unkept boolean
  )
), instant as materialized (
  select
    coalesce(cast(:now as timestamptz), now()) as now,
    cast(:down_after_failures as integer) as down_after,
    cast(:probe_delays as jsonb) as delays
), locked as materialized (
  select d.id, d.status, d.lease_token, d.lease_expires_at, d.claimed_at, d.organization_id, d.endpoint_url, d.held_by,
    d.cancelled_by, d.expunged_at, d.status = 'dead_letter' or d.redelivered_by is not null as was_dead, d.ordering_key,
    d.ordering_on_dead_letter
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), said as materialized (
  select
    a.*,
    l.organization_id,
    l.endpoint_url,
    l.held_by,
    l.claimed_at,
    l.lease_expires_at,
    l.was_dead,
    l.ordering_key,
    l.ordering_on_dead_letter,
    l.cancelled_by is not null and a.kind <> 'succeeded' as is_cancelled,
    case when l.expunged_at is null then a.excerpt end as kept_excerpt,
    case when l.expunged_at is null then a.exchange else a.exchange #- '{request,headers}' #- '{response,headers}' end as kept_exchange,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'vanished'
      when l.status = 'pending' and l.lease_token = a.token and l.lease_expires_at is not null then 'recorded'
      when a.kind = 'succeeded' and l.status <> 'succeeded' and (
        a.written is not true
        or exists (
          select from {surehook}.webhook_delivery_attempts r
          where r.delivery_id = a.id and r.attempt = a.attempt and r.lease_token = a.token
        )
      ) then 'late_success'
      when l.lease_token = a.token and l.lease_expires_at is null then 'already_recorded'
      else 'superseded'
    end as said_verdict
  from asked a
  left join locked l on l.id = a.id
), keyed as materialized (
  select
    s.id, s.token, s.kind, s.attempt, coalesce(s.exhausted, false) as exhausted, s.error_class, s.wait_seconds,
    s.claimed_at, s.organization_id, k.scope, k.key, k.origin,
    case
      when s.lease_expires_at <= s.now then 'none'
      when k.scope = 'endpoint' then s.endpoint_effect
      else s.origin_effect
    end as effect
  from said s
  cross join lateral {surehook}.webhook_endpoint_keys(s.organization_id, s.endpoint_url) k
  where s.said_verdict = 'recorded' and k.scope in ('endpoint', 'origin')
), standing as materialized (
  select e.*
  from {surehook}.webhook_endpoints e
  cross join instant i
  where e.key in (select key from keyed) and (i.down_after > 0 or e.slots <> '{}')
  order by e.key
  for update of e skip locked
), busy as materialized (
  select e.key
  from {surehook}.webhook_endpoints e
  cross join instant i
  where e.key in (select key from keyed) and (i.down_after > 0 or e.slots <> '{}')
    and e.key not in (select key from standing)
), judged as materialized (
  select
    s.*,
    case
      when s.said_verdict = 'recorded' and exists (
        select from keyed k where k.id = s.id and k.key in (select key from busy)
      ) then 'locked'
      else s.said_verdict
    end as verdict
  from said s
), counted as materialized (
  select e.*, c.new_failures, c.comes_after, c.answers, c.waits, c.wait_seconds, c.probes, c.trips, c.error_class
  from standing e
  cross join lateral (
    select
      count(*) filter (where k.effect = 'failure' and h.is_heard) as new_failures,
      count(*) filter (where k.effect = 'answer' and h.is_heard) as answers,
      count(*) filter (where k.effect = 'wait') as waits,
      coalesce(max(k.wait_seconds) filter (where k.effect = 'wait'), 0) as wait_seconds,
      coalesce(bool_or(k.effect = 'failure' and h.is_heard and k.claimed_at >= coalesce(e.last_failed_at, '-infinity')), false) as comes_after,
      count(*) filter (where h.has_slot and h.is_heard) as probes,
      max(k.error_class) filter (where k.effect = 'failure' and h.is_heard) as error_class,
      coalesce(bool_or(k.effect = 'failure' and h.is_heard and k.exhausted and (
        k.attempt = 1
        or exists (
          select from {surehook}.webhook_delivery_attempts r
          where r.delivery_id = k.id and r.attempt = 1
            and r.started_at + make_interval(secs => coalesce(r.duration_ms, 0) / 1000.0 + 5) >= e.failing_since
        )
      )), false) as trips
    from keyed k
    join judged j on j.id = k.id and j.verdict = 'recorded'
    cross join lateral (
      select
        jsonb_exists(e.slots, cast(k.token as text)) as has_slot,
        coalesce(k.claimed_at > e.went_down_at, true)
          and (e.in_flight_window is null or jsonb_exists(e.slots, cast(k.token as text))) as is_heard
    ) h
    where k.key = e.key
  ) c
), turned as materialized (
  select
    c.*,
    i.now,
    c.down_since is not null as was_down,
    n.failures as failures_now,
    n.failures_in_turn as failures_in_turn_now,
    n.is_down,
    coalesce(case when c.down_since is not null then c.outage_id end, gen_random_uuid()) as outage_now,
    case
      when n.is_down and (c.down_since is null or c.probes > 0) then i.now + make_interval(secs => greatest(
        cast(
          i.delays ->> cast(least(greatest(n.failures_in_turn, 1), jsonb_array_length(i.delays)) - 1 as integer) as double precision
        ),
        c.wait_seconds
      ))
      when c.wait_seconds > 0 and i.down_after > 0
        then greatest(c.not_before, i.now + make_interval(secs => c.wait_seconds))
      when n.is_down or c.down_since is null then c.not_before
    end as not_before_now,
    case
      when n.is_down then 1
      when c.down_since is not null then 2
      when c.in_flight_window is null then case when c.wait_seconds > 0 and i.down_after > 0 then 1 end
      when c.comes_after or c.waits > 0 then greatest(c.in_flight_window / 2, 1)
      when c.new_failures > 0 then c.in_flight_window
      else least(c.in_flight_window + c.answers, 1000)
    end as window_now,
    coalesce(
      (
        select jsonb_object_agg(s.key, s.value) from jsonb_each(c.slots) s
        where cast(cast(s.value as text) as double precision) > extract(epoch from i.now)
          and not exists (
            select from keyed k join judged j on j.id = k.id and j.verdict = 'recorded'
            where k.key = c.key and cast(k.token as text) = s.key
          )
      ),
      '{}'
    ) as slots_now
  from counted c
  cross join instant i
  cross join lateral (
    select
      f.failures,
      f.failures_in_turn,
      i.down_after > 0 and c.answers = 0 and (
        c.down_since is not null or c.new_failures > 0 and (
          case when c.in_flight_window is null then f.failures else f.failures_in_turn end >= i.down_after or c.trips
        )
      ) as is_down
    from (
      select
        case when c.answers > 0 then 0 else c.failures + c.new_failures end as failures,
        case
          when c.answers > 0 then 0
          when c.new_failures > 0 then greatest(c.failures_in_turn + cast(c.comes_after as integer), 1)
          else c.failures_in_turn
        end as failures_in_turn
    ) f
  ) n
), beginning as materialized (
  select
    b.*,
    b.failures >= i.down_after or b.trips as is_down,
    gen_random_uuid() as outage_id,
    i.now,
    greatest(
      case when b.failures >= i.down_after or b.trips then i.now + make_interval(
        secs => cast(i.delays ->> 0 as double precision)
      ) end,
      case when b.wait_seconds > 0 then i.now + make_interval(secs => b.wait_seconds) end
    ) as not_before
  from (
    select
      k.key, k.scope, k.origin, min(k.organization_id) as organization_id,
      count(*) filter (where k.effect = 'failure') as failures,
      coalesce(max(k.wait_seconds) filter (where k.effect = 'wait'), 0) as wait_seconds,
      max(k.error_class) filter (where k.effect = 'failure') as error_class,
      coalesce(bool_or(k.effect = 'failure' and k.exhausted and k.attempt = 1), false) as trips
    from keyed k
    join judged j on j.id = k.id and j.verdict = 'recorded'
    where not exists (select from {surehook}.webhook_endpoints e where e.key = k.key)
    group by k.key, k.scope, k.origin
    having bool_and(k.effect <> 'answer')
      and bool_or(k.effect = 'failure' or k.effect = 'wait' and k.wait_seconds > 0)
  ) b
  cross join instant i
  where i.down_after > 0
), down as materialized (
  select key, not_before_now as not_before from turned where is_down
  union all
  select key, not_before from beginning where is_down
), become as materialized (
  select
    j.*,
    p.is_probe,
    b.key as down_key,
    b.not_before,
    case
      when j.is_cancelled then 'dead'
      when j.kind = 'retry' and b.key is not null then 'held'
      when j.kind = 'dead' and j.exhausted and b.key is not null and (p.is_probe or cast(:exhausted as text) = 'hold') then 'held'
      when j.kind = 'dead' and j.exhausted and p.is_probe then 'retry'
      else j.kind
    end as becomes
  from judged j
  cross join lateral (
    select exists (
      select from keyed k join turned t on t.key = k.key
      where k.id = j.id and t.was_down and coalesce(k.claimed_at > t.went_down_at, true)
        and jsonb_exists(t.slots, cast(j.token as text))
    ) as is_probe
  ) p
  left join lateral (
    select w.key, w.not_before
    from keyed k join down w on w.key = k.key
    where k.id = j.id
    order by w.not_before desc
    limit 1
  ) b on true
  where j.verdict in ('recorded', 'late_success')
), rooms as materialized (
  select
    e.key,
    i.now,
    greatest(coalesce(e.not_before, i.now), i.now) as opens_at,
    coalesce(e.allowed, 10) - e.taken - (
      select count(*)
      from {surehook}.webhook_deliveries h
      where h.held_by = e.key and h.status = 'pending' and h.held_called_at > i.now - interval '20 s'
        and h.held_called_at <= greatest(coalesce(e.not_before, i.now), i.now)
        and h.id not in (select id from asked)
    ) as room
  from (
    select
      t.key, t.not_before_now as not_before,
      least(
        t.window_now,
        case when t.scope = 'endpoint' then coalesce(t.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed,
      (select count(*) from jsonb_object_keys(t.slots_now)) as taken
    from turned t
    where t.stopped_at is null
    union all
    select key, not_before, 1, 0 from beginning where is_down
  ) e
  cross join instant i
), candidates as materialized (
  select h.id, r.key, r.opens_at
  from rooms r
  cross join lateral (
    select d.id
    from {surehook}.webhook_deliveries d
    where d.held_by = r.key and d.status = 'pending'
      and (d.lease_expires_at is null or d.lease_expires_at <= r.now)
      and (d.held_called_at is null or d.held_called_at <= r.now - interval '20 s' or d.held_called_at > r.opens_at)
      and d.id not in (select id from asked)
    order by d.held_due_at, d.id
    limit greatest(r.room, 0)
    for update of d skip locked
  ) h
), called as (
  update {surehook}.webhook_deliveries d
  set held_called_at = c.opens_at
  from candidates c
  where d.id = c.id
  returning d.id, d.organization_id, d.attempt_count + 1 as attempt, c.opens_at
), held as materialized (
  select
    b.id,
    r.room > 0 and row_number() over (partition by b.down_key order by b.id) = 1
      and not exists (select from candidates c where c.key = b.down_key) as calls_itself
  from become b
  join rooms r on r.key = b.down_key
  where b.becomes = 'held'
), slots_over as materialized (
  select s.organization_id, s.ordering_key
  from judged j
  join {surehook}.webhook_ordering_slots s on s.organization_id = j.organization_id and s.ordering_key = j.ordering_key
  where s.token = j.token and j.verdict <> 'locked'
  order by s.organization_id, s.ordering_key
  for update of s
), freed as (
  delete from {surehook}.webhook_ordering_slots s
  using slots_over o
  where s.organization_id = o.organization_id and s.ordering_key = o.ordering_key
), next_ones as materialized (
  select n.id, k.organization_id, k.ordering_key, n.attempt_count + 1 as attempt,
    cast(greatest(ceil(extract(epoch from n.scheduled_for - i.now)), 0) as bigint) as delay_seconds
  from (
    select distinct organization_id, ordering_key from judged where ordering_key is not null and verdict <> 'locked'
  ) k
  cross join instant i
  cross join lateral (
    select e.id, e.status, e.attempt_count, e.scheduled_for, e.lease_expires_at, e.held_by, e.workflow_run_id
    from {surehook}.webhook_deliveries e
    where e.organization_id = k.organization_id and e.ordering_key = k.ordering_key
      and (
        e.status = 'pending'
        or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
          and e.dead_letter_reason is distinct from 'cancelled'
      )
      and e.id not in (
        select b.id from become b
        where b.becomes = 'succeeded' or b.becomes = 'dead' and (b.is_cancelled or b.ordering_on_dead_letter is null)
      )
    order by e.ordering_position, e.id
    limit 1
  ) n
  where n.id not in (select id from asked)
    and n.status = 'pending' and n.held_by is null and (n.lease_expires_at is null or n.lease_expires_at <= i.now)
    and greatest(n.id, n.workflow_run_id, k.organization_id) <= 9007199254740991
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(
      case b.becomes when 'succeeded' then 'succeeded' when 'dead' then 'dead_letter' else 'pending' end
      as {surehook}.webhook_delivery_status
    ),
    scheduled_for = case b.becomes
      when 'retry' then b.now + make_interval(secs => coalesce(b.delay_seconds, cast(i.delays ->> 0 as double precision)))
      when 'held' then b.now + make_interval(secs => greatest(cast(:hold_seconds as double precision) - d.held_seconds, 0))
    end,
    awaits_hand_out =
      b.becomes = 'retry' and coalesce(b.delay_seconds, 0) > cast(:chained_delay_seconds as double precision),
    max_attempts = d.max_attempts + case
      when b.kind <> 'succeeded' and b.is_probe and (b.kind = 'retry' or b.exhausted) then 1
      when b.kind = 'dead' and b.becomes = 'held' then 1
      else 0
    end,
    held_by = case when b.becomes = 'held' then b.down_key end,
    held_for = case when b.becomes = 'held' then 'down' end,
    held_since = case when b.becomes = 'held' then b.now end,
    held_due_at = case when b.becomes = 'held' then b.now end,
    held_called_at = case when h.calls_itself then greatest(b.not_before, b.now) end,
    lease_expires_at = null,
    lease_token = b.token,
    last_status_code = b.status_code,
    last_error = case when b.kind <> 'succeeded' then b.error end,
    dead_letter_reason = case when b.is_cancelled then 'cancelled' when b.becomes = 'dead' then b.error_class end,
    succeeded_late = b.verdict = 'late_success',
    updated_at = b.now
  from become b
  cross join instant i
  left join held h on h.id = b.id
  where d.id = b.id
), begun as (
  insert into {surehook}.webhook_endpoints as e (
    key, scope, organization_id, origin, failures, failures_in_turn, failing_since, last_failed_at, last_error_class, down_since,
    went_down_at, outage_id, not_before, in_flight_window, created_at
  )
  select
    key, scope, organization_id, origin, failures, least(failures, 1),
    case when failures > 0 then now end,
    case when failures > 0 then now end,
    error_class,
    case when is_down then now end,
    case when is_down then now end,
    case when is_down then outage_id end,
    not_before,
    case when not_before is not null then 1 end,
    now
  from beginning
  order by key
  on conflict (key) do update set
    failures = e.failures + excluded.failures,
    failures_in_turn = greatest(e.failures_in_turn, excluded.failures_in_turn),
    failing_since = coalesce(e.failing_since, excluded.failing_since),
    last_failed_at = coalesce(excluded.last_failed_at, e.last_failed_at),
    last_error_class = coalesce(excluded.last_error_class, e.last_error_class),
    down_since = coalesce(e.down_since, excluded.down_since),
    went_down_at = coalesce(e.down_since, excluded.went_down_at, e.went_down_at),
    outage_id = coalesce(e.outage_id, excluded.outage_id),
    not_before = greatest(e.not_before, excluded.not_before),
    in_flight_window = coalesce(excluded.in_flight_window, e.in_flight_window)
  returning e.key, e.outage_id
), recovered as materialized (
  select t.key
  from turned t
  where t.failures_now = 0 and not t.is_down
    and (t.not_before_now is null or t.not_before_now <= t.now)
    and (
      t.went_down_at is null
      or t.went_down_at + make_interval(secs => cast(:lease_seconds as double precision)) <= t.now
    )
    and not exists (select from {surehook}.webhook_deliveries h where h.held_by = t.key and h.status = 'pending')
), forgotten as (
  delete from {surehook}.webhook_endpoints e
  using turned t
  where e.key = t.key and t.key in (select key from recovered)
    and t.max_in_flight is null and t.max_per_second is null and t.stopped_at is null
    and (t.next_place_at is null or t.next_place_at <= t.now)
    and (cast(:max_in_flight as integer) is null or t.slots_now = '{}')
  returning e.key
), changed as (
  update {surehook}.webhook_endpoints e
  set
    failures = t.failures_now,
    failures_in_turn = t.failures_in_turn_now,
    failing_since = case when t.failures_now > 0 then coalesce(t.failing_since, t.now) end,
    last_failed_at = case when t.new_failures > 0 then t.now else t.last_failed_at end,
    last_error_class = coalesce(t.error_class, t.last_error_class),
    down_since = case when t.is_down then coalesce(t.down_since, t.now) end,
    went_down_at = case when t.is_down and not t.was_down then t.now else t.went_down_at end,
    outage_id = case when t.is_down then t.outage_now end,
    not_before = t.not_before_now,
    in_flight_window = case when t.key not in (select key from recovered) then t.window_now end,
    slots = t.slots_now
  from turned t
  where e.key = t.key and e.key not in (select key from forgotten)
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt,
    exchange
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt, kept_exchange
  from judged
  where verdict in ('recorded', 'late_success') and unkept is not true
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    response_excerpt = excluded.response_excerpt,
    exchange = excluded.exchange
  where known.error_class = 'outcome_unknown'
), superseded_attempts as (
  insert into {surehook}.webhook_delivery_attempts (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt,
    exchange
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt, kept_exchange
  from judged
  where verdict = 'superseded' and unkept is not true
  on conflict do nothing
), ended as (
  insert into {surehook}.webhook_outcomes as o (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    w.type, w.now, w.now + make_interval(secs => case w.type
      when 'delivered' then cast(:announce_delivered_seconds as double precision)
      else cast(:announce_seconds as double precision)
    end),
    d.organization_id, {surehook}.webhook_origin(d.endpoint_url), w.reason, d.id, d.delivery_uuid, d.workflow_run_id,
    left(d.webhook_node_id, 255), left(d.webhook_name, 255), w.status_code, d.attempt_count, d.created_at
  from (
    select
      b.id, b.now, b.status_code,
      case when b.becomes = 'dead' then case when b.is_cancelled then 'cancelled' else b.error_class end end as reason,
      case
        when b.becomes = 'dead' then 'dead_lettered'
        when b.becomes <> 'succeeded' then null
        when b.was_dead then 'recovered'
        when cast(:outcomes as text) = 'all' then 'delivered'
      end as type
    from become b
  ) w
  join {surehook}.webhook_deliveries d on d.id = w.id
  where w.type is not null and cast(:outcomes as text) <> 'none'
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
  returning to_jsonb(o) as outcome
), moved as (
  insert into {surehook}.webhook_outcomes as o (
    event_id, type, happened_at, due_at, organization_id, origin, reason, scope, outage_id, failures, down_since
  )
  select
    case m.type when 'down' then m.outage_id else gen_random_uuid() end, m.type, m.now,
    m.now + make_interval(secs => cast(:announce_seconds as double precision)), m.organization_id,
    {surehook}.webhook_origin(m.origin), m.error_class, m.scope, m.outage_id, m.failures, m.down_since
  from (
    select
      case when is_down then 'down' else 'up' end as type, now, organization_id, origin,
      coalesce(error_class, last_error_class) as error_class, scope, outage_now as outage_id, failures_now as failures,
      coalesce(down_since, now) as down_since
    from turned
    where is_down <> was_down
    union all
    select 'down', b.now, b.organization_id, b.origin, b.error_class, b.scope, b.outage_id, b.failures, b.now
    from beginning b
    join begun g on g.key = b.key and g.outage_id = b.outage_id
  ) m
  where cast(:outcomes as text) <> 'none' and m.organization_id <= 9007199254740991
  returning to_jsonb(o) as outcome
), cleared as (
  delete from {surehook}.webhook_outcomes o
  where o.id in (
    select n.id
    from {surehook}.webhook_outcomes n
    where n.id in (select cast(a.id as bigint) from jsonb_array_elements_text(cast(:announced as jsonb)) as a (id))
    order by n.id
    for update skip locked
  )
)
select
  'settled' as what, j.id, j.verdict,
  case when j.verdict = 'already_recorded' and j.held_by is not null then 'held'
    when j.kind = 'dead' and b.becomes = 'retry' then 'held' else coalesce(b.becomes, j.kind) end as becomes,
  cast(null as bigint) as organization_id, cast(null as integer) as attempt, cast(null as bigint) as delay_seconds,
  cast(null as text) as origin, cast(null as integer) as failures, cast(null as text) as outcome,
  j.ordering_key, case when j.ordering_key is not null then j.organization_id end as ordering_organization_id
from judged j
left join become b on b.id = j.id
union all
select
  'called', c.id, null, null, c.organization_id, c.attempt,
  cast(greatest(ceil(extract(epoch from c.opens_at - i.now)), 0) as bigint), null, null, null, null, null
from called c
cross join instant i
union all
select
  'called', b.id, null, null, b.organization_id, b.attempt + 1,
  cast(ceil(case
    when b.becomes = 'held' then greatest(extract(epoch from b.not_before - b.now), 0)
    else cast(i.delays ->> 0 as double precision)
  end) as bigint),
  null, null, null, null, null
from become b
cross join instant i
left join held h on h.id = b.id
where h.calls_itself or b.becomes = 'retry' and b.kind = 'dead'
union all
select case when is_down then 'down' else 'up' end, null, null, null, organization_id, null, null, origin, failures_now, null, null, null
from turned
where is_down <> was_down
union all
select 'down', null, null, null, organization_id, null, null, origin, failures, null, null, null
from beginning
where is_down
union all
select 'outcome', null, null, null, null, null, null, null, null, cast(outcome as text), null, null
from ended
union all
select 'outcome', null, null, null, null, null, null, null, null,
  cast(m.outcome || jsonb_build_object('endpoint_key', k.key) as text), null, null
from moved m
left join (
  select outage_now as outage_id, key from turned where is_down
  union all
  select outage_id, key from beginning
) k on k.outage_id = cast(m.outcome ->> 'outage_id' as uuid)
union all
select 'next', id, null, null, organization_id, attempt, delay_seconds, null, null, null, ordering_key, organization_id
from next_ones
order by 1, 2`,
  parameters: ['announce_delivered_seconds', 'announce_seconds', 'announced', 'chained_delay_seconds', 'down_after_failures', 'exhausted', 'hold_seconds', 'lease_seconds', 'max_in_flight', 'now', 'outcomes', 'probe_delays', 'settlements'],
} as const;

export const settleOrdinaryDeliveries = {
  sql: `with locked as materialized (
  select
    d.id, d.status, d.lease_token, d.lease_expires_at, d.expunged_at, d.redelivered_by, d.organization_id,
    d.ordering_key, d.endpoint_url, a.token, a.attempt, a.status_code, a.excerpt, a.duration_ms, a.started_ms_ago, a.exchange
  from {surehook}.webhook_deliveries d
  join jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, status_code integer, excerpt text, duration_ms integer,
    started_ms_ago double precision, exchange jsonb
  ) on a.id = d.id
  order by d.id
  for update of d skip locked
), ordinary as materialized (
  select
    l.id, l.attempt, l.status_code, l.excerpt, l.duration_ms, l.exchange, i.now,
    i.now - make_interval(secs => l.started_ms_ago / 1000) as started_at
  from locked l
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where l.status = 'pending'
    and l.lease_token = l.token
    and l.lease_expires_at is not null
    and l.expunged_at is null
    and l.redelivered_by is null
    and l.ordering_key is null
    and not exists (
      select from {surehook}.webhook_endpoint_keys(l.organization_id, l.endpoint_url) k
      join {surehook}.webhook_endpoints e on e.key = k.key
    )
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = 'succeeded',
    scheduled_for = null,
    awaits_hand_out = false,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null,
    lease_expires_at = null,
    last_status_code = o.status_code,
    last_error = null,
    dead_letter_reason = null,
    succeeded_late = false,
    updated_at = o.now
  from ordinary o
  where d.id = o.id
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, response_excerpt, exchange
  )
  select id, attempt, started_at, duration_ms, status_code, excerpt, exchange
  from ordinary
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = null,
    error = null,
    response_excerpt = excluded.response_excerpt,
    exchange = excluded.exchange
  where known.error_class = 'outcome_unknown'
)
select 'settled' as what, id, 'recorded' as verdict, 'succeeded' as becomes
from ordinary
order by id`,
  parameters: ['now', 'settlements'],
} as const;

export const showDelivery = {
  sql: `select
  d.id,
  cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_node_id', left(d.webhook_node_id, 600),
    'webhook_name', left(d.webhook_name, 255),
    'endpoint_url', left(d.endpoint_url, 8192),
    'http_method', d.http_method,
    'credential_uuid', d.credential_uuid,
    'traceparent', left(d.traceparent, 255),
    'tracestate', left(d.tracestate, 2048),
    'custom_headers', case when octet_length(cast(d.custom_headers as text)) <= 20000 then d.custom_headers end,
    'payload_bytes', octet_length(d.payload),
    'status', d.status,
    'attempt_count', d.attempt_count,
    'max_attempts', d.max_attempts,
    'claim_count', d.claim_count,
    'last_status_code', d.last_status_code,
    'last_error', d.last_error,
    'reason', d.dead_letter_reason,
    'succeeded_late', d.succeeded_late,
    'awaits_hand_out', d.awaits_hand_out,
    'ordering_key', left(d.ordering_key, 255),
    'holds_key', coalesce(d.ordering_on_dead_letter = 'hold', false),
    'behind', case when d.status = 'pending' and d.ordering_key is not null then (
      select jsonb_build_object('delivery_id', e.id, 'status', e.status)
      from {surehook}.webhook_deliveries e
      where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
        and (e.ordering_position, e.id) < (d.ordering_position, d.id)
        and (
          e.status = 'pending'
          or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
            and e.dead_letter_reason is distinct from 'cancelled'
        )
      order by e.ordering_position, e.id
      limit 1
    ) end,
    'waiting_behind', case
      when d.ordering_key is not null and (
        d.status = 'pending'
        or d.status = 'dead_letter' and d.ordering_on_dead_letter = 'hold' and d.dismissed_at is null and d.expunged_at is null
          and d.dead_letter_reason is distinct from 'cancelled'
      ) then (
        select count(*)
        from (
          select f.id
          from {surehook}.webhook_deliveries f
          where f.organization_id = d.organization_id and f.ordering_key = d.ordering_key
            and (f.ordering_position, f.id) > (d.ordering_position, d.id)
            and f.status = 'pending'
          limit 1000
        ) w
      )
    end,
    'held_for', case when d.status = 'pending' then d.held_for end,
    'held_since_ms', round(extract(epoch from d.held_since) * 1000),
    'held_due_at_ms', round(extract(epoch from d.held_due_at) * 1000),
    'stop', (
      select jsonb_build_object(
        'scope', e.scope,
        'since_ms', round(extract(epoch from e.stopped_at) * 1000),
        'note', left(e.stopped_note, 1000)
      )
      from {surehook}.webhook_endpoints e
      where d.held_for = 'stopped' and e.key = d.held_by and e.stopped_at is not null
    ),
    'cancelled', d.cancelled_by is not null,
    'cancelled_by', d.cancelled_by,
    'replay_of', d.replay_of,
    'redelivered_by', d.redelivered_by,
    'awaits_turn', coalesce(cast(d.before_redelivery ->> 'attempt_count' as integer) = d.attempt_count, false),
    'expunge_at_end', d.expunge_at_end,
    'dismissal', (
      select jsonb_build_object('order_id', o.id, 'note', o.note, 'by', o.given_by)
      from {surehook}.webhook_orders o
      where o.id = d.dismissed_by
    ),
    'scheduled_for_ms', round(extract(epoch from d.scheduled_for) * 1000),
    'lease_expires_at_ms', round(extract(epoch from d.lease_expires_at) * 1000),
    'claimed_at_ms', round(extract(epoch from d.claimed_at) * 1000),
    'put_back_at_ms', round(extract(epoch from d.put_back_at) * 1000),
    'first_attempt_at_ms', (
      select round(extract(epoch from r.started_at) * 1000)
      from {surehook}.webhook_delivery_attempts r
      where r.delivery_id = d.id and r.attempt = 1
    ),
    'created_at_ms', round(extract(epoch from d.created_at) * 1000),
    'updated_at_ms', round(extract(epoch from d.updated_at) * 1000),
    'dismissed_at_ms', round(extract(epoch from d.dismissed_at) * 1000),
    'expunged_at_ms', round(extract(epoch from d.expunged_at) * 1000),
    'now_ms', round(extract(epoch from coalesce(cast(:now as timestamptz), now())) * 1000)
  ) as text) as delivery
from {surehook}.webhook_deliveries d
where d.id = cast(:id as bigint)
  or d.delivery_uuid = cast(:uuid as uuid)
  or d.workflow_run_id = cast(:run_id as bigint) and d.webhook_node_id = cast(:node_id as text)
limit 1`,
  parameters: ['id', 'node_id', 'now', 'run_id', 'uuid'],
} as const;

export const takeOrder = {
  sql: `update {surehook}.webhook_orders o
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
  to_jsonb(o.given_at) #>> '{}' as given_at`,
  parameters: ['id', 'lease_seconds', 'now', 'token'],
} as const;
