-- find_dead_letters: look at the next dead letters, the longest dead first, and tell which of them fit. It looks at no more than
-- :look_rows, however many there are: at those of the host if one is given, otherwise at all.
-- in    :ids (json array of ids, or null: any), and filters, each null for any: :organization_id, :reason, :endpoint_host (with
--       or without its port), :dead_since, :dead_until; :after_died, :after_id (where the look before ended; null for the
--       first), :look_rows, :names_ids (false: they are only counted)
-- out   matched; ids (json array), the longest dead first; next_died, next_id: where the next look begins, null after the last

with wanted as materialized (
  select
    regexp_replace(cast(:endpoint_host as text), ':[0-9]+$', '') as host,
    coalesce(cast(:after_died as timestamptz), cast(:dead_since as timestamptz), '-infinity') as died,
    coalesce(cast(:after_id as bigint), -9223372036854775808) as id,
    coalesce(cast(:dead_until as timestamptz), 'infinity') as until
), letters as not materialized (
  select
    id,
    status,
    updated_at as died,
    organization_id,
    dead_letter_reason as reason,
    -- This, and the condition on the status below, must be exactly those of the indexes.
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host,
    substring(split_part(endpoint_url, '/', 3) from '^[^?#]*') as host_and_port
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select d.id, d.died, d.organization_id, d.reason, d.host, d.host_and_port
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    -- One look-up for each id, by the primary key.
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where d.status = 'dead_letter'
      and (d.died, d.id) > (select died, id from wanted)
      and d.died < (select until from wanted)
    order by d.died, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.id, d.died, d.organization_id, d.reason, d.host, d.host_and_port
    from letters d
    where cast(:ids as jsonb) is null
      and cast(:endpoint_host as text) is not null
      and coalesce(d.status = 'dead_letter', false)
      -- Only the index by host has these bounds and this order, and the planner cannot weigh values from a subquery. So it follows
      -- the index and stops, whatever its statistics say about a host.
      and (d.host, d.died, d.id) > (select host, died, id from wanted)
      and (d.host, d.died) < (select host, until from wanted)
    order by d.host, d.died, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    -- The index by time holds every column named here, so the table is not read once vacuum has run.
    select d.id, d.died, d.organization_id, d.reason, null, null
    from letters d
    where cast(:ids as jsonb) is null
      and cast(:endpoint_host as text) is null
      and coalesce(d.status = 'dead_letter', false)
      and (d.died, d.id) > (select died, id from wanted)
      and d.died < (select until from wanted)
    order by d.died, d.id
    limit cast(:look_rows as integer)
  )
), matched as materialized (
  select l.id, l.died
  from looked l
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
    and (cast(:endpoint_host as text) is null or cast(:endpoint_host as text) in (l.host, l.host_and_port))
    -- What no message can name stays dead.
    and l.id <= 9007199254740991
)
select
  m.matched,
  case when cast(:names_ids as boolean) then m.ids end as ids,
  -- In JSON an instant is ISO 8601, whatever date style and time zone the session has.
  to_jsonb(n.died) #>> '{}' as next_died,
  cast(n.id as text) as next_id
from (select count(*) as matched, cast(jsonb_agg(id order by died, id) as text) as ids from matched) m
left join (
  select died, id
  from looked
  where (select count(*) from looked) >= cast(:look_rows as integer)
  order by died desc, id desc
  limit 1
) n on true
