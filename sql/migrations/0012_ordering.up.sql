-- Deliveries that are attempted one after the other: those of one organization with the same ordering key. Where nobody gives one, the
-- columns stay null and the index empty.
--
-- The index on webhook_deliveries reads the whole table once, and everything that writes to the table waits in the meantime.
-- docs/deploy.md says how to build it before, while everything is running; it is then found here. To be built before, it needs its
-- columns: they are added there by the same words as here.

do $$
begin
  if exists (
    select from pg_index
    where indexrelid = to_regclass('{surehook}.webhook_deliveries_in_order') and not indisvalid
  ) then
    raise exception 'an index that was begun is not finished' using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Whoever stores a delivery with a key has the key's row until its commit, and so gets the position behind everything that was
-- committed before: ids are drawn earlier, and not in that order. Positions are drawn for all keys together, so a key may be
-- forgotten and come again, and goes on behind what is kept of it.
create table {surehook}.webhook_ordering_keys (
  organization_id bigint not null,
  ordering_key text not null,
  position bigint generated always as identity,
  used_at timestamptz not null default now(),
  constraint webhook_ordering_keys_pkey primary key (organization_id, ordering_key)
);

-- The one attempt of a key that is in flight: from the claim to the settle, or to the end of the lease of a worker that died. A table
-- of its own, so that the open transaction of somebody who stores a delivery keeps nobody from being attempted.
create table {surehook}.webhook_ordering_slots (
  organization_id bigint not null,
  ordering_key text not null,
  -- Of the claim.
  token uuid not null,
  until timestamptz not null,
  constraint webhook_ordering_slots_pkey primary key (organization_id, ordering_key)
);

alter table {surehook}.webhook_deliveries add column if not exists ordering_key text;
alter table {surehook}.webhook_deliveries add column if not exists ordering_position bigint;
-- hold: as a dead letter it keeps its key waiting. Null: the next goes on.
alter table {surehook}.webhook_deliveries add column if not exists ordering_on_dead_letter text;

alter table {surehook}.webhook_deliveries add constraint webhook_deliveries_ordering check (
  (ordering_key is null) = (ordering_position is null)
  and (ordering_on_dead_letter is null or ordering_on_dead_letter = 'hold' and ordering_key is not null)
) not valid;

-- What keeps the later ones of its key waiting, the first of them in front.
create index if not exists webhook_deliveries_in_order
on {surehook}.webhook_deliveries (organization_id, ordering_key, ordering_position, id)
where ordering_key is not null
  and (
    status = 'pending'
    or status = 'dead_letter' and ordering_on_dead_letter = 'hold' and dismissed_at is null and expunged_at is null
      and dead_letter_reason is distinct from 'cancelled'
  );

-- Whatever is inserted past enqueue gets its place here. Our own statements bring theirs: the condition is all they pay.
create function {surehook}.webhook_deliveries_place_in_order() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into {surehook}.webhook_ordering_keys as k (organization_id, ordering_key)
  values (new.organization_id, new.ordering_key)
  on conflict (organization_id, ordering_key) do update set position = default, used_at = now()
  returning 100000 * k.position into new.ordering_position;
  return new;
end
$$;

create trigger webhook_deliveries_place_in_order before insert on {surehook}.webhook_deliveries for each row
when (new.ordering_key is not null and new.ordering_position is null)
execute function {surehook}.webhook_deliveries_place_in_order();

-- At the end: whoever may insert, may insert on.
create or replace view {surehook}.webhook_outbox as
select
  id, cast(delivery_uuid as text) as delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url,
  http_method, payload, cast(custom_headers as text) as custom_headers, cast(credential_uuid as text) as credential_uuid,
  cast(status as text) as status, attempt_count, max_attempts, scheduled_for, last_status_code, last_error, created_at, updated_at,
  traceparent, tracestate, ordering_key, ordering_on_dead_letter
from {surehook}.webhook_deliveries;

-- With the rights of its owner: whoever inserts needs none but to insert here. No message quotes a value.
create or replace function {surehook}.webhook_outbox_insert() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most constant bigint = 9007199254740991;
  faults text[] = '{}';
  asking bigint = new.organization_id;
  entries text[];
