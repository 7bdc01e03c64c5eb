// Written by scripts/compile-sql.ts from the files beside it: edit those.

export const queries = {
  acceptDeliveries: {
    sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:deliveries as jsonb)) as a (
    item integer, delivery_uuid uuid, run_id bigint, organization_id bigint, node_id text, name text, url text,
    method text, payload text, custom_headers jsonb, credential_uuid uuid, digest text, max_attempts integer,
    scheduled_for timestamptz
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
      attempt_count, last_status_code, last_error
    from {surehook}.webhook_deliveries
    where workflow_run_id = a.run_id and webhook_node_id = a.node_id
    limit 1
  ) d
), inserted as (
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, request_digest, max_attempts, scheduled_for, awaits_hand_out, created_at, updated_at
  )
  select
    a.delivery_uuid, a.run_id, a.organization_id, a.node_id, a.name, a.url, a.method, a.payload, a.custom_headers,
    a.credential_uuid, a.digest, a.max_attempts, greatest(a.scheduled_for, a.now),
    coalesce(a.scheduled_for > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)), false),
    a.now, a.now
  from asked a
  join owners o on o.run_id = a.run_id and o.organization_id = a.organization_id
  left join stored s on s.workflow_run_id = a.run_id and s.webhook_node_id = a.node_id
  where s.id is null
  order by a.run_id, a.node_id, a.item
  on conflict (workflow_run_id, webhook_node_id) do nothing
  returning
    id, delivery_uuid, workflow_run_id, webhook_node_id, organization_id, status, request_digest, scheduled_for,
    attempt_count, last_status_code, last_error
), found as (
  select * from stored
  union all
  select * from inserted
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
  cast(round(extract(epoch from f.scheduled_for) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from f.scheduled_for - a.now))) as bigint) as due_in_seconds,
  f.attempt_count,
  f.last_status_code,
  case when a.item < 100 then f.last_error end as last_error
