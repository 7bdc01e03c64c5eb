-- Endpoints that are in trouble or have limits, and what they hold. A healthy endpoint without limits has no row.

create table {surehook}.webhook_endpoints (
  -- Opaque: made of what the scope covers, and nothing is read out of it.
  key uuid primary key,
  scope text not null,
  -- Null for everything.
  organization_id bigint,
  -- Scheme, host and port, for people. Paths carry tokens.
  origin text,
  -- Failures in a row, since when, and the class of the last.
  failures integer not null default 0,
  failing_since timestamptz,
  last_failed_at timestamptz,
  last_error_class text,
  -- Down: one request at a time, each a probe.
  down_since timestamptz,
  -- Nothing goes out before: the next probe, or what the receiver asked for.
  not_before timestamptz,
  -- How many may be in flight while it is down, has been asked to wait or recovers; null: it does none of these.
  in_flight_window integer,
  -- Who is in flight: the claim's token and the end of its lease, in seconds since the epoch. A dead worker's ends by itself.
  slots jsonb not null default '{}',
  max_in_flight integer,
  max_per_second double precision,
  -- The next free place in the rate.
  next_place_at timestamptz,
  -- By an operator, until resumed.
  stopped_at timestamptz,
  stopped_note text,
  created_at timestamptz not null default now(),
  constraint webhook_endpoints_scope check (scope in ('endpoint', 'origin', 'organization', 'everything')),
  constraint webhook_endpoints_window check (in_flight_window >= 1),
  constraint webhook_endpoints_down_is_governed check (
    down_since is null or (in_flight_window is not null and not_before is not null)
  ),
  constraint webhook_endpoints_limits check (max_in_flight >= 1 and max_per_second > 0)
);

-- What holds a pending delivery, and why: down, waiting, recovering, in_flight, rate or stopped.
alter table {surehook}.webhook_deliveries add column if not exists held_by uuid;
alter table {surehook}.webhook_deliveries add column held_for text;
alter table {surehook}.webhook_deliveries add column held_since timestamptz;
-- When it was due. Its scheduled_for is the latest instant at which it is looked at again, so that nothing is held for ever.
alter table {surehook}.webhook_deliveries add column if not exists held_due_at timestamptz;
-- When the message that calls it out arrives.
alter table {surehook}.webhook_deliveries add column held_called_at timestamptz;
-- How long it had been held by endpoints that were down before this time.
alter table {surehook}.webhook_deliveries add column held_seconds double precision not null default 0;

-- Built before, as docs/deploy.md says for a large table, it is found here.
do $$
begin
  if exists (select from pg_index where indexrelid = to_regclass('{surehook}.webhook_deliveries_held') and not indisvalid) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

create index if not exists webhook_deliveries_held on {surehook}.webhook_deliveries (held_by, held_due_at, id)
where held_by is not null;

-- The keys of all that can hold a delivery.
create function {surehook}.webhook_endpoint_keys(organization_id bigint, endpoint_url text)
returns table (scope text, key uuid, origin text)
language sql stable parallel safe
as $$
  select
    s.scope,
    cast(left(encode(sha256(convert_to(concat_ws(' ', s.scope, s.owner, s.address), 'UTF8')), 'hex'), 32) as uuid),
    s.origin
  from (
    select regexp_replace(split_part(split_part($2, '#', 1), '?', 1), '^([a-z]+://[^/:]*)[.](?=[:/]|$)', '\1') as address
  ) u
  cross join lateral (select substring(u.address from '^[^/]*//[^/]*') as origin) o
  cross join lateral (
    values
      ('endpoint', $1, u.address, o.origin),
      ('origin', $1, o.origin, o.origin),
      ('organization', $1, null, null),
      ('everything', null, null, null)
  ) as s (scope, owner, address, origin)
$$;

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_reason;
alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_reason check (
  dead_letter_reason in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'endpoint_down',
    'cancelled', 'internal'
  )
) not valid;

alter table {surehook}.webhook_delivery_attempts drop constraint webhook_delivery_attempts_error_class;
alter table {surehook}.webhook_delivery_attempts add constraint webhook_delivery_attempts_error_class check (
  error_class in (
    'status', 'timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address', 'header', 'credential_missing',
    'credential_invalid', 'credential_rotated', 'outcome_unknown', 'never_sent', 'invalid_row', 'endpoint_down',
    'cancelled', 'internal'
  )
) not valid;
