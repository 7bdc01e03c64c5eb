-- claim_deliveries: lease what is due of the deliveries asked for, and count the attempt and the claim.
-- in    :claims (json: id, attempts, token; ids distinct), :has_company (whether their worker has others already), :lease_seconds,
--       :payload_budget_bytes, :slice_bytes,
--       :down_after_failures (0: no endpoint is ever down), :hold_seconds, :max_in_flight and :max_per_second (of every endpoint that
--       has no limit of its own; null: none), :chained_delay_seconds, :now (null: the database's clock)
-- out   one row per id asked for: the verdict, and of what is claimed the delivery as JSON; then the payload of each
--       claimed delivery in slices of bytes, numbered from 1, as base64 (characters would outgrow a row once escaped,
--       and how a bytea counts against the limits of the Data API is written nowhere). A payload over the budget, which
--       cannot be enqueued, is claimed alone and without slices, and of columns larger than a slice only the size is
--       told: the claim counts, and so ends one day
--       locked: somebody else, or an earlier run of this very claim, has the row. It says nothing until the same tokens
--       have asked again. apart: its last holder never reported, it may have killed its worker; asked for alone it is
--       claimed. holding: its endpoint is down, waits or is full; the delivery is held, and where due_in_seconds is told, this
--       message is to come again then. unrecordable: the role lacks a right that the settle needs, told as `relation right`, and nothing
--       is claimed: no request goes out whose outcome could not be written. behind: an earlier one of its ordering key is not over, or
--       a later one in flight: it needs no message, because whoever ends that one calls it. unregistered: every endpoint has limits, and this one has no row yet. arrived: its last attempt was accepted, and only the row does not say so yet
-- what it writes of an ordinary delivery claim_ordinary_deliveries must write, too: it is asked first
-- again with the same tokens: the same answer, counted once, nothing extended; after the settle or the release, stale
-- at the same time: locked to the later one, which asks again with the same tokens
-- locks: deliveries in id order, then endpoints in key order, then paces of orders in host order, then slots of ordering keys in the
--        order of the keys, and nothing is waited for, but for a host's first pace while somebody else begins it, and for a slot while
--        a statement has it. Of an endpoint that lets nobody out
--        nothing is locked

with asked as materialized (
  select a.id, a.attempts, a.token, cast(:has_company as boolean) or count(*) over () > 1 as has_company
  from jsonb_to_recordset(cast(:claims as jsonb)) as a (id bigint, attempts jsonb, token uuid)
), instant as materialized (
  select
    coalesce(cast(:now as timestamptz), now()) as now,
    -- What this statement does not need itself. PostgreSQL checks rights before it runs, and would find out only after the request.
    case
      when not has_table_privilege('{surehook}.webhook_delivery_attempts', 'update') then 'webhook_delivery_attempts update'
      when not has_table_privilege('{surehook}.webhook_endpoints', 'insert') then 'webhook_endpoints insert'
      when not has_table_privilege('{surehook}.webhook_endpoints', 'delete') then 'webhook_endpoints delete'
      when not has_table_privilege('{surehook}.webhook_ordering_slots', 'delete') then 'webhook_ordering_slots delete'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'select') then 'webhook_outcomes select'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'insert') then 'webhook_outcomes insert'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'update') then 'webhook_outcomes update'
      when not has_table_privilege('{surehook}.webhook_outcomes', 'delete') then 'webhook_outcomes delete'
      when not has_function_privilege('{surehook}.webhook_origin(text)', 'execute') then 'webhook_origin execute'
    end as lacks
), locked as materialized (
  select
    d.id, d.status, d.attempt_count, d.max_attempts, d.scheduled_for, d.lease_token, d.lease_expires_at, d.claimed_at,
    d.organization_id, d.endpoint_url, d.held_by, d.held_for, d.held_due_at, d.held_called_at, d.ordering_key, d.ordering_position,
    -- The order that brings it to its receiver: the new delivery of a replay bears it in its name.
    coalesce(
      d.redelivered_by,
      case when d.replay_of is not null then cast(substring(d.webhook_node_id from ' [(]replay ([0-9]{1,18})[)]$') as bigint) end
    ) as order_id,
    a.attempts as asked_attempts,
    a.token as asked_token,
    a.has_company,
    case when d.http_method in ('GET', 'DELETE') then 0 else octet_length(d.payload) end as payload_bytes,
    -- Quotes and backslashes of the headers double on the way.
    2 * octet_length(cast(d.custom_headers as text)) + octet_length(d.endpoint_url)
      + coalesce(octet_length(d.webhook_name), 0) + coalesce(2 * octet_length(left(d.tracestate, 2049)), 0) as column_bytes
  from {surehook}.webhook_deliveries d
  join asked a on a.id = d.id
  where (select lacks from instant) is null
  -- In id order like every statement. One row that somebody holds must not keep the others waiting.
  order by d.id
  for update of d skip locked
), judged as materialized (
  select
    l.*,
    case
      when l.status <> 'pending' then 'finished'
      when l.lease_token = l.asked_token and l.lease_expires_at is not null then 'mine'
      when l.lease_token = l.asked_token then 'stale'
      when l.lease_expires_at > i.now then 'held'
      when not l.asked_attempts @> to_jsonb(l.attempt_count + 1)
        and (l.lease_expires_at is null or not l.asked_attempts @> to_jsonb(l.attempt_count)) then 'stale'
      when l.lease_expires_at is not null and exists (
        select from {surehook}.webhook_delivery_attempts r
        where r.delivery_id = l.id and r.attempt = l.attempt_count and r.status_code between 200 and 299
      ) then 'arrived'
      when l.attempt_count >= l.max_attempts then 'exhausted'
      -- A place in the rate is asked for up to a second before; what else is held waits for its endpoint, not for a time.
      when l.held_by is null and l.scheduled_for > i.now + case when l.held_for = 'rate' then interval '1 s' else '0' end
        then 'early'
      -- Whoever ends the earlier one calls this one.
      when l.ordering_key is not null and exists (
        select from {surehook}.webhook_deliveries e
        where e.organization_id = l.organization_id and e.ordering_key = l.ordering_key
          and (e.ordering_position, e.id) < (l.ordering_position, l.id)
          and (
            e.status = 'pending'
            or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
              and e.dead_letter_reason is distinct from 'cancelled'
          )
      ) then 'behind'
      when l.lease_expires_at is not null and l.has_company then 'apart'
      else 'claimable'
    end as verdict,
    cast(
      case
        when l.held_for = 'rate' then floor(extract(epoch from l.scheduled_for - i.now))
        else ceil(extract(epoch from greatest(l.scheduled_for, l.lease_expires_at) - i.now))
      end
      as bigint
    ) as due_in_seconds,
    i.now
  from locked l
  cross join instant i
), keyed as materialized (
  select j.id, j.held_by is not null and j.held_called_at is not null as is_called,
    coalesce(j.held_due_at, j.scheduled_for) as due_at, j.held_for, j.scheduled_for, k.scope, k.key
  from judged j
  cross join lateral {surehook}.webhook_endpoint_keys(j.organization_id, j.endpoint_url) k
  where j.verdict = 'claimable'
), gates as materialized (
  -- Every endpoint with a say, as it was when this statement began.
  select
    e.key,
    e.scope = 'endpoint' and coalesce(e.max_per_second, cast(:max_per_second as double precision)) is not null as is_paced,
    case
      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when f.taken >= w.allowed then case when not w.is_governed then 'in_flight' when e.down_since is null then 'recovering' else 'down' end
    end as closed_for,
    case when e.not_before > i.now then e.not_before else i.now + interval '5 s' end as opens_at
  from {surehook}.webhook_endpoints e
  cross join instant i
  cross join lateral (
    select
      e.in_flight_window is not null and cast(:down_after_failures as integer) > 0 as is_governed,
      least(
        case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
        case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed
  ) w
  cross join lateral (
    select count(*) as taken
    from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
  where e.key in (select key from keyed)
    and (
      w.allowed is not null or e.stopped_at is not null
      or e.scope = 'endpoint' and coalesce(e.max_per_second, cast(:max_per_second as double precision)) is not null
    )
), closed as materialized (
  select distinct on (k.id) k.id, k.key, g.closed_for, g.opens_at
  from keyed k
  join gates g on g.key = k.key
  where g.closed_for is not null
  order by k.id, g.closed_for <> 'stopped', g.opens_at desc
), governors as materialized (
  select e.*
  from {surehook}.webhook_endpoints e
  where e.key in (
    select k.key from keyed k join gates g on g.key = k.key where k.id not in (select id from closed)
  )
  order by e.key
  for update of e skip locked
), rooms as materialized (
  -- The same again of what is locked now: somebody may have been faster.
  select
    e.key,
    e.slots,
    e.next_place_at,
    case when e.scope = 'endpoint' then coalesce(e.max_per_second, cast(:max_per_second as double precision)) end as per_second,
    w.allowed is not null as has_slots,
    case
      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when not w.is_governed then 'in_flight'
      when e.down_since is null then 'recovering'
      else 'down'
    end as closes_for,
    case when e.stopped_at is not null or w.is_governed and e.not_before > i.now then 0
      when w.allowed is not null then greatest(w.allowed - f.taken, 0) end as room,
    case when e.not_before > i.now then e.not_before else i.now + interval '5 s' end as opens_at,
    -- Those that have been called out and are on their way come before those that nobody has called.
    (
      select count(*)
      from {surehook}.webhook_deliveries h
      where h.held_by = e.key and h.status = 'pending'
        and h.held_called_at > i.now - interval '20 s' and h.held_called_at <= i.now
        and h.id not in (select id from asked)
    ) as called
  from governors e
  cross join instant i
  cross join lateral (
    select
      e.in_flight_window is not null and cast(:down_after_failures as integer) > 0 as is_governed,
      least(
        case when cast(:down_after_failures as integer) > 0 then e.in_flight_window end,
        case when e.scope = 'endpoint' then coalesce(e.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed
  ) w
  cross join lateral (
    select count(*) as taken
    from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
), placed as materialized (
  select k.id, r.key, r.closes_for, r.opens_at,
    r.room is null
      or row_number() over (partition by r.key order by k.is_called desc, k.due_at, k.id)
        <= r.room - case when k.is_called then 0 else r.called end as has_place
  from keyed k
  join rooms r on r.key = k.key
  where k.id not in (select id from closed)
), held_back as materialized (
  select id, key, closed_for, opens_at from closed
  union all
  select distinct on (id) id, key, closes_for, opens_at
  from placed
  where not has_place
  order by 1, 4 desc
), let_out as materialized (
  -- What an order brings, and something has held, takes its place in the order's pace anew: those that were due meanwhile would
  -- go out all at once. Not a probe, which goes alone.
  select
    j.id, w.host, w.seconds, j.now,
    sum(w.seconds) over (partition by w.host order by coalesce(j.held_due_at, j.scheduled_for), j.id rows unbounded preceding)
      as seconds_so_far,
    sum(w.seconds) over (partition by w.host) as all_seconds
  from judged j
  join {surehook}.webhook_orders o on o.id = j.order_id and o.per_second > 0
  cross join lateral (
    select
      substring(split_part(j.endpoint_url, '/', 3) from '^[^?#]*') as host,
      1 / cast(o.per_second as double precision) as seconds
  ) w
  where j.verdict = 'claimable'
    and j.held_by is not null
    and j.id not in (select id from held_back)
    and not exists (
      select from keyed k
      left join gates g on g.key = k.key
      left join rooms r on r.key = k.key
      where k.id = j.id and (r.closes_for = 'down' or g.key is not null and r.key is null)
    )
), free_paces as materialized (
  select p.host
  from {surehook}.webhook_redelivery_paces p
  where p.host in (select host from let_out)
  order by p.host
  for update of p skip locked
), paces as (
  insert into {surehook}.webhook_redelivery_paces as p (host, next_at)
  select l.host, l.now + make_interval(secs => l.all_seconds)
  from let_out l
  where l.host in (select host from free_paces)
    or not exists (select from {surehook}.webhook_redelivery_paces p where p.host = l.host)
  group by l.host, l.now, l.all_seconds
  order by l.host
  on conflict (host) do update set
    next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from instant)))
  returning p.host, p.next_at
), resumed as materialized (
  -- No place: somebody else has the pace of its host.
  select
    l.id, p.next_at - make_interval(secs => l.all_seconds - l.seconds_so_far + l.seconds) as place_at,
    l.now + interval '1 s' as soon
  from let_out l
  left join paces p on p.host = l.host
), paced as materialized (
  -- The exact instant of each request in the rate: places follow each other at its pace, and each is had once.
  select
    k.id, r.key,
    case
      when k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s' then k.scheduled_for
      else greatest(r.next_place_at, i.now) + make_interval(secs => (
        row_number() over (
          partition by r.key, k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s' order by k.due_at, k.id
        ) - 1
      ) / r.per_second)
    end as place_at,
    not coalesce(k.held_for = 'rate' and k.scheduled_for >= i.now - interval '1 s', false) as is_new,
    r.per_second,
    i.now
  from keyed k
  join rooms r on r.key = k.key and r.per_second is not null
  cross join instant i
  where k.id not in (select id from held_back)
    and k.id not in (select id from resumed where place_at is null or place_at > soon)
), admitted as materialized (
  select
    j.*,
    case
      when j.verdict <> 'claimable' then j.verdict
      when h.id is not null then 'holding'
      when coalesce(cast(:max_in_flight as double precision), cast(:max_per_second as double precision)) is not null and not exists (
        select from keyed k join {surehook}.webhook_endpoints e on e.key = k.key where k.id = j.id and k.scope = 'endpoint'
      ) then 'unregistered'
      when exists (
        select from keyed k join gates g on g.key = k.key
        where k.id = j.id and k.key not in (select key from rooms)
      ) then 'locked'
      when m.id is not null and m.place_at is null then 'locked'
      when m.place_at > m.soon then 'resumed'
      when p.place_at > j.now + interval '1 s' then 'paced'
      else 'claimable'
    end as admission,
    h.key as held_key,
    h.closed_for,
    h.opens_at,
    p.key as paced_key,
    greatest(p.place_at, m.place_at) as place_at
  from judged j
  left join held_back h on h.id = j.id
  left join paced p on p.id = j.id
  left join resumed m on m.id = j.id
), fitting as materialized (
  select j.*
  from (
    select
      admitted.*,
      row_number() over places as place,
      sum(payload_bytes + column_bytes) over places as bytes_so_far
    from admitted
    where admission in ('mine', 'claimable')
    window places as (
      order by admission = 'mine' desc, payload_bytes > cast(:payload_budget_bytes as bigint), id rows unbounded preceding
    )
  ) j
  -- The first is always taken: what is deferred must become less, or its worker would ask for ever.
  where j.admission = 'mine' or j.place = 1 or j.bytes_so_far <= cast(:payload_budget_bytes as bigint)
), ordered as (
  -- No earlier one is left, but a later one may be in flight: a redelivered one takes its old place again. What this statement sees may
  -- be older than what it finds here, so that two of one key, claimed at the same instant, are told apart here alone.
  insert into {surehook}.webhook_ordering_slots as s (organization_id, ordering_key, token, until)
  select f.organization_id, f.ordering_key, f.asked_token, f.now + make_interval(secs => cast(:lease_seconds as double precision))
  from fitting f
  where f.verdict = 'claimable' and f.ordering_key is not null
  order by f.organization_id, f.ordering_key
  on conflict (organization_id, ordering_key) do update set token = excluded.token, until = excluded.until
  where s.until <= (select now from instant)
  returning s.token
), taken as materialized (
  select f.*
  from fitting f
  where f.verdict <> 'claimable' or f.ordering_key is null or f.asked_token in (select token from ordered)
), lost as (
  insert into {surehook}.webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error, lease_token)
  select
    id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',
    'the worker ended without reporting; the receiver may have got the request', lease_token
  from taken
  where verdict = 'claimable' and lease_expires_at is not null and attempt_count > 0
  on conflict do nothing
), claimed as (
  update {surehook}.webhook_deliveries d
  set
    attempt_count = d.attempt_count + 1,
    claim_count = d.claim_count + 1,
    lease_token = t.asked_token,
    lease_expires_at = t.now + make_interval(secs => cast(:lease_seconds as double precision)),
    claimed_at = t.now,
    -- Of what nothing held these stay as they are.
    scheduled_for = coalesce(t.place_at, d.held_due_at, d.scheduled_for),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from t.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from taken t
  where d.id = t.id and t.verdict = 'claimable'
), slotted as (
  update {surehook}.webhook_endpoints e
  set
    slots = case when r.has_slots then coalesce(
      (
        select jsonb_object_agg(s.key, s.value) from jsonb_each(e.slots) s
        where cast(cast(s.value as text) as double precision) > extract(epoch from i.now)
      ),
      '{}'
    ) || coalesce(
      (
        select jsonb_object_agg(t.asked_token, extract(epoch from i.now) + cast(:lease_seconds as numeric))
        from taken t join keyed k on k.id = t.id
        where k.key = e.key and t.verdict = 'claimable'
      ),
      '{}'
    ) else e.slots end,
    next_place_at = coalesce(
      (
        select max(p.place_at) + make_interval(secs => 1 / max(p.per_second)) from paced p
        where p.key = e.key and p.is_new
      ),
      e.next_place_at
    )
  from rooms r
  cross join instant i
  where e.key = r.key and (
    exists (select from taken t join keyed k on k.id = t.id where k.key = r.key and t.verdict = 'claimable')
    or exists (select from paced p where p.key = r.key and p.is_new)
  )
), unheld as (
  -- What waits behind another of its key is held by nothing else.
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = coalesce(d.held_due_at, d.scheduled_for),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from j.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from judged j
  where d.id = j.id and j.verdict = 'behind' and (d.held_by is not null or d.held_for is not null)
), calling as materialized (
  -- One message goes round for all that an endpoint holds: that of the longest due. The others are called when there is room.
  select
    a.*,
    case when a.closed_for <> 'stopped'
      and row_number() over (partition by a.held_key order by coalesce(a.held_due_at, a.scheduled_for), a.id) = 1
      and not exists (
        select from {surehook}.webhook_deliveries h
        where h.held_by = a.held_key and h.status = 'pending' and h.held_called_at > a.now - interval '20 s'
          and h.id not in (select id from asked)
          and (a.held_called_at is null or (h.held_due_at, h.id) < (coalesce(a.held_due_at, a.scheduled_for), a.id))
      )
    then greatest(a.opens_at, a.now) end as called_at
  from admitted a
  where a.admission = 'holding'
), held as (
  update {surehook}.webhook_deliveries d
  set
    held_by = c.held_key,
    held_for = c.closed_for,
    held_since = h.since,
    held_seconds = h.seconds,
    held_due_at = coalesce(d.held_due_at, d.scheduled_for),
    held_called_at = c.called_at,
    awaits_hand_out = false,
    -- Held for longer than this, it is looked at all the same.
    scheduled_for = case
      when c.closed_for = 'down'
        then h.since + make_interval(secs => greatest(cast(:hold_seconds as double precision) - h.seconds, 0))
      else c.now + interval '366 days'
    end
  from calling c
  join {surehook}.webhook_deliveries o on o.id = c.id
  cross join lateral (
    select
      case when o.held_by is null or (o.held_for = 'down') <> (c.closed_for = 'down') then c.now else o.held_since end as since,
      o.held_seconds + case
        when o.held_for = 'down' and c.closed_for <> 'down' then extract(epoch from c.now - o.held_since) else 0
      end as seconds
  ) h
  where d.id = c.id
    and (d.held_by, d.held_for, d.held_called_at) is distinct from (c.held_key, c.closed_for, c.called_at)
), reserved as (
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = a.place_at,
    held_for = 'rate',
    awaits_hand_out = a.place_at > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision))
  from admitted a
  where d.id = a.id and a.admission = 'paced'
), put_in_line as (
  update {surehook}.webhook_deliveries d
  set
    scheduled_for = a.place_at,
    awaits_hand_out = a.place_at > a.now + make_interval(secs => cast(:chained_delay_seconds as double precision)),
    held_seconds =
      d.held_seconds + case when d.held_for = 'down' then extract(epoch from a.now - d.held_since) else 0 end,
    held_by = null,
    held_for = null,
    held_since = null,
    held_due_at = null,
    held_called_at = null
  from admitted a
  where d.id = a.id and a.admission = 'resumed'
)
select
  a.id,
  0 as slice,
  case
    when i.lacks is not null then 'unrecordable'
    when j.id is null and d.id is null then 'unknown'
    when j.id is null then 'locked'
    when t.id is not null then 'claimed'
    when f.id is not null then 'behind'
    when j.admission = 'claimable' then 'deferred'
    when j.admission in ('paced', 'resumed') then 'early'
    else j.admission
  end as verdict,
  case
    when j.admission = 'holding' then cast(ceil(extract(epoch from c.called_at - j.now)) as bigint)
    when j.admission = 'resumed' then cast(ceil(extract(epoch from j.place_at - j.now)) as bigint)
    when j.admission = 'paced' then cast(floor(extract(epoch from j.place_at - j.now)) as bigint)
    else coalesce(j.due_in_seconds, cast(ceil(extract(epoch from d.scheduled_for - i.now)) as bigint))
  end as due_in_seconds,
  case when i.lacks is not null then i.lacks when j.admission = 'holding' then j.closed_for when j.verdict = 'arrived' then cast(jsonb_build_object(
    'token', j.lease_token,
    'attempt', j.attempt_count,
    'organization_id', d.organization_id,
    'status_code', r.status_code
  ) as text) when t.column_bytes > cast(:slice_bytes as bigint) then cast(jsonb_build_object(
    'attempt', case when t.verdict = 'mine' then t.attempt_count else t.attempt_count + 1 end,
    'column_bytes', t.column_bytes
  ) as text) when t.id is not null then cast(jsonb_build_object(
    'delivery_uuid', d.delivery_uuid,
    'workflow_run_id', d.workflow_run_id,
    'organization_id', d.organization_id,
    'webhook_name', d.webhook_name,
    'endpoint_url', d.endpoint_url,
    'http_method', d.http_method,
    'custom_headers', d.custom_headers,
    'credential_uuid', d.credential_uuid,
    -- A character more than may be sent, so that what is longer is seen to be.
    'traceparent', left(d.traceparent, 256),
    'tracestate', left(d.tracestate, 2049),
    'attempt', case when t.verdict = 'mine' then t.attempt_count else t.attempt_count + 1 end,
    'max_attempts', t.max_attempts,
    'ordering_key', t.ordering_key,
    -- Whoever comes behind it, if that is in front of its first attempt.
    'following_id', case when t.ordering_key is not null then (
      select case when f.status = 'pending' and f.attempt_count = 0 then f.id end
      from {surehook}.webhook_deliveries f
      where f.organization_id = t.organization_id and f.ordering_key = t.ordering_key
        and (f.ordering_position, f.id) > (t.ordering_position, t.id)
        and (
          f.status = 'pending'
          or f.status = 'dead_letter' and f.ordering_on_dead_letter = 'hold' and f.dismissed_at is null and f.expunged_at is null
            and f.dead_letter_reason is distinct from 'cancelled'
        )
      order by f.ordering_position, f.id
      limit 1
    ) end,
    'payload_bytes', t.payload_bytes,
    -- Asked of a retry only: most deliveries need one attempt.
    'after_rotation', case when t.attempt_count > 0 then exists (
      select from {surehook}.webhook_delivery_attempts p
      where p.delivery_id = t.id
        and p.attempt = case when t.verdict = 'mine' then t.attempt_count - 1 else t.attempt_count end
        and p.error_class = 'credential_rotated'
    ) else false end,
    'wait_ms', cast(ceil(greatest(
      extract(epoch from case when t.verdict = 'mine' then t.scheduled_for else t.place_at end - i.now) * 1000, 0
    )) as bigint)
  ) as text) end as delivery,
  cast(null as text) as bytes
from asked a
cross join instant i
left join admitted j on j.id = a.id
left join fitting f on f.id = a.id
left join taken t on t.id = a.id
left join calling c on c.id = a.id
left join {surehook}.webhook_deliveries d on d.id = a.id
left join {surehook}.webhook_delivery_attempts r
  on j.verdict = 'arrived' and r.delivery_id = j.id and r.attempt = j.attempt_count
union all
select
  t.id,
  s.slice,
  null,
  null,
  null,
  translate(
    encode(
      substring(
        convert_to(d.payload, 'UTF8')
        from cast((s.slice - 1) * cast(:slice_bytes as bigint) + 1 as integer)
        for cast(:slice_bytes as integer)
      ),
      'base64'
    ),
    -- The line breaks of MIME, which the answer would escape.
    chr(10),
    ''
  )
from taken t
join {surehook}.webhook_deliveries d on d.id = t.id
cross join lateral generate_series(
  1, cast(ceil(cast(t.payload_bytes as numeric) / cast(:slice_bytes as numeric)) as integer)
) as s (slice)
where t.payload_bytes <= cast(:payload_budget_bytes as bigint) and t.column_bytes <= cast(:slice_bytes as bigint)
order by 1, 2
