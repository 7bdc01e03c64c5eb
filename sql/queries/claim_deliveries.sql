-- claim_deliveries: lease what is due of the deliveries asked for, and count the attempt and the claim.
-- in    :claims (json: id, attempt, token; ids distinct), :lease_seconds, :payload_budget_bytes, :slice_bytes,
--       :now (null: the database's clock)
-- out   one row per id asked for: the verdict, and of what is claimed the delivery as JSON; then the payload of each
--       claimed delivery in slices of bytes, numbered from 1, as base64 (characters would outgrow a row once escaped,
--       and how a bytea counts against the limits of the Data API is written nowhere). A payload over the budget, which
--       cannot be enqueued, is claimed alone and without slices: the claim counts, and so ends one day
-- again with the same tokens: the same answer, counted once, nothing extended

with asked as materialized (
  select a.id, a.attempt, a.token
  from jsonb_to_recordset(cast(:claims as jsonb)) as a (id bigint, attempt integer, token uuid)
), instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.max_attempts, d.scheduled_for, d.lease_token, d.lease_expires_at, d.claimed_at,
    a.attempt as asked_attempt,
    a.token as asked_token,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    -- Quotes and backslashes of the headers double on the way.
    2 * octet_length(cast(d.custom_headers as text)) as header_bytes
  from webhook_deliveries d
  join asked a on a.id = d.id
  -- Every statement locks in id order, or overlapping batches deadlock. No skip locked: a repeat would miss its own claim.
  order by d.id
  for update of d
), judged as materialized (
  select
    l.*,
    case
      when l.status <> 'pending' then 'finished'
      when l.lease_token = l.asked_token and l.lease_expires_at is not null then 'mine'
      when l.lease_token = l.asked_token then 'stale'
      when l.lease_expires_at > i.now then 'held'
      when l.asked_attempt <> l.attempt_count + 1
        and (l.asked_attempt <> l.attempt_count or l.lease_expires_at is null) then 'stale'
      when l.attempt_count >= l.max_attempts then 'exhausted'
      when l.scheduled_for > i.now then 'early'
      else 'claimable'
    end as verdict,
    cast(ceil(extract(epoch from l.scheduled_for - i.now)) as bigint) as due_in_seconds,
    i.now
  from locked l
  cross join instant i
), taken as materialized (
  select j.*
  from (
    select
      judged.*,
      row_number() over places as place,
      sum(payload_bytes + header_bytes) over places as bytes_so_far
    from judged
    where verdict in ('mine', 'claimable')
    window places as (
      order by verdict = 'mine' desc, payload_bytes > cast(:payload_budget_bytes as bigint), id rows unbounded preceding
    )
  ) j
  -- The first is always taken: what is deferred must become less, or its worker would ask for ever.
  where j.verdict = 'mine' or j.place = 1 or j.bytes_so_far <= cast(:payload_budget_bytes as bigint)
), lost as (
  insert into webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error)
  select
    id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request'
  from taken
  where verdict = 'claimable' and lease_expires_at is not null and attempt_count > 0
  on conflict do nothing
), claimed as (
  update webhook_deliveries d
  set
    attempt_count = d.attempt_count + 1,
    claim_count = d.claim_count + 1,
    lease_token = t.asked_token,
    lease_expires_at = t.now + make_interval(secs => cast(:lease_seconds as double precision)),
    claimed_at = t.now,
    updated_at = t.now
  from taken t
  where d.id = t.id and t.verdict = 'claimable'
)
select
  a.id,
  0 as slice,
  case
    when j.id is null then 'unknown'
    when t.id is not null then 'claimed'
    when j.verdict = 'claimable' then 'deferred'
    else j.verdict
  end as verdict,
  j.due_in_seconds,
  case when t.id is not null then cast(jsonb_build_object(
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
    'payload_bytes', t.payload_bytes
  ) as text) end as delivery,
  cast(null as text) as bytes
from asked a
left join judged j on j.id = a.id
left join taken t on t.id = a.id
left join webhook_deliveries d on d.id = t.id
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
join webhook_deliveries d on d.id = t.id
cross join lateral generate_series(
  1, cast(ceil(cast(t.payload_bytes as numeric) / cast(:slice_bytes as numeric)) as integer)
) as s (slice)
where t.payload_bytes <= cast(:payload_budget_bytes as bigint)
order by 1, 2
