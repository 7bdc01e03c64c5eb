-- forget_ordering_keys: one page of ordering keys that nobody has used for a while, and of slots that a worker left behind, so that
-- hostile or unique keys never fill a table. Their deliveries stay: a key that comes again goes on behind them.
-- in    :idle_seconds, :page_rows, :now (null: the database's clock)
-- out   forgotten: how many; fewer than a page means none is left
-- again: forgets the next page
-- at the same time: rows of the one are skipped by the other, and keys that somebody is storing a delivery of

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) - make_interval(secs => cast(:idle_seconds as double precision)) as idle_since
), idle_keys as materialized (
  select k.organization_id, k.ordering_key
  from {surehook}.webhook_ordering_keys k
  cross join instant i
  where k.used_at < i.idle_since
  limit cast(:page_rows as integer)
  for update of k skip locked
), forgotten_keys as (
  delete from {surehook}.webhook_ordering_keys k
  using idle_keys i
  where k.organization_id = i.organization_id and k.ordering_key = i.ordering_key
  returning 1
), idle_slots as materialized (
  select s.organization_id, s.ordering_key
  from {surehook}.webhook_ordering_slots s
  cross join instant i
  where s.until < i.idle_since
  limit cast(:page_rows as integer)
  for update of s skip locked
), forgotten_slots as (
  delete from {surehook}.webhook_ordering_slots s
  using idle_slots i
  where s.organization_id = i.organization_id and s.ordering_key = i.ordering_key
  returning 1
)
select greatest((select count(*) from forgotten_keys), (select count(*) from forgotten_slots)) as forgotten
