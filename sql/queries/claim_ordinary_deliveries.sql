-- claim_ordinary_deliveries: lease what is ordinary of the deliveries asked for, as claim_deliveries would: pending, due, in front of
-- its first attempt, never leased or given back, held by nothing, without an ordering key, and of an endpoint that nothing is known of. It leaves the rest
-- to claim_deliveries, which is asked with the same tokens. Both mean the same by a claim: what one writes, the other must. The
-- database plans a statement anew at every call, and this one in a fifth of the time.
-- in    :claims (json: id, token; ids distinct, and each asks for attempt 1), :lease_seconds, :payload_budget_bytes, :slice_bytes,
--       :now (null: the database's clock)
-- out   for each delivery that is claimed its row and the slices of its payload, in the form of claim_deliveries; nothing at all
--       where together they are over the budget, or the role lacks a right that recording needs
-- again with the same tokens: nothing, because it is leased; claim_deliveries has the same answer
-- at the same time: nothing to the later one
-- locks: deliveries in id order, and nothing is waited for

with locked as materialized (
  -- By nothing but its id: any other condition could be an index that the planner finds better, and reads for hours.
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
      -- No request goes out whose outcome could not be written: what recording it needs, and this statement does not.
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
order by c.id, s.slice
