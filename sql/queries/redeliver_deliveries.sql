-- redeliver_deliveries: make these dead letters pending again, the longest dead first. Attempts made stay counted and more are
-- allowed. Each endpoint host gets its deliveries one after the other, at a pace.
-- in    :ids (json array of ids), :more_attempts, :per_second (for each host), :already (json: host, count: what earlier pages
--       gave each host), :chained_delay_seconds, :now (null: the database's clock)
-- out   id, organization_id, attempt to ask for, delay_seconds, host
-- again: finds none of them, for they are pending; their messages are left to the sweep, and the pace does not know them
-- at the same time: rows of the one are skipped by the other

with page as materialized (
  select
    d.id,
    d.updated_at,
    substring(split_part(d.endpoint_url, '/', 3) from '^[^?#]*') as host,
    coalesce(cast(:now as timestamptz), now()) as now
  from {surehook}.webhook_deliveries d
  where d.id in (select cast(i.id as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)) as i (id))
    and d.status = 'dead_letter'
    -- What no message can name would only be buried again.
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
