-- go_on_in_order: record an ordinary success of a delivery with an ordering key, and lease the next one of the key, in one. It does all
-- of it, or nothing: then settle_deliveries and claim_deliveries are asked with the same tokens. What they write of the two this must
-- write, too. The attempt still holds its lease and its slot, at an endpoint that nothing is known of, and the delivery never was a dead
-- letter; the next is in front of its first attempt, due, never leased or given back, held by nothing, and the first left of its key.
-- in    :settlement (json: id, token, attempt, status_code, excerpt, duration_ms, started_ms_ago, exchange: json), :next_id,
--       :next_token, :lease_seconds, :payload_budget_bytes, :slice_bytes, :now (null: the database's clock)
-- out   where both are done, the next one's row and the slices of its payload, in the form of claim_deliveries
-- again: nothing, because the lease is over; the whole statements have the same answers
-- at the same time: nothing to the later one
-- locks: deliveries in id order, and nothing is waited for; then the slot, which a claim may have for the time of its statement

with asked as materialized (
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
    -- No request goes out whose outcome could not be written: what recording it needs, and this statement does not.
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
  -- The slot goes from hand to hand: nobody comes between.
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
order by c.id, s.slice
