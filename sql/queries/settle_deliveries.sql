-- settle_deliveries: record the outcomes of attempts, each fenced by its claim's token.
-- in    :settlements (json, distinct ids: id, token, attempt, kind succeeded|retry|dead, status_code, error_class, error, excerpt,
--       duration_ms, started_ms_ago, delay_seconds, written: it comes from a message and not from the worker itself; exhausted: a
--       transient failure of the last attempt allowed; endpoint_effect and origin_effect: failure|answer|wait|none, what the
--       attempt says of its endpoint and of its origin; wait_seconds; exchange: json, what was sent and answered; unkept: the attempt's
--       own row is not written, because the database refuses it), :chained_delay_seconds, :down_after_failures (0: no endpoint
--       is ever down), :hold_seconds, :exhausted (dead_letter|hold: what becomes of the last failure while the endpoint is down),
--       :probe_delays (json: seconds to the next probe after 1, 2, … failures, each begun after the one before), :max_in_flight (of every endpoint that has
--       no limit of its own; null: none), :lease_seconds (no attempt lasts longer), :outcomes (all, failures or none: which are written; a
--       delivery that arrives is no failure), :announce_seconds, :announce_delivered_seconds (its worker announces it within this time, or
--       the sweep does), :announced (json: ids of outcomes that have been, and are removed), :now (null: the database's clock)
-- out   what settled, one row per settlement: recorded, already_recorded, late_success (a 2xx is a fact; a written one has to show the
--       token of an attempt that never reported), superseded, vanished, or locked (somebody else has the row, or that of
--       its endpoint: ask again); becomes: what became of the delivery, held where its endpoint is down. what called, a row for each
--       held delivery that is to be asked for after delay_seconds. what down or up, a row for each endpoint that went down or came up.
--       what outcome, a row (as json) for each that is to be announced. With an ordering key settled tells it, and its organization;
--       what next, a row for each such key whose first one left may be attempted after delay_seconds
-- what it writes of an ordinary success settle_ordinary_deliveries must write, too: it is asked first
-- again: already_recorded, nothing changes (the token stays, the expiry is gone)
-- at the same time: locked to the later one, which asks again
-- locks: deliveries in id order, then endpoints in key order, then slots of ordering keys in the order of the keys, and nothing is
--        waited for but a statement that has the slot; an endpoint without a row is not touched
--        unless its attempt failed

with asked as materialized (
  select a.*, coalesce(cast(:now as timestamptz), now()) as now
  from jsonb_to_recordset(cast(:settlements as jsonb)) as a (
    id bigint, token uuid, attempt integer, kind text, status_code integer, error_class text, error text, excerpt text,
    duration_ms integer, started_ms_ago double precision, delay_seconds double precision, written boolean,
    exhausted boolean, endpoint_effect text, origin_effect text, wait_seconds double precision, exchange jsonb, unkept boolean
  )
), instant as materialized (
  select
    coalesce(cast(:now as timestamptz), now()) as now,
    cast(:down_after_failures as integer) as down_after,
    cast(:probe_delays as jsonb) as delays
), locked as materialized (
  select d.id, d.status, d.lease_token, d.lease_expires_at, d.claimed_at, d.organization_id, d.endpoint_url, d.held_by,
    d.cancelled_by, d.expunged_at, d.status = 'dead_letter' or d.redelivered_by is not null as was_dead, d.ordering_key,
    d.ordering_on_dead_letter
  from {surehook}.webhook_deliveries d
  where d.id in (select id from asked)
  order by d.id
  -- Nine outcomes must not wait for the row of the tenth.
  for update of d skip locked
), said as materialized (
  select
    a.*,
    l.organization_id,
    l.endpoint_url,
    l.held_by,
    l.claimed_at,
    l.lease_expires_at,
    l.was_dead,
    l.ordering_key,
    l.ordering_on_dead_letter,
    -- Of a cancelled one this attempt was the last.
    l.cancelled_by is not null and a.kind <> 'succeeded' as is_cancelled,
    -- An erased one keeps no answer, however late it comes.
    case when l.expunged_at is null then a.excerpt end as kept_excerpt,
    case when l.expunged_at is null then a.exchange else a.exchange #- '{request,headers}' #- '{response,headers}' end as kept_exchange,
    case
      when l.id is null and exists (select from {surehook}.webhook_deliveries d where d.id = a.id) then 'locked'
      when l.id is null then 'vanished'
      when l.status = 'pending' and l.lease_token = a.token and l.lease_expires_at is not null then 'recorded'
      when a.kind = 'succeeded' and l.status <> 'succeeded' and (
        a.written is not true
        or exists (
          select from {surehook}.webhook_delivery_attempts r
          where r.delivery_id = a.id and r.attempt = a.attempt and r.lease_token = a.token
        )
      ) then 'late_success'
      when l.lease_token = a.token and l.lease_expires_at is null then 'already_recorded'
      else 'superseded'
    end as said_verdict
  from asked a
  left join locked l on l.id = a.id
), keyed as materialized (
  select
    s.id, s.token, s.kind, s.attempt, coalesce(s.exhausted, false) as exhausted, s.error_class, s.wait_seconds,
    s.claimed_at, s.organization_id, k.scope, k.key, k.origin,
    -- What is told after the end of its lease is no news.
    case
      when s.lease_expires_at <= s.now then 'none'
      when k.scope = 'endpoint' then s.endpoint_effect
      else s.origin_effect
    end as effect
  from said s
  cross join lateral {surehook}.webhook_endpoint_keys(s.organization_id, s.endpoint_url) k
  where s.said_verdict = 'recorded' and k.scope in ('endpoint', 'origin')
), standing as materialized (
  select e.*
  from {surehook}.webhook_endpoints e
  cross join instant i
  where e.key in (select key from keyed) and (i.down_after > 0 or e.slots <> '{}')
  order by e.key
  for update of e skip locked
), busy as materialized (
  select e.key
  from {surehook}.webhook_endpoints e
  cross join instant i
  where e.key in (select key from keyed) and (i.down_after > 0 or e.slots <> '{}')
    and e.key not in (select key from standing)
), judged as materialized (
  select
    s.*,
    case
      when s.said_verdict = 'recorded' and exists (
        select from keyed k where k.id = s.id and k.key in (select key from busy)
      ) then 'locked'
      else s.said_verdict
    end as verdict
  from said s
), counted as materialized (
  -- What the outcomes of this statement say of each endpoint that has a row. An attempt that began before the endpoint went down
  -- says nothing new, whenever it ends; and while there are few places in flight, only those who have one are heard.
  select e.*, c.new_failures, c.comes_after, c.answers, c.waits, c.wait_seconds, c.probes, c.trips, c.error_class
  from standing e
  cross join lateral (
    select
      count(*) filter (where k.effect = 'failure' and h.is_heard) as new_failures,
      count(*) filter (where k.effect = 'answer' and h.is_heard) as answers,
      count(*) filter (where k.effect = 'wait') as waits,
      coalesce(max(k.wait_seconds) filter (where k.effect = 'wait'), 0) as wait_seconds,
      -- Those that were under way together say together what one of them says.
      coalesce(bool_or(k.effect = 'failure' and h.is_heard and k.claimed_at >= coalesce(e.last_failed_at, '-infinity')), false) as comes_after,
      count(*) filter (where h.has_slot and h.is_heard) as probes,
      max(k.error_class) filter (where k.effect = 'failure' and h.is_heard) as error_class,
      -- It has used up its attempts, and nothing but failures came since its first.
      coalesce(bool_or(k.effect = 'failure' and h.is_heard and k.exhausted and (
        k.attempt = 1
        or exists (
          select from {surehook}.webhook_delivery_attempts r
          where r.delivery_id = k.id and r.attempt = 1
            and r.started_at + make_interval(secs => coalesce(r.duration_ms, 0) / 1000.0 + 5) >= e.failing_since
        )
      )), false) as trips
    from keyed k
    join judged j on j.id = k.id and j.verdict = 'recorded'
    cross join lateral (
      select
        jsonb_exists(e.slots, cast(k.token as text)) as has_slot,
        coalesce(k.claimed_at > e.went_down_at, true)
          and (e.in_flight_window is null or jsonb_exists(e.slots, cast(k.token as text))) as is_heard
    ) h
    where k.key = e.key
  ) c
), turned as materialized (
  select
    c.*,
    i.now,
    c.down_since is not null as was_down,
    n.failures as failures_now,
    n.failures_in_turn as failures_in_turn_now,
    n.is_down,
    coalesce(case when c.down_since is not null then c.outage_id end, gen_random_uuid()) as outage_now,
    case
      when n.is_down and (c.down_since is null or c.probes > 0) then i.now + make_interval(secs => greatest(
        cast(
          i.delays ->> cast(least(greatest(n.failures_in_turn, 1), jsonb_array_length(i.delays)) - 1 as integer) as double precision
        ),
        c.wait_seconds
      ))
      when c.wait_seconds > 0 and i.down_after > 0
        then greatest(c.not_before, i.now + make_interval(secs => c.wait_seconds))
      when n.is_down or c.down_since is null then c.not_before
    end as not_before_now,
    case
      when n.is_down then 1
      when c.down_since is not null then 2
      when c.in_flight_window is null then case when c.wait_seconds > 0 and i.down_after > 0 then 1 end
      -- Those of a burst slow it down once.
      when c.comes_after or c.waits > 0 then greatest(c.in_flight_window / 2, 1)
      when c.new_failures > 0 then c.in_flight_window
      else least(c.in_flight_window + c.answers, 1000)
    end as window_now,
    coalesce(
      (
        select jsonb_object_agg(s.key, s.value) from jsonb_each(c.slots) s
        where cast(cast(s.value as text) as double precision) > extract(epoch from i.now)
          and not exists (
            select from keyed k join judged j on j.id = k.id and j.verdict = 'recorded'
            where k.key = c.key and cast(k.token as text) = s.key
          )
      ),
      '{}'
    ) as slots_now
  from counted c
  cross join instant i
  cross join lateral (
    select
      f.failures,
      f.failures_in_turn,
      i.down_after > 0 and c.answers = 0 and (
        c.down_since is not null or c.new_failures > 0 and (
          -- Where few are in flight a burst is a receiver that was given too much: it gets less before it is left alone.
          case when c.in_flight_window is null then f.failures else f.failures_in_turn end >= i.down_after or c.trips
        )
      ) as is_down
    from (
      select
        case when c.answers > 0 then 0 else c.failures + c.new_failures end as failures,
        case
          when c.answers > 0 then 0
          when c.new_failures > 0 then greatest(c.failures_in_turn + cast(c.comes_after as integer), 1)
          else c.failures_in_turn
        end as failures_in_turn
    ) f
  ) n
), beginning as materialized (
  -- Endpoints without a row that somebody was refused by.
  select
    b.*,
    b.failures >= i.down_after or b.trips as is_down,
    gen_random_uuid() as outage_id,
    i.now,
    greatest(
      case when b.failures >= i.down_after or b.trips then i.now + make_interval(
        secs => cast(i.delays ->> 0 as double precision)
      ) end,
      case when b.wait_seconds > 0 then i.now + make_interval(secs => b.wait_seconds) end
    ) as not_before
  from (
    select
      k.key, k.scope, k.origin, min(k.organization_id) as organization_id,
      count(*) filter (where k.effect = 'failure') as failures,
      coalesce(max(k.wait_seconds) filter (where k.effect = 'wait'), 0) as wait_seconds,
      max(k.error_class) filter (where k.effect = 'failure') as error_class,
      coalesce(bool_or(k.effect = 'failure' and k.exhausted and k.attempt = 1), false) as trips
    from keyed k
    join judged j on j.id = k.id and j.verdict = 'recorded'
    where not exists (select from {surehook}.webhook_endpoints e where e.key = k.key)
    group by k.key, k.scope, k.origin
    having bool_and(k.effect <> 'answer')
      and bool_or(k.effect = 'failure' or k.effect = 'wait' and k.wait_seconds > 0)
  ) b
  cross join instant i
  where i.down_after > 0
), down as materialized (
  select key, not_before_now as not_before from turned where is_down
  union all
  select key, not_before from beginning where is_down
), become as materialized (
  select
    j.*,
    p.is_probe,
    b.key as down_key,
    b.not_before,
    case
      when j.is_cancelled then 'dead'
      when j.kind = 'retry' and b.key is not null then 'held'
      when j.kind = 'dead' and j.exhausted and b.key is not null and (p.is_probe or cast(:exhausted as text) = 'hold') then 'held'
      when j.kind = 'dead' and j.exhausted and p.is_probe then 'retry'
      else j.kind
    end as becomes
  from judged j
  cross join lateral (
    select exists (
      select from keyed k join turned t on t.key = k.key
      where k.id = j.id and t.was_down and coalesce(k.claimed_at > t.went_down_at, true)
        and jsonb_exists(t.slots, cast(j.token as text))
    ) as is_probe
  ) p
  left join lateral (
    select w.key, w.not_before
    from keyed k join down w on w.key = k.key
    where k.id = j.id
    order by w.not_before desc
    limit 1
  ) b on true
  where j.verdict in ('recorded', 'late_success')
), rooms as materialized (
  -- How many of what each endpoint holds may be called out now.
  select
    e.key,
    i.now,
    greatest(coalesce(e.not_before, i.now), i.now) as opens_at,
    coalesce(e.allowed, 10) - e.taken - (
      select count(*)
      from {surehook}.webhook_deliveries h
      where h.held_by = e.key and h.status = 'pending' and h.held_called_at > i.now - interval '20 s'
        and h.held_called_at <= greatest(coalesce(e.not_before, i.now), i.now)
        and h.id not in (select id from asked)
    ) as room
  from (
    select
      t.key, t.not_before_now as not_before,
      least(
        t.window_now,
        case when t.scope = 'endpoint' then coalesce(t.max_in_flight, cast(:max_in_flight as integer)) end
      ) as allowed,
      (select count(*) from jsonb_object_keys(t.slots_now)) as taken
    from turned t
    where t.stopped_at is null
    union all
    select key, not_before, 1, 0 from beginning where is_down
  ) e
  cross join instant i
), candidates as materialized (
  select h.id, r.key, r.opens_at
  from rooms r
  cross join lateral (
    select d.id
    from {surehook}.webhook_deliveries d
    where d.held_by = r.key and d.status = 'pending'
      -- A worker that died may have left its lease on what was held afterwards.
      and (d.lease_expires_at is null or d.lease_expires_at <= r.now)
      -- Whoever only looks from time to time whether there is room has not been called.
      and (d.held_called_at is null or d.held_called_at <= r.now - interval '20 s' or d.held_called_at > r.opens_at)
      and d.id not in (select id from asked)
    order by d.held_due_at, d.id
    limit greatest(r.room, 0)
    for update of d skip locked
  ) h
), called as (
  update {surehook}.webhook_deliveries d
  set held_called_at = c.opens_at
  from candidates c
  where d.id = c.id
  returning d.id, d.organization_id, d.attempt_count + 1 as attempt, c.opens_at
), held as materialized (
  -- Where nobody else can be called, the first of these asks again itself.
  select
    b.id,
    r.room > 0 and row_number() over (partition by b.down_key order by b.id) = 1
      and not exists (select from candidates c where c.key = b.down_key) as calls_itself
  from become b
  join rooms r on r.key = b.down_key
  where b.becomes = 'held'
), slots_over as materialized (
  -- In the order of a claim, which waits for them.
  select s.organization_id, s.ordering_key
  from judged j
  join {surehook}.webhook_ordering_slots s on s.organization_id = j.organization_id and s.ordering_key = j.ordering_key
  where s.token = j.token and j.verdict <> 'locked'
  order by s.organization_id, s.ordering_key
  for update of s
), freed as (
  delete from {surehook}.webhook_ordering_slots s
  using slots_over o
  where s.organization_id = o.organization_id and s.ordering_key = o.ordering_key
), next_ones as materialized (
  -- The first of each key that is not over once this is done. Whoever has been stored since this statement began is not seen here.
  select n.id, k.organization_id, k.ordering_key, n.attempt_count + 1 as attempt,
    cast(greatest(ceil(extract(epoch from n.scheduled_for - i.now)), 0) as bigint) as delay_seconds
  from (
    select distinct organization_id, ordering_key from judged where ordering_key is not null and verdict <> 'locked'
  ) k
  cross join instant i
  cross join lateral (
    select e.id, e.status, e.attempt_count, e.scheduled_for, e.lease_expires_at, e.held_by, e.workflow_run_id
    from {surehook}.webhook_deliveries e
    where e.organization_id = k.organization_id and e.ordering_key = k.ordering_key
      and (
        e.status = 'pending'
        or e.status = 'dead_letter' and e.ordering_on_dead_letter = 'hold' and e.dismissed_at is null and e.expunged_at is null
          and e.dead_letter_reason is distinct from 'cancelled'
      )
      and e.id not in (
        select b.id from become b
        where b.becomes = 'succeeded' or b.becomes = 'dead' and (b.is_cancelled or b.ordering_on_dead_letter is null)
      )
    order by e.ordering_position, e.id
    limit 1
  ) n
  where n.id not in (select id from asked)
    and n.status = 'pending' and n.held_by is null and (n.lease_expires_at is null or n.lease_expires_at <= i.now)
    -- What no message can name is buried.
    and greatest(n.id, n.workflow_run_id, k.organization_id) <= 9007199254740991
), settled as (
  update {surehook}.webhook_deliveries d
  set
    status = cast(
      case b.becomes when 'succeeded' then 'succeeded' when 'dead' then 'dead_letter' else 'pending' end
      as {surehook}.webhook_delivery_status
    ),
    scheduled_for = case b.becomes
      when 'retry' then b.now + make_interval(secs => coalesce(b.delay_seconds, cast(i.delays ->> 0 as double precision)))
      when 'held' then b.now + make_interval(secs => greatest(cast(:hold_seconds as double precision) - d.held_seconds, 0))
    end,
    awaits_hand_out =
      b.becomes = 'retry' and coalesce(b.delay_seconds, 0) > cast(:chained_delay_seconds as double precision),
    -- Probing uses up nobody's attempts.
    max_attempts = d.max_attempts + case
      when b.kind <> 'succeeded' and b.is_probe and (b.kind = 'retry' or b.exhausted) then 1
      when b.kind = 'dead' and b.becomes = 'held' then 1
      else 0
    end,
    held_by = case when b.becomes = 'held' then b.down_key end,
    held_for = case when b.becomes = 'held' then 'down' end,
    held_since = case when b.becomes = 'held' then b.now end,
    held_due_at = case when b.becomes = 'held' then b.now end,
    held_called_at = case when h.calls_itself then greatest(b.not_before, b.now) end,
    lease_expires_at = null,
    -- After a late success too, the token of the outcome that stands: repeated it is recognised, and the holder's is not.
    lease_token = b.token,
    last_status_code = b.status_code,
    last_error = case when b.kind <> 'succeeded' then b.error end,
    dead_letter_reason = case when b.is_cancelled then 'cancelled' when b.becomes = 'dead' then b.error_class end,
    succeeded_late = b.verdict = 'late_success',
    updated_at = b.now
  from become b
  cross join instant i
  left join held h on h.id = b.id
  where d.id = b.id
), begun as (
  insert into {surehook}.webhook_endpoints as e (
    key, scope, organization_id, origin, failures, failures_in_turn, failing_since, last_failed_at, last_error_class, down_since,
    went_down_at, outage_id, not_before, in_flight_window, created_at
  )
  select
    key, scope, organization_id, origin, failures, least(failures, 1),
    case when failures > 0 then now end,
    case when failures > 0 then now end,
    error_class,
    case when is_down then now end,
    case when is_down then now end,
    case when is_down then outage_id end,
    not_before,
    case when not_before is not null then 1 end,
    now
  from beginning
  order by key
  -- Somebody else was faster.
  on conflict (key) do update set
    failures = e.failures + excluded.failures,
    failures_in_turn = greatest(e.failures_in_turn, excluded.failures_in_turn),
    failing_since = coalesce(e.failing_since, excluded.failing_since),
    last_failed_at = coalesce(excluded.last_failed_at, e.last_failed_at),
    last_error_class = coalesce(excluded.last_error_class, e.last_error_class),
    down_since = coalesce(e.down_since, excluded.down_since),
    went_down_at = coalesce(e.down_since, excluded.went_down_at, e.went_down_at),
    outage_id = coalesce(e.outage_id, excluded.outage_id),
    not_before = greatest(e.not_before, excluded.not_before),
    in_flight_window = coalesce(excluded.in_flight_window, e.in_flight_window)
  returning e.key, e.outage_id
), recovered as materialized (
  -- Nothing of its trouble is left.
  select t.key
  from turned t
  where t.failures_now = 0 and not t.is_down
    and (t.not_before_now is null or t.not_before_now <= t.now)
    -- Until then an attempt that began before may still fail, and would be counted as the first.
    and (
      t.went_down_at is null
      or t.went_down_at + make_interval(secs => cast(:lease_seconds as double precision)) <= t.now
    )
    and not exists (select from {surehook}.webhook_deliveries h where h.held_by = t.key and h.status = 'pending')
), forgotten as (
  delete from {surehook}.webhook_endpoints e
  using turned t
  where e.key = t.key and t.key in (select key from recovered)
    and t.max_in_flight is null and t.max_per_second is null and t.stopped_at is null
    and (t.next_place_at is null or t.next_place_at <= t.now)
    and (cast(:max_in_flight as integer) is null or t.slots_now = '{}')
  returning e.key
), changed as (
  update {surehook}.webhook_endpoints e
  set
    failures = t.failures_now,
    failures_in_turn = t.failures_in_turn_now,
    failing_since = case when t.failures_now > 0 then coalesce(t.failing_since, t.now) end,
    last_failed_at = case when t.new_failures > 0 then t.now else t.last_failed_at end,
    last_error_class = coalesce(t.error_class, t.last_error_class),
    down_since = case when t.is_down then coalesce(t.down_since, t.now) end,
    went_down_at = case when t.is_down and not t.was_down then t.now else t.went_down_at end,
    outage_id = case when t.is_down then t.outage_now end,
    not_before = t.not_before_now,
    in_flight_window = case when t.key not in (select key from recovered) then t.window_now end,
    slots = t.slots_now
  from turned t
  where e.key = t.key and e.key not in (select key from forgotten)
), attempts as (
  insert into {surehook}.webhook_delivery_attempts as known (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt,
    exchange
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt, kept_exchange
  from judged
  where verdict in ('recorded', 'late_success') and unkept is not true
  on conflict (delivery_id, attempt) do update set
    duration_ms = excluded.duration_ms,
    status_code = excluded.status_code,
    error_class = excluded.error_class,
    error = excluded.error,
    response_excerpt = excluded.response_excerpt,
    exchange = excluded.exchange
  where known.error_class = 'outcome_unknown'
), superseded_attempts as (
  -- Of a lease that was taken over this row exists, as outcome_unknown. Where a late success ended the delivery it does not.
  insert into {surehook}.webhook_delivery_attempts (
    delivery_id, attempt, started_at, duration_ms, status_code, error_class, error, response_excerpt,
    exchange
  )
  select
    id, attempt, now - make_interval(secs => started_ms_ago / 1000), duration_ms, status_code, error_class, error,
    kept_excerpt, kept_exchange
  from judged
  where verdict = 'superseded' and unkept is not true
  on conflict do nothing
), ended as (
  insert into {surehook}.webhook_outcomes as o (
    type, happened_at, due_at, organization_id, origin, reason, delivery_id, delivery_uuid, workflow_run_id, webhook_node_id,
    webhook_name, status_code, attempts, created_at
  )
  select
    w.type, w.now, w.now + make_interval(secs => case w.type
      when 'delivered' then cast(:announce_delivered_seconds as double precision)
      else cast(:announce_seconds as double precision)
    end),
    d.organization_id, {surehook}.webhook_origin(d.endpoint_url), w.reason, d.id, d.delivery_uuid, d.workflow_run_id,
    left(d.webhook_node_id, 255), left(d.webhook_name, 255), w.status_code, d.attempt_count, d.created_at
  from (
    select
      b.id, b.now, b.status_code,
      case when b.becomes = 'dead' then case when b.is_cancelled then 'cancelled' else b.error_class end end as reason,
      case
        when b.becomes = 'dead' then 'dead_lettered'
        when b.becomes <> 'succeeded' then null
        when b.was_dead then 'recovered'
        when cast(:outcomes as text) = 'all' then 'delivered'
      end as type
    from become b
  ) w
  join {surehook}.webhook_deliveries d on d.id = w.id
  where w.type is not null and cast(:outcomes as text) <> 'none'
    and greatest(d.id, d.workflow_run_id, d.organization_id) <= 9007199254740991
  order by d.id
  returning to_jsonb(o) as outcome
), moved as (
  -- Of two who find an endpoint down at once, one says so: whose outage stands in its row.
  insert into {surehook}.webhook_outcomes as o (
    event_id, type, happened_at, due_at, organization_id, origin, reason, scope, outage_id, failures, down_since
  )
  select
    case m.type when 'down' then m.outage_id else gen_random_uuid() end, m.type, m.now,
    m.now + make_interval(secs => cast(:announce_seconds as double precision)), m.organization_id,
    {surehook}.webhook_origin(m.origin), m.error_class, m.scope, m.outage_id, m.failures, m.down_since
  from (
    select
      case when is_down then 'down' else 'up' end as type, now, organization_id, origin,
      coalesce(error_class, last_error_class) as error_class, scope, outage_now as outage_id, failures_now as failures,
      coalesce(down_since, now) as down_since
    from turned
    where is_down <> was_down
    union all
    select 'down', b.now, b.organization_id, b.origin, b.error_class, b.scope, b.outage_id, b.failures, b.now
    from beginning b
    join begun g on g.key = b.key and g.outage_id = b.outage_id
  ) m
  where cast(:outcomes as text) <> 'none' and m.organization_id <= 9007199254740991
  returning to_jsonb(o) as outcome
), cleared as (
  delete from {surehook}.webhook_outcomes o
  where o.id in (
    select n.id
    from {surehook}.webhook_outcomes n
    where n.id in (select cast(a.id as bigint) from jsonb_array_elements_text(cast(:announced as jsonb)) as a (id))
    order by n.id
    for update skip locked
  )
)
select
  'settled' as what, j.id, j.verdict,
  case when j.verdict = 'already_recorded' and j.held_by is not null then 'held'
    when j.kind = 'dead' and b.becomes = 'retry' then 'held' else coalesce(b.becomes, j.kind) end as becomes,
  cast(null as bigint) as organization_id, cast(null as integer) as attempt, cast(null as bigint) as delay_seconds,
  cast(null as text) as origin, cast(null as integer) as failures, cast(null as text) as outcome,
  j.ordering_key, case when j.ordering_key is not null then j.organization_id end as ordering_organization_id
from judged j
left join become b on b.id = j.id
union all
select
  'called', c.id, null, null, c.organization_id, c.attempt,
  cast(greatest(ceil(extract(epoch from c.opens_at - i.now)), 0) as bigint), null, null, null, null, null
from called c
cross join instant i
union all
select
  'called', b.id, null, null, b.organization_id, b.attempt + 1,
  cast(ceil(case
    when b.becomes = 'held' then greatest(extract(epoch from b.not_before - b.now), 0)
    else cast(i.delays ->> 0 as double precision)
  end) as bigint),
  null, null, null, null, null
from become b
cross join instant i
left join held h on h.id = b.id
where h.calls_itself or b.becomes = 'retry' and b.kind = 'dead'
union all
select case when is_down then 'down' else 'up' end, null, null, null, organization_id, null, null, origin, failures_now, null, null, null
from turned
where is_down <> was_down
union all
select 'down', null, null, null, organization_id, null, null, origin, failures, null, null, null
from beginning
where is_down
union all
select 'outcome', null, null, null, null, null, null, null, null, cast(outcome as text), null, null
from ended
union all
-- With the key by which operators name it.
select 'outcome', null, null, null, null, null, null, null, null,
  cast(m.outcome || jsonb_build_object('endpoint_key', k.key) as text), null, null
from moved m
left join (
  select outage_now as outage_id, key from turned where is_down
  union all
  select outage_id, key from beginning
) k on k.outage_id = cast(m.outcome ->> 'outage_id' as uuid)
union all
select 'next', id, null, null, organization_id, attempt, delay_seconds, null, null, null, ordering_key, organization_id
from next_ones
order by 1, 2
