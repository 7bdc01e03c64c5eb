-- match_deliveries: look at the next deliveries of a walk, oldest first, and tell which of them fit: by id, or counted by what
-- they have in common. It looks at no more than :look_rows, however many there are.
-- in    :walk: ids (those of :ids), run, dead_host, dead_rows, dead (the longest dead first; dead reads only its index), pending (the
--       longest due first), organization, or all (the oldest first)
--       filters, each null for any: :ids (json array), :organization_id, :run_id, :node_id, :name, :ordering_key, :credential_uuid, :statuses (json
--       array), :reason, :not_reason, :host, :port, :endpoint (a URL without its query), :created_since, :created_until, :dead_since,
--       :dead_until, :dead_by (the last instant itself), :standing (true: dead letters that nobody has dismissed, erased or cancelled)
--       :after_at, :after_id (where the look before ended; null for the first), :look_rows, :page_rows (the most ids that are named)
--       :by (json array of status, reason, endpoint, organization; null: the ids are named), :dealt_with
--       (whether it is told how many of them have been dismissed or erased, which no index knows)
-- out   matched, and of these dismissed and expunged (erased, dismissed or not); ids (json array); groups (json array); next_at, next_id: where the next look begins, null after the last
-- again: the same, as far as the deliveries are

with wanted as materialized (
  select
    cast(:host as text) as host,
    cast(:organization_id as bigint) as organization_id,
    coalesce(
      cast(:after_at as timestamptz),
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_since as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_since as timestamptz)
      end,
      '-infinity'
    ) as at,
    coalesce(cast(:after_id as bigint), -9223372036854775808) as id,
    coalesce(
      case
        when cast(:walk as text) like 'dead%'
          then least(cast(:dead_until as timestamptz), cast(:dead_by as timestamptz) + interval '1 microsecond')
        when cast(:walk as text) in ('organization', 'all') then cast(:created_until as timestamptz)
      end,
      'infinity'
    ) as until
), letters as not materialized (
  select
    id, organization_id, status, workflow_run_id, webhook_node_id, webhook_name, credential_uuid, created_at, updated_at,
    scheduled_for, endpoint_url, ordering_key,
    dead_letter_reason as reason,
    -- This, and the condition on the status below, must be exactly those of the indexes.
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    -- One look-up for each id, by the primary key.
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where cast(:walk as text) = 'ids' and (d.created_at, d.id) > (select at, id from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'run'
      and d.workflow_run_id = cast(:run_id as bigint)
      and (d.created_at, d.id) > (select at, id from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'dead_host'
      and coalesce(d.status = 'dead_letter', false)
      -- Only the index by host has these bounds and this order, and the planner cannot weigh values from a subquery. So it follows
      -- the index and stops, whatever its statistics say about a host.
      and (d.host, d.updated_at, d.id) > (select host, at, id from wanted)
      and (d.host, d.updated_at) < (select host, until from wanted)
    order by d.host, d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'dead_rows'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) > (select at, id from wanted)
      and d.updated_at < (select until from wanted)
    order by d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    -- The index by time holds every column named here, so the table is not read once vacuum has run.
    select
      d.id, d.updated_at, d.organization_id, 'dead_letter', d.reason, null, null, null, null, null, null, d.updated_at, null, null
    from letters d
    where cast(:walk as text) = 'dead'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) > (select at, id from wanted)
      and d.updated_at < (select until from wanted)
    order by d.updated_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.scheduled_for as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'pending'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) > (select at, id from wanted)
    order by d.scheduled_for, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'organization'
      and (d.organization_id, d.created_at, d.id) > (select organization_id, at, id from wanted)
      and (d.organization_id, d.created_at) < (select organization_id, until from wanted)
    order by d.organization_id, d.created_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url, d.ordering_key
    from letters d
    where cast(:walk as text) = 'all'
      and (d.created_at, d.id) > (select at, id from wanted)
      and d.created_at < (select until from wanted)
    order by d.created_at, d.id
    limit cast(:look_rows as integer)
  )
), matched as materialized (
  select l.*
  from looked l
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:run_id as bigint) is null or l.workflow_run_id = cast(:run_id as bigint))
    and (cast(:node_id as text) is null or l.webhook_node_id = cast(:node_id as text))
    and (cast(:name as text) is null or l.webhook_name = cast(:name as text))
    and (cast(:ordering_key as text) is null or l.ordering_key = cast(:ordering_key as text))
    and (cast(:credential_uuid as uuid) is null or l.credential_uuid = cast(:credential_uuid as uuid))
    and (cast(:statuses as jsonb) is null or jsonb_exists(cast(:statuses as jsonb), cast(l.status as text)))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
    and (cast(:not_reason as text) is null or l.reason is distinct from cast(:not_reason as text))
    and (cast(:host as text) is null or l.host = cast(:host as text))
    -- The default port is not written.
    and (cast(:port as integer) is null or cast(:port as text) = coalesce(
      substring(split_part(l.endpoint_url, '/', 3) from ':([0-9]+)(?:[?#]|$)'),
      case when l.endpoint_url like 'https:%' then '443' else '80' end
    ))
    and (cast(:endpoint as text) is null or split_part(l.endpoint_url, '?', 1) = cast(:endpoint as text))
    and (cast(:created_since as timestamptz) is null or l.created_at >= cast(:created_since as timestamptz))
    and (cast(:created_until as timestamptz) is null or l.created_at < cast(:created_until as timestamptz))
    and (cast(:dead_since as timestamptz) is null or l.updated_at >= cast(:dead_since as timestamptz))
    and (cast(:dead_until as timestamptz) is null or l.updated_at < cast(:dead_until as timestamptz))
    and (cast(:dead_by as timestamptz) is null or l.updated_at <= cast(:dead_by as timestamptz))
    -- It is in none of the indexes.
    and (cast(:standing as boolean) is not true or exists (
      select from {surehook}.webhook_deliveries d
      where d.id = l.id and d.status = 'dead_letter' and d.dismissed_at is null and d.expunged_at is null
        and d.dead_letter_reason is distinct from 'cancelled'
    ))
    -- What no message can name stays as it is.
    and l.id <= 9007199254740991
), dealt_with as materialized (
  select
    count(*) filter (where d.expunged_at is not null) as expunged,
    count(*) filter (where d.expunged_at is null and d.dismissed_at is not null) as dismissed
  from matched m
  -- One look-up for each, by the primary key.
  cross join lateral (
    select w.dismissed_at, w.expunged_at from {surehook}.webhook_deliveries w where w.id = m.id limit 1
  ) d
  where cast(:dealt_with as boolean)
), named as materialized (
  select id, at
  from matched
  where cast(:by as jsonb) is null
  order by at, id
  limit cast(:page_rows as integer)
), ended as materialized (
  select at, id
  from (
    -- Behind the last one named if there are more; otherwise behind the last one looked at.
    (
      select 1 as rank, at, id
      from named
      where (select count(*) from matched) > cast(:page_rows as integer)
      order by at desc, id desc
      limit 1
    )
    union all
    (
      select 2, at, id
      from looked
      where (select count(*) from looked) >= cast(:look_rows as integer)
      order by at desc, id desc
      limit 1
    )
  ) e
  order by rank
  limit 1
), shown as (
  select
    case when jsonb_exists(cast(:by as jsonb), 'status') then m.status end as status,
    case when jsonb_exists(cast(:by as jsonb), 'reason') then m.reason end as reason,
    case when jsonb_exists(cast(:by as jsonb), 'endpoint') then substring(m.endpoint_url from '^[^/]*//[^/?#]*') end as endpoint,
    -- JSON has no exact number for a larger one.
    case
      when jsonb_exists(cast(:by as jsonb), 'organization') and m.organization_id <= 9007199254740991 then m.organization_id
    end as organization_id,
    count(*) as matched
  from matched m
  where jsonb_array_length(cast(:by as jsonb)) > 0
  group by 1, 2, 3, 4
)
select
  'look' as line,
  m.matched,
  a.dismissed,
  a.expunged,
  n.ids,
  to_jsonb(e.at) #>> '{}' as next_at,
  cast(e.id as text) as next_id,
  cast(null as text) as status,
  cast(null as text) as reason,
  cast(null as text) as endpoint,
  cast(null as bigint) as organization_id
from (select count(*) as matched from matched) m
cross join (select cast(jsonb_agg(id order by at, id) as text) as ids from named) n
cross join dealt_with a
left join ended e on true
union all
select 'group', matched, null, null, null, null, null, cast(status as text), reason, endpoint, organization_id
from shown
