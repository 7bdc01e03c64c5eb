-- list_deliveries: look at the next deliveries of a walk, in its order, and show those that fit. It looks at no more than
-- :look_rows, however many there are.
-- in    :walk: ids (those of :ids), run, dead_host, dead (the latest dead first), pending (the latest due first), due (pending ones, the
--       soonest due first), held (what :held_by holds, the soonest due first), organization, or all (the newest first)
--       filters, each null for any: :ids (json array), :organization_id, :run_id, :node_id, :name, :ordering_key, :credential_uuid, :statuses (json
--       array), :reason, :host, :port, :endpoint (a URL without its query), :created_since, :created_until, :dead_since, :dead_until,
--       :standing (true: dead letters that nobody has dismissed, erased or cancelled), :held_by (key of an endpoint), :phase (due,
--       in_flight, later, held or behind: as count_backlog counts)
--       :after_at, :after_id (where the page before ended; null for the first),
--       :look_rows, :page_rows, :now (null: the database's clock)
-- out   of each at most its origin, and the beginning of its last error; at as the next page's :after_at. Then one line without an id:
--       next_at, next_id, where the next page begins; null after the last
-- again: the same, as far as the deliveries are

with instant as materialized (
  select coalesce(cast(:now as timestamptz), now()) as now
), wanted as materialized (
  select
    cast(:host as text) as host,
    cast(:organization_id as bigint) as organization_id,
    coalesce(
      cast(:after_at as timestamptz),
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_until as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_until as timestamptz)
        when cast(:walk as text) = 'due' and cast(:phase as text) = 'later' then i.now
        when cast(:walk as text) in ('due', 'held') then '-infinity'
      end,
      'infinity'
    ) as at,
    -- What is due now is not due later.
    coalesce(cast(:after_id as bigint), case when cast(:walk as text) = 'due' then 9223372036854775807 else -1 end) as id,
    coalesce(
      case
        when cast(:walk as text) like 'dead%' then cast(:dead_since as timestamptz)
        when cast(:walk as text) in ('organization', 'all') then cast(:created_since as timestamptz)
      end,
      '-infinity'
    ) as since,
    case when cast(:phase as text) in ('due', 'in_flight') then i.now else 'infinity' end as until
  from instant i
), letters as not materialized (
  select
    id, organization_id, status, workflow_run_id, webhook_node_id, webhook_name, credential_uuid, created_at, updated_at,
    scheduled_for, lease_expires_at, held_by, held_due_at, dismissed_at, expunged_at, endpoint_url, ordering_key, ordering_position,
    dead_letter_reason as reason,
    -- This, and the condition on the status below, must be exactly those of the indexes.
    left(substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)'), 260) as host
  from {surehook}.webhook_deliveries
), looked as materialized (
  (
    select d.created_at as at, d.*
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
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'run'
      and d.workflow_run_id = cast(:run_id as bigint)
      and (d.created_at, d.id) < (select at, id from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.updated_at as at, d.*
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
    select d.updated_at as at, d.*
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
    select d.scheduled_for as at, d.*
    from letters d
    where cast(:walk as text) = 'pending'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) < (select at, id from wanted)
    order by d.scheduled_for desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.scheduled_for as at, d.*
    from letters d
    where cast(:walk as text) = 'due'
      and d.status = 'pending'
      and (d.scheduled_for, d.id) > (select at, id from wanted)
      and d.scheduled_for <= (select until from wanted)
    order by d.scheduled_for, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.held_due_at as at, d.*
    from letters d
    where cast(:walk as text) = 'held'
      and d.held_by = cast(:held_by as uuid)
      and (d.held_due_at, d.id) > (select at, id from wanted)
    order by d.held_due_at, d.id
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'organization'
      and (d.organization_id, d.created_at, d.id) < (select organization_id, at, id from wanted)
      and (d.organization_id, d.created_at) >= (select organization_id, since from wanted)
    order by d.organization_id desc, d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
  union all
  (
    select d.created_at as at, d.*
    from letters d
    where cast(:walk as text) = 'all'
      and (d.created_at, d.id) < (select at, id from wanted)
      and d.created_at >= (select since from wanted)
    order by d.created_at desc, d.id desc
    limit cast(:look_rows as integer)
  )
), placed as materialized (
  select
    l.*,
    case when cast(:walk as text) in ('due', 'held')
      then row_number() over (order by l.at, l.id)
      else row_number() over (order by l.at desc, l.id desc)
    end as place
  from looked l
), matched as materialized (
  select l.id, l.at, l.place
  from placed l
  cross join instant i
  cross join lateral (
    select case when cast(:phase as text) is null then false else (
        l.ordering_key is not null and exists (
          select from {surehook}.webhook_deliveries e
          where e.organization_id = l.organization_id and e.ordering_key = l.ordering_key
            and (e.ordering_position, e.id) < (l.ordering_position, l.id)
            and (
              e.status = 'pending'
              or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
                and e.dead_letter_reason is distinct from 'cancelled'
            )
        )
      ) end as is_behind
  ) w
  where (cast(:organization_id as bigint) is null or l.organization_id = cast(:organization_id as bigint))
    and (cast(:run_id as bigint) is null or l.workflow_run_id = cast(:run_id as bigint))
    and (cast(:node_id as text) is null or l.webhook_node_id = cast(:node_id as text))
    and (cast(:name as text) is null or l.webhook_name = cast(:name as text))
    and (cast(:ordering_key as text) is null or l.ordering_key = cast(:ordering_key as text))
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
    and (cast(:held_by as uuid) is null or l.held_by = cast(:held_by as uuid))
    and case cast(:phase as text)
      when 'due' then l.scheduled_for <= i.now and coalesce(l.lease_expires_at <= i.now, true) and not w.is_behind
      when 'in_flight' then l.lease_expires_at > i.now
      when 'later' then l.scheduled_for > i.now and l.held_by is null and not w.is_behind
      when 'behind' then w.is_behind and coalesce(l.lease_expires_at <= i.now, true)
      when 'held' then l.held_by is not null
      else true
    end
    and (
      cast(:standing as boolean) is not true
      or l.dismissed_at is null and l.expunged_at is null and l.reason is distinct from 'cancelled'
    )
  order by l.place
  limit cast(:page_rows as integer)
), ended as materialized (
  select at, id
  from (
    -- Behind the last one shown if the page is full; otherwise behind the last one looked at, if there may be more.
    (select 1 as rank, at, id, place from matched where (select count(*) from matched) >= cast(:page_rows as integer))
    union all
    (select 2, at, id, place from placed where (select count(*) from placed) >= cast(:look_rows as integer))
  ) e
  order by rank, place desc
  limit 1
)
select
  m.place,
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
    'ordering_key', left(d.ordering_key, 255),
    'holds_key', coalesce(d.ordering_on_dead_letter = 'hold', false),
    -- The first of those that come before it.
    'behind', case when d.status = 'pending' and d.ordering_key is not null then (
      select jsonb_build_object('delivery_id', e.id, 'status', e.status)
      from {surehook}.webhook_deliveries e
      where e.organization_id = d.organization_id and e.ordering_key = d.ordering_key
        and (e.ordering_position, e.id) < (d.ordering_position, d.id)
        and (
          e.status = 'pending'
          or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
            and e.dead_letter_reason is distinct from 'cancelled'
        )
      order by e.ordering_position, e.id
      limit 1
    ) end,
    'held_for', case when d.status = 'pending' then d.held_for end,
    'held_since_ms', round(extract(epoch from d.held_since) * 1000),
    'held_due_at_ms', round(extract(epoch from d.held_due_at) * 1000),
    'expunge_at_end', d.expunge_at_end,
    'cancelled', d.cancelled_by is not null,
    'replay_of', d.replay_of,
    'may_have_arrived', d.status = 'dead_letter' and exists (
      select from {surehook}.webhook_delivery_attempts a where a.delivery_id = d.id and a.error_class = 'outcome_unknown'
    ),
    'scheduled_for_ms', round(extract(epoch from d.scheduled_for) * 1000),
    'lease_expires_at_ms', round(extract(epoch from d.lease_expires_at) * 1000),
    'created_at_ms', round(extract(epoch from d.created_at) * 1000),
    'updated_at_ms', round(extract(epoch from d.updated_at) * 1000),
    'dismissed_at_ms', round(extract(epoch from d.dismissed_at) * 1000),
    'expunged_at_ms', round(extract(epoch from d.expunged_at) * 1000),
    'now_ms', round(extract(epoch from (select now from instant)) * 1000)
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
