-- forget_endpoints: one page of endpoints without settings that are healthy again, or have not failed for a week, so that hostile
-- or unique URLs never fill the table.
-- in    :idle_seconds, :lease_seconds (no attempt lasts longer), :page_rows, :now (null: the database's clock)
-- out   forgotten: how many; fewer than a page means none is left
-- again: forgets the next page
-- at the same time: rows of the one are skipped by the other

with page as materialized (
  select e.key
  from {surehook}.webhook_endpoints e
  cross join (select coalesce(cast(:now as timestamptz), now()) as now) i
  where e.max_in_flight is null and e.max_per_second is null and e.stopped_at is null
    and (
      e.down_since is null and e.failures = 0
      or coalesce(e.last_failed_at, e.created_at) <= i.now - make_interval(secs => cast(:idle_seconds as double precision))
    )
    and coalesce(greatest(e.not_before, e.next_place_at) <= i.now, true)
    -- What began before it went down may still fail, and would be counted as the first.
    and coalesce(e.went_down_at <= i.now - make_interval(secs => cast(:lease_seconds as double precision)), true)
    and not exists (
      select from jsonb_each_text(e.slots) s where cast(s.value as double precision) > extract(epoch from i.now)
    )
    and not exists (select from {surehook}.webhook_deliveries d where d.held_by = e.key and d.status = 'pending')
  limit cast(:page_rows as integer)
  for update of e skip locked
), forgotten as (
  delete from {surehook}.webhook_endpoints e using page p where e.key = p.key returning e.key
)
select count(*) as forgotten
from forgotten