from asked a
left join owners o on o.run_id = a.run_id
left join found f on f.workflow_run_id = a.run_id and f.webhook_node_id = a.node_id
order by a.item`,
    parameters: ['chained_delay_seconds', 'deliveries', 'now'],
  },
  buryDeliveries: {
    sql: `with page as materialized (
  select
    d.id, d.attempt_count, d.scheduled_for, d.lease_token, d.claimed_at, d.updated_at, i.now,
    greatest(d.id, d.workflow_run_id, d.organization_id) > 9007199254740991 as is_unnameable
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
    not p.is_unnameable and coalesce(r.status_code between 200 and 299, false) as has_arrived,
    case
      when p.is_unnameable then 'invalid_row'
      else coalesce(r.error_class, 'outcome_unknown')
    end as reason,
    case
      when p.is_unnameable then 'an id of this row is larger than 9007199254740991 (2^53 - 1), so no message can name it'
      when r.error_class <> 'outcome_unknown' then r.error
      else 'the worker of the last attempt ended without reporting; the receiver may have got the request'
    end as error,
    r.status_code
  from page p
  left join {surehook}.webhook_delivery_attempts r on r.delivery_id = p.id and r.attempt = p.attempt_count
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, coalesce(claimed_at, updated_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from judged
  where attempt_count > 0 and not is_unnameable
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
    lease_token = null,
    updated_at = j.now
  from judged j
  where d.id = j.id
  returning d.id, d.status, d.dead_letter_reason, j.scheduled_for
)
select
  cast(id as text) as id,
  cast(status as text) as status,
  dead_letter_reason as reason,
  to_jsonb(scheduled_for) #>> '{}' as due_at
from buried
order by scheduled_for, id`,
    parameters: ['after_due', 'after_id', 'now', 'only', 'page_rows'],
  },
  claimDeliveries: {
    sql: `with asked as materialized (
  select a.id, a.attempts, a.token, count(*) over () > 1 as has_company
  from jsonb_to_recordset(cast(:claims as jsonb)) as a (id bigint, attempts jsonb, token uuid)
), instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.max_attempts, d.scheduled_for, d.lease_token, d.lease_expires_at, d.claimed_at,
    a.attempts as asked_attempts,
    a.token as asked_token,
    a.has_company,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) as column_bytes
  from {surehook}.webhook_deliveries d
  join asked a on a.id = d.id
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
      when l.scheduled_for > i.now then 'early'
      when l.lease_expires_at is not null and l.has_company then 'apart'
      else 'claimable'
    end as verdict,
    cast(ceil(extract(epoch from greatest(l.scheduled_for, l.lease_expires_at) - i.now)) as bigint) as due_in_seconds,
    i.now
  from locked l
  cross join instant i
), taken as materialized (
  select j.*
  from (
    select
      judged.*,
      row_number() over places as place,
      sum(payload_bytes + column_bytes) over places as bytes_so_far
    from judged
    where verdict in ('mine', 'claimable')
    window places as (
      order by verdict = 'mine' desc, payload_bytes > cast(:payload_budget_bytes as bigint), id rows unbounded preceding
    )
  ) j
  where j.verdict = 'mine' or j.place = 1 or j.bytes_so_far <= cast(:payload_budget_bytes as bigint)
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
    claimed_at = t.now
  from taken t
  where d.id = t.id and t.verdict = 'claimable'
)
select
  a.id,
  0 as slice,
  case
    when j.id is null and d.id is null then 'unknown'
    when j.id is null then 'locked'
    when t.id is not null then 'claimed'
    when j.verdict = 'claimable' then 'deferred'
    else j.verdict
  end as verdict,
  coalesce(j.due_in_seconds, cast(ceil(extract(epoch from d.scheduled_for - i.now)) as bigint)) as due_in_seconds,
  case when j.verdict = 'arrived' then cast(jsonb_build_object(
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
    'attempt', case when t.verdict = 'mine' then t.attempt_count else t.attempt_count + 1 end,
    'max_attempts', t.max_attempts,
    'payload_bytes', t.payload_bytes,
    'after_rotation', case when t.attempt_count > 0 then exists (
      select from {surehook}.webhook_delivery_attempts p
      where p.delivery_id = t.id
        and p.attempt = case when t.verdict = 'mine' then t.attempt_count - 1 else t.attempt_count end
        and p.error_class = 'credential_rotated'
    ) else false end
  ) as text) end as delivery,
  cast(null as text) as bytes
