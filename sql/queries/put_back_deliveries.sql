-- put_back_deliveries: one page, oldest due first, of what needs a message: due for a while with nobody holding it, or
-- due within the horizon and never given one.
-- in    :after_due, :after_id (where the page before ended; null for the first), :page_rows, :only (json array
--       of ids, or null: any), :grace_seconds, :horizon_seconds, :pause_seconds, :max_pause_seconds, :now (null: the database's clock)
-- out   id, organization_id, attempt to ask for, delay_seconds, handed_out, and due_at as the next page's :after_due
-- again: the rows of the first run are not named again before their pause is over
-- at the same time: rows of the one are skipped by the other, no row is named twice

with page as materialized (
  select d.id, d.awaits_hand_out, i.now
  from {surehook}.webhook_deliveries d
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where d.status = 'pending'
    and d.scheduled_for <= i.now + make_interval(secs => cast(:horizon_seconds as double precision))
    and (d.scheduled_for, d.id)
      > (coalesce(cast(:after_due as timestamptz), '-infinity'), coalesce(cast(:after_id as bigint), 0))
    and (d.lease_expires_at is null or d.lease_expires_at <= i.now)
    and d.attempt_count < d.max_attempts
    -- Held for as long as may be: it is buried, or called out with the others.
    and (d.held_by is null or d.held_for <> 'down')
    and (
      d.awaits_hand_out
      or d.scheduled_for <= i.now - make_interval(secs => cast(:grace_seconds as double precision))
      and (
        d.put_back_at is null
        or d.put_back_at < greatest(d.scheduled_for, d.claimed_at)
        -- As long again as it had been due, or unclaimed, when last put back: the pause doubles by itself.
        or d.put_back_at + least(
          greatest(
            d.put_back_at - greatest(d.scheduled_for, d.claimed_at),
            make_interval(secs => cast(:pause_seconds as double precision))
          ),
          make_interval(secs => cast(:max_pause_seconds as double precision))
        ) <= i.now
      )
    )
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
-- In JSON an instant is ISO 8601, whatever date style and time zone the session has.
select id, organization_id, attempt, delay_seconds, handed_out, to_jsonb(scheduled_for) #>> '{}' as due_at
from put_back
order by scheduled_for, id
