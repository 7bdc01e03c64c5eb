-- call_next_deliveries: the first one left of each ordering key, if it may be attempted now or later. A statement of its own: whoever was
-- stored while the one before ended may not have been seen by the statement that ended it.
-- in    :keys (json: organization_id, ordering_key), :now (null: the database's clock)
-- out   id, organization_id, ordering_key, the attempt to ask for and delay_seconds of each; none where it is in flight, held by its endpoint, or
--       a dead letter that holds its key
-- again: the same, as far as the deliveries are

with asked as materialized (
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
  -- What no message can name is buried.
  and greatest(n.id, n.workflow_run_id, a.organization_id) <= 9007199254740991
order by n.id