from asked a
cross join instant i
left join judged j on j.id = a.id
left join taken t on t.id = a.id
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
    parameters: ['claims', 'lease_seconds', 'now', 'payload_budget_bytes', 'slice_bytes'],
  },
  findAlongside: {
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
  },
  findDeadLetters: {
    sql: `with wanted as materialized (
  select
    regexp_replace(cast(:endpoint_host as text), ':[0-9]+$', '') as host,
    coalesce(cast(:after_died as timestamptz), cast(:dead_since as timestamptz), '-infinity') as died,
    coalesce(cast(:after_id as bigint), -9223372036854775808) as id,
    coalesce(cast(:dead_until as timestamptz), 'infinity') as until
), letters as not materialized (
  select
    id,
    status,
    updated_at as died,
    organization_id,
    dead_letter_reason as reason,
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host,
    substring(split_part(endpoint_url, '/', 3) from '^[^?#]*') as host_and_port
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select d.id, d.died, d.organization_id, d.reason, d.host, d.host_and_port
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where d.status = 'dead_letter'
      and (d.died, d.id) > (select died, id from wanted)
      and d.died < (select until from wanted)
    order by d.died, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.id, d.died, d.organization_id, d.reason, d.host, d.host_and_port
    from letters d
    where cast(:ids as jsonb) is null
      and cast(:endpoint_host as text) is not null
      and coalesce(d.status = 'dead_letter', false)
      and (d.host, d.died, d.id) > (select host, died, id from wanted)
      and (d.host, d.died) < (select host, until from wanted)
    order by d.host, d.died, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.id, d.died, d.organization_id, d.reason, null, null
    from letters d
    where cast(:ids as jsonb) is null
      and cast(:endpoint_host as text) is null
      and coalesce(d.status = 'dead_letter', false)
      and (d.died, d.id) > (select died, id from wanted)
      and d.died < (select until from wanted)
    order by d.died, d.id
    limit cast(:look_rows as integer)
  )
), matched as materialized (
  select l.id, l.died
  from looked l
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
    and (cast(:endpoint_host as text) is null or cast(:endpoint_host as text) in (l.host, l.host_and_port))
    and l.id <= 9007199254740991
)
select
  m.matched,
  case when cast(:names_ids as boolean) then m.ids end as ids,
  to_jsonb(n.died) #>> '{}' as next_died,
  cast(n.id as text) as next_id
from (select count(*) as matched, cast(jsonb_agg(id order by died, id) as text) as ids from matched) m
left join (
  select died, id
  from looked
  where (select count(*) from looked) >= cast(:look_rows as integer)
  order by died desc, id desc
  limit 1
) n on true`,
    parameters: ['after_died', 'after_id', 'dead_since', 'dead_until', 'endpoint_host', 'ids', 'look_rows', 'names_ids', 'organization_id', 'reason'],
  },
  findDeliveries: {
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
  cast(round(extract(epoch from d.scheduled_for) * 1000) as bigint) as scheduled_for_ms,
  cast(greatest(0, ceil(extract(epoch from d.scheduled_for - coalesce(cast(:now as timestamptz), now())))) as bigint)
    as due_in_seconds,
  d.attempt_count,
  d.last_status_code,
  case when a.item < 100 then d.last_error end as last_error
from asked a
join {surehook}.webhook_deliveries d on d.workflow_run_id = a.run_id and d.webhook_node_id = a.node_id
order by a.item`,
    parameters: ['keys', 'now'],
  },
  findStatuses: {
    sql: `select d.id, cast(d.status as text) as status
from {surehook}.webhook_deliveries d
where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
order by d.id`,
    parameters: ['ids'],
  },
  listDueDeliveries: {
    sql: `select cast(d.id as text) as id, to_jsonb(d.scheduled_for) #>> '{}' as due_at
from {surehook}.webhook_deliveries d
where d.status = 'pending'
  and (d.scheduled_for, d.id)
    > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
order by d.scheduled_for, d.id
limit cast(:page_rows as integer)`,
    parameters: ['after_due', 'after_id', 'page_rows'],
  },
  listUncountedDeaths: {
    sql: `select cast(d.id as text) as id, d.dead_letter_reason as reason
from {surehook}.webhook_deliveries d
where d.status = 'dead_letter' and not d.death_counted
order by d.id
limit cast(:page_rows as integer)`,
    parameters: ['page_rows'],
  },
  lookAtDatabase: {
    sql: `with places (place, schema) as (
  values ('surehook', to_regnamespace('{surehook}')), ('application', to_regnamespace('{application}'))
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
        and a.attname in ('id', 'organization_id', 'workflow_id', 'version', 'name', 'applied_at')
    ) as columns
  from places p
  join pg_class c on c.relnamespace = p.schema
  where p.place = 'surehook' and (c.relname like 'webhook\\_%' or c.relname like 'surehook\\_%')
    or c.relname in ('workflows', 'workflow_runs')
), types as (
  select t.typname as name, has_type_privilege(t.oid, 'USAGE') as usage
  from places p
  join pg_type t on t.typnamespace = p.schema and t.typtype = 'e'
  where p.place = 'surehook' and t.typname like 'webhook\\_%'
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
  },
  markDeathsCounted: {
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
  },
  measureBacklog: {
    sql: `select
  coalesce(
    cast(floor(extract(epoch from coalesce(cast(:now as timestamptz), now()) - min(scheduled_for))) as bigint), 0
  ) as oldest_due_seconds
from {surehook}.webhook_deliveries
where status = 'pending' and scheduled_for <= coalesce(cast(:now as timestamptz), now())`,
    parameters: ['now'],
  },
  noteAttempt: {
    sql: `with noted as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, lease_token
  )
  select
    d.id,
    cast(:attempt as integer),
    coalesce(cast(:now as timestamptz), now()) - make_interval(secs => cast(:started_ms_ago as double precision) / 1000),
    cast(:duration_ms as integer),
    cast(:status_code as integer),
    cast(:error_class as text),
    cast(:error as text),
    d.lease_token
  from {surehook}.webhook_deliveries d
  where d.id = cast(:id as bigint) and d.lease_token = cast(:token as uuid)
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error
  returning delivery_id
)
select exists (select from noted) as noted`,
    parameters: ['attempt', 'duration_ms', 'error', 'error_class', 'id', 'now', 'started_ms_ago', 'status_code', 'token'],
  },
  putBackDeliveries: {
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
  },
  redeliverDeliveries: {
    sql: `with page as materialized (
  select
    d.id,
    d.updated_at,
    substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host,
    coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_deliveries d
  where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
    and d.status = 'dead_letter'
    and greatest(d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.updated_at, d.id
  for update of d skip locked
), paced as materialized (
  select
    p.id,
    p.now,
    p.host,
    (coalesce(a.count, 0) + row_number() over (partition by p.host order by p.updated_at, p.id) - 1)
      / cast(:per_second as double precision) as delay_seconds
  from page p
  left join jsonb_to_recordset(cast(:already as jsonb)) as a (host text, count bigint) on a.host = p.host
), redelivered as (
  update {surehook}.webhook_deliveries d
  set
    status = 'pending',
    scheduled_for = p.now + make_interval(secs => p.delay_seconds),
    awaits_hand_out = p.delay_seconds > cast(:chained_delay_seconds as double precision),
    max_attempts = d.attempt_count + cast(:more_attempts as integer),
    claim_count = d.attempt_count,
    put_back_at = null,
    lease_token = null,
    dead_letter_reason = null,
    death_counted = false,
    updated_at = p.now
  from paced p
  where d.id = p.id
  returning
    d.id,
    d.organization_id,
    d.attempt_count + 1 as attempt,
    cast(ceil(p.delay_seconds) as bigint) as delay_seconds,
    p.host
)
select id, organization_id, attempt, delay_seconds, host
from redelivered
order by delay_seconds, id`,
    parameters: ['already', 'chained_delay_seconds', 'ids', 'more_attempts', 'now', 'per_second'],
  },
  registerWorkflowRuns: {
    sql: `with unknown as materialized (
  select distinct on (a.run_id) a.run_id, a.organization_id
  from jsonb_to_recordset(cast(:runs as jsonb)) as a (item integer, run_id bigint, organization_id bigint)
  left join lateral (select id from {application}.workflow_runs where id = a.run_id limit 1) r on true
  where r.id is null
  order by a.run_id, a.item
), asked as materialized (
  select u.run_id, coalesce(d.organization_id, u.organization_id) as organization_id
  from unknown u
  left join lateral (select organization_id from {surehook}.webhook_deliveries where workflow_run_id = u.run_id limit 1) d on true
), owners as (
  insert into {application}.workflows (id, organization_id)
  select distinct -organization_id, organization_id
  from asked
  order by 1
  on conflict do nothing
)
insert into {application}.workflow_runs (id, workflow_id)
select run_id, -organization_id
from asked
order by run_id
on conflict do nothing`,
    parameters: ['runs'],
  },
  releaseDeliveries: {
    sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:releases as jsonb)) as a (id bigint, token uuid, error text, due_at_once boolean)
), locked as materialized (
  select
    d.id, d.organization_id, d.status, d.lease_token, d.lease_expires_at, d.attempt_count, d.claim_count,
    d.scheduled_for, d.dead_letter_reason
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.*,
    l.organization_id,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.lease_token is distinct from a.token then 'not_held'
      when l.lease_expires_at is null and l.status = 'pending' then 'released_before'
      when l.lease_expires_at is null and l.dead_letter_reason = 'never_sent' then 'buried_before'
      when l.lease_expires_at is null then 'not_held'
      when l.claim_count >= cast(:max_claims as integer) then 'buried'
      else 'released'
    end as verdict,
    l.attempt_count,
    l.scheduled_for,
    case when a.due_at_once then 0 else least(
      cast(:base_seconds as double precision) * power(2, least(greatest(l.claim_count - l.attempt_count, 0), 20)),
      cast(:max_seconds as double precision)
    ) end as delay_seconds
  from asked a
  left join locked l on l.id = a.id
), settled as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = d.attempt_count - 1,
    lease_expires_at = null,
    status = cast(case j.verdict when 'buried' then 'dead_letter' else 'pending' end as {surehook}.webhook_delivery_status),
    scheduled_for = case j.verdict when 'released' then j.now + make_interval(secs => j.delay_seconds) end,
    dead_letter_reason = case j.verdict when 'buried' then 'never_sent' end,
    last_error = j.error,
    updated_at = j.now
  from judged j
  where d.id = j.id and j.verdict in ('released', 'buried')
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
  ) as delay_seconds