begin
  new.delivery_uuid = nullif(btrim(new.delivery_uuid), '');
  new.credential_uuid = nullif(btrim(new.credential_uuid), '');
  new.http_method = upper(btrim(new.http_method));
  -- No receiver ever sees a fragment.
  new.endpoint_url = regexp_replace(btrim(new.endpoint_url, E' \t\r\n'), '#.*$', '');
  new.custom_headers = nullif(nullif(btrim(new.custom_headers), ''), 'null');
  new.ordering_on_dead_letter = nullif(new.ordering_on_dead_letter, 'continue');
  new.traceparent = nullif(btrim(new.traceparent), '');
  entries = array(
    select e.entry from (select btrim(s.part, E' \t') as entry, s.at from string_to_table(new.tracestate, ',') with ordinality as s (part, at)) e
    where e.entry <> '' order by e.at
  );
  new.tracestate = nullif(array_to_string(entries, ','), '');

  if new.id is not null then
    faults = array_append(faults, 'id: is given by the database');
  end if;
  if not pg_input_is_valid(new.delivery_uuid, 'uuid') then
    faults = array_append(faults, 'delivery_uuid: must be a UUID');
  end if;
  if coalesce(new.workflow_run_id not between 1 and most, true) then
    faults = array_append(faults, 'workflow_run_id: must be 1 to 9007199254740991');
  end if;
  if coalesce(new.organization_id not between 1 and most, true) then
    faults = array_append(faults, 'organization_id: must be 1 to 9007199254740991');
  end if;
  if coalesce(length(new.webhook_node_id) not between 1 and 255, true) then
    faults = array_append(faults, 'webhook_node_id: must have 1 to 255 characters');
  end if;
  if new.endpoint_url ~* '^https?://[^/?]*@' then
    faults = array_append(faults, 'endpoint_url: a user name or password belongs into a credential of the type basic_auth');
  elsif coalesce(new.endpoint_url !~* '^https?://[^\s/?@\\]+([/?]\S*)?$', true) then
    faults = array_append(faults, 'endpoint_url: must be an absolute http or https URL');
  elsif length(new.endpoint_url) > 2048 then
    faults = array_append(faults, 'endpoint_url: must have at most 2048 characters');
  end if;
  if new.http_method not in ('POST', 'PUT', 'PATCH', 'GET', 'DELETE') then
    faults = array_append(faults, 'http_method: must be POST, PUT, PATCH, GET or DELETE');
  end if;
  if octet_length(new.payload) > 262144 then
    faults = array_append(faults, 'payload: must have at most 262144 bytes');
  elsif new.payload is null or new.payload is not json then
    faults = array_append(faults, 'payload: must be JSON');
  end if;
  if not pg_input_is_valid(new.custom_headers, 'jsonb') or new.custom_headers is not json array then
    faults = array_append(faults, 'custom_headers: must be a JSON list of {"key", "value"}');
  elsif exists (
    select from json_array_elements(cast(new.custom_headers as json)) as h (entry)
    where json_typeof(h.entry) <> 'object' or json_typeof(h.entry -> 'key') is distinct from 'string'
      or json_typeof(h.entry -> 'value') is distinct from 'string'
  ) then
    faults = array_append(faults, 'custom_headers: must be a JSON list of {"key", "value"}');
  elsif exists (
    select from json_to_recordset(cast(new.custom_headers as json)) as h (key text, value text)
    where h.key !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' or h.value !~ '^([!-~]([ -~]*[!-~])?)?$'
  ) then
    faults = array_append(faults, 'custom_headers: holds a name or value that HTTP cannot carry');
  elsif exists (
    select from json_to_recordset(cast(new.custom_headers as json)) as h (key text)
    where replace(lower(h.key), '_', '-') ~ 'auth|token|secret|password|passwd|cookie|credential|api-?key|access-key'
  ) then
    faults = array_append(faults, 'custom_headers: one that looks like a secret belongs into a credential');
  elsif json_array_length(cast(new.custom_headers as json)) > 50 or octet_length(new.custom_headers) > 8192 then
    faults = array_append(faults, 'custom_headers: must be at most 50, in 8192 bytes');
  end if;
  if not pg_input_is_valid(new.credential_uuid, 'uuid') then
    faults = array_append(faults, 'credential_uuid: must be a UUID');
  end if;
  if new.max_attempts not between 1 and 50 then
    faults = array_append(faults, 'max_attempts: must be 1 to 50');
  end if;
  if new.scheduled_for > now() + interval '366 days' then
    faults = array_append(faults, 'scheduled_for: must be within 366 days');
  end if;
  if new.traceparent !~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?$'
    or new.traceparent ~ '^(ff|00-.{52}-|..-0{32}|.{36}0{16})' then
    faults = array_append(faults, 'traceparent: must be version, trace id, parent id and flags in lower-case hex (W3C Trace Context)');
  elsif length(new.traceparent) > 255 then
    faults = array_append(faults, 'traceparent: must have at most 255 characters');
  end if;
  if new.tracestate is not null and new.traceparent is null then
    faults = array_append(faults, 'tracestate: is allowed only with traceparent');
  elsif length(new.tracestate) > 2048 or cardinality(entries) > 32 then
    faults = array_append(faults, 'tracestate: must have at most 32 entries, in 2048 characters');
  elsif exists (
    select from unnest(entries) as e (entry)
    where e.entry !~ '^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\x2d-<>-~]{0,255}[!-+\x2d-<>-~]$'
  ) then
    faults = array_append(faults, 'tracestate: must be key=value, separated by commas (W3C Trace Context)');
  elsif (select count(distinct split_part(e.entry, '=', 1)) from unnest(entries) as e (entry)) < cardinality(entries) then
    faults = array_append(faults, 'tracestate: has a key twice');
  end if;
  if length(new.ordering_key) not between 1 and 255 then
    faults = array_append(faults, 'ordering_key: must have 1 to 255 characters');
  end if;
  if new.ordering_on_dead_letter <> 'hold' then
    faults = array_append(faults, 'ordering_on_dead_letter: must be continue or hold');
  elsif new.ordering_on_dead_letter = 'hold' and new.ordering_key is null then
    faults = array_append(faults, 'ordering_on_dead_letter: hold needs an ordering_key');
  end if;
  if new.status <> 'pending' or new.attempt_count <> 0 or num_nonnulls(new.last_status_code, new.last_error) > 0 then
    faults = array_append(faults, 'status: is written by Surehook, like attempt_count, last_status_code and last_error');
  end if;
  if cardinality(faults) > 0 then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = split_part(faults[1], ':', 1),
      message = 'this webhook cannot be sent: ' || array_to_string(faults, '; ');
  end if;

  -- There is no message yet: the next sweep hands it out, unless it is announced before.
  insert into {surehook}.webhook_deliveries (
    delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url, http_method, payload,
    custom_headers, credential_uuid, max_attempts, scheduled_for, awaits_hand_out, traceparent, tracestate, ordering_key,
    ordering_on_dead_letter
  ) values (
    cast(new.delivery_uuid as uuid), new.workflow_run_id, new.organization_id, new.webhook_node_id, left(new.webhook_name, 255),
    new.endpoint_url, new.http_method, new.payload, cast(new.custom_headers as jsonb), cast(new.credential_uuid as uuid),
    new.max_attempts, greatest(new.scheduled_for, now()), true, new.traceparent, new.tracestate, new.ordering_key,
    new.ordering_on_dead_letter
  )
  on conflict (workflow_run_id, webhook_node_id) do nothing;

  -- As enqueue answers a repeated request: with the delivery that is there.
  select o.* into new
  from {surehook}.webhook_outbox o
  where o.workflow_run_id = new.workflow_run_id and o.webhook_node_id = new.webhook_node_id;
  if not found then
    raise exception using errcode = 'serialization_failure', message = 'another transaction has changed this run and node';
  end if;
  if new.organization_id <> asking then
    raise exception using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'organization_id',
      message = 'organization_id: this run and node is a delivery of another organization';
  end if;
  return new;
end
$$;
