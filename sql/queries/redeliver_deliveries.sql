-- redeliver_deliveries: make one page of dead letters pending again, the longest dead first. Attempts made stay counted and
-- more are allowed. Each endpoint host gets its deliveries one after the other, at a pace.
-- in    :ids (json array of ids, or null: any), and filters, each null for any: :organization_id, :reason,
--       :endpoint_host (with or without its port), :dead_since, :dead_until; :more_attempts, :per_second (for each host),
--       :already (json: host, count: what earlier pages gave each host), :chained_delay_seconds, :page_rows,
--       :now (null: the database's clock)
-- out   id, organization_id, attempt to ask for, delay_seconds, host
-- again: finds none of them, for they are pending; their messages are left to the sweep, and the pace does not know them
-- at the same time: rows of the one are skipped by the other

with page as materialized (
  select
    d.id,
    d.updated_at,
    substring(d.endpoint_url from '^https?://([^/?#]+)') as host,
    coalesce(cast(:now as timestamptz), now()) as now
  from webhook_deliveries d
  where d.status = 'dead_letter'
    and (
      cast(:ids as jsonb) is null
      or d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
    )
    and (cast(:organization_id as bigint) is null or d.organization_id = cast(:organization_id as bigint))
    and (cast(:reason as text) is null or d.dead_letter_reason = cast(:reason as text))
    and (
      cast(:endpoint_host as text) is null
      or substring(d.endpoint_url from '^https?://([^/?#]+)') = cast(:endpoint_host as text)
      or substring(d.endpoint_url from '^https?://([^/?#]+?)(?::[0-9]+)?(?:[/?#]|$)') = cast(:endpoint_host as text)
    )
    and (cast(:dead_since as timestamptz) is null or d.updated_at >= cast(:dead_since as timestamptz))
    and (cast(:dead_until as timestamptz) is null or d.updated_at < cast(:dead_until as timestamptz))
  order by d.updated_at, d.id
  limit cast(:page_rows as integer)
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
  update webhook_deliveries d
  set
    status = 'pending',
    scheduled_for = p.now + make_interval(secs => p.delay_seconds),
    awaits_hand_out = p.delay_seconds > cast(:chained_delay_seconds as double precision),
    max_attempts = d.attempt_count + cast(:more_attempts as integer),
    -- The releases of its former life do not count against the new one.
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
order by delay_seconds, id