from judged
order by id`,
    parameters: ['base_seconds', 'max_claims', 'max_seconds', 'now', 'releases'],
  },
  restoreMessages: {
    sql: `with page as materialized (
  select d.id, d.awaits_hand_out, i.now
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now + make_interval(secs => cast(:horizon_seconds as double precision))
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.attempt_count < d.max_attempts or d.lease_expires_at > i.now)
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
  },
  settleDeliveries: {
    sql: `with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, kind text, status_code integer, error_class text, error text, excerpt text,
    duration_ms integer, started_ms_ago double precision, delay_seconds double precision, written boolean
  )
), locked as materialized (
  select d.id, d.status, d.lease_token, d.lease_expires_at
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    a.*,
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
    end as verdict
  from asked a
  left join locked l on l.id = a.id
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(
      case j.kind when 'succeeded' then 'succeeded' when 'dead' then 'dead_letter' else 'pending' end
      as {surehook}.webhook_delivery_status
    ),
    scheduled_for = case when j.kind = 'retry' then j.now + make_interval(secs => j.delay_seconds) end,
    awaits_hand_out =
      j.kind = 'retry' and j.delay_seconds > cast(:chained_delay_seconds as double precision),
    lease_expires_at = null,
    lease_token = j.token,
    last_status_code = j.status_code,
    last_error = case when j.kind <> 'succeeded' then j.error end,
    dead_letter_reason = case when j.kind = 'dead' then j.error_class end,
    succeeded_late = j.verdict = 'late_success',
    updated_at = j.now
  from judged j
  where d.id = j.id and j.verdict in ('recorded', 'late_success')
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error, excerpt
  from judged
  where verdict in ('recorded', 'late_success')
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    response_excerpt = excluded.response_excerpt
  where known.error_class = 'outcome_unknown'
), superseded_attempts as (
  insert into {surehook}.webhook_delivery_attempts (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error, excerpt
  from judged
  where verdict = 'superseded'
  on conflict do nothing
)
select id, verdict
from judged
order by id`,
    parameters: ['chained_delay_seconds', 'now', 'settlements'],
  },
} as const;

