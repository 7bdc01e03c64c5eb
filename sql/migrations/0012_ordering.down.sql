-- The older functions know no order.

-- A view cannot lose columns, and a new one would lose what was granted on it: whoever inserts must go on.
do $$
declare
  granted text[] = array(
    select
      'grant ' || a.privilege_type || coalesce(' (' || quote_ident(a.name) || ')', '') || ' on {surehook}.webhook_outbox to '
        || case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
        || case when a.is_grantable then ' with grant option' else '' end
    from (
      select null as name, g.*
      from pg_catalog.pg_class c
      cross join lateral aclexplode(c.relacl) g
      where c.oid = cast('{surehook}.webhook_outbox' as regclass)
      union all
      select t.attname, g.*
      from pg_catalog.pg_attribute t
      cross join lateral aclexplode(t.attacl) g
      where t.attrelid = cast('{surehook}.webhook_outbox' as regclass) and t.attname not in ('ordering_key', 'ordering_on_dead_letter')
    ) a
  );
  statement text;
begin
  drop view {surehook}.webhook_outbox;

  create view {surehook}.webhook_outbox as
  select
    id, cast(delivery_uuid as text) as delivery_uuid, workflow_run_id, organization_id, webhook_node_id, webhook_name, endpoint_url,
    http_method, payload, cast(custom_headers as text) as custom_headers, cast(credential_uuid as text) as credential_uuid,
    cast(status as text) as status, attempt_count, max_attempts, scheduled_for, last_status_code, last_error, created_at, updated_at,
    traceparent, tracestate
  from {surehook}.webhook_deliveries;

  create trigger webhook_outbox_insert instead of insert on {surehook}.webhook_outbox for each row
  execute function {surehook}.webhook_outbox_insert();

  foreach statement in array granted loop
    execute statement;
  end loop;
end
$$;

-- As 0011 has it.
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
    custom_headers, credential_uuid, max_attempts, scheduled_for, awaits_hand_out, traceparent, tracestate
  ) values (
    cast(new.delivery_uuid as uuid), new.workflow_run_id, new.organization_id, new.webhook_node_id, left(new.webhook_name, 255),
    new.endpoint_url, new.http_method, new.payload, cast(new.custom_headers as jsonb), cast(new.credential_uuid as uuid),
    new.max_attempts, greatest(new.scheduled_for, now()), true, new.traceparent, new.tracestate
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

drop trigger webhook_deliveries_place_in_order on {surehook}.webhook_deliveries;

drop function {surehook}.webhook_deliveries_place_in_order();

alter table {surehook}.webhook_deliveries drop constraint webhook_deliveries_ordering;

drop index {surehook}.webhook_deliveries_in_order;

alter table {surehook}.webhook_deliveries drop column ordering_on_dead_letter;
alter table {surehook}.webhook_deliveries drop column ordering_position;
alter table {surehook}.webhook_deliveries drop column ordering_key;

drop table {surehook}.webhook_ordering_slots;

drop table {surehook}.webhook_ordering_keys;
