-- claim_deliveries: lease what is due of the deliveries asked for, and count the attempt and the claim.
-- in    :claims (json: id, attempts, token; ids distinct), :lease_seconds, :payload_budget_bytes, :slice_bytes,
--       :now (null: the database's clock)
-- out   one row per id asked for: the verdict, and of what is claimed the delivery as JSON; then the payload of each
--       claimed delivery in slices of bytes, numbered from 1, as base64 (characters would outgrow a row once escaped,
--       and how a bytea counts against the limits of the Data API is written nowhere). A payload over the budget, which
--       cannot be enqueued, is claimed alone and without slices, and of columns larger than a slice only the size is
--       told: the claim counts, and so ends one day
--       locked: somebody else, or an earlier run of this very claim, has the row. It says nothing until the same tokens
--       have asked again. apart: its last holder never reported, it may have killed its worker; asked for alone it is
--       claimed. arrived: its last attempt was accepted, and only the row does not say so yet
-- again with the same tokens: the same answer, counted once, nothing extended; after the settle or the release, stale
-- at the same time: locked to the later one, which asks again with the same tokens

with asked as materialized (
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
    -- Quotes and backslashes of the headers double on the way.
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) as column_bytes
  from {surehook}.webhook_deliveries d
  join asked a on a.id = d.id
  -- In id order like every statement. One row that somebody holds must not keep the others waiting.
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
  -- The first is always taken: what is deferred must become less, or its worker would ask for ever.
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
    -- Asked of a retry only: most deliveries need one attempt.
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
    -- The line breaks of MIME, which the answer would escape.
    chr(10),
    ''
  )
from taken t
join {surehook}.webhook_deliveries d on d.id = t.id
cross join lateral generate_series(
  1, cast(ceil(cast(t.payload_bytes as numeric) / cast(:slice_bytes as numeric)) as integer)
) as s (slice)
where t.payload_bytes <= cast(:payload_budget_bytes as bigint) and t.column_bytes <= cast(:slice_bytes as bigint)
order by 1, 2