export const migrations: readonly { version: number; name: string; up: string; down: string; loses?: string }[] = [
  { version: 1, name: 'workflow_runs', up: `-- Which organization owns a run. An application's own tables of these names are left exactly as they are; a database of
-- our own gets the least that answers the question. Negative workflow ids are made by us, one for each organization
-- whose runs were registered by their first delivery; the application's own ids are positive.

create table if not exists {application}.workflows (
  id bigint generated by default as identity primary key,
  organization_id bigint
);

create table if not exists {application}.workflow_runs (
  id bigint generated by default as identity primary key,
  workflow_id bigint not null references {application}.workflows (id)
);
`, down: `-- Never drops workflows or workflow_runs: they may be the application's, and runs outlive webhooks.

select 1;
` },
  { version: 2, name: 'webhook_deliveries', up: `-- The truth about every delivery, and one row for each attempt.

create type {surehook}.webhook_delivery_status as enum ('pending', 'succeeded', 'dead_letter');

create table {surehook}.webhook_deliveries (
  id bigint generated by default as identity primary key,
  delivery_uuid uuid not null default gen_random_uuid(),
  -- No foreign key: deleting a run neither loses its deliveries nor is refused because of them.
  workflow_run_id bigint not null,
  organization_id bigint not null,
  webhook_node_id text not null,
  webhook_name text,
  endpoint_url text not null,
  http_method text not null default 'POST',
  payload text not null,
  custom_headers jsonb not null default '[]',
  credential_uuid uuid,
  request_digest text,
  status {surehook}.webhook_delivery_status not null default 'pending',
  attempt_count integer not null default 0,
  max_attempts integer not null default 5,
  scheduled_for timestamptz default now(),
  -- Due further ahead than a chain of messages reaches: no message exists, the sweep hands it out.
  awaits_hand_out boolean not null default false,
  -- The lease. A token without an expiry is a claim that was settled or released.
  lease_token uuid,
  lease_expires_at timestamptz,
  claimed_at timestamptz,
  -- Claims are never given back; attempts are, when a fault was ours. The difference is the number of releases.
  claim_count integer not null default 0,
  -- Written by the sweep alone; older than claimed_at or scheduled_for it says nothing any more.
  put_back_at timestamptz,
  last_status_code integer,
  last_error text,
  dead_letter_reason text,
  -- A 2xx that was recorded after its lease had been taken over or its delivery buried.
  succeeded_late boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint webhook_deliveries_once_per_node unique (workflow_run_id, webhook_node_id),
  constraint webhook_deliveries_uuid unique (delivery_uuid),
  constraint webhook_deliveries_method check (http_method in ('POST', 'PUT', 'PATCH', 'GET', 'DELETE')),
  constraint webhook_deliveries_pending_is_due check (status <> 'pending' or scheduled_for is not null),
  constraint webhook_deliveries_terminal_is_over check (
    status = 'pending' or (scheduled_for is null and lease_expires_at is null and not awaits_hand_out)
  ),
  constraint webhook_deliveries_attempts_bounded check (attempt_count between 0 and max_attempts),
  constraint webhook_deliveries_lease_has_token check (lease_expires_at is null or lease_token is not null),
  constraint webhook_deliveries_only_dead_have_reason check (dead_letter_reason is null or status = 'dead_letter'),
  constraint webhook_deliveries_reason check (
    dead_letter_reason in (
      'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
      'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
    )
  ),
  constraint webhook_deliveries_error_bounded check (length(last_error) <= 2000)
)
-- A claim and its settle rewrite the row twice: room on the page keeps the claim's version off the indexes.
with (fillfactor = 80);

create index webhook_deliveries_due on {surehook}.webhook_deliveries (scheduled_for, id) where status = 'pending';

create index webhook_deliveries_dead_letters on {surehook}.webhook_deliveries (updated_at desc, id) where status = 'dead_letter';

create table {surehook}.webhook_delivery_attempts (
  delivery_id bigint not null references {surehook}.webhook_deliveries (id) on delete cascade,
  attempt integer not null,
  started_at timestamptz not null,
  duration_ms integer,
  status_code integer,
  error_class text,
  error text,
  response_excerpt text,
  constraint webhook_delivery_attempts_key primary key (delivery_id, attempt),
  constraint webhook_delivery_attempts_error_class check (
    error_class in (
      'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
      'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
    )
  )
);
`, down: `-- Refuses while deliveries are pending: they would be lost.

-- Before the look, or a delivery that is just being accepted would be lost all the same.
lock table {surehook}.webhook_deliveries in access exclusive mode;

do $$
begin
  if exists (select from {surehook}.webhook_deliveries where status = 'pending') then
    raise exception 'webhook_deliveries holds pending deliveries: they would be lost' using errcode = 'object_in_use';
  end if;
end
$$;

drop table {surehook}.webhook_delivery_attempts;

drop table {surehook}.webhook_deliveries;

drop type {surehook}.webhook_delivery_status;
`, loses: `-- What the way down would lose, by status; asked in its transaction, before it.

-- Before the count, or a delivery that is just being accepted would be lost uncounted.
lock table {surehook}.webhook_deliveries in access exclusive mode;

select cast(status as text) as lost, count(*) as rows
from {surehook}.webhook_deliveries
group by status;
` },
  { version: 3, name: 'unreported_attempts', up: `-- What is needed to tell whose outcome a late one is, to count every dead letter once, and to name a row that cannot be sent.

-- The token of a claim whose worker never reported: an outcome that comes by message has to show it.
alter table {surehook}.webhook_delivery_attempts add column lease_token uuid;

-- Whether the sweep has counted this death. What died before was counted by its worker.
alter table {surehook}.webhook_deliveries add column death_counted boolean not null default true;
alter table {surehook}.webhook_deliveries alter column death_counted set default false;

create index webhook_deliveries_uncounted on {surehook}.webhook_deliveries (id)
where status = 'dead_letter' and not death_counted;

-- Not validated: every row satisfies the narrower one that this replaces, and the table need not be read under a lock.
alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'internal'
  )
) not valid;
`, down: `-- Loses no delivery and no attempt. Rows that ended as invalid_row keep that word: the narrower checks are not validated.

drop index {surehook}.webhook_deliveries_uncounted;

alter table {surehook}.webhook_delivery_attempts drop column lease_token;

alter table {surehook}.webhook_deliveries drop column death_counted;

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'internal'
  )
) not valid;
`, loses: `-- What the way down would lose: tokens by which an outcome that is still on its way could be recorded.

lock table {surehook}.webhook_deliveries, {surehook}.webhook_delivery_attempts in access exclusive mode;

select 'unreported_attempts' as lost, count(*) as rows
from {surehook}.webhook_delivery_attempts
where lease_token is not null and error_class = 'outcome_unknown'
having count(*) > 0;
` },
  { version: 4, name: 'dead_letters_by_host', up: `-- Finds dead letters by the host of their endpoint, and in the order of their deaths, without reading all of them. Keeps
-- claims off the indexes.
--
-- Each of the two indexes reads the whole table once, and everything that writes to the table waits in the meantime: 10 s in all
-- for 10,000,000 rows in memory, otherwise as long as the storage takes. docs/deploy.md says how to build them before, while
-- everything is running; they are then found here.

do $$
begin
  if exists (
    select from pg_index
    where indexrelid in (to_regclass('{surehook}.webhook_deliveries_dead_by_time'), to_regclass('{surehook}.webhook_deliveries_dead_by_host'))
      and not indisvalid
  ) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- The condition of both is \`status = 'dead_letter'\`, written so that the planner takes it for half of the table, whatever its
-- statistics say. With statistics from before an outage it would expect a single row, and read and sort every dead letter.

-- A dead letter's updated_at is the time of its death. Includes what filters ask for, so that the table need not be read.
create index if not exists webhook_deliveries_dead_by_time
on {surehook}.webhook_deliveries (updated_at, id) include (organization_id, dead_letter_reason)
where coalesce(status = 'dead_letter', false);

-- The host without its port. It is an expression because a column would have to be written into every row. A host has at most 253
-- characters; a row with anything longer must be able to die all the same, and an index entry holds at most 2,700 bytes.
create index if not exists webhook_deliveries_dead_by_host
on {surehook}.webhook_deliveries (
  left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260), updated_at, id
)
where coalesce(status = 'dead_letter', false);

-- Leaves room on a page of rows of 1 KiB for the versions that claims write; where there is none, a claim writes to every index.
alter table {surehook}.webhook_deliveries set (fillfactor = 70);
`, down: `-- Loses nothing: the indexes are made from the rows.

alter table {surehook}.webhook_deliveries set (fillfactor = 80);

drop index {surehook}.webhook_deliveries_dead_by_host;

drop index {surehook}.webhook_deliveries_dead_by_time;
` },
];
