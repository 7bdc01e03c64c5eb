-- restore_messages: one page, oldest due first, of every pending delivery within reach of a chain of messages, for when
-- the queue's messages are known to be lost. What is leased is asked for again when its lease ends.
-- in    :after_due, :after_id (where the page before ended; null for the first), :page_rows, :only (json array
--       of ids, or null: any), :horizon_seconds, :now (null: the database's clock)
-- out   as put_back_deliveries
-- again: names the same rows again; a second message for a delivery does no harm
-- at the same time: rows of the one are skipped by the other; where its answer is lost, the usual sweep names them after their
--       pause

with page as materialized (
  select d.id, d.awaits_hand_out, i.now
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now + make_interval(secs => cast(:horizon_seconds as double precision))
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.attempt_count < d.max_attempts or d.lease_expires_at > i.now)
    -- What waits behind another of its ordering key is called by whoever ends that one.
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
    -- What no message can name is buried.
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
-- In JSON an instant is ISO 8601, whatever date style and time zone the session has.
select id, organization_id, attempt, delay_seconds, handed_out, to_jsonb(scheduled_for) #>> '{}' as due_at
from restored
order by scheduled_for, id
