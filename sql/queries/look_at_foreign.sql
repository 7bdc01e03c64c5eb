-- look_at_foreign: what the table of another pipeline is like, and how much of it is pending. It fails where there is no such table.
-- in    :most (pending rows that are counted)
-- out   columns (json: name and type), rights (json), pending

select
  (
    select cast(jsonb_object_agg(a.attname, format_type(a.atttypid, null)) as text)
    from pg_attribute a
    where a.attrelid = to_regclass('{foreign}') and a.attnum > 0 and not a.attisdropped
  ) as columns,
  (
    select cast(jsonb_agg(r.name) as text)
    from unnest(array['select', 'insert', 'update']) as r (name)
    where has_table_privilege(to_regclass('{foreign}'), r.name)
  ) as rights,
  (
    select count(*)
    from (select from {foreign} where cast(status as text) = 'pending' limit cast(:most as bigint)) p
  ) as pending
