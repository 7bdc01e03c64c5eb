-- list_deliveries: look at the next deliveries of a walk, newest first, and show those that fit. It looks at no more than
-- :look_rows, however many there are.
-- in    :walk: ids (those of :ids), run, dead_host, dead (the latest dead first), pending (the latest due first), organization, or all
--       (the newest first)
--       filters, each null for any: :ids (json array), :organization_id, :run_id, :node_id, :name, :credential_uuid, :statuses (json
--       array), :reason, :host, :port, :endpoint (a URL without its query), :created_since, :created_until, :dead_since, :dead_until
--       :after_at, :after_id (where the page before ended; null for the first),
--       :look_rows, :page_rows, :now (null: the database's clock)
-- out   of each at most its origin, and the beginning of its last error; at as the next page's :after_at. Then one line without an id:
--       next_at, next_id, where the next page begins; null after the last
-- again: the same, as far as the deliveries are

with wanted as materialized (
  select
    cast(:host as text) as host,
    cast(:organization_id as bigint) as organization_id,
    coalesce(
      cast(:after_at as timestamptz),
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_until as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_until as timestamptz)
      end,
      'infinity'
    ) as at,
    coalesce(cast(:after_id as bigint), -1) as id,
    coalesce(
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_since as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_since as timestamptz)
      end,
      '-infinity'
    ) as since
), letters as not materialized (
  select
    id, organization_id, status, workflow_run_id, webhook_node_id, webhook_name, credential_uuid, created_at, updated_at,
    scheduled_for, endpoint_url,
    dead_letter_reason as reason,
    -- This, and the condition on the status below, must be exactly those of the indexes.
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from (
      select distinct cast(a.id as bigint) as id from jsonb_array_elements_text(cast(:ids as jsonb)) as a (id)
    ) i
    -- One look-up for each id, by the primary key.
    cross join lateral (select * from letters l where l.id = i.id limit 1) d
    where cast(:walk as text) = 'ids'
      and (d.created_at, d.id) < (select at, id from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'run'
      and d.workflow_run_id = cast(:run_id as bigint)
      and (d.created_at, d.id) < (select at, id from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'dead_host'
      and coalesce(d.status = 'dead_letter', false)
      and (d.host, d.updated_at, d.id) < (select host, at, id from wanted)
      and (d.host, d.updated_at) >= (select host, since from wanted)
    order by d.host desc, d.updated_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.updated_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'dead'
      and coalesce(d.status = 'dead_letter', false)
      and (d.updated_at, d.id) < (select at, id from wanted)
      and d.updated_at >= (select since from wanted)
    order by d.updated_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.scheduled_for as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'pending'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) < (select at, id from wanted)
    order by d.scheduled_for desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'organization'
      and (d.organization_id, d.created_at, d.id) < (select organization_id, at, id from wanted)
      and (d.organization_id, d.created_at) >= (select organization_id, since from wanted)
    order by d.organization_id desc, d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select
      d.id, d.created_at as at, d.organization_id, d.status, d.reason, d.host, d.workflow_run_id, d.webhook_node_id, d.webhook_name,
      d.credential_uuid, d.created_at, d.updated_at, d.endpoint_url
    from letters d
    where cast(:walk as text) = 'all'
      and (d.created_at, d.id) < (select at, id from wanted)
      and d.created_at >= (select since from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
), matched as materialized (
  select l.id, l.at
  from looked l
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:run_id as bigint) is null or l.workflow_run_id = cast(:run_id as bigint))
    and (cast(:node_id as text) is null or l.webhook_node_id = cast(:node_id as text))
    and (cast(:name as text) is null or l.webhook_name = cast(:name as text))
    and (cast(:credential_uuid as uuid) is null or l.credential_uuid = cast(:credential_uuid as uuid))
    and (cast(:statuses as jsonb) is null or jsonb_exists(cast(:statuses as jsonb), cast(l.status as text)))
    and (cast(:reason as text) is null or l.reason = cast(:reason as text))
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
  order by l.at desc, l.id desc
  limit cast(:page_rows as integer)
), ended as materialized (
  select at, id
  from (
    -- Behind the last one shown if the page is full; otherwise behind the last one looked at, if there may be more.
    (select 1 as rank, at, id from matched where (select count(*) from matched) >= cast(:page_rows as integer))
    union all
    (select 2, at, id from looked where (select count(*) from looked) >= cast(:look_rows as integer))
  ) e
  order by rank, at, id
  limit 1
)
select
  row_number() over (order by m.at desc, m.id desc) as place,
  d.id,
  to_jsonb(m.at) #>> '{}' as at,
  cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_node_id', left(d.webhook_node_id, 600),
    'webhook_name', left(d.webhook_name, 255),
    'endpoint', left(substring(d.endpoint_url from '^[^/]*//[^/?#]*'), 300),
    'http_method', d.http_method,
    'status', d.status,
    'attempt_count', d.attempt_count,
    'max_attempts', d.max_attempts,
    'last_status_code', d.last_status_code,
    'last_error', left(d.last_error, 300),
    'reason', d.dead_letter_reason,
    'succeeded_late', d.succeeded_late,
    'awaits_hand_out', d.awaits_hand_out,
    'held_for', case when d.status = 'pending' then d.held_for end,
    'held_since_ms', round(extract(epoch from d.held_since) * 1000),
    'expunge_at_end', d.expunge_at_end,
    'cancelled', d.cancelled_by is not null,
    'replay_of', d.replay_of,
    'scheduled_for_ms', round(extract(epoch from d.scheduled_for) * 1000),
    'lease_expires_at_ms', round(extract(epoch from d.lease_expires_at) * 1000),
    'created_at_ms', round(extract(epoch from d.created_at) * 1000),
    'updated_at_ms', round(extract(epoch from d.updated_at) * 1000),
    'dismissed_at_ms', round(extract(epoch from d.dismissed_at) * 1000),
    'expunged_at_ms', round(extract(epoch from d.expunged_at) * 1000),
    'now_ms', round(extract(epoch from coalesce(cast(:now as timestamptz), now())) * 1000)
  ) as text) as delivery,
  cast(null as text) as next_at,
  cast(null as text) as next_id
from matched m
join {surehook}.webhook_deliveries d on d.id = m.id
union all
select null, null, null, null, to_jsonb(e.at) #>> '{}', cast(e.id as text)
from (select) one
left join ended e on true
order by place nulls last
